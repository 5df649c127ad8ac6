// Runs the physics in real time: fixed steps, as many as have become due, no more than a bounded number at once.
import {
  milliseconds,
  type Cancel,
  type Clock,
  type Duration,
  type Instant,
} from '#contract/time.ts';

/** A process that was held longer than this does not make up for it: the plant's time stood too. */
const mostBehind = milliseconds(200);

export class Pace {
  readonly #clock: Clock;
  readonly #tick: Duration;
  readonly #run: () => void;
  #due: Instant;
  #cancel: Cancel = () => {};

  constructor(clock: Clock, tick: Duration, run: () => void) {
    this.#clock = clock;
    this.#tick = tick;
    this.#run = run;
    this.#due = clock.now();
  }

  start(): void {
    this.#due = this.#clock.now();
    this.#next();
  }

  stop(): void {
    this.#cancel();
  }

  #next(): void {
    const now = this.#clock.now();
    if (now - this.#due > mostBehind) this.#due = (now - mostBehind) as Instant;
    while (this.#due <= now) {
      this.#due = (this.#due + this.#tick) as Instant;
      this.#run();
    }
    this.#cancel = this.#clock.after(milliseconds(this.#due - now), () => this.#next());
  }
}
