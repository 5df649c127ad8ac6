// The coolant pump and what its flow meter shows.
import type { Duration, Random } from '#contract/time.ts';

export interface CoolantOptions {
  /** What the pump gives, L/min. */
  readonly flow: number;
  /** Time in which the flow comes about two thirds nearer to where it goes. */
  readonly response: Duration;
}

const noise = 0.1;
/** A pump that draws air gives what is left in its pipes: the flow falls so many times more slowly. */
const emptying = 3;

export class Coolant {
  pumping = false;
  /** The tank is empty: nothing comes, though the pump runs. */
  lost = false;
  flow = 0;
  readonly #options: CoolantOptions;
  readonly #random: Random;

  constructor(options: CoolantOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  /** L/min; a meter that shows a trickle as nothing. */
  get meter(): number {
    if (this.flow < noise) return 0;
    return Math.max(0, this.flow + (this.#random() - 0.5) * 2 * noise);
  }

  tick(span: number): void {
    const target = this.pumping && !this.lost ? this.#options.flow : 0;
    const response = this.#options.response * (this.pumping && this.lost ? emptying : 1);
    this.flow += (target - this.flow) * Math.min(1, span / response);
  }
}
