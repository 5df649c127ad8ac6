// The hydraulic clamp of the chuck: a valve that must be driven to open, jaws with a stroke, pressure with a gauge.
// Without power or link the valve closes, and holds a part that is between the jaws.
import type { Duration, Random } from '#contract/time.ts';

export interface ClampOptions {
  /** Jaws from one end to the other. */
  readonly stroke: Duration;
  /** Of the hydraulic unit, bar. */
  readonly pressure: number;
  /** Time in which the pressure comes about two thirds nearer to where it goes. */
  readonly response: Duration;
}

const switching = 0.02;
/** Below it the jaws no longer hold, bar. */
const holding = 3;
const noise = 0.02;
/** What a leak takes from the pressure while the clamp is closed, bar a second. */
const leakage = 0.25;

export class Clamp {
  /** 0 closed, 1 open. */
  jaws = 0;
  pressure: number;
  opening = false;
  /** Pressure sinks while it is closed; each closing begins with all of it. */
  leaking = false;
  #leaked = 0;
  readonly #options: ClampOptions;
  readonly #random: Random;

  constructor(options: ClampOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.pressure = options.pressure;
  }

  get opened(): boolean {
    return this.jaws >= 1 - switching;
  }

  /** Would a part between the jaws stay there? */
  get holds(): boolean {
    return this.jaws <= switching && this.pressure >= holding;
  }

  /** What the gauge shows, bar. */
  get gauge(): number {
    return Math.max(0, this.pressure + (this.#random() - 0.5) * 2 * noise);
  }

  /** `powered`: the safety chain lets the valve open. */
  tick(span: number, powered: boolean): void {
    const open = this.opening && powered;
    // The jaws leave only when the pressure is off them, and are pressed only when they have met.
    const closed = !open && this.jaws <= switching;
    this.#leaked = closed && this.leaking ? this.#leaked + (leakage * span) / 1000 : 0;
    const target = closed ? Math.max(0, this.#options.pressure - this.#leaked) : 0;
    const share = Math.min(1, span / this.#options.response);
    this.pressure += (target - this.pressure) * share;
    const step = span / this.#options.stroke;
    if (!open) this.jaws = Math.max(0, this.jaws - step);
    else if (this.pressure < holding / 3) this.jaws = Math.min(1, this.jaws + step);
  }
}
