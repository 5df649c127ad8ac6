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
  fromWire(value: Value, given: StatusCode): Judged;
  /** The wire's value of an engineering value that is allowed. */
  toWire(value: Value): Value;
}

type Frame = Pick<TagFrame, 'rawValid' | 'scale' | 'map'>;

/** Made once for each tag; `frame` is its part of the manifest. */
export function conversionOf(tag: TagPlan, frame: Frame): Conversion {
  const numbers = enumNumbers(tag, frame);
  return {
    fromWire(value, given) {
      if (qualityOf(given) === 'bad' || value === null) {
        return { value, status: value === null && qualityOf(given) !== 'bad' ? status.Bad : given };
      }
      const judged = judge(tag, frame, numbers, value);
      return judged.status === status.Good ? { value: judged.value, status: given } : judged;
    },
    toWire: (value) => toWire(tag, frame, numbers, value),
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
  if (typeof raw === 'bigint')
    return inRange(tag, raw) ? good(raw) : bad(raw, status.BadOutOfRange);
  if (typeof raw !== 'number') return bad(raw, status.BadTypeMismatch);
  if (!Number.isFinite(raw)) return bad(null, status.BadOutOfRange);
  if (frame.rawValid !== undefined && (raw < frame.rawValid[0] || raw > frame.rawValid[1])) {
    return bad(raw, status.BadSensorFailure);
  }
  const scaled = frame.scale === undefined ? raw : scaleUp(raw, frame.scale);
  const value = tag.type === 'int' && frame.scale !== undefined ? Math.round(scaled) : scaled;
  if (tag.type === 'int' && !Number.isSafeInteger(value)) return bad(value, status.BadOutOfRange);
  return inRange(tag, value) ? good(value) : bad(value, status.BadOutOfRange);
}

function inRange(tag: TagPlan, value: number | bigint): boolean {
  return (tag.min === undefined || value >= tag.min) && (tag.max === undefined || value <= tag.max);
}

type Scale = NonNullable<Frame['scale']>;
const scaleUp = (raw: number, { raw: [low, high], to: [from, to] }: Scale): number =>
  from + ((raw - low) * (to - from)) / (high - low);

function toWire(
  tag: TagPlan,
  frame: Frame,
  numbers: ReadonlyMap<number, string>,
  value: Value,
): Value {
  if (tag.type === 'enum') {
    for (const [number, name] of numbers) if (name === value) return number;
    return null;
  }
  if (typeof value !== 'number' || frame.scale === undefined) return value;
  const { raw, to } = frame.scale;
  return scaleUp(value, { raw: to, to: raw });
}

function enumNumbers(tag: TagPlan, frame: Frame): ReadonlyMap<number, string> {
  const map = frame.map;
  return new Map(tag.values.map((name, index) => [map?.[name] ?? index, name]));
}
