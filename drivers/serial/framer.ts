// Bytes to frames; pure. Whatever comes, no more than one frame is kept, and after bytes that are no
// frame it finds the next one: at `start`, or after the next `end`. What is in a frame is codec.ts.
import { Buffer } from 'node:buffer';
import type { Frame } from './config.ts';

/** A frame, or the news that bytes came which are none. */
export type Piece =
  | { readonly kind: 'frame'; readonly bytes: Buffer }
  | { readonly kind: 'damaged'; readonly text: string };

const nothing: Buffer = Buffer.alloc(0);

/** Cuts one stream. A line is given without its start and end, a frame of fixed length whole. */
export class Framer {
  readonly #start: Buffer;
  readonly #end: Buffer;
  readonly #max: number;
  readonly #length: number | undefined;
  #received: Buffer = nothing;
  /** The rest of a line that was too long is dropped up to its end. */
  #skipping = false;

  constructor({ start = '', end = '', max, length }: Frame) {
    this.#start = Buffer.from(start, 'latin1');
    this.#end = Buffer.from(end, 'latin1');
    this.#max = max;
    this.#length = length;
  }

  /** Bytes of a frame that has not ended. */
  get kept(): number {
    return this.#received.length;
  }

  /** Forgets what was received. */
  clear(): void {
    this.#received = nothing;
    this.#skipping = false;
  }

  take(chunk: Buffer): Piece[] {
    const pieces: Piece[] = [];
    // In slices: a long chunk must not be copied again and again.
    let rest = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    for (;;) {
      const step = this.#length === undefined ? this.#line(rest) : this.#fixed(rest, this.#length);
      // Damage in a row is one damage.
      const isNew = step.piece?.kind === 'frame' || pieces.at(-1)?.kind !== 'damaged';
      if (step.piece !== undefined && isNew) pieces.push(step.piece);
      rest = rest.subarray(step.used);
      if (step.isAll) break;
    }
    // A copy: the chunk is the port's.
    this.#received = rest.length === 0 ? nothing : Buffer.from(rest);
    return pieces;
  }

  #line(rest: Buffer): Step {
    const end = rest.indexOf(this.#end);
    const used = end + this.#end.length;
    if (this.#skipping) {
      if (end < 0) return all(rest.length - tail(rest, this.#end));
      this.#skipping = false;
      return { used };
    }
    const from = this.#begin(rest, end < 0 ? rest.length : end);
    const length = (end < 0 ? rest.length - tail(rest, this.#end) : end) - from;
    if (from >= 0 && length > this.#max) {
      // With a start there is no need to wait for an end: the next start will do.
      this.#skipping = end < 0 && this.#start.length === 0;
      const text = `a line of more than ${this.#max} bytes`;
      const dropped = end < 0 ? rest.length - tail(rest, this.#start, this.#end) : used;
      return { used: dropped, piece: { kind: 'damaged', text } };
    }
    if (end < 0) {
      // Bytes before a start are nobody's.
      const before = from < 0 ? rest.length - tail(rest, this.#start) : from - this.#start.length;
      return all(before);
    }
    if (from < 0) return { used, piece: { kind: 'damaged', text: 'a line without its start' } };
    const first = rest.indexOf(this.#start);
    if (first < from - this.#start.length) {
      const piece = { kind: 'damaged', text: 'a line without its end' } as const;
      return { used: from - this.#start.length, piece };
    }
    return { used, piece: { kind: 'frame', bytes: Buffer.from(rest.subarray(from, end)) } };
  }

  /** Where the body of the line that ends at `end` begins: after the last start before it; -1: nowhere. */
  #begin(rest: Buffer, end: number): number {
    if (this.#start.length === 0) return 0;
    const at = rest.subarray(0, end).lastIndexOf(this.#start);
    return at < 0 ? -1 : at + this.#start.length;
  }

  #fixed(rest: Buffer, length: number): Step {
    const from = this.#start.length === 0 ? 0 : rest.indexOf(this.#start);
    if (from < 0) return all(rest.length - tail(rest, this.#start));
    if (from > 0) return { used: from };
    if (rest.length < length) return all(0);
    const bytes = rest.subarray(0, length);
    if (!bytes.subarray(length - this.#end.length).equals(this.#end)) {
      // It began somewhere else: look on from its second byte.
      return { used: 1, piece: { kind: 'damaged', text: 'a frame without its end' } };
    }
    return { used: length, piece: { kind: 'frame', bytes: Buffer.from(bytes) } };
  }
}

interface Step {
  readonly used: number;
  readonly piece?: Piece;
  /** Nothing more can be found until more bytes come. */
  readonly isAll?: true;
}

const all = (used: number): Step => ({ used, isAll: true });

/** How many bytes at the end of `rest` may be the beginning of one of `marks`. */
function tail(rest: Buffer, ...marks: readonly Buffer[]): number {
  for (let count = Math.max(...marks.map((mark) => mark.length)) - 1; count > 0; count -= 1) {
    const last = rest.subarray(Math.max(0, rest.length - count));
    if (
      marks.some((mark) => mark.length > last.length && mark.subarray(0, last.length).equals(last))
    )
      return last.length;
  }
  return 0;
}
