// When outputs leave (architecture section 3): a safe value at once, any other when its cause is on
// disk and no later scan has decided another meanwhile. Keeps the newest decision of each output and
// sees it confirmed; the driver keeps it on the wire.
import { assert, present } from '#contract/error.ts';
import type { Driver, Verify, WriteResult } from '#contract/driver.ts';
import type { TagName } from '#contract/name.ts';
import type { Value } from '#contract/sample.ts';
import { milliseconds, seconds } from '#contract/time.ts';
import type { Cancel, Clock, Duration, Instant } from '#contract/time.ts';
import type { OutputDecision } from '#flows/engine/scan.ts';

/** How long a write may take before its outcome is `unknown`. */
const writeDeadline = seconds(1);
/** A level that was not confirmed is asked for again after this. */
const repeatAfter: Readonly<Record<'mismatch' | 'rejected' | 'unknown', Duration>> = {
  mismatch: seconds(1),
  rejected: seconds(5),
  unknown: seconds(1),
};

/** Outputs that left early are kept one by one up to so many: a disk may be away for a shift. */
const earlyLimit = 1000;

export type WriteState = 'confirmed' | 'pending' | 'mismatch' | 'rejected' | 'unknown';

/** One output of the cell and the driver that writes it. */
export interface OutputPlan {
  /** Its index in the cell's tag table. */
  readonly tag: number;
  readonly name: TagName;
  readonly device: string;
  readonly safe: Value;
  readonly driver: Driver;
  readonly verify: Verify;
  readonly tolerance?: number;
  readonly refresh?: Duration;
  toWire(value: Value): Value;
}

export interface OutputEvents {
  /** A write ended, confirmed or not; `superseded` ones are not told. */
  ended(output: OutputPlan, value: Value, result: WriteResult): void;
}

interface Slot {
  readonly plan: OutputPlan;
  value: Value;
  safe: boolean;
  scan: number;
  /** The entry that must be durable before `value` may leave. */
  cause: number;
  left: boolean;
  state: WriteState;
  /** Since when `value` is not confirmed, for those who wait for a safe value to be. */
  since: Instant;
  attempt: number;
  repeat: Cancel | undefined;
  /** While it is withheld the output is safe; this is what was decided meanwhile. */
  withheld: Decision | undefined;
}

/** What a scan decided for an output; `cause` is the `seq` of its entry, 0: the entry was dropped. */
interface Decision {
  readonly value: Value;
  readonly safe: boolean;
  readonly scan: number;
  readonly cause: number;
}

/** An output that left while its cause was not on disk yet. */
export interface EarlyOutput {
  readonly tag: TagName;
  readonly value: Value;
  readonly scan: number;
}

/** The first that left early, and the count of those after them. */
export interface EarlyOutputs {
  readonly outputs: readonly EarlyOutput[];
  readonly more: number;
}

/** All outputs of the cell. */
export class Outputs {
  readonly #clock: Clock;
  readonly #events: OutputEvents;
  readonly #slots = new Map<number, Slot>();
  readonly #waiting = new Set<Slot>();
  /** True: nothing waits for the disk (`fast`, or while it does not answer). */
  #free: boolean;
  #stalled = false;
  #durable = 0;
  #early: EarlyOutput[] = [];
  #earlyMore = 0;
  #stopped = false;
  /** After an orderly stop nothing is written any more. */
  #ended = false;

  constructor(
    clock: Clock,
    plans: readonly OutputPlan[],
    options: { readonly durability: 'strict' | 'fast' },
    events: OutputEvents,
  ) {
    this.#clock = clock;
    this.#events = events;
    this.#free = options.durability === 'fast';
    for (const plan of plans) this.#slots.set(plan.tag, newSlot(plan, clock.now()));
  }

  /** Drives every output to its safe value: at boot, and when control stops. */
  allSafe(): void {
    for (const slot of this.#slots.values()) {
      slot.withheld = undefined;
      this.#take(slot, { value: slot.plan.safe, safe: true, scan: slot.scan, cause: 0 });
      this.#leave(slot);
    }
  }

  /** Takes what a scan decided; `cause` is the `seq` of its entry, 0 when that was dropped. */
  decide(decisions: readonly OutputDecision[], scan: number, cause: number): void {
    for (const { tag, value, safe } of decisions) {
      const slot = present(this.#slots.get(tag), `output ${tag} has a driver`);
      assert(scan >= slot.scan, 'scans decide in order');
      this.#decide(slot, { value, safe, scan, cause });
    }
  }

  /** Outputs of a device that is away and must not go on by itself (`onReturn: safe`): safe until released. */
  withhold(tags: Iterable<number>): void {
    for (const slot of this.#slotsOf(tags)) {
      if (slot.withheld !== undefined) continue;
      const { value, safe, scan, cause } = slot;
      slot.withheld = { value, safe, scan, cause };
      this.#take(slot, { value: slot.plan.safe, safe: true, scan, cause });
      this.#leave(slot);
    }
  }

  /** They follow their flow again, from what it decided last. */
  release(tags: Iterable<number>): void {
    for (const slot of this.#slotsOf(tags)) {
      const decided = slot.withheld;
      slot.withheld = undefined;
      if (decided !== undefined) this.#decide(slot, decided);
    }
  }

  /** A device is lost: what it was told speaks for nothing any more, whatever it answered. */
  lost(device: string): void {
    for (const slot of this.#slots.values()) {
      if (slot.plan.device !== device || !slot.left) continue;
      if (slot.state === 'confirmed') this.#doubt(slot, 'unknown');
      slot.state = 'unknown';
      this.#silence(slot);
    }
  }

  /** A device answers again: what nobody knows of its outputs is asked for at once. */
  returned(device: string): void {
    for (const slot of this.#slots.values()) {
      if (slot.plan.device !== device || slot.state !== 'unknown' || !slot.left) continue;
      this.#silence(slot);
      void this.#write(slot);
    }
  }

  /** Every entry up to `seq` is on disk. */
  durable(seq: number): void {
    this.#durable = seq;
    if (this.#waiting.size === 0) return;
    for (const slot of this.#waiting) if (slot.cause <= seq) this.#leave(slot);
  }

  /** While the disk does not answer outputs do not wait; what leaves meanwhile is kept for the `gap`. */
  stall(stalled: boolean): void {
    this.#stalled = stalled;
    if (stalled) for (const slot of this.#waiting) this.#leave(slot);
  }

  /** `tell` writes down what left early, and gives its entry; where that was dropped (0) it is kept. */
  tellEarly(tell: (early: EarlyOutputs) => number): void {
    if (tell({ outputs: this.#early, more: this.#earlyMore }) === 0) return;
    this.#early = [];
    this.#earlyMore = 0;
  }

  stateOf(tag: number): WriteState {
    return this.#slots.get(tag)?.state ?? 'confirmed';
  }

  /** Are these outputs at their safe values, confirmed by their devices? */
  confirmedSafe(tags: Iterable<number>): boolean {
    for (const tag of tags) {
      const slot = this.#slots.get(tag);
      if (slot !== undefined && !(slot.safe && slot.state === 'confirmed')) return false;
    }
    return true;
  }

  /** A safe value of a device that has not been confirmed for longer than `limit`. */
  unsafeFor(tags: Iterable<number>, limit: Duration): boolean {
    const now = this.#clock.now();
    for (const tag of tags) {
      const slot = this.#slots.get(tag);
      if (slot?.safe === true && slot.state !== 'confirmed' && now - slot.since > limit)
        return true;
    }
    return false;
  }

  /** Drives all outputs safe and waits until they are confirmed, at most `limit`. True when all were. */
  async stop(limit: Duration): Promise<boolean> {
    this.allSafe();
    this.#stopped = true;
    const end = this.#clock.now() + limit;
    while (!this.confirmedSafe(this.#slots.keys()) && this.#clock.now() < end) {
      // oxlint-disable-next-line no-await-in-loop -- waits for the devices, in steps
      await new Promise<void>((resolve) => this.#clock.after(milliseconds(10), resolve));
    }
    this.#ended = true;
    for (const slot of this.#slots.values()) slot.repeat?.();
    return this.confirmedSafe(this.#slots.keys());
  }

  *#slotsOf(tags: Iterable<number>): Iterable<Slot> {
    for (const tag of tags) {
      const slot = this.#slots.get(tag);
      if (slot !== undefined) yield slot;
    }
  }

  #decide(slot: Slot, decision: Decision): void {
    if (slot.withheld !== undefined) {
      slot.withheld = decision;
      return;
    }
    this.#take(slot, decision);
    const { safe, cause } = decision;
    if (safe || this.#free || this.#stalled || cause <= this.#durable) this.#leave(slot);
    else this.#waiting.add(slot);
  }

  #take(slot: Slot, { value, safe, scan, cause }: Decision): void {
    if (value !== slot.value) this.#doubt(slot, 'pending');
    slot.value = value;
    slot.safe = safe;
    slot.scan = scan;
    slot.cause = cause;
    slot.left = false;
    this.#silence(slot);
  }

  /** What was written before neither confirms what the output is now nor repeats it. */
  #silence(slot: Slot): void {
    slot.attempt += 1;
    slot.repeat?.();
    slot.repeat = undefined;
  }

  /** What is not confirmed any more is in doubt from now on. */
  #doubt(slot: Slot, state: WriteState): void {
    slot.state = state;
    slot.since = this.#clock.now();
  }

  #leave(slot: Slot): void {
    this.#waiting.delete(slot);
    if (slot.left) return;
    slot.left = true;
    const unrecorded = slot.cause === 0 || slot.cause > this.#durable;
    if (this.#stalled && !slot.safe && unrecorded) {
      const early = { tag: slot.plan.name, value: slot.value, scan: slot.scan };
      if (this.#early.length < earlyLimit) this.#early.push(early);
      else this.#earlyMore += 1;
    }
    void this.#write(slot);
  }

  async #write(slot: Slot): Promise<void> {
    const { plan, value, safe } = slot;
    slot.attempt += 1;
    const { attempt } = slot;
    const request = {
      id: `${plan.name}#${attempt}`,
      tag: plan.name,
      value: plan.toWire(value),
      deadline: writeDeadline,
      verify: plan.verify,
      safe,
      ...(plan.tolerance === undefined ? {} : { tolerance: plan.tolerance }),
    };
    const results = (await plan.driver.write?.([request])) ?? [];
    const result = present(results[0], 'one result for each request');
    // Only the newest attempt speaks for the output; what an orderly stop cuts off was judged by it.
    if (slot.attempt !== attempt || result.outcome === 'superseded' || this.#ended) return;
    if (slot.state === 'confirmed') this.#doubt(slot, result.outcome);
    slot.state = result.outcome;
    this.#events.ended(plan, value, result);
    this.#repeatLater(slot, result.outcome);
  }

  #repeatLater(slot: Slot, outcome: WriteState): void {
    const again = outcome === 'confirmed' ? slot.plan.refresh : undefined;
    const after = outcome === 'confirmed' || outcome === 'pending' ? again : repeatAfter[outcome];
    if (after === undefined || this.#ended) return;
    if (this.#stopped && outcome === 'confirmed') return;
    slot.repeat = this.#clock.after(after, () => void this.#write(slot));
  }
}

function newSlot(plan: OutputPlan, now: Instant): Slot {
  return {
    plan,
    value: plan.safe,
    safe: true,
    scan: 0,
    cause: 0,
    left: false,
    state: 'pending',
    since: now,
    attempt: 0,
    repeat: undefined,
    withheld: undefined,
  };
}
