// Parts before and after the machine: the infeed presents one at a time under the scanner, the outfeed has limited room.
// A part is an object that is in one place, so none can appear or vanish.
import type { Duration } from '#contract/time.ts';

export interface Part {
  readonly code: string;
}

export interface InfeedOptions {
  /** The next part comes so long after the last one was taken. */
  readonly every: Duration;
  /** Codes are `<series>-<number>`, counted up from `first`. */
  readonly series: string;
  readonly first: number;
}

export interface OutfeedOptions {
  /** Parts that it holds. */
  readonly room: number;
  /** One part leaves each. */
  readonly every: Duration;
}

export class Infeed {
  part: Part | undefined;
  /** What the scanner read last. */
  code = '';
  readonly #options: InfeedOptions;
  #number: number;
  #wait = 0;

  constructor(options: InfeedOptions) {
    this.#options = options;
    this.#number = options.first;
  }

  take(): Part | undefined {
    const part = this.part;
    this.part = undefined;
    this.#wait = this.#options.every;
    return part;
  }

  tick(span: number): void {
    if (this.part !== undefined) return;
    this.#wait -= span;
    if (this.#wait > 0) return;
    this.part = { code: `${this.#options.series}-${this.#number}` };
    this.code = this.part.code;
    this.#number += 1;
  }
}

export class Outfeed {
  /** Parts on it now, and those that have left. */
  parts: Part[] = [];
  delivered = 0;
  /** The code that was put down last. */
  last = '';
  readonly #options: OutfeedOptions;
  #wait = 0;

  constructor(options: OutfeedOptions) {
    this.#options = options;
    this.#wait = options.every;
  }

  get full(): boolean {
    return this.parts.length >= this.#options.room;
  }

  put(part: Part): void {
    this.parts.push(part);
    this.last = part.code;
  }

  tick(span: number): void {
    if (this.parts.length === 0) {
      this.#wait = this.#options.every;
      return;
    }
    this.#wait -= span;
    if (this.#wait > 0) return;
    this.#wait = this.#options.every;
    this.parts.shift();
    this.delivered += 1;
  }
}
