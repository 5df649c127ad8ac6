// Buckets of time with the least, the greatest and the last value in each: pure. A bucket is kept where
// something changed in it; between buckets the last value holds. Gaps keep their exact times.
import { ByteReader, ByteWriter } from '#contract/bytes.ts';
import type { Point, Tier } from '#contract/history.ts';
import type { Encoded, Sample } from './samples.ts';
import { ValueReader, ValueWriter } from './samples.ts';

/** Width of a bucket, ms. */
export const widths = {
  '1s': 1000,
  '1min': 60_000,
  '1h': 3_600_000,
} as const satisfies Readonly<Record<Exclude<Tier, 'raw'>, number>>;

/** What one stretch of time saw of a tag. */
export interface Bucket {
  /** A multiple of the width. */
  readonly start: number;
  /** Where it first had a good value; undefined: it had none. */
  readonly good: number | undefined;
  readonly min: number;
  readonly max: number;
  /** Of the good values. */
  readonly last: number;
  /** The longest time without a good value between two good ones; `to` equal to `from`: none. */
  readonly gap: { readonly from: number; readonly to: number };
  /** Since when there was no good value at its end; undefined: there was one. */
  readonly bad: number | undefined;
}

const noGap = { from: 0, to: 0 };

/** Takes the samples of one run in order, and keeps the buckets that they make. */
export class BucketMaker {
  readonly #width: number;
  readonly buckets: Bucket[];

  /** Goes on from buckets of the same run and width. */
  constructor(width: number, before: readonly Bucket[] = []) {
    this.#width = width;
    this.buckets = [...before];
  }

  add({ time, value }: Sample): void {
    const start = Math.floor(time / this.#width) * this.#width;
    const last = this.buckets.at(-1);
    const open = last?.start === start ? last : opened(last, start, time);
    const next = Number.isNaN(value) ? turnedBad(open, time) : turnedGood(open, time, value);
    if (last?.start === start) this.buckets.pop();
    this.buckets.push(next);
  }
}

/** A bucket in which something is about to happen at `time`, with what held until then. */
function opened(last: Bucket | undefined, start: number, time: number): Bucket {
  const held = last === undefined || last.bad !== undefined ? undefined : last.last;
  if (held === undefined || time === start) {
    // A value that ended where the bucket begins was not seen in it; but it was good until then.
    const bad = held === undefined ? (last?.bad ?? start) : undefined;
    return { start, good: undefined, min: 0, max: 0, last: held ?? 0, gap: noGap, bad };
  }
  return { start, good: start, min: held, max: held, last: held, gap: noGap, bad: undefined };
}

const turnedBad = (bucket: Bucket, time: number): Bucket =>
  bucket.bad === undefined ? { ...bucket, bad: time } : bucket;

function turnedGood(bucket: Bucket, time: number, value: number): Bucket {
  const { good, bad } = bucket;
  if (good === undefined)
    return { ...bucket, good: time, min: value, max: value, last: value, bad: undefined };
  const gap = bad === undefined ? bucket.gap : longest(bucket.gap, { from: bad, to: time });
  const min = Math.min(bucket.min, value);
  const max = Math.max(bucket.max, value);
  return { ...bucket, min, max, last: value, gap, bad: undefined };
}

const longest = (left: Bucket['gap'], right: Bucket['gap']): Bucket['gap'] =>
  right.to - right.from > left.to - left.from ? right : left;

/** The same as fewer buckets of a width that is a multiple of theirs. */
export function widen(buckets: readonly Bucket[], width: number): Bucket[] {
  const wide: Bucket[] = [];
  for (const bucket of buckets) {
    const start = Math.floor(bucket.start / width) * width;
    const last = wide.at(-1);
    if (last?.start === start) {
      wide[wide.length - 1] = joined(last, bucket);
      continue;
    }
    wide.push(joined(opened(last, start, bucket.start), bucket));
  }
  return wide;
}

function joined(left: Bucket, right: Bucket): Bucket {
  if (right.good === undefined) return { ...left, bad: left.bad ?? right.bad };
  const { last, bad } = right;
  if (left.good === undefined) return { ...right, start: left.start };
  // It may have turned bad just where the right one begins.
  const between = { from: left.bad ?? right.start, to: right.good };
  return {
    start: left.start,
    good: left.good,
    min: Math.min(left.min, right.min),
    max: Math.max(left.max, right.max),
    last,
    gap: longest(longest(left.gap, between), right.gap),
    bad,
  };
}

/** As a page draws it: at most four points. */
export function pointsOf({ good, min, max, last, gap, bad }: Bucket): Point[] {
  const points: Point[] = [];
  if (good !== undefined) points.push([good, min, max, last]);
  if (gap.to > gap.from) points.push([gap.from, null], [gap.to, last, last, last]);
  if (bad !== undefined) points.push([bad, null]);
  return points;
}

const flags = { good: 1, flat: 2, late: 4, gap: 8, bad: 16 } as const;
const flagCount = 32;
const writer = new ByteWriter(4096);

/** Buckets of a run as one body after another, none much longer than `limit`. */
export function* encodeBuckets(
  buckets: readonly Bucket[],
  width: number,
  limit: number,
): Generator<Encoded> {
  let first = 0;
  while (first < buckets.length) {
    writer.clear();
    const values = new ValueWriter(writer);
    const start = buckets[first]?.start ?? 0;
    let before = start;
    let next = first;
    for (; next < buckets.length && writer.length < limit; next += 1) {
      const bucket = buckets[next];
      if (bucket === undefined) break;
      writeBucket(values, bucket, (bucket.start - before) / width);
      before = bucket.start;
    }
    yield { start, end: before, count: next - first, body: writer.take() };
    first = next;
  }
}

function writeBucket(values: ValueWriter, bucket: Bucket, steps: number): void {
  const { start, good, min, max, last, gap, bad } = bucket;
  const flat = min === max && last === max;
  const late = good !== undefined && good !== start;
  const inner = gap.to > gap.from;
  const head =
    (good === undefined ? 0 : flags.good) +
    (flat ? flags.flat : 0) +
    (late ? flags.late : 0) +
    (inner ? flags.gap : 0) +
    (bad === undefined ? 0 : flags.bad);
  writer.varint(steps * flagCount + head);
  if (good !== undefined) {
    if (late) writer.varint(good - start);
    values.write(0, last);
    if (!flat) {
      values.write(0, min);
      values.write(0, max);
    }
    if (inner) {
      writer.varint(gap.from - start);
      writer.varint(gap.to - gap.from);
    }
  } else values.write(0, last);
  // It may have been bad since long before.
  if (bad !== undefined) writer.signed(bad - start);
}

/** The inverse. Throws where it was not written so. */
export function decodeBuckets(body: Uint8Array, start: number, width: number): Bucket[] {
  const from = new ByteReader(body);
  const values = new ValueReader(from);
  const buckets: Bucket[] = [];
  let at = start;
  while (from.left > 0) {
    const head = from.varint();
    const set = head % flagCount;
    at += ((head - set) / flagCount) * width;
    const has = (flag: number): boolean => (set & flag) !== 0;
    const late = has(flags.good) && has(flags.late) ? from.varint() : 0;
    const last = values.read();
    const wide = has(flags.good) && !has(flags.flat);
    const min = wide ? values.read() : has(flags.good) ? last : 0;
    const max = wide ? values.read() : has(flags.good) ? last : 0;
    const gapFrom = has(flags.gap) ? at + from.varint() : 0;
    const gap = has(flags.gap) ? { from: gapFrom, to: gapFrom + from.varint() } : noGap;
    const bad = has(flags.bad) ? at + from.signed() : undefined;
    buckets.push({
      start: at,
      good: has(flags.good) ? at + late : undefined,
      min,
      max,
      last,
      gap,
      bad,
    });
  }
  return buckets;
}
