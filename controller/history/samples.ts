// Samples of one tag as bytes: the times' differences and the values' differences, a few bytes each.
// The same form stands in the chunks of tier `raw` and in the batches that wait to become chunks.
import { ByteReader, ByteWriter } from '#contract/bytes.ts';

/** A value from a moment on (UTC ms); NaN: from here on no good value. */
export interface Sample {
  readonly time: number;
  readonly value: number;
}

/** What follows in a record: nothing; the value as before; the difference to it; the value whole. */
const kinds = { gap: 0, same: 1, whole: 2, milli: 3, f32: 4, f64: 5 } as const;
const kindCount = 8;
/** Thousandths beyond this are written as floating point. */
const milliLimit = 2 ** 50;
const bits = new DataView(new ArrayBuffer(4));

/** Writes values that follow each other; a difference is to the last that thousandths can say. */
export class ValueWriter {
  readonly #to: ByteWriter;
  #milli = 0;
  #last = Number.NaN;

  constructor(to: ByteWriter) {
    this.#to = to;
  }

  /** `ahead` is written before it, with the value's kind in one number. */
  write(ahead: number, value: number): void {
    const to = this.#to;
    const kind = this.#kindOf(value);
    to.varint(ahead * kindCount + kinds[kind]);
    this.#last = value;
    if (kind === 'f64') to.f64(value);
    if (kind === 'f32') {
      bits.setFloat32(0, value);
      to.u32(bits.getUint32(0));
    }
    if (kind !== 'whole' && kind !== 'milli') return;
    const milli = Math.round(value * 1000);
    to.signed(kind === 'whole' ? (milli - this.#milli) / 1000 : milli - this.#milli);
    this.#milli = milli;
  }

  #kindOf(value: number): keyof typeof kinds {
    if (Number.isNaN(value)) return 'gap';
    if (value === this.#last) return 'same';
    const milli = Math.round(value * 1000);
    if (Math.abs(milli) < milliLimit && milli / 1000 === value)
      return (milli - this.#milli) % 1000 === 0 ? 'whole' : 'milli';
    return Math.fround(value) === value ? 'f32' : 'f64';
  }
}

/** Reads what `ValueWriter` wrote. */
export class ValueReader {
  readonly #from: ByteReader;
  #milli = 0;
  #last = Number.NaN;
  /** The number that was written ahead of the last value read. */
  ahead = 0;

  constructor(from: ByteReader) {
    this.#from = from;
  }

  read(): number {
    const head = this.#from.varint();
    const kind = head % kindCount;
    this.ahead = (head - kind) / kindCount;
    this.#last = this.#value(kind);
    return this.#last;
  }

  #value(kind: number): number {
    const from = this.#from;
    switch (kind) {
      case kinds.gap:
        return Number.NaN;
      case kinds.same:
        return this.#last;
      case kinds.whole:
        this.#milli += from.signed() * 1000;
        return this.#milli / 1000;
      case kinds.milli:
        this.#milli += from.signed();
        return this.#milli / 1000;
      case kinds.f32:
        bits.setUint32(0, from.u32());
        return bits.getFloat32(0);
      case kinds.f64:
        return from.f64();
      default:
        return from.fail(`a value of kind ${kind}`);
    }
  }
}

const writer = new ByteWriter(4096);

/** Records of a run as one body after another, none much longer than `limit`. Times never fall. */
export function* encodeSamples(samples: readonly Sample[], limit: number): Generator<Encoded> {
  let first = 0;
  while (first < samples.length) {
    writer.clear();
    const values = new ValueWriter(writer);
    const start = samples[first]?.time ?? 0;
    let before = start;
    let next = first;
    for (; next < samples.length && writer.length < limit; next += 1) {
      const { time, value } = samples[next] ?? { time: before, value: Number.NaN };
      values.write(time - before, value);
      before = time;
    }
    yield { start, end: before, count: next - first, body: writer.take() };
    first = next;
  }
}

/** A body with what is known of it without reading it: times of its first and last record. */
export interface Encoded {
  readonly start: number;
  readonly end: number;
  readonly count: number;
  readonly body: Uint8Array;
}

/** The inverse; `start` stands beside the body. Throws where it was not written so. */
export function decodeSamples(body: Uint8Array, start: number): Sample[] {
  const from = new ByteReader(body);
  const values = new ValueReader(from);
  const samples: Sample[] = [];
  let time = start;
  while (from.left > 0) {
    const value = values.read();
    time += values.ahead;
    samples.push({ time, value });
  }
  return samples;
}
