// The lamp of the first flow: a lamp, a button that somebody presses now and then, and a day that is short.
import type { Duration, Random } from '#contract/time.ts';
import type { Actuator, Incident, Plant, PlantAct, PlantValue, Sensor } from './plant.ts';

export interface LampOptions {
  /** Half of it is dark. */
  readonly day: Duration;
  /** Somebody presses the button about so often. */
  readonly visit: Duration;
  /** How long the button is down. */
  readonly press: Duration;
}

export class Lamp implements Plant {
  readonly sensors: ReadonlyMap<string, Sensor> = new Map<string, Sensor>([
    ['button', () => this.#down > 0],
    ['dark', () => this.#dark],
  ]);
  readonly actuators: ReadonlyMap<string, Actuator> = new Map<string, Actuator>([
    ['lamp', (value) => void (this.#lit = value === true)],
  ]);
  readonly incidents: readonly Incident[] = [];
  readonly #options: LampOptions;
  readonly #random: Random;
  #now = 0;
  #wait = 0;
  #down = 0;
  #lit = false;

  constructor(options: LampOptions, random: (name: string) => Random) {
    this.#options = options;
    this.#random = random('visitors');
    this.#wait = options.visit;
  }

  get #dark(): boolean {
    return this.#now % this.#options.day >= this.#options.day / 2;
  }

  tick(span: Duration): void {
    this.#now += span;
    this.#down = Math.max(0, this.#down - span);
    this.#wait -= span;
    if (this.#wait > 0) return;
    this.#down = this.#options.press;
    this.#wait = this.#options.visit * (0.5 + this.#random());
  }

  act(act: PlantAct): string | undefined {
    return `a lamp has nothing for ${act}`;
  }

  acting(): boolean {
    return false;
  }

  figures(): Readonly<Record<string, PlantValue>> {
    return { lit: this.#lit, dark: this.#dark, pressed: this.#down > 0 };
  }
}
