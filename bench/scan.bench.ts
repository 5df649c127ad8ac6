// What a scan of the whole machine-tending cell costs, beside its engines alone (engine.bench.ts), and
// how fast its record is re-executed. Each sample of a scan is 1,000 scans: a mean in ms reads as µs a scan.
import { bench, describe } from 'vitest';
import { present } from '#contract/error.ts';
import { Cell } from '#flows/engine/cell.ts';
import type { Engines } from '#flows/engine/engine-pair.ts';
import type { ScanInput } from '#flows/engine/scan.ts';
import { createXstateEngine } from '#flows/engine/xstate.ts';
import { replay } from '#flows/replay/replay.ts';
import { importTables } from '#test/flow/both-engines.ts';
import { loadCell, demoFiles } from '#test/sim/demo.ts';

const scans = 1_000;
const minutes = 10;
const demo = await loadCell(demoFiles);
const makers = await importTables(demo.plan.flows.map(({ flow }) => flow));

/** Ten virtual minutes of production: what each scan took. */
const taken: ScanInput[] = [];
const world = demo.tended(1, {
  onScan: (input) => {
    taken.push(input);
  },
});
world.run(minutes * 60_000);
const boot = present(world.boots[0], 'the world began');
const entries = [...boot.entries];

type Fresh = () => readonly Engines[];
const tables: Fresh = () => makers.map((make) => ({ table: make() }));
const both: Fresh = () =>
  tables().map(({ table }, index) => {
    const { flow } = present(demo.plan.flows[index], 'a flow of the cell');
    return { table, xstate: createXstateEngine(flow) };
  });

function cellOf(engines: Fresh): Cell {
  const cell = new Cell(demo.plan, engines());
  cell.restore(boot.opening.state);
  return cell;
}

/** Steps through production, over and over. */
function producing(engines: Fresh): () => void {
  let cell = cellOf(engines);
  let at = 0;
  return () => {
    for (let count = 0; count < scans; count += 1) {
      if (at === taken.length) {
        cell = cellOf(engines);
        at = 0;
      }
      cell.step(present(taken[at], 'a scan'));
      at += 1;
    }
  };
}

/** Steps on where production was left, with nothing that happens. */
function resting(engines: Fresh): () => void {
  const cell = cellOf(engines);
  for (const input of taken.slice(0, 100)) cell.step(input);
  const input = { now: 0, missed: 0, offGrid: false, tags: [], acts: [], held: [] };
  return () => {
    for (let count = 0; count < scans; count += 1) {
      input.now = cell.now + 20;
      cell.step(input);
    }
  };
}

describe('1,000 scans of the whole cell in which nothing happens', () => {
  bench('table engine', resting(tables));
  bench('both engines', resting(both));
});

describe('1,000 scans of the whole cell in production', () => {
  bench('table engine', producing(tables));
  bench('both engines', producing(both));
});

describe(`replay of ${world.scans} scans, ${minutes} minutes of production`, () => {
  bench('table engine', () => reexecute(tables));
  bench('both engines', () => reexecute(both));
});

function reexecute(engines: Fresh): void {
  const report = replay(cellOf(engines), boot.opening, entries);
  if (report.difference !== undefined) throw new Error(report.difference.recorded);
}
