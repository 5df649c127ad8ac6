// The parts of a trend that draw nothing: points and what is made of them, windows and links, ticks, what happened.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PastAlarm, Point, StateVisit } from '#contract/history.ts';
import { pointsLimit } from '#contract/history-limits.ts';
import { happeningAt, happeningsOf, marksOf, staysOf, stepFrom } from '#hmi/trend/events.ts';
import { spread } from '#hmi/trend/paint.ts';
import {
  coarsened,
  columnsOf,
  gapsOf,
  pointAt,
  stretchesOf,
  withSample,
} from '#hmi/trend/points.ts';
import type { Series } from '#hmi/trend/points.ts';
import { tickForm, ticksOf } from '#hmi/trend/ticks.ts';
import { linkOf, moved, readLink, showing, spans, windowOf, zoomed } from '#hmi/trend/view.ts';

const at = (time: number, value: number): Point => [time, value, value, value];
const none = (time: number): Point => [time, null];
const minute = 60_000;
const hour = 60 * minute;

describe('a live value', () => {
  test.each<[string, Series['tier'], readonly Point[], number, number | null, readonly Point[]]>([
    ['begins a series', 'raw', [], 5, 1, [at(5, 1)]],
    ['that says nothing new adds nothing', 'raw', [at(5, 1)], 9, 1, [at(5, 1)]],
    ['that is another is another point', 'raw', [at(5, 1)], 9, 2, [at(5, 1), at(9, 2)]],
    ['of the same moment replaces', 'raw', [at(5, 1)], 5, 2, [at(5, 2)]],
    ['from before the last is taken as now', 'raw', [at(5, 1)], 3, 2, [at(5, 2)]],
    ['that is not good begins a gap', 'raw', [at(5, 1)], 9, null, [at(5, 1), none(9)]],
    ['that is still not good adds nothing', 'raw', [none(5)], 9, null, [none(5)]],
    ['ends a gap where it came', 'raw', [none(5)], 9, 1, [none(5), at(9, 1)]],
    ['widens its bucket', '1s', [[1000, 1, 3, 2]], 1500, 7, [[1000, 1, 7, 7]]],
    ['inside its bucket is its last', '1s', [[1000, 1, 3, 2]], 1500, 3, [[1000, 1, 3, 3]]],
    [
      'past its bucket begins one',
      '1s',
      [[1000, 1, 3, 2]],
      2100,
      2,
      [[1000, 1, 3, 2], at(2100, 2)],
    ],
  ])('%s', (_, tier, points, time, value, expected) => {
    expect(withSample({ tier, points }, { time, value }).points).toEqual(expected);
  });

  test('that says nothing new leaves the series the same', () => {
    const series: Series = { tier: 'raw', points: [at(5, 1)] };
    expect(withSample(series, { time: 9, value: 1 })).toBe(series);
  });

  test('after too many goes on in the next tier, and no spike is lost', () => {
    let series: Series = { tier: 'raw', points: [] };
    for (let index = 0; index <= pointsLimit; index += 1) {
      const value = index === 1234 ? 99 : index % 2;
      series = withSample(series, { time: index * 250, value });
    }
    expect(series.tier).toBe('1s');
    expect(series.points.length).toBeLessThanOrEqual(pointsLimit / 4 + 2);
    expect(Math.max(...series.points.map((point) => point[2] ?? 0))).toBe(99);
    expect(series.points.at(-1)?.[3]).toBe(0);
  });
});

const points = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 900 }), fc.option(fc.integer({ min: -5, max: 5 }))), {
    maxLength: 60,
  })
  .map((steps) => {
    let time = 0;
    return steps.map(([step, value]): Point => {
      time += step;
      return value === null ? none(time) : at(time, value);
    });
  });
const seed = 20_261_123;

describe('fewer points', () => {
  test('hold least, greatest and last of each bucket, and at its end say the same', () => {
    fc.assert(
      fc.property(points, (all) => {
        const few = coarsened(all, 1000);
        expect(few.length).toBeLessThanOrEqual(all.length);
        for (let end = 1000; end <= (all.at(-1)?.[0] ?? 0) + 1000; end += 1000) {
          const inside = all.filter(([time]) => time >= end - 1000 && time < end);
          const good = inside.flatMap((point) => (point[1] === null ? [] : [point[1]]));
          const kept = few.filter(([time]) => time >= end - 1000 && time < end);
          const [low, high] = [
            kept.map((p) => p[1] ?? Infinity),
            kept.map((p) => p[2] ?? -Infinity),
          ];
          expect([Math.min(...low), Math.max(...high)]).toEqual([
            Math.min(...good),
            Math.max(...good),
          ]);
          expect(pointAt(few, end - 1)?.[3]).toBe(pointAt(all, end - 1)?.[3]);
        }
      }),
      { seed, numRuns: 200 },
    );
  });

  test('are drawn in columns that miss nothing that was', () => {
    fc.assert(
      fc.property(points, fc.integer({ min: 1, max: 40 }), (all, count) => {
        const [from, to] = [500, 9500];
        const columns = columnsOf({ tier: 'raw', points: all }, { from, to, count, until: to });
        const wide = (to - from) / count;
        for (let column = 0; column < count; column += 1) {
          const start = from + column * wide;
          const held = pointAt(all, start);
          const inside = all.filter(([time]) => time > start && time < start + wide);
          const good = [...(held === undefined ? [] : [held]), ...inside].flatMap((point) =>
            point[1] === null ? [] : [point[1]],
          );
          expect([columns.min[column], columns.max[column], columns.last[column]]).toEqual(
            good.length === 0
              ? [null, null, null]
              : [Math.min(...good), Math.max(...good), good.at(-1)],
          );
        }
      }),
      { seed, numRuns: 200 },
    );
  });

  test('of what is to come draw nothing', () => {
    const window = { from: 0, to: 10, count: 10, until: 4 };
    expect(columnsOf({ tier: 'raw', points: [at(0, 1)] }, window).last).toEqual([
      1,
      1,
      1,
      1,
      null,
      null,
      null,
      null,
      null,
      null,
    ]);
  });

  test('a bucket keeps its least and greatest over all of its columns', () => {
    const series: Series = { tier: '1s', points: [[0, 1, 9, 5]] };
    const columns = columnsOf(series, { from: 0, to: 2000, count: 4, until: 2000 });
    expect(columns.max).toEqual([9, 9, 5, 5]);
  });
});

test.each<[readonly Point[], number, unknown]>([
  [[], 10, [[0, 10]]],
  [[at(4, 1)], 10, [[0, 4]]],
  [[at(-3, 1)], 10, []],
  [
    [none(-3), at(2, 1), none(5), at(7, 1)],
    10,
    [
      [0, 2],
      [5, 7],
    ],
  ],
  [[at(-3, 1), none(5)], 8, [[5, 8]]],
])('%j has until %d the gaps %j', (all, until, gaps) => {
  const found = gapsOf(all, { from: 0, to: 10, until });
  expect(found.map(({ from, to }) => [from, to])).toEqual(gaps);
});

test('a lane has a stretch for each value, gaps among them, and draws what is too short together', () => {
  const lane = stretchesOf(
    [at(-5, 0), at(10, 1), none(20), at(30, 0), at(31, 1), at(32, 0), at(33, 1)],
    { from: 0, to: 100, until: 90 },
    5,
  );
  expect(lane).toEqual([
    { from: 0, to: 10, value: 0 },
    { from: 10, to: 20, value: 1 },
    { from: 20, to: 30, value: null },
    { from: 30, to: 33, value: 'many' },
    { from: 33, to: 90, value: 1 },
  ]);
});

test('a value that is told often is one stretch, however short each point holds', () => {
  const often = Array.from({ length: 50 }, (_, index) => at(index, index < 2 ? 0 : 1));
  expect(stretchesOf(often, { from: 0, to: 50, until: 50 }, 5)).toEqual([
    { from: 0, to: 2, value: 0 },
    { from: 2, to: 50, value: 1 },
  ]);
});

describe('a window', () => {
  const live = { span: hour, end: undefined };

  test('follows the newest until it is moved, and again when it reaches it', () => {
    expect(windowOf(live, 10 * hour)).toEqual({ from: 9 * hour, to: 10 * hour });
    const past = moved(live, -0.5, 10 * hour);
    expect(past).toEqual({ span: hour, end: 9.5 * hour });
    expect(moved(past, 0.5, 10 * hour)).toEqual(live);
  });

  test('zooms around what is read', () => {
    expect(zoomed({ span: hour, end: 5 * hour }, 0.5, 0.5, 10 * hour)).toEqual({
      span: hour / 2,
      end: 4.75 * hour,
    });
    expect(zoomed(live, 2, 1, 10 * hour)).toEqual({ span: 2 * hour, end: undefined });
    expect(zoomed(live, 1e-9, 1, 10 * hour).span).toBe(10_000);
    expect(zoomed(live, 1e9, 1, 10 * hour).span).toBe(31 * 24 * hour);
  });

  test('moves to what is read when it is outside', () => {
    expect(showing(live, 9.5 * hour, 10 * hour)).toBe(live);
    expect(showing(live, 3 * hour, 10 * hour)).toEqual({ span: hour, end: 3.5 * hour });
  });

  test.each([
    [{ tags: ['a.b', 'c'], view: { span: spans['8h'], end: undefined }, fit: false }],
    [{ tags: [], view: { span: 123_000, end: 1_760_000_000_000 }, fit: true }],
  ])('comes back by its link: %j', (linked) => {
    expect(readLink(linkOf(linked))).toEqual(linked);
  });

  test.each([
    ['#key=abc', undefined],
    ['#trendsx', undefined],
    ['#trends', { tags: [], view: { span: spans['10min'], end: undefined }, fit: false }],
    [
      `#trends?tags=${'a'.repeat(200)},b,b, ,${'cdefghijk'.split('').join(',')}&span=__proto__&end=9e9`,
      { tags: 'bcdefghi'.split(''), view: { span: spans['10min'], end: undefined }, fit: false },
    ],
    [
      '#trends?span=999999999&end=100000000000',
      { tags: [], view: { span: 31 * 24 * hour, end: 100_000_000_000 }, fit: false },
    ],
    [`#trends?${'x'.repeat(3000)}`, undefined],
  ])('of the address %s is %j', (hash, linked) => {
    expect(readLink(hash)).toEqual(linked);
  });
});

describe('ticks', () => {
  const zone = process.env['TZ'];
  beforeAll(() => {
    process.env['TZ'] = 'Europe/Berlin';
  });
  afterAll(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });

  test('are whole steps of the clock here, and not too many', () => {
    const from = Date.UTC(2026, 10, 23, 12, 3, 7);
    const { times, step } = ticksOf({ from, to: from + hour }, 8);
    expect(step).toBe(10 * minute);
    expect(times).toHaveLength(6);
    expect(new Date(times[0] ?? 0).toISOString()).toBe('2026-11-23T12:10:00.000Z');
  });

  test('stand at midnight here, also on the day on which the clock is set', () => {
    const from = Date.UTC(2026, 9, 24, 12);
    const { times } = ticksOf({ from, to: from + 48 * hour }, 10);
    const hours = times.map((time) => new Date(time).getHours());
    expect(hours).toEqual([18, 0, 6, 12, 18, 0, 6, 12].slice(0, hours.length));
    expect(times.filter((time) => tickForm(time, 6 * hour) === 'day')).toHaveLength(2);
  });

  test('have seconds only where they matter', () => {
    const noon = Date.UTC(2026, 10, 23, 11, 0, 5);
    expect([tickForm(noon, 5000), tickForm(noon, minute)]).toEqual(['second', 'minute']);
  });
});

const visit = (state: string, from: number, to: number | null): StateVisit => ({
  flow: 'f',
  region: 'unit',
  state,
  from,
  to,
});
const alarm = (id: string, priority: number, raised: number): PastAlarm => ({
  id,
  priority,
  text: id,
  raised,
  cleared: raised + 500,
  acknowledged: null,
});

describe('what happened', () => {
  const window = { from: 0, to: 1000, until: 900 };
  const stays = staysOf(
    [
      visit('unit.Execute.A', -50, 100),
      visit('unit.Execute.B', 100, 300),
      visit('unit.Held', 300, 302),
      visit('unit.Idle', 302, 304),
      { ...visit('unit.Other', 0, 1000), region: 'door' },
      visit('unit.Execute.A', 304, null),
    ],
    { flow: 'f', region: 'unit' },
    window,
    10,
  );

  test('is told by the outer states of one region; short ones together', () => {
    expect(stays.map(({ from, to, value }) => [from, to, value])).toEqual([
      [0, 300, 'unit.Execute'],
      [300, 304, 'many'],
      [304, 900, 'unit.Execute'],
    ]);
  });

  const marks = marksOf([alarm('b', 1, 410), alarm('a', 3, 400), alarm('c', 2, 700)], window, 50);

  test('alarms near one another have one mark, with the face of the most important', () => {
    expect(marks.map(({ from, alarm: { id }, others }) => [from, id, others.length])).toEqual([
      [400, 'b', 1],
      [700, 'c', 0],
    ]);
  });

  test('is stepped through and found, an alarm before the state that it is in', () => {
    const all = happeningsOf(stays, marks);
    expect(stepFrom(all, 304, 1)?.from).toBe(400);
    expect(stepFrom(all, 304, -1)?.from).toBe(300);
    expect(stepFrom(all, 700, 1)).toBeUndefined();
    expect(happeningAt(all, 705, 20)?.kind).toBe('alarm');
    expect(happeningAt(all, 500, 20)).toMatchObject({ kind: 'stay', from: 304 });
    expect(happeningAt(all, 950, 20)).toBeUndefined();
  });
});

test('numbers at the ends of lines are moved apart and stay inside', () => {
  expect(spread([50, 52, 10], 20, 10, 90)).toEqual([50, 70, 10]);
  expect(spread([88, 89, 90], 20, 10, 90)).toEqual([50, 70, 90]);
});
