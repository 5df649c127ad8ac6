// Figures of something measured over and over: percentiles of the last so many, without allocation.

/** The last `size` measurements; percentiles are sorted out when asked for. */
export class Figures {
  readonly #ring: Float64Array;
  #count = 0;

  constructor(size: number) {
    this.#ring = new Float64Array(size);
  }

  add(value: number): void {
    this.#ring[this.#count % this.#ring.length] = value;
    this.#count += 1;
  }

  /** p50, p99 and the greatest, in the unit that was added, to two decimals; zeros when there are none. */
  read(): { p50: number; p99: number; max: number } {
    const used = Math.min(this.#count, this.#ring.length);
    if (used === 0) return { p50: 0, p99: 0, max: 0 };
    const sorted = this.#ring.slice(0, used).toSorted();
    const at = (part: number): number =>
      round(sorted[Math.min(used - 1, Math.floor(part * used))] ?? 0);
    return { p50: at(0.5), p99: at(0.99), max: round(sorted[used - 1] ?? 0) };
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;
