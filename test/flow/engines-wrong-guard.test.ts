// A wrong guard in one engine is seen by the other, in the scan where it first matters: not in one
// before it, where both still choose the same.
import { describe, expect, test } from 'vitest';
import { newStepResult, sameConfiguration, sameStep } from '#flows/engine/engine.ts';
import { createXstateEngine } from '#flows/engine/xstate.ts';
import type { BinaryOperator, Expr, Flow, TransitionDecl } from '#flows/program.ts';
import { BothEngines, importTable, importTables } from './both-engines.ts';
import { Chance } from './chance.ts';
import { Persuasion, randomConfiguration } from './persuade.ts';
import { productFlow } from './product-flow.ts';

const bool = { kind: 'bool' } as const;

interface Mistake {
  readonly id: string;
  readonly index: number;
  readonly flow: Flow;
}

/** The flow with one transition changed. */
function planted(flow: Flow, index: number, change: Partial<TransitionDecl>): Flow {
  const transitions = flow.transitions.map((transition, at) => {
    return at === index ? { ...transition, ...change } : transition;
  });
  return { ...flow, transitions };
}

function wrong(expr: Expr): Expr {
  const slips: Partial<Record<BinaryOperator, BinaryOperator>> = {
    '&&': '||',
    '||': '&&',
    '>=': '>',
    '<': '<=',
  };
  const slip = expr.kind === 'binary' ? slips[expr.operator] : undefined;
  if (expr.kind === 'binary' && slip !== undefined) return { ...expr, operator: slip };
  return { kind: 'not', of: expr, type: bool, span: expr.span };
}

/** Each transition of the flow with another guard than it has. */
function mistakes(flow: Flow): Mistake[] {
  return flow.transitions.flatMap(({ id, when, unless, after }, index) => {
    const changes: Partial<TransitionDecl>[] = [];
    if (when !== undefined) changes.push({ when: wrong(when) });
    if (unless !== undefined) changes.push({ unless: wrong(unless) });
    if (after !== undefined) changes.push({ after: (after + 1) as typeof after });
    return changes.map((change) => ({ id, index, flow: planted(flow, index, change) }));
  });
}

describe('a wrong guard in one engine', () => {
  test('is caught in the scan where it first matters, and not before', async () => {
    const flow = productFlow('lamp');
    const [l1 = -1] =
      flow.regions[0]?.states.flatMap((state) => flow.states[state]?.go ?? []) ?? [];
    const dark = flow.inputs.findIndex(({ name }) => name === 'dark');
    const button = flow.inputs.findIndex(({ name }) => name === 'button');
    const when = flow.transitions[l1]?.when;
    if (when?.kind !== 'binary') throw new Error('L1 is a conjunction');
    // `rise(button)` in place of `rise(button) && dark`.
    const table = await importTable(planted(flow, l1, { when: when.left }));
    const both = new BothEngines(flow, table);
    const scan = (values: Record<number, number>) => {
      both.frame.now += 20;
      for (const [input, value] of Object.entries(values)) both.frame.values[Number(input)] = value;
      return both.scan();
    };
    expect(scan({ [button]: 0, [dark]: 1 })).toBeUndefined();
    expect(scan({ [button]: 1 })).toBeUndefined();
    expect(scan({ [dark]: 0, [button]: 0 })).toBeUndefined();
    expect(scan({})).toBeUndefined();
    expect(scan({ [button]: 1 })).toBe('fired: nothing and L1');
  });

  test('is caught on each transition of machine tending where it first matters', async () => {
    const flow = productFlow('cnc-tending');
    const all = mistakes(flow);
    const tables = await importTables(all.map((mistake) => mistake.flow));
    const found = all.map((mistake, index) => {
      const table = tables[index]?.();
      if (table === undefined) throw new Error('the module lacks an engine');
      return caught(new BothEngines(flow, table), mistake, index + 1);
    });
    expect(found.filter((verdict) => verdict !== undefined)).toEqual([]);
    expect(found.length).toBeGreaterThanOrEqual(flow.transitions.length);
  }, 120_000);
});

/**
 * Runs until the mistake matters: a third engine, XState with the same mistake, says when, each
 * time from the configuration that both have. Undefined when it was caught in just that scan.
 */
function caught(both: BothEngines, mistake: Mistake, seed: number): string | undefined {
  const { flow } = both;
  const oracle = createXstateEngine(mistake.flow);
  const result = newStepResult(flow);
  const chance = new Chance(seed);
  const persuasion = new Persuasion(chance, flow, mistake.index);
  for (let scan = 0; scan < 20_000; scan += 1) {
    const { configuration } = both.xstate.engine;
    if (scan % 10 === 0) both.restore(randomConfiguration(chance, flow, both.frame.now));
    persuasion.next(both.frame, configuration);
    oracle.restore(configuration);
    oracle.step(both.frame, result);
    const difference = both.scan();
    const matters =
      sameStep(result, both.xstate.result) ??
      sameConfiguration(oracle.configuration, configuration);
    if ((difference === undefined) !== (matters === undefined)) {
      return `${mistake.id} in scan ${scan}: ${difference}, but ${matters}`;
    }
    if (difference !== undefined) return undefined;
  }
  return `${mistake.id} never mattered`;
}
