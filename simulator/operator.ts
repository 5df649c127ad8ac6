// A person who keeps the tending cell running: looks now and then, and gives the one command that is next.
import type { PlantAct } from './plant/plant.ts';

/** What a person sees and can do; a `World` is one. */
export interface Workplace {
  /** What became of a command, by its id. */
  readonly outcomes: ReadonlyMap<string, string>;
  state(region: string): string;
  ctx(name: string): number;
  param(name: string): number;
  command(name: string): string;
  act(act: PlantAct, on?: boolean): string | undefined;
  after(delay: number, run: () => void): void;
}

/** Between two looks, ms. */
const interval = 700;

export class Operator {
  readonly #place: Workplace;
  #last: { readonly command: string; readonly id: string } | undefined;

  constructor(place: Workplace) {
    this.#place = place;
  }

  start(): void {
    this.#place.after(interval, () => {
      this.#look();
      this.start();
    });
  }

  #look(): void {
    const next = this.#next();
    if (next === undefined) return;
    const command = this.#refused(next) ? 'clear' : next;
    this.#last = { command, id: this.#place.command(command) };
  }

  /** It was given just now and ignored: something has failed that must be cleared first. */
  #refused(command: string): boolean {
    const last = this.#last;
    const outcome = last?.command === command ? this.#place.outcomes.get(last.id) : undefined;
    return outcome?.startsWith('ignored') === true;
  }

  #next(): string | undefined {
    const place = this.#place;
    switch (place.state('unit')) {
      case 'unit.Aborted':
        return 'clear';
      case 'unit.Stopped':
        if (!this.#empty()) return undefined;
        return place.ctx('loaded') === 1 ? 'empty' : 'reset';
      case 'unit.Idle':
        return place.ctx('parts') >= place.param('batch') ? 'reset' : 'start';
      case 'unit.Complete':
        return 'reset';
      case 'unit.Holding':
        // A robot that stands in the machine with a part comes home when it is taken.
        place.act('take-part');
        return undefined;
      case 'unit.Held':
        if (!this.#empty()) return undefined;
        return place.ctx('loaded') === 1 ? 'stop' : 'unhold';
      default:
        return undefined;
    }
  }

  /** After it there is no part in chuck or gripper, whether or not there was one. */
  #empty(): boolean {
    const refusal = this.#place.act('take-part');
    return refusal === undefined || refusal.startsWith('there is no part');
  }
}
