// The rolling hash: everything that crosses scans is in it, at every scan, and nothing else.
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '#contract/canonical.ts';
import type { Json } from '#contract/canonical.ts';
import { status } from '#contract/quality.ts';
import type { Rolling, TagChange } from '#contract/record.ts';
import { utcMs } from '#contract/time.ts';
import { Cell } from '#flows/engine/cell.ts';
import { Lanes } from '#flows/engine/rolling.ts';
import { Chance } from './chance.ts';
import { enginesOf } from './cell-rig.ts';
import { LiveRun } from './live-run.ts';
import { randomCell } from './random-cell.ts';

const text = ({ high, low }: Rolling): string => `${high.toString(16)} ${low.toString(16)}`;

function hashOf(put: (lanes: Lanes) => void): string {
  const lanes = new Lanes();
  put(lanes);
  return text(lanes.toRolling());
}

describe('the lanes', () => {
  test('golden: the same on every machine and version', () => {
    expect(
      hashOf((lanes) => {
        lanes.word(7);
        lanes.number(0.1);
        lanes.number(Number.NaN);
        lanes.value('part');
        lanes.value(2n ** 60n);
      }),
    ).toBe('6f360807 63d212b');
  });

  test('order, type and every bit count; -0 is 0, as JSON keeps it', () => {
    const values = [
      null,
      true,
      false,
      0,
      1,
      '0',
      '',
      0n,
      0.5,
      -0.5,
      1e300,
      4_294_967_296,
      'a',
      'b',
    ];
    const hashes = values.map((value) => hashOf((lanes) => lanes.value(value)));
    expect(new Set(hashes).size).toBe(values.length);
    expect(hashOf((lanes) => lanes.number(-0))).toBe(hashOf((lanes) => lanes.number(0)));
    const both = (one: number, two: number) =>
      hashOf((lanes) => {
        lanes.word(one);
        lanes.word(two);
      });
    expect(both(1, 2)).not.toBe(both(2, 1));
  });

  test('one flipped bit of 64 changes both lanes nearly always', () => {
    const chance = new Chance(3);
    let same = 0;
    for (let round = 0; round < 2_000; round += 1) {
      const words = Array.from({ length: 8 }, () => chance.whole(0, 0x7fffffff));
      const at = chance.whole(0, 7);
      const other = words.with(at, (words[at] ?? 0) ^ (1 << chance.whole(0, 30)));
      const [one, two] = [words, other].map((list) => {
        const lanes = new Lanes();
        for (const word of list) lanes.word(word);
        return lanes.toRolling();
      });
      same += one?.high === two?.high || one?.low === two?.low ? 1 : 0;
    }
    expect(same).toBe(0);
  });
});

async function lives(seed: number): Promise<{ run: LiveRun; made: () => Cell }> {
  const plan = randomCell(seed);
  const engines = await enginesOf(
    plan.flows.map(({ flow }) => flow),
    false,
  );
  const run = new LiveRun(plan, engines, new Chance(seed));
  return { run, made: () => new Cell(plan, engines()) };
}

/** What the next scan would roll in, of a state that was put back. */
function after(cell: Cell, state: Json): string {
  cell.restore(state);
  const lanes = new Lanes();
  cell.forceAlarms.hash(lanes, cell.tags.forces);
  const flows = cell.flows.map((flow) => {
    flow.hash.update();
    return text(flow.hash.lanes.toRolling());
  });
  return [cell.tags.high, cell.tags.low, text(lanes.toRolling()), ...flows].join(' ');
}

describe('the rolling hash of a cell', () => {
  test('is never an old one: what is kept from scan to scan is what would be made anew', async () => {
    for (const seed of [41, 42, 43, 44, 45]) {
      const { run } = await lives(seed);
      for (let turn = 0; turn < 400; turn += 1) {
        run.live(1);
        if (run.cell.scan === 0) continue;
        const kept = run.cell.flows.map(({ hash }) => text(hash.lanes.toRolling()));
        const made = run.cell.flows.map((flow) => {
          flow.hash.changed();
          flow.hash.update();
          return text(flow.hash.lanes.toRolling());
        });
        expect(kept, `seed ${seed}, scan ${run.cell.scan}`).toEqual(made);
      }
    }
  }, 30_000);

  test('every number, name and flag of a saved state is in it', async () => {
    const missing = new Set<string>();
    let tried = 0;
    for (const seed of [51, 52, 53, 54, 55, 56, 57, 58]) {
      const { run, made } = await lives(seed);
      run.live(300);
      const state = JSON.parse(canonicalJson(run.cell.save()));
      const honest = after(made(), state);
      for (const path of leavesOf(state)) {
        const altered = structuredClone(state);
        if (!alter(altered, path)) continue;
        tried += 1;
        if (attempt(made(), altered) === honest) missing.add(path.map(general).join('/'));
      }
    }
    expect(tried).toBeGreaterThan(200);
    // `now` is rolled in beside the state; scans are counted by the record.
    expect([...missing].toSorted()).toEqual(['now', 'scan']);
  }, 60_000);

  test('the order in which tags changed leaves no trace, the value does', async () => {
    const { made } = await lives(61);
    const cell = made();
    const [one, two] = [made(), made()];
    const tags = cell.plan.tags.flatMap((tag, index) => (tag.kind === 'input' ? [index] : []));
    const quiet = { missed: 0, offGrid: false, acts: [], held: [] };
    one.step({ now: 20, tags: tags.map(change), ...quiet });
    two.step({ now: 20, tags: tags.toReversed().map(change), ...quiet });
    expect(text(one.rolling)).toBe(text(two.rolling));
    one.step({ now: 40, tags: [], ...quiet });
    two.step({ now: 41, tags: [], ...quiet });
    expect(text(one.rolling)).not.toBe(text(two.rolling));
  });
});

const change = (tag: number): TagChange => ({ tag, value: 1, status: status.Good, time: utcMs(5) });

type Path = readonly (string | number)[];

function leavesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

/** Another value of the same kind; false where there is none to be had. */
function alter(state: unknown, path: Path): boolean {
  const parent = path.slice(0, -1).reduce((at: never, key) => at[key as never], state as never);
  const key = path.at(-1) as never;
  const value: unknown = parent[key];
  const set = (to: unknown): boolean => {
    (parent as Record<string, unknown>)[key] = to;
    return true;
  };
  if (path[0] === 'format') return false;
  if (typeof value === 'number') return set(value + 1);
  if (typeof value === 'boolean') return set(!value);
  return false;
}

/** A state that the cell refuses counts as found. */
function attempt(cell: Cell, state: Json): string {
  try {
    return after(cell, state);
  } catch {
    return 'refused';
  }
}

/** A path without what is the seed's own. */
function general(key: string | number): string {
  return String(key).replaceAll(/\d+/g, 'N');
}
