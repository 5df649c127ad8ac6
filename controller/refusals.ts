// What of the refusals at a door is recorded: all of them at a person's pace, and of a flood its
// beginning and a count of the rest. A client that repeats itself fills no chronicle.
import { seconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import { Bucket } from '#controller/bucket.ts';

/** At control's door. */
const controlPace = { rate: 5, burst: 100 };
/** The count is told so long after the first that was left out. */
const patience = seconds(10);

/** One for all clients of a door. */
export class Refusals {
  readonly #clock: Clock;
  readonly #bucket: Bucket;
  readonly #tell: (left: number) => void;
  #left = 0;
  #timer: Cancel | undefined;

  /** `tell` gets how many were left out, some seconds after the first of them. */
  constructor(
    clock: Clock,
    tell: (left: number) => void,
    pace: { readonly rate: number; readonly burst: number } = controlPace,
  ) {
    this.#clock = clock;
    this.#bucket = new Bucket(clock, pace);
    this.#tell = tell;
  }

  /** True when this one is to be recorded; else it is counted. */
  take(): boolean {
    if (this.#bucket.take()) return true;
    this.#left += 1;
    this.#timer ??= this.#clock.after(patience, () => this.close());
    return false;
  }

  /** Tells what was left out until now. */
  close(): void {
    this.#timer?.();
    this.#timer = undefined;
    const left = this.#left;
    this.#left = 0;
    if (left > 0) this.#tell(left);
  }
}
