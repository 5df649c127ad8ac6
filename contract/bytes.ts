// Bytes without Node: a growing writer and a strict reader of big-endian numbers, variable-length
// integers and UTF-8. A value has exactly one encoding; the reader refuses every other.
import { assert, CellError } from './error.ts';

const two32 = 4_294_967_296;

/** Appends to a buffer that grows; `take` gives the bytes and begins anew. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** Forgets what was written. */
  clear(): void {
    this.#length = 0;
  }

  /** A copy of what was written; the writer is empty afterwards. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  u8(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  u32(value: number): void {
    // First the room: growing replaces the view.
    const at = this.#reserve(4);
    this.#view.setUint32(at, value);
  }

  /** A safe integer from 0 in 8 bytes. */
  u64(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'u64 takes a safe integer from 0');
    const at = this.#reserve(8);
    this.#view.setUint32(at, Math.floor(value / two32));
    this.#view.setUint32(at + 4, value % two32);
  }

  f64(value: number): void {
    const at = this.#reserve(8);
    this.#view.setFloat64(at, value);
  }

  /** A safe integer from 0: 7 bits a byte, lowest first, the top bit says that more follow. */
  varint(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'varint takes a safe integer from 0');
    let rest = value;
    while (rest >= 128) {
      this.u8((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.u8(rest);
  }

  /** A safe integer of any sign: 6 bits and the sign (0x40) in the first byte, then as `varint`. */
  signed(value: number): void {
    assert(Number.isSafeInteger(value), 'signed takes a safe integer');
    const magnitude = Math.abs(value);
    const first = (magnitude % 64) + (value < 0 ? 64 : 0);
    const rest = Math.floor(magnitude / 64);
    this.u8(rest > 0 ? first + 128 : first);
    if (rest > 0) this.varint(rest);
  }

  bytes(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }

  /** UTF-8 without its length; a lone surrogate becomes U+FFFD. Returns the count of bytes. */
  utf8(value: string): number {
    const start = this.#length;
    const at = this.#reserve(value.length * 3);
    this.#length = encodeInto(value, this.#bytes, at);
    return this.#length - start;
  }

  /** UTF-8 after its length as a varint. */
  text(value: string): void {
    const encoded = encodeUtf8(value);
    this.varint(encoded.length);
    this.bytes(encoded);
  }

  #reserve(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = needed;
    return at;
  }
}

/** Reads what `ByteWriter` wrote; anything else is E_CHRONICLE_FORMAT with the place. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  u64(): number {
    const at = this.#take(8);
    const value = this.#view.getUint32(at) * two32 + this.#view.getUint32(at + 4);
    return Number.isSafeInteger(value) ? value : this.fail('an integer beyond 2^53');
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  varint(): number {
    let byte = this.u8();
    let value = byte & 127;
    let scale = 1;
    while (byte >= 128) {
      scale *= 128;
      byte = this.u8();
      value += (byte & 127) * scale;
      if (byte === 0) this.fail('an integer that is longer than it needs to be');
      if (!Number.isSafeInteger(value)) this.fail('an integer beyond 2^53');
    }
    return value;
  }

  signed(): number {
    const first = this.u8();
    const rest = first >= 128 ? this.varint() : 0;
    if (first >= 128 && rest === 0) this.fail('an integer that is longer than it needs to be');
    const magnitude = (first & 63) + rest * 64;
    if (!Number.isSafeInteger(magnitude)) this.fail('an integer beyond 2^53');
    if ((first & 64) === 0) return magnitude;
    return magnitude === 0 ? this.fail('a negative zero') : -magnitude;
  }

  /** A view into the buffer that is read, not a copy. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  text(): string {
    const bytes = this.bytes(this.varint());
    return decodeUtf8(bytes) ?? this.fail('text that is not UTF-8');
  }

  end(): void {
    if (this.left > 0) this.fail(`${this.left} bytes too many`);
  }

  fail(what: string): never {
    throw new CellError('E_CHRONICLE_FORMAT', `${what} at byte ${this.#at}`);
  }

  #take(count: number): number {
    const at = this.#at;
    if (count > this.#bytes.length - at) this.fail('the bytes end too early');
    this.#at = at + count;
    return at;
  }
}

/** The UTF-8 of a text; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  return bytes.slice(0, encodeInto(text, bytes, 0));
}

function encodeInto(text: string, bytes: Uint8Array, start: number): number {
  let at = start;
  for (let index = 0; index < text.length; index += 1) {
    let point = text.charCodeAt(index);
    if (point < 0x80) {
      bytes[at++] = point;
      continue;
    }
    if (point >= 0xd800 && point <= 0xdfff) {
      const low = text.charCodeAt(index + 1);
      const pair = point <= 0xdbff && low >= 0xdc00 && low <= 0xdfff;
      point = pair ? 0x10000 + (point - 0xd800) * 0x400 + (low - 0xdc00) : 0xfffd;
      if (pair) index += 1;
    }
    if (point < 0x800) {
      bytes[at++] = 0xc0 | (point >> 6);
    } else {
      if (point < 0x10000) {
        bytes[at++] = 0xe0 | (point >> 12);
      } else {
        bytes[at++] = 0xf0 | (point >> 18);
        bytes[at++] = 0x80 | ((point >> 12) & 63);
      }
      bytes[at++] = 0x80 | ((point >> 6) & 63);
    }
    bytes[at++] = 0x80 | (point & 63);
  }
  return at;
}

/** The text of UTF-8 bytes; undefined when they are not well formed (Unicode 15, table 3-7). */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  let text = '';
  let units: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    const first = bytes[at] ?? 0;
    const more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || at + more >= bytes.length) {
      return undefined;
    }
    let point = more === 0 ? first : first & (0x3f >> more);
    for (let step = 1; step <= more; step += 1) {
      const next = bytes[at + step] ?? 0;
      if ((next & 0xc0) !== 0x80) return undefined;
      point = (point << 6) | (next & 63);
    }
    const least = more < 2 ? 0 : more === 2 ? 0x800 : 0x10000;
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
    if (point < 0x10000) units.push(point);
    else units.push(0xd7c0 + (point >> 10), 0xdc00 + (point & 0x3ff));
    if (units.length > 4096) {
      text += String.fromCharCode(...units);
      units = [];
    }
    at += more + 1;
  }
  return text + String.fromCharCode(...units);
}
