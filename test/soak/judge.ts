// Follows the record of a running cell, entry by entry, and holds it against the machine: was every good value one that the
// machine had within the time that it may be good, had everything that moved the machine a recorded cause, what was made.
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { CellError } from '#contract/error.ts';
import { SegmentBody } from '#contract/entry.ts';
import { qualityOf, statusCode } from '#contract/quality.ts';
import { decodeScan, type ScanRecord } from '#contract/record.ts';
import type { Value } from '#contract/sample.ts';
import { utcMs } from '#contract/time.ts';
import { readBody } from '#controller/chronicle/body.ts';
import { openReader, type Content, type Reader } from '#controller/chronicle/reader.ts';
import type { CellPlan, TagPlan } from '#flows/plan.ts';
import { Causes, demoFlow, type Received } from '#test/system/record.ts';
import type { Past } from './truth.ts';

type Opening = ReturnType<typeof SegmentBody.parse>;

/** What delivery may add to a value's age: an answer on its way, on a machine that is busy, ms. */
const delivery = 1000;
/** Two processes read one clock, and the truth is told a tick later, ms. */
const clocks = 25;
/** Numbers: noise of a sensor and what its wire rounds. */
const noise = 0.15;
/** Of what is found wrong, so much is shown. */
const shown = 20;

/** A time in which a device may lie or lose what it said, because we made it so. */
export interface Lie {
  readonly device: string;
  /** lies: shows what it has not; loses: what it sends by itself is lost until it sends again. */
  readonly how: 'lies' | 'loses';
  readonly from: number;
  to: number;
}

interface Followed {
  readonly plan: TagPlan;
  /** ms for which a value may be good after the machine had it. */
  readonly limit: number;
  /** It is sent once, by itself. */
  readonly pushed: boolean;
  value: Value;
  good: boolean;
  /** What it sent is lost, and nobody can know. */
  lost: boolean;
  /** This very value was found wrong already. */
  told: boolean;
}

export interface Judged {
  /** Good values that were held against the machine. */
  compared: number;
  wrong: number;
  /** Outputs that reached the machine, and those without a recorded cause. */
  received: number;
  causeless: number;
  parts: number;
  trips: number;
  /** Faults of flows and gaps of the record. */
  faults: number;
  gaps: number;
  /** The first that were found, for people. */
  readonly examples: string[];
}

export class Judge {
  readonly judged: Judged = {
    compared: 0,
    wrong: 0,
    received: 0,
    causeless: 0,
    parts: 0,
    trips: 0,
    faults: 0,
    gaps: 0,
    examples: [],
  };
  /** What we do to the devices. */
  readonly lies: Lie[] = [];
  readonly #past: Past;
  readonly #files: { readonly chronicle: string; readonly log: string };
  readonly #byName: ReadonlyMap<string, Followed>;
  readonly #causes = new Causes();
  readonly #part: number;
  /** By tag index of the segment. */
  #tags: (Followed | undefined)[] = [];
  #names: readonly string[] = [];
  #next = 1;
  #boot = 0;
  #period = 20;
  #clock = new ClockOffset();
  #read = 0;
  #rest = '';

  constructor(
    plan: CellPlan,
    past: Past,
    data: { readonly cell: string; readonly machine: string },
  ) {
    this.#past = past;
    this.#files = {
      chronicle: join(data.cell, 'chronicle.db'),
      log: join(data.machine, 'simulator.log'),
    };
    const { devices } = plan.manifest;
    const inputs = plan.tags.filter(({ kind }) => kind === 'input');
    this.#byName = new Map(
      inputs.map((tag) => {
        const frame = tag.device === undefined ? undefined : devices[tag.device];
        const pushed = frame?.['alive'] !== undefined;
        const limit = (tag.stale ?? 0) + delivery;
        const none = { value: null, good: false, lost: false, told: false };
        return [tag.name, { plan: tag, limit, pushed, ...none }];
      }),
    );
    this.#part = demoFlow.transitions.findIndex(({ id }) => id === 'E23');
  }

  /** Up to now. What the machine got is read before the record of it, the truth after both. */
  async follow(): Promise<void> {
    const received = this.#received();
    const entries = this.#entries();
    await this.#past.follow();
    for (const entry of entries) this.take(entry);
    for (const one of received) this.receive(one);
    this.#causes.forget(this.#past.until - 60_000);
    while ((this.lies[0]?.to ?? Number.POSITIVE_INFINITY) < this.#past.until - 60_000) {
      this.lies.shift();
    }
  }

  #entries(): Content[] {
    const reader = this.#open();
    if (reader === undefined) return [];
    try {
      const kinds = ['segment', 'scan', 'fault', 'gap'] as const;
      const entries = [...reader.contents({ from: this.#next, kinds })];
      this.#next = (entries.at(-1)?.seq ?? this.#next - 1) + 1;
      return entries;
    } finally {
      reader.close();
    }
  }

  /** Undefined while there is none: power was cut, and the disk is put back. */
  #open(): Reader | undefined {
    try {
      return openReader(this.#files.chronicle);
    } catch (error) {
      if (error instanceof CellError && error.code === 'E_CHRONICLE_OPEN') return undefined;
      throw error;
    }
  }

  #received(): Received[] {
    if (!existsSync(this.#files.log)) return [];
    const file = openSync(this.#files.log, 'r');
    const buffer = Buffer.alloc(1 << 20);
    try {
      const size = readSync(file, buffer, 0, buffer.length, this.#read);
      this.#read += size;
      const lines = (this.#rest + buffer.toString('utf8', 0, size)).split('\n');
      this.#rest = lines.pop() ?? '';
      return lines.map((line) => JSON.parse(line) as Received);
    } finally {
      closeSync(file);
    }
  }

  /** Something reached the machine; its cause was taken before. */
  receive(received: Received): void {
    const { judged } = this;
    if (received.output === undefined) return;
    judged.received += 1;
    if (this.#causes.has(received)) return;
    judged.causeless += 1;
    this.#example(`without a cause: ${JSON.stringify(received)}`);
  }

  /** The next entry; what the machine had until then is known. */
  take(entry: Content): void {
    const { kind, boot, at } = entry;
    if (kind === 'fault') this.judged.faults += 1;
    if (kind === 'gap') this.judged.gaps += 1;
    if (kind === 'segment') this.#segment(boot, at, SegmentBody.parse(readBody(entry)));
    if (kind === 'scan') this.#scan(at, decodeScan(entry.body, utcMs(at)));
  }

  #segment(boot: number, at: number, { tags, now, period }: Opening): void {
    if (boot !== this.#boot) {
      // Nothing is known of any device.
      for (const tag of this.#byName.values()) tag.good = false;
      this.#clock = new ClockOffset();
      this.#boot = boot;
    }
    this.#clock.saw(at, now);
    this.#names = tags;
    this.#tags = tags.map((name) => this.#byName.get(name));
    this.#period = period;
  }

  #scan(at: number, record: ScanRecord): void {
    const { judged } = this;
    this.#clock.saw(at, record.now);
    const now = this.#clock.utcOf(record.now);
    // Until the last scan before this one everything stood as it was.
    const before = this.#clock.utcOf(record.now - (record.missed + 1) * this.#period);
    for (const tag of this.#tags) if (tag !== undefined) this.#compare(tag, before, before);
    for (const { tag: index, value, status } of record.tags) {
      const tag = this.#tags[index];
      if (tag === undefined) continue;
      tag.value = value;
      tag.good = qualityOf(statusCode(status)) === 'good';
      tag.told = false;
      // The machine may have come to it while this scan was already late.
      this.#compare(tag, now, at);
    }
    judged.parts += record.fired.filter(({ transition }) => transition === this.#part).length;
    judged.trips += record.trips.filter(({ holds }) => holds).length;
    for (const { tag, value } of record.outputs) {
      this.#causes.decided(this.#names[tag] ?? '', { at, value });
    }
  }

  /** Held against what the machine had until `now`, the scan's time, or `until`, when it was worked off; UTC. */
  #compare(tag: Followed, now: number, until: number): void {
    const { plan, value, limit } = tag;
    const from = now - limit;
    if (tag.pushed) this.#maySend(tag, now);
    if (!tag.good || from < this.#past.since || this.#lied(plan.device, from, now)) return;
    this.judged.compared += 1;
    if (tag.lost || tag.told) return;
    const near = noise + plan.deadband;
    if (this.#past.had(plan.name, value, { from, to: Math.max(now, until) + clocks, near })) return;
    tag.told = true;
    this.judged.wrong += 1;
    const told = this.#past.tell(plan.name, now);
    this.#example(
      `wrong: ${plan.name} was ${String(value)} and good at ${now} (${plan.device ?? ''}); it was ${told}`,
    );
  }

  #maySend(tag: Followed, now: number): void {
    const loses = this.lies.some(
      ({ device, how, from, to }) =>
        how === 'loses' && device === tag.plan.device && from <= now && now <= to + delivery,
    );
    if (loses) tag.lost = true;
    else if (
      tag.lost &&
      this.#past.had(tag.plan.name, tag.value, { from: now, to: now, near: 0 })
    ) {
      tag.lost = false;
    }
  }

  #lied(name: string | undefined, since: number, now: number): boolean {
    return this.lies.some(
      ({ device, how, from, to }) =>
        how === 'lies' && device === name && from <= now && to >= since,
    );
  }

  #example(text: string): void {
    if (this.judged.examples.length < shown) this.judged.examples.push(text);
  }
}

/** UTC of a scan's `now`: the entry that was worked off soonest in the last minutes tells best when the clock began. */
class ClockOffset {
  readonly #least: number[] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  #since = 0;

  saw(at: number, now: number): void {
    // Two clocks drift apart: what was long ago tells nothing.
    if (at - this.#since > 60_000) {
      this.#least.unshift(Number.POSITIVE_INFINITY);
      this.#least.length = 2;
      this.#since = at;
    }
    this.#least[0] = Math.min(this.#least[0] ?? at - now, at - now);
  }

  utcOf(now: number): number {
    return Math.min(...this.#least) + now;
  }
}
