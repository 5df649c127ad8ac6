// The rolling hash of a segment: 64 bits in two lanes over all that crosses scans, at every scan.
// It finds a difference; it protects nothing against a forger (the chronicle's SHA-256 chain does).
import type { Rolling } from '#contract/record.ts';
import type { Value } from '#contract/sample.ts';

const bits = new Float64Array(1);
const halves = new Uint32Array(bits.buffer);
// The low half stands first on a little-endian machine; the hash is the same on every machine.
bits[0] = 1;
const lowHalf = halves[0] === 0 ? 0 : 1;
const highHalf = 1 - lowHalf;

/** Two 32-bit lanes; order matters. NaN is one value, and -0 is 0, as JSON keeps them. */
export class Lanes {
  high = 0x6a09e667 | 0;
  low = 0xbb67ae85 | 0;

  reset(): void {
    this.high = 0x6a09e667 | 0;
    this.low = 0xbb67ae85 | 0;
  }

  /** 32 bits of an integer. */
  word(word: number): void {
    const high = Math.imul(this.high ^ word, 0x9e3779b1);
    const low = Math.imul(this.low ^ word, 0x85ebca77);
    this.high = high ^ (high >>> 15) ^ (this.low & 0xff);
    this.low = (low << 13) | (low >>> 19);
  }

  /** Any number, by its 64 bits. */
  number(value: number): void {
    if (value === (value | 0)) {
      this.word(value | 0);
      return;
    }
    bits[0] = value;
    this.word(Number.isNaN(value) ? 0x7ff80000 : (halves[highHalf] ?? 0));
    this.word(Number.isNaN(value) ? 1 : (halves[lowHalf] ?? 0));
  }

  numbers(values: Float64Array): void {
    for (let index = 0; index < values.length; index += 1) this.number(values[index] ?? 0);
  }

  words(values: Int32Array | Uint8Array): void {
    for (let index = 0; index < values.length; index += 1) this.word(values[index] ?? 0);
  }

  text(text: string): void {
    this.word(text.length);
    for (let index = 0; index < text.length; index += 1) this.word(text.charCodeAt(index));
  }

  /** A value with its type: true, 1 and '1' differ. */
  value(value: Value): void {
    if (value === null) this.word(1);
    else if (typeof value === 'boolean') this.word(value ? 3 : 2);
    else if (typeof value === 'number') {
      this.word(4);
      this.number(value);
    } else if (typeof value === 'bigint') {
      this.word(5);
      this.text(value.toString());
    } else {
      this.word(6);
      this.text(value);
    }
  }

  toRolling(): Rolling {
    return { high: this.high >>> 0, low: this.low >>> 0 };
  }
}
