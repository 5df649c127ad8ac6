// Values of the wire to values of the cell and back, by the node's own type; pure. Only scalars of a
// type that a tag can be: what else a node holds is bad, and says why. Nothing is clamped.
import { DataType, VariantArrayType } from 'node-opcua-client';
import type { DataValue, Variant } from 'node-opcua-client';
import { qualityOf, status, statusCode } from '#contract/quality.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { TagType, Value } from '#contract/sample.ts';
import { utcMs } from '#contract/time.ts';
import type { UtcMs } from '#contract/time.ts';

/** Longer text is bad when read, and not written. */
export const longestText = 4096;
/** Later is no date that ECMAScript can hold. */
const lastTime = 8.64e15;

/** A value as a node gave it; without a value it is bad, whatever its status was. */
export interface Reading {
  readonly value: Value | undefined;
  readonly status: StatusCode;
}

/** A status without its info bits, to be compared with the standard's codes. */
export const codeOf = (given: StatusCode): number => (given & 0xffff0000) >>> 0;

/** What a node may hold, of a range where it is whole numbers. */
const wholes: Readonly<Partial<Record<DataType, readonly [least: bigint, most: bigint]>>> = {
  [DataType.SByte]: [-128n, 127n],
  [DataType.Byte]: [0n, 255n],
  [DataType.Int16]: [-32_768n, 32_767n],
  [DataType.UInt16]: [0n, 65_535n],
  [DataType.Int32]: [-2_147_483_648n, 2_147_483_647n],
  [DataType.UInt32]: [0n, 4_294_967_295n],
  [DataType.Int64]: [-(2n ** 63n), 2n ** 63n - 1n],
  [DataType.UInt64]: [0n, 2n ** 64n - 1n],
};

/** Can a tag be of this type at all? */
export const isServed = (type: DataType): boolean =>
  type === DataType.Boolean ||
  type === DataType.Float ||
  type === DataType.Double ||
  type === DataType.String ||
  wholes[type] !== undefined;

/** The largest counter that a node of this type holds, for a heartbeat; undefined: it cannot count. */
export function counterLimit(type: DataType): number | undefined {
  if (type === DataType.Boolean) return 1;
  if (type === DataType.Float || type === DataType.Double) return 65_535;
  const range = wholes[type];
  return range === undefined
    ? undefined
    : Number(range[1] < 0xffff_ffffn ? range[1] : 0xffff_ffffn);
}

/** What a node said. Overflow and other info bits stay, and do not make a value bad. */
export function readingOf(data: DataValue): Reading {
  const code = statusCode(data.statusCode.value);
  if (qualityOf(code) === 'bad') return { value: undefined, status: code };
  const value = valueOf(data.value);
  return typeof value === 'object' ? { value: undefined, ...value } : { value, status: code };
}

/** The device's own time, else its server's, else the time when it came here. */
export function timeOf(data: DataValue, arrived: UtcMs): UtcMs {
  for (const date of [data.sourceTimestamp, data.serverTimestamp]) {
    const time = date?.getTime();
    if (time !== undefined && time > 0 && time <= lastTime) return utcMs(time);
  }
  return arrived;
}

interface Refusal {
  readonly status: StatusCode;
}

const mistyped: Refusal = { status: status.BadTypeMismatch };
const outOfRange: Refusal = { status: status.BadOutOfRange };

/** The value of a scalar, or why there is none. */
function valueOf(variant: Variant): Exclude<Value, null> | Refusal {
  if (variant.arrayType !== VariantArrayType.Scalar) return mistyped;
  const raw: unknown = variant.value;
  const type = variant.dataType;
  if (type === DataType.Boolean) return typeof raw === 'boolean' ? raw : mistyped;
  if (type === DataType.String) {
    if (typeof raw !== 'string') return mistyped;
    return raw.length <= longestText ? raw : outOfRange;
  }
  if (type === DataType.Int64 || type === DataType.UInt64) {
    const whole = wideOf(raw);
    if (whole === undefined) return mistyped;
    return type === DataType.Int64 ? BigInt.asIntN(64, whole) : whole;
  }
  if (!isServed(type) || typeof raw !== 'number') return mistyped;
  return Number.isFinite(raw) ? raw : outOfRange;
}

/** The library has 64 bits as two numbers, the high one first. */
function wideOf(raw: unknown): bigint | undefined {
  if (!Array.isArray(raw) || raw.length !== 2) return undefined;
  const [high, low]: unknown[] = raw;
  if (!isWord(high) || !isWord(low)) return undefined;
  return (BigInt(high) << 32n) | BigInt(low);
}

const isWord = (raw: unknown): raw is number =>
  typeof raw === 'number' && Number.isInteger(raw) && raw >= 0 && raw <= 0xffff_ffff;

/** A value in the node's exact type, ready to be written; undefined when the node cannot hold it. */
export interface Encoded {
  readonly dataType: DataType;
  readonly value: boolean | number | string | readonly [high: number, low: number];
}

/**
 * A real output on a node of whole numbers is rounded, since a scaled value is seldom whole; a bool on
 * one is 0 or 1, as it is read.
 */
export function encode(value: Value, dataType: DataType, tag: TagType): Encoded | undefined {
  const range = wholes[dataType];
  if (range !== undefined) {
    const whole = wholeOf(value, tag);
    if (whole === undefined || whole < range[0] || whole > range[1]) return undefined;
    if (dataType !== DataType.Int64 && dataType !== DataType.UInt64) {
      return { dataType, value: Number(whole) };
    }
    const bits = BigInt.asUintN(64, whole);
    return { dataType, value: [Number(bits >> 32n), Number(bits & 0xffff_ffffn)] };
  }
  if (dataType === DataType.Boolean) {
    return typeof value === 'boolean' ? { dataType, value } : undefined;
  }
  if (dataType === DataType.String) {
    if (typeof value !== 'string' || value.length > longestText) return undefined;
    return { dataType, value };
  }
  if (!isServed(dataType) || typeof value !== 'number') return undefined;
  const held = dataType === DataType.Float ? Math.fround(value) : value;
  return Number.isFinite(held) ? { dataType, value: held } : undefined;
}

function wholeOf(value: Value, tag: TagType): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value !== 'number') return undefined;
  const whole = tag === 'real' ? Math.round(value) : value;
  return Number.isSafeInteger(whole) ? BigInt(whole) : undefined;
}

/** Would a node of this type hold `value` as `held`? */
export function sameValue(value: Value, held: Value, dataType: DataType, tag: TagType): boolean {
  const wanted = encode(value, dataType, tag);
  const found = encode(held, dataType, tag);
  if (wanted === undefined || found === undefined) return false;
  return String(wanted.value) === String(found.value);
}
