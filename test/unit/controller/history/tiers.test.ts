// What the tiers say of random samples is what the samples themselves say, whichever way they came there.
// Seeded; `SEED=n` runs another.
import { describe, expect, test, vi } from 'vitest';
import type { Point } from '#contract/history.ts';
import {
  BucketMaker,
  decodeBuckets,
  encodeBuckets,
  pointsOf,
  widen,
  widths,
} from '#controller/history/buckets.ts';
import type { Bucket } from '#controller/history/buckets.ts';
import { decodeSamples, encodeSamples } from '#controller/history/samples.ts';
import type { Sample } from '#controller/history/samples.ts';
import { chance, testSeed as seed } from '#test/system/chance.ts';

// A busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 });

/** Values of many kinds, gaps among them, from milliseconds to hours apart. */
function randomSamples(random: () => number, count: number): Sample[] {
  const samples: Sample[] = [];
  let time = 1_790_000_000_000 + Math.floor(random() * 10_000_000);
  let bad = true;
  for (let index = 0; index < count; index += 1) {
    const step = random();
    time += Math.floor(step < 0.1 ? 0 : step < 0.7 ? random() * 400 : 4 ** (random() * 12));
    // Some stand exactly where a bucket begins.
    if (random() < 0.05) time = Math.ceil(time / 60_000) * 60_000;
    const kind = random();
    if (!bad && kind < 0.12) samples.push({ time, value: Number.NaN });
    else {
      const value =
        kind < 0.4
          ? Math.floor(random() * 3)
          : kind < 0.7
            ? Math.round(random() * 20_000 - 10_000) / 1000
            : kind < 0.8
              ? Math.fround(random() * 100)
              : kind < 0.85
                ? random() * 1e300
                : random() * 40 - 20;
      samples.push({ time, value });
    }
    bad = Number.isNaN(samples.at(-1)?.value ?? 0);
  }
  return samples;
}

/** What a bucket says of values: start, least, greatest, last, and whether it ends without one. */
type Said = readonly [start: number, values: string, endsBad: boolean];

/** Straight from the samples: what held in a bucket for any time, and what came in it. */
function oracle(samples: readonly Sample[], width: number): Said[] {
  const found = new Map<number, { values: number[]; endsBad: boolean }>();
  let held = Number.NaN;
  for (const { time, value } of samples) {
    const start = Math.floor(time / width) * width;
    const seen = Number.isNaN(held) || time === start ? [] : [held];
    const bucket = found.get(start) ?? { values: seen, endsBad: false };
    if (!Number.isNaN(value)) bucket.values.push(value);
    bucket.endsBad = Number.isNaN(value);
    found.set(start, bucket);
    held = value;
  }
  return [...found].map(([start, { values, endsBad }]) => {
    const said = [Math.min(...values), Math.max(...values), values.at(-1)];
    return [start, values.length === 0 ? 'none' : said.join(' '), endsBad];
  });
}

const saidBy = (buckets: readonly Bucket[]): Said[] =>
  buckets.map(({ start, good, min, max, last, bad }) => [
    start,
    good === undefined ? 'none' : [min, max, last].join(' '),
    bad !== undefined,
  ]);

const made = (samples: readonly Sample[], width: number): Bucket[] => {
  const maker = new BucketMaker(width);
  for (const sample of samples) maker.add(sample);
  return maker.buckets;
};

describe(`random samples (SEED=${seed})`, () => {
  const random = chance(seed);
  const runs = Array.from({ length: 40 }, () => randomSamples(random, 400));

  test('are read back as they were written, in bodies of any length', () => {
    for (const samples of runs) {
      for (const limit of [1, 40, 1900, Number.POSITIVE_INFINITY]) {
        const bodies = [...encodeSamples(samples, limit)];
        const read = bodies.flatMap(({ body, start }) => decodeSamples(body, start));
        expect(read).toEqual(samples);
        expect(bodies.reduce((sum, { count }) => sum + count, 0)).toBe(samples.length);
      }
    }
  });

  test.each(Object.entries(widths))('make buckets of %s that say what they say', (_tier, width) => {
    for (const samples of runs)
      expect(saidBy(made(samples, width))).toEqual(oracle(samples, width));
  });

  test('make the same buckets whether they come at once or go through bodies in between', () => {
    for (const samples of runs) {
      for (const width of Object.values(widths)) {
        let buckets: Bucket[] = [];
        for (let at = 0; at < samples.length;) {
          const count = 1 + Math.floor(random() * 50);
          const maker = new BucketMaker(width, buckets);
          for (const sample of samples.slice(at, at + count)) maker.add(sample);
          const bodies = [...encodeBuckets(maker.buckets, width, 300)];
          buckets = bodies.flatMap(({ body, start }) => decodeBuckets(body, start, width));
          at += count;
        }
        expect(buckets).toEqual(made(samples, width).map((bucket) => normal(bucket)));
      }
    }
  });

  test('make the same buckets when narrow ones are made wide', () => {
    for (const samples of runs) {
      const minutes = widen(made(samples, 1000), 60_000);
      expect(saidBy(minutes)).toEqual(oracle(samples, 60_000));
      const hours = widen(minutes, 3_600_000);
      expect(saidBy(hours)).toEqual(oracle(samples, 3_600_000));
      expect(hours.map(gapOf)).toEqual(made(samples, 3_600_000).map(gapOf));
    }
  });

  test('are drawn in the order of time, with every gap that is longer than its bucket', () => {
    for (const samples of runs) {
      const buckets = made(samples, 60_000);
      const points = buckets.flatMap(pointsOf);
      const times = points.map(([time]) => time);
      expect(times).toEqual(times.toSorted((left, right) => left - right));
      const gaps = gapsOf(samples);
      for (const { from, to } of gaps) {
        // A value of one moment, between two gaps, is none.
        if (to - from <= 60_000 || gaps.some((gap) => gap.from === to)) continue;
        expect(isGap(points, from)).toBe(true);
        expect(isGap(points, to)).toBe(false);
      }
    }
  });
});

/** What a bucket without a good value says of values is of no meaning, and not kept. */
const normal = (bucket: Bucket): Bucket =>
  bucket.good === undefined ? { ...bucket, min: 0, max: 0 } : bucket;

const gapOf = ({ gap, bad }: Bucket): unknown => [gap.to - gap.from, bad];

function gapsOf(samples: readonly Sample[]): { from: number; to: number }[] {
  const gaps: { from: number; to: number }[] = [];
  let from: number | undefined;
  for (const { time, value } of samples) {
    if (Number.isNaN(value)) from ??= time;
    else if (from !== undefined) {
      gaps.push({ from, to: time });
      from = undefined;
    }
  }
  return gaps;
}

/** Whether a page that draws these points shows no value at `time`. */
const isGap = (points: readonly Point[], time: number): boolean =>
  points.findLast(([at]) => at <= time)?.[1] === null;
