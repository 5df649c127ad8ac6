// A pace: so many a second, with so many at once after a rest.
import type { Clock } from '#contract/time.ts';

export class Bucket {
  readonly #clock: Clock;
  readonly #rate: number;
  readonly #burst: number;
  #left: number;
  #at: number;

  /** `rate` per second; at most `burst` at once. */
  constructor(clock: Clock, limits: { readonly rate: number; readonly burst: number }) {
    this.#clock = clock;
    this.#rate = limits.rate;
    this.#burst = limits.burst;
    this.#left = limits.burst;
    this.#at = clock.now();
  }

  /** True when one more is within the pace, or so many more. */
  take(many = 1): boolean {
    const now = this.#clock.now();
    this.#left = Math.min(this.#burst, this.#left + ((now - this.#at) / 1000) * this.#rate);
    this.#at = now;
    if (this.#left < many) return false;
    this.#left -= many;
    return true;
  }
}
