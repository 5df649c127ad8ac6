import { expect, test } from 'vitest';
import type { Term } from '#contract/wire.ts';
import { Candidate } from '#contract/wire.ts';
import {
  copyConfiguration,
  newConfiguration,
  newFrame,
  newStepResult,
} from '#flows/engine/engine.ts';
import { createXstateEngine } from '#flows/engine/xstate.ts';
import { explain, explainTransition } from '#flows/explain.ts';
import type { CellPlan } from '#flows/plan.ts';
import type { Flow } from '#flows/program.ts';
import { Chance } from '#test/flow/chance.ts';
import { nextFrame, randomFlow } from '#test/flow/random-machine.ts';
import { cellOf, tending } from './cell-fixture.ts';

/** Every term below one, itself included. */
const all = (term: Term): Term[] => [term, ...(term.of ?? []).flatMap(all)];

test('on random machines a term is true exactly when the engine finds its transition enabled', () => {
  for (let seed = 1; seed <= 150; seed += 1) {
    const flow = randomFlow(seed);
    const chance = new Chance(seed);
    const plan = planOf(flow);
    const engine = createXstateEngine(flow);
    const frame = newFrame(flow);
    const before = newConfiguration(flow);
    const result = newStepResult(flow);
    engine.reset(0, undefined, frame.params);
    for (let scan = 0; scan < 60; scan += 1) {
      nextFrame(chance, flow, frame, engine.configuration);
      copyConfiguration(before, engine.configuration);
      engine.step(frame, result);
      for (const transition of result.fired.subarray(0, result.count)) {
        const term = explainTransition(plan, { flow: 0, transition }, frame, before);
        expect(term?.truth, `seed ${seed} scan ${scan} transition ${transition}`).toBe('true');
      }
      const { candidates } = explain(plan, 0, frame, engine.configuration);
      for (const candidate of candidates) {
        const where = `seed ${seed} scan ${scan} ${candidate.transition}`;
        expect(candidate.blocking.length === 0, where).toBe(candidate.term.truth === 'true');
        expect(all(candidate.term).length, where).toBeLessThan(2000);
        Candidate.parse(candidate);
      }
    }
  }
});

/** Random flows name nothing that a manifest could declare: their plan is made by hand. */
function planOf(flow: Flow): CellPlan {
  const whole = cellOf(tending);
  return {
    ...whole,
    flows: whole.flows.map((plan) => ({ ...plan, flow, inputs: flow.inputs.map(() => 0) })),
  };
}
