// One device of the four-device plant, served for real, with the machine behind it driven by the test.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, present } from '#contract/error.ts';
import { milliseconds } from '#contract/time.ts';
import { systemClock } from '#simulator/clock.ts';
import { buildDevice } from '#simulator/device/build.ts';
import { addressOf, type Device } from '#simulator/device/device.ts';
import type { Received } from '#simulator/device/log.ts';
import type { DeviceFaultKind } from '#simulator/faults.ts';
import { parsePlantFile, type PlantFile } from '#simulator/plant/file.ts';
import { stream } from '#simulator/plant/random.ts';
import { plantPath, Machine } from './machine.ts';

/** The plant file, with text replaced. */
export function fourDevices(from = '', to = ''): PlantFile {
  const text = readFileSync(plantPath, 'utf8').replace(from, to);
  const parsed = parsePlantFile(text, plantPath);
  assert(parsed.ok, `${plantPath} is a plant file`);
  return parsed.plant;
}

export class DeviceRig {
  readonly machine = new Machine();
  readonly received: Received[] = [];
  readonly data: string;
  readonly device: Device;
  endpoint = '';

  readonly #kept: boolean;

  /** In a data directory that stays, or in one of its own. */
  constructor(name: string, file = fourDevices(), data?: string) {
    this.#kept = data !== undefined;
    this.data = data ?? mkdtempSync(join(tmpdir(), 'sim-device-'));
    const options = present(file.devices[name as never], `the plant has ${name}`);
    this.device = buildDevice(systemClock, stream(7, name), options, {
      name,
      plant: this.machine.plant,
      data: this.data,
      received: (batch) => this.received.push(...batch),
    });
  }

  async open(): Promise<this> {
    this.endpoint = addressOf(await this.device.open());
    return this;
  }

  /** The machine and the device in steps of 5 ms, as the simulator drives them. */
  run(ms: number): this {
    for (let at = 0; at < ms; at += 5) {
      this.device.tick(5);
      this.machine.run(5);
    }
    this.device.tick(0);
    return this;
  }

  fault(kind: DeviceFaultKind | undefined, by = 80): void {
    if (kind === undefined) this.device.fault(undefined);
    else if (kind === 'slow' || kind === 'late') {
      this.device.fault({ kind, by: milliseconds(by) });
    } else this.device.fault({ kind });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.device.close();
    if (!this.#kept) rmSync(this.data, { recursive: true, force: true });
  }
}

export const wait = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** What it gives within so many ms; undefined when it gives nothing. */
export const within = <T>(ms: number, work: Promise<T>): Promise<T | undefined> =>
  Promise.race([work, wait(ms).then(() => undefined)]);

/** Until it holds, within some seconds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  // oxlint-disable-next-line no-await-in-loop -- one look after the other
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('it never held');
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    await wait(10);
  }
}
