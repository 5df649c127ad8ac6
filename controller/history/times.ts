// The history's time: UTC that never runs backwards within a run. A small step of the clock is smoothed
// over; a large one, either way, is told, because what is recorded after it begins a run of its own.
import { formatDuration, milliseconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';

/** A clock that is set by more than this has jumped, ms. */
const jumpLimit = 2000;

export interface Moment {
  readonly time: number;
  /** The time up to which was recorded before it, in the old reckoning. */
  readonly before: number;
  /** The clock was set: a sentence for people. */
  readonly jump?: string;
}

export class Times {
  readonly #clock: Clock;
  #offset: number;
  #last: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    const time = Math.floor(clock.time());
    this.#offset = time - clock.now();
    this.#last = time;
  }

  now(): Moment {
    const time = Math.floor(this.#clock.time());
    const offset = time - this.#clock.now();
    const step = offset - this.#offset;
    const before = this.#last;
    this.#offset = offset;
    if (Math.abs(step) <= jumpLimit) {
      this.#last = Math.max(before, time);
      return { time: this.#last, before };
    }
    this.#last = time;
    return { time, before, jump: sentence(Math.round(step)) };
  }
}

const sentence = (step: number): string => {
  const by = formatDuration(milliseconds(Math.abs(Math.round(step / 1000) * 1000)));
  return step > 0
    ? `The clock was set forward by ${by}`
    : `The clock was set back by ${by}: what was recorded of this time before is hidden by what was recorded after`;
};
