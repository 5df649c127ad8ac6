// The points of one tag: what a value was at a moment, live values taken in, fewer points for a longer span, and
// what of them a drawing needs. A point holds until the next; where there is none, nothing is drawn. Pure.
import { pointsLimit } from '#contract/history-limits.ts';
import type { Point, Tier } from '#contract/history.ts';
import type { Window } from '#hmi/feed/history.ts';

/** Milliseconds of a bucket; of raw points none. */
export const bucketOf: Readonly<Record<Tier, number>> = {
  raw: 0,
  '1s': 1000,
  '1min': 60_000,
  '1h': 3_600_000,
};
const coarser: Readonly<Record<Tier, Tier>> = { raw: '1s', '1s': '1min', '1min': '1h', '1h': '1h' };

/** A live value, or null from when on it is not good. */
export interface Sample {
  readonly time: number;
  readonly value: number | null;
}

/** The points of one tag and the tier that they are of. */
export interface Series {
  readonly tier: Tier;
  readonly points: readonly Point[];
}

/** The point that holds at `time`; undefined before the first. */
export function pointAt(points: readonly Point[], time: number): Point | undefined {
  return points[indexAt(points, time)];
}

/** Of the last point that is not after `time`; -1 where there is none. */
function indexAt(points: readonly Point[], time: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.[0] ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The series with a live value in it; one that outgrows its bound goes on in the next coarser tier. */
export function withSample(series: Series, sample: Sample): Series {
  const { tier, points } = series;
  const last = points.at(-1);
  const time = Math.max(sample.time, last?.[0] ?? 0);
  const next = nextPoint(last, { ...sample, time }, bucketOf[tier]);
  if (next === last) return series;
  const replaces = last !== undefined && next?.[0] === last[0];
  const all = replaces ? points.slice(0, -1) : [...points];
  if (next !== undefined) all.push(next);
  if (all.length <= pointsLimit || tier === '1h') return { tier, points: all.slice(-pointsLimit) };
  return { tier: coarser[tier], points: coarsened(all, bucketOf[coarser[tier]]) };
}

/** What stands last after a sample: the same point when it says nothing new. */
function nextPoint(
  last: Point | undefined,
  { time, value }: Sample,
  bucket: number,
): Point | undefined {
  if (value === null) return last === undefined || last[1] === null ? last : [time, null];
  if (last === undefined || last[1] === null) return [time, value, value, value];
  const [since, low, high, before] = last;
  const same =
    bucket === 0 ? since === time : bucketStart(since, bucket) === bucketStart(time, bucket);
  if (value === before && (bucket === 0 || same || low === high)) return last;
  if (!same || bucket === 0) return [time, value, value, value];
  return [since, Math.min(low, value), Math.max(high, value), value];
}

const bucketStart = (time: number, bucket: number): number => Math.floor(time / bucket) * bucket;

/** One point for each bucket that has a good value, with its least, greatest and last; gaps that outlast it stay. */
export function coarsened(points: readonly Point[], bucket: number): Point[] {
  const made: Point[] = [];
  let open: Point | undefined;
  let gap: Point | undefined;
  const close = (): void => {
    if (open !== undefined) made.push(open);
    if (gap !== undefined) made.push(gap);
    open = undefined;
    gap = undefined;
  };
  let at = Number.NaN;
  for (const point of points) {
    const start = bucketStart(point[0], bucket);
    if (start !== at) close();
    at = start;
    if (point[1] === null) {
      gap = point;
      continue;
    }
    gap = undefined;
    open =
      open === undefined || open[1] === null
        ? point
        : [open[0], Math.min(open[1], point[1]), Math.max(open[2], point[2]), point[3]];
  }
  close();
  return made;
}

/** What a drawing needs of one tag: for each column what was least, greatest and last in it; null where nothing was. */
export interface Columns {
  readonly min: (number | null)[];
  readonly max: (number | null)[];
  readonly last: (number | null)[];
}

/** `count` columns from `from` to `to`; after `until` nothing is known yet. */
export function columnsOf(
  { tier, points }: Series,
  { from, to, count, until }: Window & { readonly count: number; readonly until: number },
): Columns {
  const columns: Columns = { min: [], max: [], last: [] };
  const wide = (to - from) / count;
  let next = Math.max(0, indexAt(points, from));
  let held: Point | undefined;
  for (let column = 0; column < count; column += 1) {
    const start = from + column * wide;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    let last: number | null = null;
    const see = (point: Point, whole: boolean): void => {
      if (point[1] === null) return;
      low = Math.min(low, whole ? point[1] : point[3]);
      high = Math.max(high, whole ? point[2] : point[3]);
      [, , , last] = point;
    };
    for (let point = points[next]; point !== undefined && point[0] <= start; point = points[next]) {
      held = point;
      next += 1;
    }
    // Past its bucket, what holds of a point is its last.
    if (held !== undefined && start < until) see(held, start < held[0] + bucketOf[tier]);
    for (let point = points[next]; point !== undefined; point = points[next]) {
      if (point[0] >= start + wide || point[0] > until) break;
      see(point, true);
      held = point;
      next += 1;
    }
    columns.min.push(last === null ? null : low);
    columns.max.push(last === null ? null : high);
    columns.last.push(last);
  }
  return columns;
}

/** Where in the window there was no good value; also before the first point that is known. */
export function gapsOf(
  points: readonly Point[],
  { from, to, until }: Window & { readonly until: number },
): Window[] {
  const end = Math.min(to, until);
  const gaps: Window[] = [];
  const first = points[0]?.[0] ?? end;
  if (first > from) gaps.push({ from, to: Math.min(first, end) });
  for (let index = Math.max(0, indexAt(points, from)); index < points.length; index += 1) {
    const point = points[index];
    if (point === undefined || point[0] >= end) break;
    if (point[1] !== null) continue;
    gaps.push({
      from: Math.max(from, point[0]),
      to: Math.min(end, points[index + 1]?.[0] ?? end),
    });
  }
  return gaps.filter((gap) => gap.to > gap.from);
}

/** A stretch of a lane: one value, no good value, or so much change that it cannot be drawn apart. */
export interface Stretch extends Window {
  readonly value: number | null | 'many';
}

/** The values of a bool or an enum as stretches; those shorter than `least` ms are drawn together. */
export function stretchesOf(
  points: readonly Point[],
  window: Window & { readonly until: number },
  least: number,
): Stretch[] {
  const end = Math.min(window.to, window.until);
  const exact: Stretch[] = [];
  for (let index = Math.max(0, indexAt(points, window.from)); index < points.length; index += 1) {
    const point = points[index];
    if (point === undefined || point[0] >= end) break;
    const from = Math.max(window.from, point[0]);
    const to = Math.min(end, points[index + 1]?.[0] ?? end);
    const value = point[1] === null ? null : point[1] === point[2] ? point[3] : 'many';
    if (to > from) joined(exact, { from, to, value }, 0);
  }
  // What goes on over several points is not short.
  const made: Stretch[] = [];
  for (const stretch of exact) joined(made, stretch, least);
  return made;
}

/** Adds a stretch: to the one before it where both are the same, or both too short to be told apart. */
export function joined<Piece extends Window & { readonly value: unknown }>(
  made: Piece[],
  piece: Piece,
  least: number,
): void {
  const before = made.at(-1);
  const near = before !== undefined && before.to >= piece.from;
  if (near && before.value === piece.value) {
    made[made.length - 1] = { ...before, to: piece.to };
    return;
  }
  const short = (each: Window): boolean => each.to - each.from < least;
  if (near && short(piece) && (before.value === 'many' || short(before))) {
    made[made.length - 1] = { ...before, to: piece.to, value: 'many' };
    return;
  }
  made.push(piece);
}
