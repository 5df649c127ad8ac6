// Registers to values and back; pure. A value that is not one (NaN, infinity, no text) is `undefined`
// and becomes bad at the driver's edge; a value that does not fit its type cannot be encoded.
import type { Value } from '#contract/sample.ts';
import type { Order } from './config.ts';

/** How a tag's registers are read. `bit` is one bit of a single register. */
export type Format =
  | { readonly kind: 'bit'; readonly bit: number }
  | { readonly kind: 'integer'; readonly words: 1 | 2 | 4; readonly signed: boolean; order: Order }
  | { readonly kind: 'float'; readonly words: 2 | 4; order: Order }
  | { readonly kind: 'text'; readonly words: number; readonly bytes: number; order: Order };

/** The format that `as`, `bit` and `order` name. The order of bytes concerns values of two and more registers. */
export function formatOf(as: string, order: Order, bit: number | undefined): Format {
  if (bit !== undefined) return { kind: 'bit', bit };
  const text = /^string\((\d+)\)$/.exec(as);
  if (text !== null) {
    const bytes = Number(text[1]);
    return { kind: 'text', words: Math.ceil(bytes / 2), bytes, order };
  }
  const words = (Number(as.slice(1)) / 16) as 1 | 2 | 4;
  if (as.startsWith('f')) return { kind: 'float', words: words === 4 ? 4 : 2, order };
  return { kind: 'integer', words, signed: as.startsWith('i'), order };
}

export const wordsOf = (format: Format): number => (format.kind === 'bit' ? 1 : format.words);

/**
 * The value of `words[from]` and those after it; undefined when they hold none.
 * A register is two bytes, the high one first [Modbus Application Protocol 1.1b3, 4.2].
 */
export function decode(words: readonly number[], from: number, format: Format): Value | undefined {
  if (from < 0 || from + wordsOf(format) > words.length) return undefined;
  switch (format.kind) {
    case 'bit':
      return (((words[from] ?? 0) >> format.bit) & 1) === 1;
    case 'integer':
      return decodeInteger(words, from, format);
    case 'float': {
      load(words, from, format.words, format.order);
      const value = format.words === 2 ? view.getFloat32(0) : view.getFloat64(0);
      return Number.isFinite(value) ? value : undefined;
    }
    case 'text':
      return decodeText(words, from, format);
  }
}

/** The registers that hold `value`; undefined when it is of another type or does not fit. */
export function encode(
  value: Value,
  format: Exclude<Format, { kind: 'bit' }>,
): number[] | undefined {
  switch (format.kind) {
    case 'integer':
      return encodeInteger(value, format);
    case 'float': {
      if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
      if (format.words === 4) view.setFloat64(0, value);
      else if (Number.isFinite(Math.fround(value))) view.setFloat32(0, value);
      else return undefined;
      return unload(format.words, format.order);
    }
    case 'text':
      return encodeText(value, format);
  }
}

const bytes = new Uint8Array(8);
const view = new DataView(bytes.buffer);

/** Is the word that comes first the low one? Are the bytes of each word swapped? */
const isWordSwapped = (order: Order): boolean => order === 'CDAB' || order === 'DCBA';
const isByteSwapped = (order: Order): boolean => order === 'BADC' || order === 'DCBA';
const swap = (word: number): number => ((word & 0xff) << 8) | (word >> 8);

function load(words: readonly number[], from: number, count: number, order: Order): void {
  for (let i = 0; i < count; i += 1) {
    const word = words[from + (isWordSwapped(order) ? count - 1 - i : i)] ?? 0;
    view.setUint16(i * 2, isByteSwapped(order) ? swap(word) : word);
  }
}

function unload(count: number, order: Order): number[] {
  const words: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const word = view.getUint16((isWordSwapped(order) ? count - 1 - i : i) * 2);
    words.push(isByteSwapped(order) ? swap(word) : word);
  }
  return words;
}

type IntegerFormat = Extract<Format, { kind: 'integer' }>;
type TextFormat = Extract<Format, { kind: 'text' }>;

function decodeInteger(words: readonly number[], from: number, format: IntegerFormat): Value {
  const { signed } = format;
  if (format.words === 1) {
    const word = words[from] ?? 0;
    return signed ? (word << 16) >> 16 : word;
  }
  load(words, from, format.words, format.order);
  if (format.words === 2) return signed ? view.getInt32(0) : view.getUint32(0);
  return signed ? view.getBigInt64(0) : view.getBigUint64(0);
}

function encodeInteger(value: Value, format: IntegerFormat): number[] | undefined {
  const whole = wholeOf(value);
  if (whole === undefined) return undefined;
  const bits = BigInt(format.words * 16);
  const low = format.signed ? -(1n << (bits - 1n)) : 0n;
  const high = format.signed ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n;
  if (whole < low || whole > high) return undefined;
  if (format.words === 1) return [Number(BigInt.asUintN(16, whole))];
  if (format.words === 2) view.setUint32(0, Number(BigInt.asUintN(32, whole)));
  else view.setBigUint64(0, BigInt.asUintN(64, whole));
  return unload(format.words, format.order);
}

function wholeOf(value: Value): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text ends at its first zero byte; what is not UTF-8 is no text. */
function decodeText(words: readonly number[], from: number, format: TextFormat): Value | undefined {
  const text: number[] = [];
  for (let i = 0; i < format.bytes; i += 1) {
    const word = words[from + (i >> 1)] ?? 0;
    const isHigh = (i % 2 === 0) !== isByteSwapped(format.order);
    const byte = isHigh ? word >> 8 : word & 0xff;
    if (byte === 0) break;
    text.push(byte);
  }
  try {
    return utf8.decode(Uint8Array.from(text));
  } catch {
    return undefined;
  }
}

function encodeText(value: Value, format: TextFormat): number[] | undefined {
  if (typeof value !== 'string' || value.includes('\0')) return undefined;
  const text = new TextEncoder().encode(value);
  if (text.length > format.bytes) return undefined;
  const words: number[] = [];
  for (let i = 0; i < format.words; i += 1) {
    const word = ((text[i * 2] ?? 0) << 8) | (text[i * 2 + 1] ?? 0);
    words.push(isByteSwapped(format.order) ? swap(word) : word);
  }
  return words;
}
