// A candidate over the recorded life of random cells: the same flow never differs, and a changed one
// differs first exactly where a fresh run of it over the same inputs does. A failing seed is printed.
import { describe, expect, test } from 'vitest';
import { present } from '#contract/error.ts';
import type { Moment } from '#contract/comparison.ts';
import { Cell } from '#flows/engine/cell.ts';
import type { Engines } from '#flows/engine/engine-pair.ts';
import type { ScanInput, ScanResult } from '#flows/engine/scan.ts';
import type { CellPlan } from '#flows/plan.ts';
import type { Expr, Flow } from '#flows/program.ts';
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

const many = process.env['SOAK'] === undefined ? 8 : 500;
const only = Number(process.env['SEED'] ?? 0);
const seeds = only === 0 ? Array.from({ length: many }, (_, index) => index + 1) : [only];
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
      const plan = mutated(life.plan, chance);
      const candidate = { plan, tables: await tablesOf(plan) };
      for (const segment of life.run.segments) {
        const expected = firstOtherwise(segment, life, candidate);
        const { first }: { first: Moment | undefined } = compare(segment, life, candidate).tally;
        expect(first?.scan, again(seed)).toBe(expected);
        found[expected === undefined ? 'same' : 'other'] += 1;
      }
    }
    if (only !== 0) return;
    expect(found.other).toBeGreaterThan(3);
    expect(found.same).toBeGreaterThan(0);
  }, 300_000);
});

/** The cell with one flow changed: a constant, a timer, a guard turned round, an output of a state. */
function mutated(plan: CellPlan, chance: Chance): CellPlan {
  const index = chance.whole(0, plan.flows.length - 1);
  const flows = plan.flows.map((planned, at) =>
    at === index ? { ...planned, flow: otherFlow(planned.flow, chance) } : planned,
  );
  return { ...plan, flows };
}

function otherFlow(flow: Flow, chance: Chance): Flow {
  const at = chance.whole(0, flow.transitions.length - 1);
  const changed = present(flow.transitions[at], 'a transition');
  const other = { ...changed };
  const way = chance.whole(0, 3);
  if (way === 0 && changed.when !== undefined) {
    const { span, type } = changed.when;
    Object.assign(other, { when: { kind: 'not', of: changed.when, span, type } });
  } else if (way === 1 && changed.for !== undefined) {
    Object.assign(other, { for: changed.for * 2 });
  } else if (way <= 2 && changed.when !== undefined && literals(changed.when) > 0) {
    Object.assign(other, { when: withOtherLiteral(changed.when) });
  } else {
    Object.assign(other, { after: (changed.after ?? 0) + 40 });
  }
  return { ...flow, transitions: flow.transitions.with(at, other) };
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
