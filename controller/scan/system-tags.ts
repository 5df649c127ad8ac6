// The values of the system's own tags (`sys.*`), given to the image before each scan. They never start
// a scan; what changes quickly is told once a second at most.
import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { instant, seconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import type { Image } from '#flows/engine/image.ts';
import type { CellPlan } from '#flows/plan.ts';

const slow = seconds(1);
/** `sys.disk.free` moves in steps of so many MB. */
const diskStep = 100;

export class SystemTags {
  readonly #clock: Clock;
  readonly #plan: CellPlan;
  readonly #image: Image;
  readonly #data: string;
  readonly #values = new Map<number, Value>();
  readonly #returned = new Set<string>();
  #next = 0;
  #free = 0;
  /** Size of the chronicle's file, as last looked at. */
  recordBytes = 0;

  constructor(clock: Clock, plan: CellPlan, image: Image, data: string) {
    this.#clock = clock;
    this.#plan = plan;
    this.#image = image;
    this.#data = data;
  }

  /** All of them, for the first scan. */
  async start(): Promise<void> {
    await this.#measureDisk();
    for (const device of Object.keys(this.#plan.manifest.devices)) {
      this.#set(`sys.device.${device}.ok`, false);
      this.#set(`sys.device.${device}.returned`, false);
    }
    this.#set('sys.chronicle.ok', true);
    // Without a mirror there is nothing that could lag.
    this.mirror(this.#plan.manifest.mirror === 'none');
  }

  /** Before the scan at `now`. `worst` gives the greatest lateness since it was last asked, ms. */
  before(now: number, worst: () => number): void {
    for (const device of this.#returned) this.#set(`sys.device.${device}.returned`, false);
    this.#returned.clear();
    if (now < this.#next) return;
    this.#next = now + slow;
    this.#set('sys.scan.late', worst());
    this.#set('sys.disk.free', this.#free);
    void this.#measureDisk();
  }

  chronicle(ok: boolean): void {
    this.#set('sys.chronicle.ok', ok);
  }

  mirror(ok: boolean): void {
    this.#set('sys.mirror.ok', ok);
  }

  device(name: string, ok: boolean, returned: boolean): void {
    this.#set(`sys.device.${name}.ok`, ok);
    if (!returned) return;
    this.#set(`sys.device.${name}.returned`, true);
  }

  /** `returned` is true in one scan: it falls before the next. */
  scanned(): void {
    for (const device of Object.keys(this.#plan.manifest.devices)) {
      const tag = this.#plan.tagIndex.get(`sys.device.${device}.returned`);
      if (tag !== undefined && this.#values.get(tag) === true) this.#returned.add(device);
    }
  }

  #set(name: string, value: Value): void {
    const tag = this.#plan.tagIndex.get(name);
    if (tag === undefined || this.#values.get(tag) === value) return;
    this.#values.set(tag, value);
    const received = instant(this.#clock.now());
    this.#image.samples([{ tag, value, status: status.Good, time: this.#clock.time(), received }]);
  }

  async #measureDisk(): Promise<void> {
    const [disk, record] = await Promise.allSettled([
      statfs(this.#data),
      stat(join(this.#data, 'chronicle.db')),
    ]);
    const bytes = disk.status === 'fulfilled' ? disk.value.bavail * disk.value.bsize : 0;
    this.#free = Math.floor(bytes / 1e6 / diskStep) * diskStep;
    // A record that is being set aside says nothing of the disk.
    if (record.status === 'fulfilled') this.recordBytes = record.value.size;
  }
}
