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

test('on random machines what fired is explained as true, only a true term lacks nothing, and what a command did it was accepted for', () => {
  const wrong: string[] = [];
  let explained = 0;
  let taken = 0;
  for (let seed = 1; seed <= 60; seed += 1) {
    const flow = randomFlow(seed);
    const chance = new Chance(seed);
    const plan = planOf(flow);
    const engine = createXstateEngine(flow);
    const frame = newFrame(flow);
    const before = newConfiguration(flow);
    const result = newStepResult(flow);
    engine.reset(0, undefined, frame.params);
    for (let scan = 0; scan < 40; scan += 1) {
      const where = `seed ${seed} scan ${scan}`;
      nextFrame(chance, flow, frame, engine.configuration);
      copyConfiguration(before, engine.configuration);
      engine.step(frame, result);
      for (const transition of result.fired.subarray(0, result.count)) {
        const term = explainTransition(plan, { flow: 0, transition }, frame, before);
        if (term?.truth !== 'true') wrong.push(`${where}: ${transition} fired, ${term?.truth}`);
      }
      const given = flow.commands.flatMap(({ held }, index) =>
        held === undefined && frame.commands[index] === 1 ? [index] : [],
      );
      for (const transition of given.length === 1 ? result.fired.subarray(0, result.count) : []) {
        const commands = Uint8Array.from(frame.commands);
        commands[given[0] ?? -1] = 0;
        const without = { ...frame, commands };
        const term = explainTransition(plan, { flow: 0, transition }, without, before);
        if (term?.truth === 'true') continue;
        taken += 1;
        const name = flow.commands[given[0] ?? -1]?.name;
        const accepted = explain(plan, 0, frame, before).commands;
        if (accepted.find((command) => command.name === name)?.ready !== true)
          wrong.push(`${where}: ${name} made ${transition} fire, and was not accepted`);
      }
      const { candidates } = explain(plan, 0, frame, engine.configuration);
      for (const { transition, blocking, term } of candidates) {
        if ((blocking.length === 0) !== (term.truth === 'true'))
          wrong.push(`${where}: ${transition} is ${term.truth}, lacks ${blocking.join()}`);
        if (all(term).length > 2000) wrong.push(`${where}: ${transition} has too many terms`);
      }
      if (scan === 0) Candidate.array().parse(candidates);
      explained += candidates.length;
    }
  }
  expect(wrong).toEqual([]);
  expect(explained).toBeGreaterThan(4000);
  expect(taken).toBeGreaterThan(30);
}, 30_000);

const whole = cellOf(tending);

/** Random flows name nothing that a manifest could declare: their plan is made by hand. */
function planOf(flow: Flow): CellPlan {
  return {
    ...whole,
    flows: whole.flows.map((plan) => ({ ...plan, flow, inputs: flow.inputs.map(() => 0) })),
  };
}
