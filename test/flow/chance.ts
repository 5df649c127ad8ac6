// A seeded stream of chance for generated tests: the same seed gives the same run on any machine.

/** What generated tests draw from. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** In [0, 1): a counter through a hash of 32 bits. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let hash = this.#state;
    hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
    hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
    return ((hash ^ (hash >>> 15)) >>> 0) / 4_294_967_296;
  }

  odds(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number from `from` to `to`, both included. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.whole(0, list.length - 1)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  some<T>(list: readonly T[], probability: number): T[] {
    return list.filter(() => this.odds(probability));
  }

  times<T>(from: number, to: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.whole(from, to) }, (_, index) => make(index));
  }
}
