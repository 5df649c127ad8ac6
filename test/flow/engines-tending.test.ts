// The two engines on the product's own flow: everywhere in it, every transition taken, every
// quality of an input, and on from what the other kept.
import { expect, test } from 'vitest';
import { BothEngines, importTable } from './both-engines.ts';
import { Chance } from './chance.ts';
import { Persuasion, randomConfiguration } from './persuade.ts';
import { productFlow } from './product-flow.ts';

const scans = 200_000;
const seed = Number(process.env['SEED'] ?? 1);
const command = `SEED=${seed} npx vitest run --project flow test/flow/engines-tending.test.ts`;

test(`the engines agree in ${scans} scans of machine tending, seed ${seed}`, async () => {
  const flow = productFlow('cnc-tending');
  const both = new BothEngines(flow, await importTable(flow));
  const chance = new Chance(seed);
  const persuasion = new Persuasion(chance, flow);
  const fired = new Set<string>();
  for (let scan = 0; scan < scans; scan += 1) {
    if (chance.odds(0.05)) both.restore(randomConfiguration(chance, flow, both.frame.now));
    persuasion.next(both.frame, both.xstate.engine.configuration);
    const difference = both.scan();
    if (difference !== undefined) throw new Error(`scan ${scan}: ${difference}; ${command}`);
    for (const id of both.fired) fired.add(id);
    // Half the way on its own, then each from what the other kept, through JSON.
    if (scan === scans / 2 || chance.odds(0.001)) both.exchange();
  }
  expect(flow.transitions.map(({ id }) => id).filter((id) => !fired.has(id))).toEqual([]);
}, 120_000);
