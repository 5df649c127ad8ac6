// Frames to values and values to text; pure. What is no value of the tag's type is `undefined` and
// becomes bad at the driver's edge: a text that is nearly a number is none.
import { Buffer } from 'node:buffer';
import type { TagType, Value } from '#contract/sample.ts';
import type { SerialAt } from './config.ts';

/** Bytes as text; undefined when they are none in this encoding. */
export function textOf(bytes: Uint8Array, encoding: 'utf8' | 'latin1'): string | undefined {
  if (encoding === 'latin1') return Buffer.from(bytes).toString('latin1');
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The value that a text means for a tag of this type. Spaces around it do not count, but in a string.
 * A number with a fraction is one for `int` too: it may be scaled before it is whole.
 */
export function parseText(text: string, type: TagType): Value | undefined {
  if (type === 'string') return text;
  const word = text.trim();
  switch (type) {
    case 'bool':
      return bools.get(word.toLowerCase());
    case 'int':
    case 'real':
      return parseNumber(word, type);
    case 'enum':
      // By its number or by its name; which names there are the cell knows.
      return /^\d{1,9}$/.test(word) ? Number(word) : word === '' ? undefined : word;
  }
}

const bools: ReadonlyMap<string, boolean> = new Map([
  ['1', true],
  ['0', false],
  ['true', true],
  ['false', false],
  ['on', true],
  ['off', false],
]);

/** A sign may stand apart from its number, as scales send it. */
function parseNumber(word: string, type: 'int' | 'real'): Value | undefined {
  const match = /^([+-]?)\s*(\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE]([+-]?\d{1,3}))?$/.exec(
    word,
  );
  if (match === null) return undefined;
  const [, sign = '', digits = '', exponent] = match;
  const isWhole = exponent === undefined && !digits.includes('.');
  const value = Number(`${sign}${digits}${exponent === undefined ? '' : `e${exponent}`}`);
  if (!Number.isFinite(value)) return undefined;
  if (type === 'real' || !isWhole || Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  const whole = BigInt(digits) * (sign === '-' ? -1n : 1n);
  return whole >= -(1n << 63n) && whole < 1n << 64n ? whole : undefined;
}

/** The text of a value in a command; undefined when it has none that could not be mistaken. */
export function formatText(value: Value): string | undefined {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') {
    const text = String(value);
    return Number.isFinite(value) && !text.includes('e') ? text : undefined;
  }
  // Nothing that could end the command and begin another.
  const isPlain = value !== null && /^[\u0020-\u007e\u00a0-\u00ff]{1,128}$/.test(value);
  return isPlain ? value : undefined;
}

type Place = NonNullable<SerialAt>;

/** How many bytes of the frame a place takes. */
export function bytesOf({ as }: Pick<Place, 'as'>): number {
  const text = /^string\((\d+)\)$/.exec(as);
  return text === null ? Number(as.slice(1)) / 8 : Number(text[1]);
}

/** The value at a place of a frame; undefined when there is none. */
export function readAt(frame: Buffer, at: Place): Value | undefined {
  const size = bytesOf(at);
  if (at.offset + size > frame.length) return undefined;
  const raw = frame.subarray(at.offset, at.offset + size);
  if (at.as.startsWith('string')) {
    const end = raw.indexOf(0);
    return textOf(end < 0 ? raw : raw.subarray(0, end), 'utf8');
  }
  const bytes = ordered(raw, at.order);
  const first = bytes[0] ?? 0;
  if (at.bit !== undefined) return ((first >> at.bit) & 1) === 1;
  switch (at.as) {
    case 'i64':
      return bytes.readBigInt64BE();
    case 'u64':
      return bytes.readBigUInt64BE();
    case 'f32':
    case 'f64': {
      const value = size === 4 ? bytes.readFloatBE() : bytes.readDoubleBE();
      return Number.isFinite(value) ? value : undefined;
    }
    default:
      return at.as.startsWith('i') ? bytes.readIntBE(0, size) : bytes.readUIntBE(0, size);
  }
}

/** The same bytes, the highest first. A word is two bytes, so in one word CDAB is ABCD. */
function ordered(raw: Buffer, order: Place['order']): Buffer {
  if (raw.length === 1 || order === 'ABCD') return raw;
  const bytes = Buffer.from(raw);
  if (order !== 'DCBA') bytes.swap16();
  return order === 'BADC' ? bytes : Buffer.from(bytes.toReversed());
}
