// Which numbers stand on the overview, and where the normal band of each ends. All of it is what the cell says of its
// tags: nothing here knows a tag by name. Pure.
import type { Limit, Scalar, TagInfo } from '#contract/described.ts';
import type { AlarmState } from '#contract/wire.ts';

/** More are not read at a glance; the rest stand under inputs and outputs. */
export const indicatorLimit = 12;

/** One end of a normal band, as it is now: a parameter may have moved it. */
export interface Bound {
  readonly side: Limit['side'];
  readonly at: number;
  /** The alarm that acts past it, if it is one: `tending.coolant`. */
  readonly alarm: string;
}

export interface Band {
  readonly bounds: readonly Bound[];
  /** The innermost ends; both absent where they contradict each other, as those of different moments may. */
  readonly low?: number;
  readonly high?: number;
}

/** Numbers that a flow holds against a bound first, then those with a range; in the cell's own order. */
export function indicatorsOf(tags: readonly TagInfo[]): readonly TagInfo[] {
  const numbers = tags.filter(
    ({ kind, type }) => kind === 'input' && (type === 'real' || type === 'int'),
  );
  const held = numbers.filter(({ limits = [] }) => limits.length > 0);
  const ranged = numbers.filter(
    (tag) => !held.includes(tag) && tag.min !== undefined && tag.max !== undefined,
  );
  return [...held, ...ranged].slice(0, indicatorLimit);
}

/** `parameter`: its value now; a bound whose value nobody knows is left out. */
export function bandOf(
  { limits = [] }: Pick<TagInfo, 'limits'>,
  parameter: (flow: string, name: string) => Scalar | undefined,
): Band {
  const bounds = limits.flatMap(({ side, flow, value, parameter: name, by }): Bound[] => {
    const at = name === undefined ? value : parameter(flow, name);
    return typeof at === 'number' ? [{ side, at, alarm: `${flow}.${by}` }] : [];
  });
  const of = (side: Bound['side']): number[] =>
    bounds.filter((bound) => bound.side === side).map(({ at }) => at);
  const low = Math.max(...of('low'));
  const high = Math.min(...of('high'));
  if (low >= high) return { bounds };
  return {
    bounds,
    ...(Number.isFinite(low) ? { low } : {}),
    ...(Number.isFinite(high) ? { high } : {}),
  };
}

/** The scale of a bar: the tag's range, else around its band and its value. */
export function scaleOf(
  { min, max }: Pick<TagInfo, 'min' | 'max'>,
  { bounds }: Band,
  value: number | undefined,
): { readonly from: number; readonly to: number } {
  const ends = bounds.map(({ at }) => at);
  const around = [...ends, ...(value === undefined ? [] : [value]), 0];
  const from = min ?? Math.min(...around);
  const to = max ?? Math.max(...around) * 1.25;
  return to > from ? { from, to } : { from, to: from + 1 };
}

/** Where a value stands on a scale: 0 to 1. */
export const shareOf = (value: number, { from, to }: { from: number; to: number }): number =>
  Math.min(1, Math.max(0, (value - from) / (to - from)));

/** On which side of its band a value is. */
export function outsideOf({ low, high }: Band, value: number): Bound['side'] | undefined {
  if (low !== undefined && value < low) return 'low';
  return high !== undefined && value > high ? 'high' : undefined;
}

/** The priority of an active alarm past whose bound the value is: only then is it abnormal. */
export function alarmOf(
  { bounds }: Band,
  value: number,
  alarms: Readonly<Record<string, AlarmState | null>>,
): number | undefined {
  const active = bounds.flatMap(({ side, at, alarm }) => {
    const state = alarms[alarm];
    const past = side === 'low' ? value < at : value > at;
    return !past || state == null || state.state === 'returned' ? [] : [state.priority];
  });
  return active.length === 0 ? undefined : Math.min(...active);
}
