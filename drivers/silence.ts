// Whether a line is dead: from the deadlines that were missed on it since something last answered. It ends nothing.
import { instant, milliseconds } from '#contract/time.ts';
import type { Instant } from '#contract/time.ts';
import type { Breakers } from './breaker.ts';

/** Deadlines missed in a row after which a line is not believed any longer. */
const deadlinesToDestroy = 2;
/** And the silence that it takes: deadlines of a few milliseconds say little of a line. */
const silenceToDestroy = milliseconds(500);

export class Silence {
  /** Units whose deadline was missed, in order. */
  #missed: number[] = [];
  #heardAt = instant(0);

  /** Something answered, or the line is new. */
  heard(now: Instant): void {
    this.#missed = [];
    this.#heardAt = now;
  }

  /** The unit did not answer in time. True: it is the line, not the unit alone. */
  missed(unit: number, now: Instant, breakers: Breakers): boolean {
    this.#missed.push(unit);
    // A unit known to be dead says nothing of the line, unless all are; nor does one of several that
    // is silent: it takes two, or all that are believed to live.
    const all = breakers.open === breakers.size;
    const silent = this.#missed.filter((one) => all || !breakers.isOpen(one));
    const several = new Set(silent).size >= Math.min(2, breakers.size - breakers.open);
    const isLong = now - this.#heardAt >= silenceToDestroy;
    return silent.length >= deadlinesToDestroy && several && isLong;
  }
}
