// How much is answered at station's port: so much to each guest, so much in all. Of guests beyond a bound the one that
// was silent longest is forgotten; memory does not grow with the number of those who knock.
import type { Clock } from '#contract/time.ts';
import { Bucket } from '#controller/bucket.ts';

/** Requests a second, and at once after a rest. */
export const guestPace = { rate: 40, burst: 160 };
export const allPace = { rate: 200, burst: 600 };
const guestLimit = 1024;

export class Paces {
  readonly #clock: Clock;
  readonly #all: Bucket;
  readonly #guests = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#all = new Bucket(clock, allPace);
  }

  /** True when one more of this guest is within both paces. What a guest has too much of costs the others nothing. */
  take(guest: string): boolean {
    return this.#of(guest).take() && this.#all.take();
  }

  #of(guest: string): Bucket {
    const known = this.#guests.get(guest);
    const bucket = known ?? new Bucket(this.#clock, guestPace);
    this.#guests.delete(guest);
    const oldest = this.#guests.keys().next().value;
    if (this.#guests.size >= guestLimit && oldest !== undefined) this.#guests.delete(oldest);
    this.#guests.set(guest, bucket);
    return bucket;
  }
}
