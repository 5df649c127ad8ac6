// What the sensors of the machine truly show, change by change: for a test that holds what a cell says against it. Nobody
// looks until somebody asks, and what is not asked for in time is dropped and said.
import type { Clock, UtcMs } from '#contract/time.ts';
import type { Plant, PlantValue, Sensor } from './plant/plant.ts';

/** A sensor shows something else, from now on. */
export interface TrueChange {
  /** UTC. */
  readonly t: UtcMs;
  readonly tag: string;
  readonly v: PlantValue;
}

export interface Truth {
  /** All changes before it are told: UTC. */
  readonly now: UtcMs;
  /** What to ask for next. */
  readonly next: number;
  /** Changes that nobody asked for in time. */
  readonly lost: number;
  readonly changes: readonly TrueChange[];
}

/** A number that moves by less is as it was: sensors have noise. */
export const trueStep = 0.2;
/** Changes that are kept, and those in one answer. */
const kept = 20_000;
const answered = 1000;

export class TruthLog {
  readonly #clock: Clock;
  readonly #sensors: readonly (readonly [tag: string, read: Sensor])[];
  #shown: (PlantValue | undefined)[] = [];
  #changes: TrueChange[] = [];
  /** The number of the first that is kept. */
  #first = 0;
  #watched = false;

  constructor(clock: Clock, plant: Plant) {
    this.#clock = clock;
    this.#sensors = [...plant.sensors];
  }

  /** The machine has moved. */
  look(): void {
    if (!this.#watched) return;
    const t = this.#clock.time();
    for (const [place, [tag, read]] of this.#sensors.entries()) {
      const v = read();
      const shown = this.#shown[place];
      if (v === shown || isNear(v, shown)) continue;
      this.#shown[place] = v;
      this.#changes.push({ t, tag, v });
    }
    if (this.#changes.length < kept) return;
    this.#changes = this.#changes.slice(kept / 2);
    this.#first += kept / 2;
  }

  /** Changes from this number on, the oldest first; from 0 it begins with what every sensor shows now. */
  since(number: number): Truth {
    if (!this.#watched) {
      this.#watched = true;
      this.look();
    }
    const from = Math.max(number, this.#first);
    const changes = this.#changes.slice(from - this.#first, from - this.#first + answered);
    const next = from + changes.length;
    const whole = next === this.#first + this.#changes.length;
    const now = whole ? this.#clock.time() : (changes.at(-1)?.t ?? this.#clock.time());
    return { now, next, lost: from - number, changes };
  }
}

const isNear = (value: PlantValue, shown: PlantValue | undefined): boolean =>
  typeof value === 'number' && typeof shown === 'number' && Math.abs(value - shown) < trueStep;
