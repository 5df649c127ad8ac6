// A value's way in from the wire and out to it (contract: raw validity, scale, declared range).
// Nothing is clamped silently: what is not allowed is bad, and keeps its value for people to see.
import type { TagFrame } from '#contract/cell.ts';
import { qualityOf, status } from '#contract/quality.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import type { TagPlan } from '#flows/plan.ts';

export interface Judged {
  readonly value: Value;
  readonly status: StatusCode;
}

/** The two directions of one tag. */
export interface Conversion {
  readonly fromWire: (value: Value, given: StatusCode) => Judged;
  /** The wire's value of an engineering value that is allowed. */
  readonly toWire: (value: Value) => Value;
}

type Frame = Pick<TagFrame, 'rawValid' | 'scale' | 'map'>;

/** Made once for each tag; `frame` is its part of the manifest. `whole`: its place on the device takes whole numbers. */
export function conversionOf(tag: TagPlan, frame: Frame, whole = false): Conversion {
  const numbers = enumNumbers(tag, frame);
  return {
    fromWire(value, given) {
      const isBad = qualityOf(given) === 'bad';
      if (value === null) return { value, status: isBad ? given : status.Bad };
      const judged = judge(tag, frame, numbers, value);
      if (judged.status === status.Good) return { value: judged.value, status: given };
      // What the device itself calls bad is shown only where it is in the tag's own unit.
      return isBad ? { value: null, status: given } : judged;
    },
    toWire: (value) => toWire(tag, { ...frame, whole }, numbers, value),
  };
}

const bad = (value: Value, code: StatusCode): Judged => ({ value, status: code });
const good = (value: Value): Judged => ({ value, status: status.Good });

function judge(
  tag: TagPlan,
  frame: Frame,
  numbers: ReadonlyMap<number, string>,
  raw: Value,
): Judged {
  switch (tag.type) {
    case 'bool':
      if (raw === 0 || raw === 1) return good(raw === 1);
      return typeof raw === 'boolean' ? good(raw) : bad(raw, status.BadTypeMismatch);
    case 'string':
      return typeof raw === 'string' ? good(raw) : bad(raw, status.BadTypeMismatch);
    case 'enum': {
      if (typeof raw === 'string' && tag.values.includes(raw)) return good(raw);
      const name = typeof raw === 'number' ? numbers.get(raw) : undefined;
      return name === undefined ? bad(raw, status.BadOutOfRange) : good(name);
    }
    case 'int':
    case 'real':
      return judgeNumber(tag, frame, raw);
  }
}

function judgeNumber(tag: TagPlan, frame: Frame, raw: Value): Judged {
  if (typeof raw !== 'bigint' && typeof raw !== 'number') return bad(raw, status.BadTypeMismatch);
  if (typeof raw === 'number' && !Number.isFinite(raw)) return bad(null, status.BadOutOfRange);
  const value = frame.scale === undefined ? raw : scaled(tag, frame.scale, raw);
  if (typeof value === 'number' && !Number.isFinite(value)) return bad(null, status.BadOutOfRange);
  if (frame.rawValid !== undefined && (raw < frame.rawValid[0] || raw > frame.rawValid[1])) {
    return bad(value, status.BadSensorFailure);
  }
  if (tag.type === 'int' && typeof value === 'number' && !Number.isSafeInteger(value))
    return bad(value, status.BadOutOfRange);
  return inRange(tag, value) ? good(value) : bad(value, status.BadOutOfRange);
}

function scaled(tag: TagPlan, scale: Scale, raw: number | bigint): number {
  const value = scaleUp(Number(raw), scale);
  return tag.type === 'int' ? Math.round(value) : value;
}

function inRange(tag: TagPlan, value: number | bigint): boolean {
  return (tag.min === undefined || value >= tag.min) && (tag.max === undefined || value <= tag.max);
}

type Scale = NonNullable<Frame['scale']>;
const scaleUp = (raw: number, { raw: [low, high], to: [from, to] }: Scale): number =>
  from + ((raw - low) * (to - from)) / (high - low);

function toWire(
  tag: TagPlan,
  frame: Frame & { readonly whole: boolean },
  numbers: ReadonlyMap<number, string>,
  value: Value,
): Value {
  if (tag.type === 'enum') {
    for (const [number, name] of numbers) if (name === value) return number;
    return null;
  }
  const { scale, whole } = frame;
  if (typeof value !== 'number' || scale === undefined) return value;
  const wire = scaleUp(value, { raw: scale.to, to: scale.raw });
  return whole ? Math.round(wire) : wire;
}

function enumNumbers(tag: TagPlan, frame: Frame): ReadonlyMap<number, string> {
  const map = frame.map;
  return new Map(tag.values.map((name, index) => [map?.[name] ?? index, name]));
}
