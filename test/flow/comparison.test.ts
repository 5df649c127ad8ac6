// A candidate over the recorded life of random cells: the same flow never differs, and a changed one
// differs first exactly where a fresh run of it over the same inputs does. A failing seed is printed.
import { describe, expect, test } from 'vitest';
import { present } from '#contract/error.ts';
import { milliseconds } from '#contract/time.ts';
import type { Moment } from '#contract/comparison.ts';
import { Cell } from '#flows/engine/cell.ts';
import type { Engines } from '#flows/engine/engine-pair.ts';
import type { ScanInput, ScanResult } from '#flows/engine/scan.ts';
import type { CellPlan } from '#flows/plan.ts';
import type { Expr, TransitionDecl } from '#flows/program.ts';
import { parts } from '#flows/walk.ts';
import { Candidate } from '#flows/replay/candidate.ts';
import { Comparison } from '#flows/replay/comparison.ts';
import { fitCells } from '#flows/replay/fit.ts';
import { Replay } from '#flows/replay/replay.ts';
import { Tally } from '#flows/replay/tally.ts';
import { Chance } from './chance.ts';
import { enginesOf } from './cell-rig.ts';
import { LiveRun } from './live-run.ts';
import type { Segment } from './live-run.ts';
import { randomCell } from './random-cell.ts';

// A sample by default; `SOAK=1` runs more, `SEED=7` one alone, `SEED=7-90` those.
const asked = process.env['SEED'];
const [from = 1, to = from] =
  asked === undefined
    ? [1, process.env['SOAK'] === undefined ? 8 : 500]
    : asked.split('-').map(Number);
const seeds = Array.from({ length: to - from + 1 }, (_, index) => from + index);
const again = (seed: number): string =>
  `SEED=${seed} npx vitest run --project flow test/flow/comparison.test.ts`;

type Tables = () => readonly Engines[];
const tablesOf = (plan: CellPlan): Promise<Tables> =>
  enginesOf(
    plan.flows.map(({ flow }) => flow),
    false,
  );

interface Compared {
  readonly tally: Tally;
  readonly scans: number;
}

/** One segment, with a candidate beside it. */
function compare(
  segment: Segment,
  recorded: { plan: CellPlan; tables: Tables },
  candidate: { plan: CellPlan; tables: Tables },
): Compared {
  const cell = new Cell(recorded.plan, recorded.tables());
  const replaced = new Set(recorded.plan.flows.map(({ name }) => name as string));
  const fit = fitCells(recorded.plan, candidate.plan, replaced);
  const other = new Candidate(cell, new Cell(candidate.plan, candidate.tables()), fit);
  const tally = new Tally();
  const comparison = new Comparison(cell, other, tally);
  const run = new Replay(cell, segment.start, (input, result) => comparison.take(input, result));
  comparison.begin();
  for (const entry of segment.entries) expect(run.take(entry)).toBeUndefined();
  expect(run.end(segment.next).difference).toBeUndefined();
  comparison.end();
  return { tally, scans: comparison.scans };
}

/** The first scan after which a fresh run of the candidate stands elsewhere than the record. */
function firstOtherwise(
  segment: Segment,
  recorded: { plan: CellPlan; tables: Tables },
  candidate: { plan: CellPlan; tables: Tables },
): number | undefined {
  const cell = new Cell(recorded.plan, recorded.tables());
  const fresh = new Cell(candidate.plan, candidate.tables());
  fresh.restore(segment.start.state);
  let first: number | undefined;
  const run = new Replay(cell, segment.start, (input: ScanInput, result: ScanResult) => {
    if (first !== undefined) return;
    const made = fresh.step(input);
    const same =
      JSON.stringify([result.record?.fired ?? [], result.faults]) ===
        JSON.stringify([made.record?.fired ?? [], made.faults]) && seen(cell) === seen(fresh);
    if (!same) first = cell.scan;
  });
  for (const entry of segment.entries) run.take(entry);
  run.end(segment.next);
  return first;
}

/** What of a cell others can see, and what it remembers. */
const seen = ({ flows }: Cell): string =>
  JSON.stringify(
    flows.map(({ stage, configuration, outputs, frame, alarms }) => [
      stage,
      [...configuration.leaves],
      [...configuration.ctx],
      [...outputs.decided],
      [...frame.signals],
      alarms.board.states.map((state) => state === 1 || state === 2),
    ]),
  );

async function lifeOf(seed: number): Promise<{ plan: CellPlan; tables: Tables; run: LiveRun }> {
  const plan = randomCell(seed);
  const tables = await tablesOf(plan);
  const run = new LiveRun(plan, tables, new Chance(seed));
  run.live(400);
  return { plan, tables, run };
}

describe('over a random life', () => {
  test(`the same flows never differ, in each of ${seeds.length} cells`, async () => {
    for (const seed of seeds) {
      const life = await lifeOf(seed);
      for (const segment of life.run.segments) {
        const { tally, scans } = compare(segment, life, life);
        expect(tally.first, again(seed)).toBeUndefined();
        expect(tally.differences, again(seed)).toBe(0);
        // Nobody says how far the last segment of a boot went on.
        expect(segment.next === undefined || scans === segment.scans, again(seed)).toBe(true);
      }
    }
  }, 300_000);

  test('a changed flow differs first where a fresh run of it does', async () => {
    const found = { same: 0, other: 0 };
    for (const seed of seeds) {
      const life = await lifeOf(seed);
      const chance = new Chance(seed * 31);
      const { plan } = mutated(life.plan, chance);
      const candidate = { plan, tables: await tablesOf(plan) };
      for (const segment of life.run.segments) {
        const expected = firstOtherwise(segment, life, candidate);
        const { first }: { first: Moment | undefined } = compare(segment, life, candidate).tally;
        expect(first?.scan, again(seed)).toBe(expected);
        found[expected === undefined ? 'same' : 'other'] += 1;
      }
    }
    if (asked !== undefined) return;
    expect(found.other).toBeGreaterThan(3);
    expect(found.same).toBeGreaterThan(0);
  }, 300_000);

  test('only what was changed goes otherwise, however often it did before', async () => {
    let found = 0;
    for (const seed of seeds) {
      const life = await lifeOf(seed);
      const { plan, flow, id, stays } = mutated(life.plan, new Chance(seed * 37));
      // Where it stays, what it sets is kept, and others may follow from it.
      if (stays) continue;
      const candidate = { plan, tables: await tablesOf(plan) };
      for (const segment of life.run.segments) {
        const { moments } = compare(segment, life, candidate).tally;
        const others = moments
          .flatMap(({ transitions, scan }) => transitions.map((one) => ({ ...one, scan })))
          .filter((one) => {
            const ids = [one.recorded?.transition, one.candidate?.transition];
            return one.flow !== flow || !ids.includes(id);
          });
        expect(others, `${flow}.${id}; ${again(seed)}`).toEqual([]);
        found += moments.filter(({ transitions }) => transitions.length > 0).length;
      }
    }
    expect(asked !== undefined || found > seeds.length, `${found} found`).toBe(true);
  }, 300_000);
});

/** The cell with one flow changed: a constant, a timer, a guard turned round, an output of a state. */
function mutated(plan: CellPlan, chance: Chance): Mutated {
  const index = chance.whole(0, plan.flows.length - 1);
  const { name, flow } = present(plan.flows[index], 'a flow');
  const at = chance.whole(0, flow.transitions.length - 1);
  const changed = present(flow.transitions[at], 'a transition');
  const other = otherTransition(changed, chance);
  const flows = plan.flows.map((planned, place) => {
    if (place !== index) return planned;
    return { ...planned, flow: { ...flow, transitions: flow.transitions.with(at, other) } };
  });
  return { plan: { ...plan, flows }, flow: name, id: changed.id, stays: changed.to === -1 };
}

interface Mutated {
  readonly plan: CellPlan;
  readonly flow: string;
  readonly id: string;
  readonly stays: boolean;
}

function otherTransition(changed: TransitionDecl, chance: Chance): TransitionDecl {
  const { when } = changed;
  const way = chance.whole(0, 3);
  if (way === 0 && when !== undefined) {
    return { ...changed, when: { kind: 'not', of: when, span: when.span, type: when.type } };
  }
  if (way === 1 && changed.for !== undefined) {
    return { ...changed, for: milliseconds(changed.for * 2) };
  }
  if (way <= 2 && when !== undefined && literals(when) > 0) {
    return { ...changed, when: withOtherLiteral(when) };
  }
  return { ...changed, after: milliseconds((changed.after ?? 0) + 40) };
}

const literals = (expr: Expr): number =>
  expr.kind === 'literal' && (expr.type.kind === 'int' || expr.type.kind === 'real')
    ? 1
    : parts(expr).reduce((sum, part) => sum + literals(part), 0);

function withOtherLiteral(expr: Expr): Expr {
  const change = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(change);
    if (typeof node !== 'object' || node === null) return node;
    const one = node as { kind?: string; value?: number; type?: { kind: string } };
    const kind = one.type?.kind;
    if (one.kind === 'literal' && (kind === 'int' || kind === 'real')) {
      return { ...one, value: (one.value ?? 0) + 1 };
    }
    return Object.fromEntries(Object.entries(one).map(([key, value]) => [key, change(value)]));
  };
  return change(expr) as Expr;
}
