// Collects what drivers say between two scans and judges it when a scan asks: age decides. It keeps
// no force and no flow's view of a value (cell.ts does), and does no work per tag in a quiet scan.
import { assert } from '#contract/error.ts';
import { qualityOf, status } from '#contract/quality.ts';
import { utcMs } from '#contract/time.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { TagChange } from '#contract/record.ts';
import type { Value } from '#contract/sample.ts';
import type { Instant, UtcMs } from '#contract/time.ts';
import type { TagPlan } from '#flows/plan.ts';
import { ExpiryWheel } from './expiry.ts';

/** A sample whose tag is an index of the plan. */
export interface TagSample {
  readonly tag: number;
  readonly value: Value;
  readonly status: StatusCode;
  readonly time: UtcMs;
  /** Monotonic, ms since boot. */
  readonly received: Instant;
}

/** Tags that one answer confirms together. */
interface Group {
  readonly tags: readonly number[];
  seen: number;
  /** How many of its tags have it as their group; fewer than all: another group took some. */
  owned: number;
  /** How many of those were judged stale. */
  stale: number;
}

const never = -1;
const nobody: Group = { tags: [], seen: never, owned: 0, stale: 0 };

/** All tags of a cell as their devices gave them, and as the last scan judged them. */
export class Image {
  readonly #tags: readonly TagPlan[];
  readonly #value: Value[];
  readonly #status: Uint32Array;
  readonly #time: Float64Array;
  /** By tag: the instant of its newest sample, whole ms; -1 before the first. */
  readonly #confirmed: Float64Array;
  readonly #judgedValue: Value[];
  readonly #judgedStatus: Uint32Array;
  readonly #group: Group[];
  readonly #groups = new WeakMap<readonly number[], Group>();
  /** By tag, 1: its age passed `stale`, and the image says so. */
  readonly #stale: Uint8Array;
  readonly #watched: Uint8Array;
  readonly #expiry: ExpiryWheel;
  /** By tag, 1: it is in the list of those that the next judgement looks at. */
  readonly #dirty: Uint8Array;
  #list: number[] = [];
  #spare: number[] = [];
  /** By tag, 1: a flow reads it and its newest value is not the judged one. */
  readonly #waits: Uint8Array;
  #waiting = 0;
  readonly #pulses = new Map<number, TagSample>();

  constructor(tags: readonly TagPlan[]) {
    const size = tags.length;
    this.#tags = tags;
    this.#value = Array.from<Value>({ length: size }).fill(null);
    this.#judgedValue = Array.from<Value>({ length: size }).fill(null);
    this.#status = new Uint32Array(size).fill(status.BadWaitingForInitialData);
    this.#judgedStatus = new Uint32Array(size).fill(status.BadWaitingForInitialData);
    this.#time = new Float64Array(size);
    this.#confirmed = new Float64Array(size).fill(never);
    this.#group = Array.from({ length: size }, () => nobody);
    this.#stale = new Uint8Array(size);
    this.#watched = new Uint8Array(size);
    this.#dirty = new Uint8Array(size);
    this.#waits = new Uint8Array(size);
    this.#expiry = new ExpiryWheel(size);
  }

  /** A changed input that a flow reads waits for a scan; system tags never do. */
  get changedRead(): boolean {
    return this.#waiting > 0;
  }

  /** What one poll or publish gave. */
  samples(batch: readonly TagSample[]): void {
    for (const sample of batch) this.#sample(sample);
  }

  /** Confirms tags together; cheap when the same array is given again. */
  seen(tags: readonly number[], received: Instant): void {
    const known = this.#groups.get(tags);
    const group = known ?? { tags, seen: never, owned: 0, stale: 0 };
    if (known === undefined) this.#groups.set(tags, group);
    if (group.owned < tags.length) this.#adopt(group);
    group.seen = Math.max(group.seen, Math.floor(received));
    if (group.stale === 0) return;
    for (const tag of tags) {
      if (this.#stale[tag] === 1) this.#touch(tag);
    }
  }

  /** Judges every tag at `now` and gives those that changed, in the order of their indices. */
  judge(now: number, into: TagChange[]): TagChange[] {
    this.#expiry.due(now, (tag) => {
      const expires = this.#expires(tag);
      if (expires > now) return expires;
      this.#watched[tag] = 0;
      this.#touch(tag);
      return undefined;
    });
    if (this.#list.length === 0) return into;
    const list = this.#list.toSorted((left, right) => left - right);
    [this.#list, this.#spare] = [this.#spare, this.#list];
    this.#spare.length = 0;
    for (const tag of list) this.#dirty[tag] = 0;
    for (const tag of list) this.#judge(tag, now, into);
    return into;
  }

  /** Whole ms since the tag was last confirmed; undefined before its first answer. */
  ageOf(tag: number, now: number): number | undefined {
    if (this.#confirmed[tag] === never) return undefined;
    return Math.max(0, Math.floor(now - this.#confirmedAt(tag)));
  }

  #sample(sample: TagSample): void {
    const { tag, value } = sample;
    const plan = this.#tags[tag];
    assert(plan !== undefined, 'a sample is of a tag of the plan');
    assert(typeof value !== 'number' || Number.isFinite(value), 'a driver gives finite numbers');
    if (plan.latch && typeof value === 'boolean' && qualityOf(sample.status) === 'good') {
      if (value !== this.#judgedValue[tag] && !this.#pulses.has(tag)) this.#pulses.set(tag, sample);
    }
    // A bad sample without a value keeps the last one, for people to see.
    if (value !== null || qualityOf(sample.status) !== 'bad') this.#value[tag] = value;
    this.#status[tag] = sample.status;
    this.#time[tag] = sample.time;
    const before = this.#confirmed[tag] ?? never;
    this.#confirmed[tag] = Math.max(before, Math.floor(sample.received));
    const changed = this.#differs(tag, this.#value[tag] ?? null, sample.status);
    const stale = this.#stale[tag] === 1;
    if (changed || before === never || stale || this.#pulses.has(tag)) this.#touch(tag);
    this.#await(tag, changed || stale || this.#pulses.has(tag));
  }

  /** A tag that is stale and confirmed waits as a changed one does: its quality comes back. */
  #touch(tag: number): void {
    if (this.#stale[tag] === 1) this.#await(tag, true);
    if (this.#dirty[tag] === 1) return;
    this.#dirty[tag] = 1;
    this.#list.push(tag);
  }

  #await(tag: number, waits: boolean): void {
    const plan = this.#tags[tag];
    const flag = waits && plan?.kind !== 'system' && (plan?.readBy.length ?? 0) > 0 ? 1 : 0;
    this.#waiting += flag - (this.#waits[tag] ?? 0);
    this.#waits[tag] = flag;
  }

  #judge(tag: number, now: number, into: TagChange[]): void {
    const expires = this.#expires(tag);
    const stale = expires <= now;
    this.#setStale(tag, stale);
    if (!stale && expires !== Number.POSITIVE_INFINITY && this.#watched[tag] === 0) {
      this.#watched[tag] = 1;
      this.#expiry.watch(tag, expires);
    }
    this.#await(tag, false);
    const value = this.#value[tag] ?? null;
    const judged = stale ? status.BadNoCommunication : (this.#status[tag] ?? status.Bad);
    const pulse = this.#pulses.get(tag);
    this.#pulses.delete(tag);
    if (pulse !== undefined && qualityOf(judged as StatusCode) === 'good') {
      if (value === this.#judgedValue[tag]) {
        this.#change(tag, pulse, into);
        // The level after the pulse is for the scan after this one.
        this.#touch(tag);
        this.#await(tag, true);
        return;
      }
    }
    if (!this.#differs(tag, value, judged)) return;
    const time = utcMs(this.#time[tag] ?? 0);
    this.#change(tag, { value, status: judged as StatusCode, time }, into);
  }

  #change(tag: number, made: Omit<TagChange, 'tag'>, into: TagChange[]): void {
    this.#judgedValue[tag] = made.value;
    this.#judgedStatus[tag] = made.status;
    into.push({ tag, value: made.value, status: made.status, time: made.time });
  }

  /** A change within the deadband is a confirmation only; a change of status always passes. */
  #differs(tag: number, value: Value, code: number): boolean {
    if (this.#judgedStatus[tag] !== code) return true;
    const judged = this.#judgedValue[tag];
    if (value === judged) return false;
    if (typeof value !== 'number' || typeof judged !== 'number') return true;
    return Math.abs(value - judged) > (this.#tags[tag]?.deadband ?? 0);
  }

  #setStale(tag: number, stale: boolean): void {
    const before = this.#stale[tag] ?? 0;
    const after = stale ? 1 : 0;
    if (before === after) return;
    this.#stale[tag] = after;
    const group = this.#group[tag];
    if (group !== undefined && group !== nobody) group.stale += after - before;
  }

  #confirmedAt(tag: number): number {
    return Math.max(this.#confirmed[tag] ?? never, this.#group[tag]?.seen ?? never);
  }

  /** The first whole ms at which its age has passed `stale`. */
  #expires(tag: number): number {
    const limit = this.#tags[tag]?.stale;
    // What never answered waits for its first data; it has no value that could grow old.
    if (limit === undefined || this.#confirmed[tag] === never) return Number.POSITIVE_INFINITY;
    return this.#confirmedAt(tag) + limit + 1;
  }

  /** Takes the tags into this group; what their old group confirmed stays confirmed. */
  #adopt(group: Group): void {
    for (const tag of group.tags) {
      const old = this.#group[tag] ?? nobody;
      if (old === group) continue;
      assert(tag >= 0 && tag < this.#tags.length, 'a group holds tags of the plan');
      if (old !== nobody) {
        this.#confirmed[tag] =
          this.#confirmed[tag] === never ? never : Math.max(this.#confirmed[tag] ?? 0, old.seen);
        old.owned -= 1;
        old.stale -= this.#stale[tag] ?? 0;
      }
      this.#group[tag] = group;
      group.owned += 1;
      group.stale += this.#stale[tag] ?? 0;
    }
  }
}
