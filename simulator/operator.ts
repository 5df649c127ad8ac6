// A person who keeps the tending cell running: looks now and then, and gives the one command that is next. Where a command
// does not help the hands do: a part is taken out, a door is jogged free, power is switched off and on.
import type { PlantAct } from './plant/plant.ts';

/** What a person sees and can do; a `World` is one. */
export interface Workplace {
  /** What became of a command, by its id. */
  readonly outcomes: ReadonlyMap<string, string>;
  state(region: string): string;
  ctx(name: string): number;
  param(name: string): number;
  command(name: string): string;
  /** Keeps a held command down for so many ms. */
  hold(name: string, span: number): void;
  act(act: PlantAct, on?: boolean): string | undefined;
  after(delay: number, run: () => void): void;
}

/** Between two looks, ms. */
const interval = 700;
/** A hand on a jog key, ms: longer than the door takes. */
const jogging = 1500;
/** Clears in vain after which power is switched off and on, and for how long it is off, ms. */
const clears = 3;
const off = 1000;

export class Operator {
  readonly #place: Workplace;
  #last: { readonly command: string; readonly id: string } | undefined;
  /** The hands are on a key. */
  #busy = false;
  #opens = false;
  #cleared = 0;

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
    if (this.#busy) return;
    const next = this.#freeDoor() ?? this.#next();
    if (next === undefined || this.#busy) return;
    const command = this.#outcome(next)?.startsWith('ignored') === true ? 'clear' : next;
    if (this.#outcome('clear')?.startsWith('fired') === true) this.#cleared += 1;
    if (this.#cleared >= clears) return this.#switch();
    this.#last = { command, id: this.#place.command(command) };
  }

  /** A door that has failed on its way is jogged to an end, one way or the other. */
  #freeDoor(): string | undefined {
    const place = this.#place;
    const rests = ['unit.Aborted', 'unit.Stopped'].includes(place.state('unit'));
    const manual = place.state('mode') === 'mode.Manual';
    if (place.state('door') !== 'door.Failed') return manual ? 'automatic' : undefined;
    if (!rests) return undefined;
    if (!manual) return 'manual';
    this.#hands(jogging, () => this.#place.hold(this.#opens ? 'jog.open' : 'jog.close', jogging));
    this.#opens = !this.#opens;
    return undefined;
  }

  /** A fault that no clear takes away goes with the power: that of a robot. */
  #switch(): void {
    this.#cleared = 0;
    this.#last = undefined;
    this.#place.act('estop', true);
    this.#hands(off, () => this.#place.after(off, () => void this.#place.act('estop', false)));
  }

  #hands(span: number, use: () => void): void {
    this.#busy = true;
    use();
    this.#place.after(span + interval, () => {
      this.#busy = false;
    });
  }

  /** What became of the command if it was the last; one that was ignored: something must be cleared first. */
  #outcome(command: string): string | undefined {
    const last = this.#last;
    return last?.command === command ? this.#place.outcomes.get(last.id) : undefined;
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
        this.#cleared = 0;
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
