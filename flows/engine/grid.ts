// When the next scan runs: on the grid of `scan.period`, or off it because something waits.
// It reads no clock: the loop, the virtual world and tests give it the time.
import { assert } from '#contract/error.ts';

export interface Due {
  /** The scan's time, whole ms since boot. */
  readonly now: number;
  /** Grid deadlines passed over; they are counted, never made up for. */
  readonly missed: number;
  readonly offGrid: boolean;
}

/** Follow-up scans in a row, at most. */
export const followUpLimit = 8;

/** Use: `const due = grid.next(t, waiting)`; when there is one, scan, then `grid.ran(due, result.followUp)`. */
export class Grid {
  readonly #period: number;
  readonly #min: number;
  #last: number;
  #row = 0;
  #pending = false;
  /** Something beside a follow-up waited when the scan was found due. */
  #cause = false;

  /** Durations in whole ms; `last`: the `now` of the scan before, or the instant of the start. */
  constructor(options: { readonly period: number; readonly min: number; readonly last?: number }) {
    assert(Number.isSafeInteger(options.period) && options.period >= 1, 'a period is whole ms');
    assert(Number.isSafeInteger(options.min) && options.min >= 1, 'scan.min is whole ms');
    this.#period = options.period;
    this.#min = options.min;
    this.#last = options.last ?? 0;
  }

  /** The scan that is due at `t` (ms since boot, may carry a fraction); `waiting`: a changed input or an act. */
  next(t: number, waiting: boolean): Due | undefined {
    const whole = Math.floor(t);
    const deadline = whole - (whole % this.#period);
    const run = this.#last - (this.#last % this.#period);
    this.#cause = waiting;
    if (deadline > run) {
      return { now: deadline, missed: (deadline - run) / this.#period - 1, offGrid: false };
    }
    if ((waiting || this.#pending) && whole >= this.#last + this.#min) {
      return { now: whole, missed: 0, offGrid: true };
    }
    return undefined;
  }

  /** The scan ran; `followUp`: it asks for another. */
  ran(due: Due, followUp: boolean): void {
    assert(due.now > this.#last, '`now` strictly increases');
    this.#row = due.offGrid && this.#pending && !this.#cause ? this.#row + 1 : 0;
    this.#last = due.now;
    this.#pending = followUp && this.#row < followUpLimit;
  }

  /** The instant at which to ask again, if nothing else happens; `waiting` as for `next`. */
  wake(waiting: boolean): number {
    const deadline = this.#last - (this.#last % this.#period) + this.#period;
    return waiting || this.#pending ? Math.min(deadline, this.#last + this.#min) : deadline;
  }
}
