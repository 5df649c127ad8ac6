// All tags as the last scan judged them, and the forces over them. It knows no age and no device:
// image.ts judges; here is what crosses scans, with its part of the rolling hash kept up to date.
import { assert, present } from '#contract/error.ts';
import type { Actor } from '#contract/actor.ts';
import { qualityOf, status, statusCode } from '#contract/quality.ts';
import { utcMs } from '#contract/time.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { TagChange } from '#contract/record.ts';
import type { Value } from '#contract/sample.ts';
import type { UtcMs } from '#contract/time.ts';
import type { TagPlan } from '#flows/plan.ts';
import { Lanes } from './rolling.ts';

/** A tag's value overridden by a person. */
export interface Force {
  readonly value: Value;
  /** Scan time at which it ends by itself. */
  readonly until: number;
  readonly reason: string;
  readonly actor: Actor;
}

/** GoodLocalOverride: the value was overridden at the cell. */
const forcedStatus = statusCode(0x00960000);

export class TagTable {
  readonly plans: readonly TagPlan[];
  readonly value: Value[];
  readonly status: Uint32Array;
  readonly time: Float64Array;
  readonly forces = new Map<number, Force>();
  /** Sums over recorded tags: the order in which tags changed leaves no trace. */
  high = 0;
  low = 0;
  readonly #lanes = new Lanes();

  constructor(plans: readonly TagPlan[]) {
    this.plans = plans;
    this.value = Array.from<Value>({ length: plans.length }).fill(null);
    this.status = new Uint32Array(plans.length);
    this.time = new Float64Array(plans.length);
    this.clear();
  }

  /** Every tag waits for its first data; no forces. */
  clear(): void {
    this.forces.clear();
    this.value.fill(null);
    this.status.fill(status.BadWaitingForInitialData);
    this.time.fill(0);
    this.high = 0;
    this.low = 0;
    for (let tag = 0; tag < this.plans.length; tag += 1) this.#count(tag, 1);
  }

  set(change: TagChange): void {
    const { tag } = change;
    assert(tag >= 0 && tag < this.plans.length, 'a change is of a tag of the plan');
    this.#count(tag, -1);
    this.value[tag] = change.value;
    this.status[tag] = change.status;
    // Whole ms, as the record keeps it: replay must come to the same.
    this.time[tag] = Math.round(change.time);
    this.#count(tag, 1);
  }

  statusOf(tag: number): StatusCode {
    return statusCode(this.status[tag] ?? status.Bad);
  }

  timeOf(tag: number): UtcMs {
    return utcMs(this.time[tag] ?? 0);
  }

  /** A sample or the device's error has come. */
  answered(tag: number): boolean {
    return this.status[tag] !== status.BadWaitingForInitialData;
  }

  /** What a note records: a force with its own status, else the device's value. */
  noted(tag: number): { readonly v: Value; readonly s: StatusCode } {
    const force = this.forces.get(tag);
    if (force !== undefined) return { v: force.value, s: forcedStatus };
    return { v: this.value[tag] ?? null, s: this.statusOf(tag) };
  }

  /** Whether its value has the quality good, beneath any force. */
  good(tag: number): boolean {
    return qualityOf(this.statusOf(tag)) === 'good';
  }

  /** Adds the tag's hash to the sums, or takes it out. */
  #count(tag: number, sign: 1 | -1): void {
    if (!present(this.plans[tag], 'a tag of the plan').recorded) return;
    const lanes = this.#lanes;
    lanes.reset();
    lanes.word(tag);
    lanes.value(this.value[tag] ?? null);
    lanes.word(this.status[tag] ?? 0);
    lanes.number(this.time[tag] ?? 0);
    this.high = (this.high + Math.imul(sign, lanes.high)) | 0;
    this.low = (this.low + Math.imul(sign, lanes.low)) | 0;
  }
}
