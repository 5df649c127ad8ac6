// The two engines agree on random machines, quality included, through restores and resets.
// A failing seed is printed with the command that runs it alone.
import { expect, test } from 'vitest';
import { Chance } from './chance.ts';
import { BothEngines, importTables } from './both-engines.ts';
import { Persuasion, randomConfiguration } from './persuade.ts';
import { nextFrame, randomFlow } from './random-machine.ts';

const scans = 200;
const batch = 250;
// A sample by default; `SOAK=1` runs all 5,000, `SEED=n` one alone.
const machines = process.env['SOAK'] === undefined ? 1_000 : 5_000;
const only = Number(process.env['SEED'] ?? 0);

/** Runs one machine; undefined when the engines agree in every scan. */
function run(seed: number, both: BothEngines, counts: { fired: number }): string | undefined {
  const chance = new Chance(seed + 1_000_000);
  const persuasion = new Persuasion(chance, both.flow);
  let difference = both.reset(chance.whole(0, 50));
  for (let scan = 0; difference === undefined && scan < scans; scan += 1) {
    if (chance.odds(0.01)) both.exchange();
    if (chance.odds(0.005)) difference = both.reset(both.frame.now, { v0: 1, v1: 9, v2: 0.5 });
    // Anywhere in the machine at times, and led where chance alone seldom comes.
    if (chance.odds(0.03)) both.restore(randomConfiguration(chance, both.flow, both.frame.now));
    const { configuration } = both.xstate.engine;
    if (chance.odds(0.3)) persuasion.next(both.frame, configuration);
    else nextFrame(chance, both.flow, both.frame, configuration);
    difference ??= both.scan();
    counts.fired += both.xstate.result.count;
    if (difference !== undefined) difference = `scan ${scan}: ${difference}`;
  }
  return difference === undefined
    ? undefined
    : `seed ${seed}, ${difference}; to run it alone:\n  SEED=${seed} npx vitest run --project flow test/flow/engines-agree.test.ts`;
}

/** Runs `count` machines from the seed on; gives how many transitions fired in a scan. */
async function runFrom(seed: number, count: number): Promise<number> {
  const counts = { fired: 0 };
  const flows = Array.from({ length: count }, (_, index) => randomFlow(seed + index));
  const tables = await importTables(flows);
  for (const [index, flow] of flows.entries()) {
    const table = tables[index]?.();
    if (table === undefined) throw new Error('the module lacks an engine');
    expect(run(seed + index, new BothEngines(flow, table), counts)).toBeUndefined();
  }
  return counts.fired / (count * scans);
}

// Machines that never move agree too; a batch of these moves in every other scan at least.
const count = only === 0 ? batch : 1;
const least = only === 0 ? 0.5 : 0;
const seeds = Array.from({ length: machines / batch }, (_, index) => 1 + index * batch);

test.each(only === 0 ? seeds : [only])(
  `the engines agree in ${scans} scans on each of ${count} random machines from seed %i on`,
  async (seed) => {
    expect(await runFrom(seed, count)).toBeGreaterThanOrEqual(least);
  },
  120_000,
);
