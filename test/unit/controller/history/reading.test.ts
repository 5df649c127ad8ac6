// What was logged is read back: by tier, with its gaps, across restarts, steps of the clock and a bound.
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { Point } from '#contract/history.ts';
import { minutes, seconds } from '#contract/time.ts';
import { chance, testSeed } from '#test/system/chance.ts';
import { LocalHistory } from './local-history.ts';

// A busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 });

const level = 0;
const door = 1;
const mode = 2;

const all = { from: 0, to: 4_000_000_000_000, points: 4000 };

/** What a page that draws these points shows at `time`; null: nothing. */
const shownAt = (points: readonly Point[], time: number): number | null | undefined => {
  const point = points.findLast(([at]) => at <= time);
  return point === undefined ? undefined : point[1] === null ? null : point[3];
};

describe('a tag', () => {
  test('is read from the last two seconds on, before anything is folded', () => {
    using history = new LocalHistory();
    history.log.sample(level, 1.5, true);
    history.begin();
    const began = history.now;
    history.clock.pass(500);
    history.log.sample(level, 2.5, true);
    history.log.sample(mode, 'run', true);
    history.clock.pass(seconds(2));
    const read = history.read((reader) => reader.history({ tag: 'level', ...all }, history.now));
    expect(read).toMatchObject({ tag: 'level', unit: 'bar', tier: 'raw', since: began });
    expect(read.points).toEqual([
      [began, 1.5, 1.5, 1.5],
      [began + 500, 2.5, 2.5, 2.5],
    ]);
    const modes = history.read((reader) => reader.history({ tag: 'mode', ...all }, history.now));
    expect(modes.values).toEqual(['idle', 'run', 'stop']);
    expect(modes.points).toEqual([[began + 500, 1, 1, 1]]);
  });

  test('of bad quality has a gap from then on until it is good again', () => {
    using history = new LocalHistory();
    history.log.sample(door, true, true);
    history.begin();
    const began = history.now;
    history.clock.pass(1000);
    history.log.sample(door, true, false);
    history.clock.pass(1000);
    history.log.sample(door, false, true);
    history.clock.pass(seconds(2));
    const { points } = history.read((reader) =>
      reader.history({ tag: 'door', ...all }, history.now),
    );
    expect(points).toEqual([
      [began, 1, 1, 1],
      [began + 1000, null],
      [began + 2000, 0, 0, 0],
    ]);
  });

  test('that is not logged is told from one that is', () => {
    using history = new LocalHistory();
    history.begin();
    history.clock.pass(seconds(2));
    expect(() =>
      history.read((reader) => reader.history({ tag: 'no', ...all }, history.now)),
    ).toThrow('no is not logged');
    const tags = history.read((reader) => reader.tags());
    expect(tags.map(({ tag }) => tag.tag)).toEqual(['count', 'door', 'level', 'mode']);
  });

  test('begins with what held at the beginning of the window', () => {
    using history = new LocalHistory();
    history.log.sample(level, 4, true);
    history.begin();
    const began = history.now;
    history.clock.pass(minutes(20));
    const request = { tag: 'level', from: history.now - 1000, to: history.now, points: 100 };
    const { points } = history.read((reader) => reader.history(request, history.now));
    expect(points).toEqual([[began, 4, 4, 4]]);
  });

  test('whose values are others than before is another tag', () => {
    using history = new LocalHistory();
    history.log.sample(mode, 'run', true);
    history.begin();
    history.clock.pass(seconds(2));
    history.life({ tags: [{ tag: 'mode', type: 'enum', values: ['run', 'idle'] }] });
    history.log.sample(0, 'idle', true);
    history.begin('Control was stopped');
    const began = history.now;
    history.clock.pass(seconds(2));
    const read = history.read((reader) => reader.history({ tag: 'mode', ...all }, history.now));
    expect(read).toMatchObject({ values: ['run', 'idle'], points: [[began, 1, 1, 1]] });
  });
});

/** Three hours of a value that moves and sometimes is bad. */
function fill(history: LocalHistory): { time: number; value: number }[] {
  const random = chance(testSeed);
  const told: { time: number; value: number }[] = [];
  for (let step = 0; step < 8000; step += 1) {
    const good = random() > 0.02;
    const value = Math.round(random() * 1000) / 100;
    history.log.sample(level, value, good);
    const last = told.at(-1)?.value ?? Number.NaN;
    const next = good ? value : Number.NaN;
    if (!Object.is(last, next)) told.push({ time: history.now, value: next });
    history.clock.pass(Math.floor(random() * 2700));
  }
  history.clock.pass(seconds(2));
  return told;
}

describe('many samples', () => {
  test(`are read from the tier that fits, and every tier shows what was told (SEED=${testSeed})`, () => {
    using history = new LocalHistory();
    history.begin();
    const told = fill(history);
    const [{ time: first } = { time: 0 }] = told;
    const to = history.now;
    const read = (from: number, points: number) =>
      history.read((reader) => reader.history({ tag: 'level', from, to, points }, to));
    const short = read(to - 300_000, 4000);
    expect(short.tier).toBe('raw');
    expect(short.points.map(([time, value]) => ({ time, value: value ?? Number.NaN }))).toEqual(
      told.slice(told.findLastIndex(({ time }) => time <= to - 300_000)),
    );
    const long = read(first, 1000);
    expect(long.tier).toBe('1s');
    expect(long.points.length).toBeLessThanOrEqual(1000);
    expect(long.points.length).toBeGreaterThan(300);
    const good = told.map(({ value }) => value).filter((value) => !Number.isNaN(value));
    const numbers = long.points.flatMap((point) => (point[1] === null ? [] : [point]));
    expect(Math.min(...numbers.map(([, min]) => min))).toBe(Math.min(...good));
    expect(Math.max(...numbers.map(([, , max]) => max))).toBe(Math.max(...good));
    expect(long.since).toBe(first);
    for (const tier of ['raw', '1s', '1min', '1h'] as const) {
      const everything = history.read((reader) =>
        [...reader.all({ tag: 'level', from: 0, to }, tier, to)].flat(),
      );
      const times = everything.map(([time]) => time);
      expect(times).toEqual(times.toSorted((left, right) => left - right));
      const last = told.at(-1)?.value ?? 0;
      expect(shownAt(everything, to)).toBe(Number.isNaN(last) ? null : last);
      expect(everything.length).toBeLessThanOrEqual(told.length);
    }
  });

  test('keep to their bound: the oldest leaves first, and raw samples before the others', () => {
    using history = new LocalHistory({ max: 1e6 });
    history.log.sample(level, 5, true);
    history.begin();
    const began = history.now;
    const random = chance(testSeed);
    const sizes: number[] = [];
    for (let step = 0; step < 36; step += 1) {
      for (let sample = 0; sample < 1500; sample += 1) {
        // Of no few decimals: nothing makes them small.
        history.log.sample(level, random() * 10, true);
        history.clock.pass(200);
      }
      sizes.push(statSync(history.path).size);
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1e6);
    expect(sizes.at(-1)).toBeGreaterThan(5e5);
    const starts = (['raw', '1s', '1min', '1h'] as const).map((tier) =>
      history.read((reader) => {
        const [first] = [
          ...reader.all({ tag: 'level', from: 0, to: history.now }, tier, history.now),
        ].flat();
        return first?.[0] ?? Number.NaN;
      }),
    );
    expect(starts[0]).toBeGreaterThan(began + 1_000_000);
    expect([starts[2], starts[3]]).toEqual([began, began]);
    const { since } = history.read((reader) =>
      reader.history({ tag: 'level', ...all }, history.now),
    );
    expect(since).toBe(starts[3]);
  });
});

describe('where nobody recorded', () => {
  test('there is a gap, after a kill as after a stop, and the journal says why', async () => {
    using history = new LocalHistory();
    history.log.sample(level, 1, true);
    history.begin();
    history.clock.pass(seconds(31));
    const killed = history.now;
    // As after `kill -9`: what was handed over is there.
    history.life();
    history.clock.pass(minutes(7));
    const open = history.read((reader) => reader.history({ tag: 'level', ...all }, history.now));
    expect(shownAt(open.points, history.now)).toBeNull();
    history.log.sample(level, 1, true);
    history.begin('Control ended without an orderly stop');
    const back = history.now;
    history.clock.pass(seconds(2));
    const { points } = history.read((reader) =>
      reader.history({ tag: 'level', ...all }, history.now),
    );
    expect(shownAt(points, killed - 11_000)).toBe(1);
    expect(shownAt(points, killed + 1000)).toBeNull();
    expect(shownAt(points, back - 1)).toBeNull();
    expect(shownAt(points, back)).toBe(1);
    const { gaps } = history.read((reader) =>
      reader.journal({ from: 0, to: history.now, limit: 10 }, history.now),
    );
    expect(gaps).toEqual([
      { from: expect.any(Number), to: back, why: 'Control ended without an orderly stop' },
    ]);
    expect(gaps[0]?.from).toBeGreaterThanOrEqual(killed - 10_000);
    const stopping = history.log.stop();
    history.clock.pass(1);
    await stopping;
  });

  test('every tier is whole after a kill between two folds', () => {
    using history = new LocalHistory();
    history.begin();
    for (let life = 0; life < 6; life += 1) {
      for (let step = 0; step < 500; step += 1) {
        history.log.sample(level, (step * 7) % 100, true);
        history.clock.pass(700);
      }
      history.life();
      history.begin('Control ended without an orderly stop');
    }
    history.clock.pass(seconds(2));
    const lasts = (['raw', '1s', '1min', '1h'] as const).map((tier) => {
      const points = history.read((reader) =>
        [...reader.all({ tag: 'level', from: 0, to: history.now }, tier, history.now)].flat(),
      );
      const good = points.flatMap((point) => (point[1] === null ? [] : [point]));
      return [
        good.length > 0,
        Math.max(...good.map(([, , max]) => max)),
        shownAt(points, history.now),
      ];
    });
    expect(new Set(lasts.map((said) => JSON.stringify(said))).size).toBe(1);
  });

  test('a file that cannot be read is set aside, and a new one begun', () => {
    using history = new LocalHistory();
    const older = join(history.folder, 'history.20200101T000000Z.broken.db');
    writeFileSync(older, 'the one before');
    writeFileSync(history.path, 'this is no database, however long it may be '.repeat(200));
    history.log.sample(level, 3, true);
    history.begin();
    history.clock.pass(seconds(2));
    expect(history.said[0]).toMatch(/^aside .*history\.\d{8}T\d{6}Z\.broken\.db$/);
    expect(existsSync((history.said[0] ?? '').slice('aside '.length))).toBe(true);
    expect(existsSync(older)).toBe(false);
    expect(existsSync(history.path)).toBe(true);
    const { points } = history.read((reader) =>
      reader.history({ tag: 'level', ...all }, history.now),
    );
    expect(points).toHaveLength(1);
  });
});

describe('a clock that is set', () => {
  const hour = 3_600_000;

  test('forward leaves a gap', () => {
    using history = new LocalHistory();
    history.log.sample(level, 1, true);
    history.begin();
    history.clock.pass(seconds(10));
    const before = history.now;
    history.clock.set += hour;
    history.clock.pass(seconds(10));
    const { points } = history.read((reader) =>
      reader.history({ tag: 'level', ...all }, history.now),
    );
    expect(shownAt(points, before - 2000)).toBe(1);
    expect(shownAt(points, before + hour / 2)).toBeNull();
    expect(shownAt(points, history.now)).toBe(1);
    const { gaps } = history.read((reader) =>
      reader.journal({ from: 0, to: history.now, limit: 10 }, history.now),
    );
    expect(gaps.map(({ why }) => why)).toEqual(['The clock was set forward by 1h']);
  });

  test('back shows what was recorded last of each time, and says so', () => {
    using history = new LocalHistory();
    history.log.sample(level, 1, true);
    history.begin();
    const began = history.now;
    history.clock.pass(2 * hour);
    history.log.sample(level, 2, true);
    history.clock.pass(seconds(4));
    history.clock.set -= hour;
    history.clock.pass(seconds(10));
    history.log.sample(level, 3, true);
    history.clock.pass(seconds(10));
    const stepped = history.now;
    const { points } = history.read((reader) =>
      reader.history({ tag: 'level', ...all }, history.now),
    );
    const times = points.map(([time]) => time);
    expect(times).toEqual(times.toSorted((left, right) => left - right));
    expect(shownAt(points, began + 1000)).toBe(1);
    expect(shownAt(points, began + hour + 8000)).toBe(2);
    expect(shownAt(points, stepped)).toBe(3);
    const { gaps } = history.read((reader) =>
      reader.journal({ from: 0, to: history.now + 2 * hour, limit: 10 }, history.now),
    );
    expect(gaps[0]?.why).toContain('The clock was set back by 1h');
    expect(gaps[0]?.to).toBeLessThan(gaps[0]?.from ?? 0);
  });

  test('by less than it takes to notice is smoothed over', () => {
    using history = new LocalHistory();
    history.begin();
    for (let step = 0; step < 100; step += 1) {
      history.log.sample(level, step, true);
      history.clock.set += step % 2 === 0 ? -40 : 40;
      history.clock.pass(20);
    }
    history.clock.pass(seconds(2));
    const { points } = history.read((reader) =>
      reader.history({ tag: 'level', ...all }, history.now),
    );
    // Two of one moment at the very beginning are one point.
    expect(points.length).toBeGreaterThanOrEqual(99);
    const times = points.map(([time]) => time);
    expect(times).toEqual(times.toSorted((left, right) => left - right));
  });
});
