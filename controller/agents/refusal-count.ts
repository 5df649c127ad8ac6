// Counts what each agent was refused within a span of time. In memory: a station that starts again has forgotten, and
// the locks that came of it stay.
import type { Actor } from '#contract/actor.ts';
import type { Clock, Duration } from '#contract/time.ts';

/** Agents that are counted; beyond it the one that was quiet longest is forgotten. */
const agentLimit = 1000;

export class RefusalCount {
  readonly #clock: Clock;
  readonly #span: Duration;
  readonly #times = new Map<Actor, number[]>();

  constructor(clock: Clock, span: Duration) {
    this.#clock = clock;
    this.#span = span;
  }

  /** One more; how many there are within the span. */
  count(actor: Actor): number {
    const now = this.#clock.now();
    const times = (this.#times.get(actor) ?? []).filter((at) => now - at < this.#span);
    times.push(now);
    this.#times.delete(actor);
    this.#times.set(actor, times);
    const oldest = this.#times.keys().next().value;
    if (this.#times.size > agentLimit && oldest !== undefined) this.#times.delete(oldest);
    return times.length;
  }

  forget(actor: Actor): void {
    this.#times.delete(actor);
  }
}
