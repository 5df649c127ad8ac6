// States over a long time: outer ones kept beside leaves, and, to draw them, what is short told together. What is told
// of a random past is held against that past itself.
import { describe, expect, test, vi } from 'vitest';
import type { JournalQuery, StateVisit } from '#contract/history.ts';
import { outerDepth } from '#contract/history-limits.ts';
import { openForWriting } from '#controller/history/database.ts';
import { seconds } from '#contract/time.ts';
import { JournalStore } from '#controller/history/journal-store.ts';
import { chance, soak, testSeed } from '#test/system/chance.ts';
import { LocalHistory } from './local-history.ts';

// A busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 });

const unit = { flow: 'tending', region: 'unit' };

interface Entered {
  readonly state: string | null;
  readonly from: number;
  readonly to: number | null;
}

/** A history in which the unit was in these states, its last moment at `end`. */
function written(depth: number, states: Iterable<Entered>, end: number): LocalHistory {
  const history = new LocalHistory();
  const database = openForWriting(history.path);
  database.exec(`INSERT INTO region VALUES (1, 'tending', 'unit', ${depth});
    INSERT INTO run (began, until, why) VALUES (0, ${end}, 'The first start')`);
  const enter = database.prepare(
    'INSERT INTO visit (region, state, began, until) VALUES (1, ?, ?, ?)',
  );
  database.transaction(() => {
    for (const { state, from, to } of states) enter.run(state, from, to);
  })();
  database.close();
  return history;
}

const statesOf = (history: LocalHistory, query: JournalQuery, now: number): StateVisit[] =>
  history.read((reader) => reader.journal(query, now)).states;

test('outer states stand beside leaves; flow, region and depth choose', () => {
  using history = new LocalHistory();
  history.log.state('tending', 'unit', 'unit.Execute.Loading');
  history.log.state('tending', 'door', 'door.Open');
  history.log.state('lamp', 'unit', 'unit.Lit');
  history.begin();
  const began = history.now;
  history.clock.pass(1000);
  history.log.state('tending', 'unit', 'unit.Execute.Machining');
  history.clock.pass(1000);
  history.log.state('tending', 'unit', 'unit.Held');
  history.clock.pass(seconds(3));
  const read = (more: Partial<JournalQuery>, limit = 10) =>
    statesOf(history, { from: began, to: history.now, limit, ...more }, history.now).map(
      ({ flow, state, from, to }) => [flow, state, from - began, to === null ? null : to - began],
    );
  expect(read({ ...unit, depth: outerDepth })).toEqual([
    ['tending', 'unit.Execute', 0, 2000],
    ['tending', 'unit.Held', 2000, null],
  ]);
  expect(read(unit)).toEqual([
    ['tending', 'unit.Execute.Loading', 0, 1000],
    ['tending', 'unit.Execute.Machining', 1000, 2000],
    ['tending', 'unit.Held', 2000, null],
  ]);
  expect(read({ flow: 'lamp' })).toEqual([['lamp', 'unit.Lit', 0, null]]);
  expect(read({ flow: 'nothing' })).toEqual([]);
  expect(read({})).toHaveLength(5);
  expect(read({}, 2).map(([, state]) => state)).toEqual(['unit.Execute.Machining', 'unit.Held']);
});

const least = 1000;
/** Visits of random length, some with a hole after them. */
function past(seed: number): StateVisit[] {
  const next = chance(seed);
  const lengths = [5, 40, 300, 999, 1000, 1001, 4000];
  let at = Math.floor(next() * 2000);
  return Array.from({ length: 200 }, () => {
    const from = at;
    const to = from + (lengths[Math.floor(next() * lengths.length)] ?? 1);
    at = to + (next() < 0.05 ? Math.floor(next() * 3000) : 0);
    return { ...unit, state: `unit.S${Math.floor(next() * 3)}`, from, to };
  });
}

/** What is wrong with what was told of a past. */
function wrongs(told: readonly StateVisit[], truth: readonly StateVisit[]): string[] {
  return told.flatMap((each, index) => {
    const to = each.to ?? Number.POSITIVE_INFINITY;
    const inside = truth.filter(({ from, to: end }) => from < to && (end ?? 0) > each.from);
    const said = `${each.state} ${each.from} ${each.to}`;
    const wrong: string[] = [];
    if ((told[index + 1]?.from ?? to) < to) wrong.push(`${said} overlaps`);
    if (inside[0]?.from !== each.from) wrong.push(`${said} begins with nothing`);
    if (inside.at(-1)?.to !== each.to) wrong.push(`${said} ends with nothing`);
    const names = new Set(inside.map(({ state }) => state));
    if (each.state === null && names.size < 2) wrong.push(`${said} is not several`);
    if (each.state !== null && (names.size > 1 || !names.has(each.state)))
      wrong.push(`${said} is ${[...names].join(' ')}`);
    const long = inside.filter(({ from, to: end }) => (end ?? 0) - from >= least);
    if (each.state === null && long.length > 0) wrong.push(`${said} hides a long one`);
    return wrong;
  });
}

describe('to draw them', () => {
  const seeds = Array.from({ length: soak ? 200 : 8 }, (_, index) => testSeed + index);
  test.each(seeds)(
    'what is told of a random past is true, and nothing of it is missing: %i',
    (seed) => {
      const truth = past(seed);
      const end = truth.at(-1)?.to ?? 0;
      using history = written(0, truth, end);
      const query = { ...unit, from: 0, to: end, least_ms: least, limit: 2000 };
      const told = statesOf(history, query, end);
      expect(wrongs(told, truth)).toEqual([]);
      const covers = (visit: StateVisit): boolean =>
        told.some(({ from, to }) => from <= visit.from && (to ?? end) >= (visit.to ?? end));
      expect(truth.filter((visit) => !covers(visit))).toEqual([]);
      expect(told.length).toBeLessThanOrEqual(2 * Math.ceil(end / least) + 2);
    },
  );

  test('a week in which the state changes all the time takes few steps', () => {
    const week = 7 * 86_400_000;
    // Six hours of work that never rests, a change every 4.5 s, and a pause of two hours, round after round.
    const [change, work, rest] = [4500, 6 * 3_600_000, 2 * 3_600_000];
    function* busy(): Generator<Entered> {
      for (let start = 0; start < week; start += work + rest) {
        for (let at = start, turn = 0; at < start + work; at += change, turn += 1)
          yield { state: `unit.S${turn % 3}`, from: at, to: at + change };
        yield { state: 'unit.Stopped', from: start + work, to: start + work + rest };
      }
    }
    using history = written(outerDepth, busy(), week);
    // Four columns of a thousand.
    const drawable = Math.ceil((4 * week) / 1000);
    const asked = { least_ms: drawable, from: 0, to: week, limit: 2000 };
    const query: JournalQuery = { ...unit, depth: outerDepth, ...asked };
    const began = process.cpuUsage();
    const told = statesOf(history, query, week);
    const took = process.cpuUsage(began).user / 1000;
    expect(told.map(({ state }) => state)).toEqual(
      Array.from({ length: 21 }, () => [null, 'unit.Stopped']).flat(),
    );
    expect(told[1]).toMatchObject({ from: work, to: work + rest });
    // Milliseconds of the processor: 100,000 visits, and a step takes some microseconds.
    expect(took).toBeLessThan(1000);
  });
});

test('a change of state costs the same however many went before', () => {
  using history = new LocalHistory();
  const database = openForWriting(history.path);
  const store = new JournalStore(database);
  const began = process.cpuUsage();
  database.transaction(() => {
    for (let at = 0; at < 10_000; at += 1)
      store.add({ type: 'state', at, ...unit, state: `unit.S${at % 2}.Leaf` });
  })();
  const took = process.cpuUsage(began).user / 1000;
  database.close();
  // Milliseconds of the processor; where each looks through those before it, it is more than twice this.
  expect(took).toBeLessThan(5000);
});
