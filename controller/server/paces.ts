// How much is answered at station's port: so much to each guest, so much in all. Of guests beyond a bound the one that
// was silent longest is forgotten; memory does not grow with the number of those who knock.
import type { Clock } from '#contract/time.ts';
import { Bucket } from '#controller/bucket.ts';

/** Requests a second, and at once after a rest. */
export const guestPace = { rate: 40, burst: 160 };
export const allPace = { rate: 200, burst: 600 };
const guestLimit = 1024;

type Pace = ConstructorParameters<typeof Bucket>[1];

/** A bucket for each guest. */
export class Buckets {
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #guests = new Map<string, Bucket>();

  constructor(clock: Clock, pace: Pace) {
    this.#clock = clock;
    this.#pace = pace;
  }

  of(guest: string): Bucket {
    const bucket = this.#guests.get(guest) ?? new Bucket(this.#clock, this.#pace);
    this.#guests.delete(guest);
    const oldest = this.#guests.keys().next().value;
    if (this.#guests.size >= guestLimit && oldest !== undefined) this.#guests.delete(oldest);
    this.#guests.set(guest, bucket);
    return bucket;
  }
}

export class Paces {
  readonly #strangers: Bucket;
  readonly #known: Bucket;
  readonly #guests: Buckets;

  constructor(clock: Clock) {
    this.#strangers = new Bucket(clock, allPace);
    this.#known = new Bucket(clock, allPace);
    this.#guests = new Buckets(clock, guestPace);
  }

  /**
   * True when one more of this guest is within both paces. What a guest has too much of costs the others nothing, and
   * what all strangers together have too much of nobody who is `known`: at the panel, or signed in.
   */
  take(guest: string, known: boolean): boolean {
    return this.#guests.of(guest).take() && (known ? this.#known : this.#strangers).take();
  }
}
