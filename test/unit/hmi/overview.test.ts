// What the overview concludes from what the cell says of its tags, times and devices: nothing of it knows a tag by name.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Limit, TagInfo } from '#contract/described.ts';
import { status } from '#contract/quality.ts';
import type { AlarmState, Candidate, Term } from '#contract/wire.ts';
import { isSafe, notedTags, safetyTags, troubledDevices } from '#hmi/feed/at-hand.ts';
import {
  alarmOf,
  bandOf,
  indicatorLimit,
  indicatorsOf,
  outsideOf,
  scaleOf,
  shareOf,
} from '#hmi/feed/indicators.ts';
import { paceOf, timersOf } from '#hmi/feed/pace.ts';

const tag = (name: string, more: Partial<TagInfo> = {}): TagInfo => ({
  name,
  kind: 'input',
  type: 'real',
  ...more,
});
const limit = (side: Limit['side'], value: number, by = 'A'): Limit => ({
  side,
  flow: 'press',
  value,
  by,
});
const none = (): undefined => undefined;
const alarm = (state: AlarmState['state']): Record<string, AlarmState> => ({
  'press.over': { state, priority: 2, text: '', raised: 0 },
});
const timed = (kind: 'after' | 'for', remaining_ms: number, truth: Term['truth']): Term => ({
  kind: 'all',
  truth: 'false',
  text: '',
  of: [
    { kind: 'term', truth, text: 'x' },
    { kind, truth: 'false', text: '', remaining_ms },
  ],
});
const candidate = (transition: string, term: Term, more: Partial<Candidate> = {}): Candidate => ({
  region: 'unit',
  transition,
  from: 'unit.A',
  to: 'unit.B',
  term,
  blocking: [],
  ...more,
});
const device = (name: string) => ({ name, driver: 'modbus', address: '' });
const state = (name: 'online' | 'backoff') => ({
  state: name,
  since: 0,
  epoch: 1,
  failures: 0,
  latency: { p50: 0, p99: 0 },
  requests: 0,
  late: 0,
  stale: 0,
});

describe('indicators', () => {
  test('are numbers that a flow bounds, then those with a range; no other tag', () => {
    const tags = [
      tag('plain'),
      tag('ranged', { min: 0, max: 1 }),
      tag('bounded', { limits: [limit('low', 2)] }),
      tag('yes', { type: 'bool' }),
      tag('made', { kind: 'system', min: 0, max: 1 }),
      tag('count', { type: 'int', limits: [limit('high', 9)] }),
    ];
    expect(indicatorsOf(tags).map(({ name }) => name)).toEqual(['bounded', 'count', 'ranged']);
  });

  test('are never more than are read at a glance', () => {
    const many = Array.from({ length: 40 }, (_, index) => tag(`n${index}`, { min: 0, max: 1 }));
    expect(indicatorsOf(many)).toHaveLength(indicatorLimit);
  });
});

describe('a normal band', () => {
  test('ends at the innermost bounds, a parameter by its value now', () => {
    const limits: Limit[] = [
      limit('low', 2),
      limit('low', 3),
      { side: 'high', flow: 'press', parameter: 'force.max', by: 'overload' },
    ];
    const band = bandOf({ limits }, (flow, name) =>
      flow === 'press' && name === 'force.max' ? 15 : undefined,
    );
    expect([band.low, band.high, band.bounds.length]).toEqual([3, 15, 3]);
  });

  test.each([
    ['nothing', [], undefined, undefined, 0],
    [
      'a parameter nobody knows',
      [{ side: 'low', flow: 'f', parameter: 'p', by: 'x' }],
      undefined,
      undefined,
      0,
    ],
    ['one end', [limit('high', 8)], undefined, 8, 1],
    [
      'ends that contradict each other',
      [limit('low', 5), limit('high', 1)],
      undefined,
      undefined,
      2,
    ],
  ] as [string, Limit[], number | undefined, number | undefined, number][])(
    'of %s is %j',
    (_, limits, low, high, ticks) => {
      const band = bandOf({ limits }, none);
      expect([band.low, band.high, band.bounds.length]).toEqual([low, high, ticks]);
    },
  );

  test.each([
    [1, 'low'],
    [2, undefined],
    [8, undefined],
    [8.1, 'high'],
  ] as const)('has %d on its side: %s', (value, side) => {
    expect(outsideOf(bandOf({ limits: [limit('low', 2), limit('high', 8)] }, none), value)).toBe(
      side,
    );
  });

  test('lies on the range of its tag, and where there is none on a scale that holds it and the value', () => {
    const band = bandOf({ limits: [limit('high', 8)] }, none);
    expect(scaleOf({ min: -1, max: 9 }, band, 100)).toEqual({ from: -1, to: 9 });
    expect(scaleOf({}, band, 16)).toEqual({ from: 0, to: 20 });
    expect(scaleOf({ min: 0, max: 0 }, bandOf({}, none), 0)).toEqual({ from: 0, to: 1 });
    expect([-5, 4, 99].map((value) => shareOf(value, { from: 0, to: 8 }))).toEqual([0, 0.5, 1]);
  });

  test('is abnormal only past a bound whose alarm stands', () => {
    const band = bandOf({ limits: [limit('high', 8, 'over'), limit('low', 2, 'P7')] }, none);
    expect(alarmOf(band, 9, alarm('unacknowledged'))).toBe(2);
    expect(alarmOf(band, 9, alarm('acknowledged'))).toBe(2);
    expect(alarmOf(band, 9, alarm('returned'))).toBeUndefined();
    expect(alarmOf(band, 7, alarm('unacknowledged'))).toBeUndefined();
    expect(alarmOf(band, 1, alarm('unacknowledged'))).toBeUndefined();
    expect(alarmOf(band, 9, {})).toBeUndefined();
  });
});

describe('time beside the usual', () => {
  const usual = { median_ms: 1000, p95_ms: 2000, visits: 50 };
  test('is long past the p95, and never with few visits', () => {
    expect(paceOf(usual, 2000).long).toBe(false);
    expect(paceOf(usual, 2001).long).toBe(true);
    expect(paceOf({ ...usual, visits: 4 }, 99_000).long).toBe(false);
  });
  test('stands on a bar that reaches past the p95 and never runs out of it', () => {
    expect(paceOf(usual, 1500)).toMatchObject({ now: 0.5, median: 1 / 3, p95: 2 / 3 });
    expect(paceOf(usual, 1e9).now).toBe(1);
    expect(paceOf({ median_ms: 0, p95_ms: 0, visits: 9 }, 0).now).toBe(0);
  });
});

describe('timers of a station', () => {
  test('are what the clock alone will bring about, soonest first', () => {
    const list = [
      candidate('late', timed('after', 9000, 'true')),
      candidate('soon', timed('for', 3000, 'true')),
      candidate('not yet', timed('for', 1000, 'false')),
      candidate('nobody knows', timed('after', 1000, 'unknown')),
      candidate('elsewhere', timed('after', 10, 'true'), { region: 'door' }),
    ];
    const names = timersOf(list, 'unit').map((timer) => timer.candidate.transition);
    expect(names).toEqual(['soon', 'late']);
  });
});

test('nothing of the page names a tag or a device of the demo: another manifest needs no other page', () => {
  const folder = 'flows/cnc-tending';
  const manifest = parse(readFileSync(join(folder, 'cell.yaml'), 'utf8')) as {
    readonly devices: object;
    readonly tags: object;
  };
  const names = [...Object.keys(manifest.tags), ...Object.keys(manifest.devices)];
  expect(names.length).toBeGreaterThan(20);
  const source = readdirSync('hmi', { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(?:tsx?|css|html)$/.test(file))
    .map((file) => readFileSync(join('hmi', file), 'utf8'))
    .join('\n');
  const named = names.filter((name) =>
    new RegExp(`(?<![\\w.])${name.replaceAll('.', '\\.')}(?![\\w.])`).test(source),
  );
  expect(named).toEqual([]);
});

describe('what is at hand', () => {
  const good = { v: true, s: status.Good, t: 0 };
  test('a safety input is as it must be when it is surely true', () => {
    expect(isSafe(good)).toBe(true);
    expect(isSafe({ ...good, v: false })).toBe(false);
    expect(isSafe({ ...good, s: status.BadTimeout })).toBe(false);
    expect(isSafe({ ...good, s: status.UncertainLastUsableValue })).toBe(false);
    expect(isSafe(undefined)).toBe(false);
  });
  test('noted and safety tags are found by what the cell says of them', () => {
    const tags = [
      tag('code', { type: 'string', noted: ['part'] }),
      tag('safety.gate', { type: 'bool' }),
      tag('safety.speed'),
      tag('gate', { type: 'bool', noted: [] }),
    ];
    expect(notedTags(tags).map(({ name }) => name)).toEqual(['code']);
    expect(safetyTags(tags).map(({ name }) => name)).toEqual(['safety.gate']);
  });
  test('a device of which nothing was heard needs a look, as one that does not answer', () => {
    const states = { a: state('online'), b: state('backoff') };
    const names = troubledDevices(['a', 'b', 'c'].map(device), states).map(({ name }) => name);
    expect(names).toEqual(['b', 'c']);
  });
});
