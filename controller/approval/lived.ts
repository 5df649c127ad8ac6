// What time it may be for each approval: the date, and the date when it was first seen in this life with the time since by
// a clock that nobody sets. A date that is set neither lengthens a window nor opens it early; after a start it is the date.
import type { Clock } from '#contract/time.ts';
import type { Moment } from './judge.ts';

export class LivedTime {
  readonly #clock: Clock;
  /** Date less monotonic time, when each was first seen. */
  readonly #seen = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Its time counts from here on, unless it does already. */
  see(id: string): void {
    if (!this.#seen.has(id)) this.#seen.set(id, this.#clock.time() - this.#clock.now());
  }

  /** It is over. */
  forget(id: string): void {
    this.#seen.delete(id);
  }

  momentOf(id: string): Moment {
    const date = this.#clock.time();
    const since = this.#seen.get(id);
    const lived = since === undefined ? date : since + this.#clock.now();
    return { earliest: Math.min(date, lived), latest: Math.max(date, lived) };
  }
}
