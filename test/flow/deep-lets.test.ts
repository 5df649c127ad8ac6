// The deepest lets that a flow may have: both engines and the explainer go through them to the end.
import { expect, test } from 'vitest';
import { newConfiguration, newFrame, readingOf } from '#flows/engine/engine.ts';
import { Clauses } from '#flows/explain/clause.ts';
import { judge } from '#flows/explain/condition.ts';
import { compileFlow } from '#flows/language/compile.ts';
import { BothEngines, importTable } from './both-engines.ts';

/** Lets that use each other twice and three parts deep, `count` of them. */
const textOf = (count: number): string => `
flow: deep
format: cellflow/1
version: 1
scan: 20ms
inputs:
  a: {type: bool, stale: 1s}
outputs:
  lamp: {type: bool, safe: false}
let:
  y0: a
${Array.from({ length: count - 1 }, (_, index) => `  y${index + 1}: y${index} && (a || y${index})`).join('\n')}
regions:
  main:
    initial: Off
    states:
      Off: {rest: true, go: [{id: D1, when: y${count - 1}, to: Lit}]}
      Lit: {rest: true, do: {lamp: true}, go: [{id: D2, unless: y${count - 1}, to: Off}]}
`;

test('lets of the greatest depth are executed alike by both engines and explained', async () => {
  const deepest = 342;
  expect(compileFlow('deep', textOf(deepest + 1)).flow).toBeUndefined();
  const { flow } = compileFlow('deep', textOf(deepest));
  if (flow === undefined) throw new Error('the flow compiles');
  const both = new BothEngines(flow, await importTable(flow));
  expect(both.reset(0)).toBeUndefined();
  both.frame.values[0] = 1;
  both.frame.good[0] = 1;
  both.frame.now = 20;
  expect(both.scan()).toBeUndefined();
  expect(both.fired).toEqual(['D1']);

  const when = flow.transitions[0]?.when;
  if (when === undefined) throw new Error('the transition has a guard');
  const frame = newFrame(flow);
  frame.values[0] = 1;
  const clause = new Clauses(flow, ['a']).of(when);
  const { term } = judge(clause, readingOf(flow, frame, newConfiguration(flow)));
  expect(term.truth).toBe('true');
});
