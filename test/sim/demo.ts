// Cells for virtual time: manifest, flow and plant from the files, both engines, one line to a world.
import { readdirSync, readFileSync } from 'node:fs';
import { formatDiagnostic } from '#contract/diagnostic.ts';
import { assert, present } from '#contract/error.ts';
import { Cell } from '#flows/engine/cell.ts';
import type { Engines } from '#flows/engine/engine-pair.ts';
import { createXstateEngine } from '#flows/engine/xstate.ts';
import { compileFlow } from '#flows/language/compile.ts';
import { linkCell } from '#flows/link.ts';
import { readManifest } from '#flows/manifest.ts';
import type { CellPlan } from '#flows/plan.ts';
import { replay, type ReplayReport } from '#flows/replay/replay.ts';
import { confirmsOf } from '#simulator/driver-timing.ts';
import { Operator } from '#simulator/operator.ts';
import { parsePlantFile, type PlantFile } from '#simulator/plant/file.ts';
import { World, type WorldOptions } from '#simulator/world.ts';
import { importTables } from '#test/flow/both-engines.ts';

export interface Demo {
  readonly plan: CellPlan;
  readonly plant: PlantFile;
  /** The cell from its start; engines are its own. */
  world(seed: number, options?: Partial<WorldOptions>): World;
  /** The same with a person who keeps it running. */
  tended(seed: number, options?: Partial<WorldOptions>): World;
  /** Re-executes each boot that the world recorded, with the table engine or with both, up to the state that it left. */
  replayed(world: World, how?: 'table' | 'both'): Pick<ReplayReport, 'scans' | 'difference'>;
  /** The table engine alone: so many times as fast, for long runs that are replayed with both. */
  quick(): Pick<WorldOptions, 'engines'>;
}

/** Where a cell's files are, and how its manifest calls the flow. */
export interface CellFiles {
  readonly cell: string;
  readonly flow: string;
  readonly key: string;
}

type Edit = (text: string) => string;

/** The cell of these files; `edit` may spoil its flow. */
export async function loadCell(files: CellFiles, edit: Edit = (text) => text): Promise<Demo> {
  const [file, original] = read(files.flow, '.flow.yaml');
  const text = edit(original);
  const { flow, diagnostics } = compileFlow(file, text);
  assert(flow !== undefined, diagnostics.map((one) => formatDiagnostic(one, text)).join('\n'));
  const { manifest, ...said } = readManifest(...read(files.cell, 'cell.yaml'));
  assert(manifest !== undefined, JSON.stringify(said.diagnostics));
  const linked = linkCell(manifest, new Map([[files.key, { flow, file, text }]]), {
    confirms: confirmsOf(manifest),
  });
  const { plan } = linked;
  assert(plan !== undefined, JSON.stringify(linked.diagnostics));
  const [plantName, plantText] = read(files.cell, '.plant.yaml');
  const parsed = parsePlantFile(plantText, plantName);
  assert(parsed.ok, JSON.stringify(parsed));
  const tables = await importTables(plan.flows.map((one) => one.flow));
  return demoOf(plan, parsed.plant, () =>
    plan.flows.map((_, index) => ({ table: present(tables[index], 'a table for each flow')() })),
  );
}

function demoOf(plan: CellPlan, plant: PlantFile, tables: () => Engines[]): Demo {
  const engines = (): Engines[] =>
    tables().map(({ table }, index) => {
      const { flow: one } = present(plan.flows[index], 'a flow of the cell');
      return { table, xstate: createXstateEngine(one) };
    });
  const world = (seed: number, options: Partial<WorldOptions> = {}): World =>
    new World({ seed, plan, plant, engines: engines(), ...options });
  return {
    plan,
    plant,
    world,
    tended(seed, options) {
      const tended = world(seed, options);
      new Operator(tended).start();
      return tended;
    },
    quick: () => ({ engines: tables() }),
    replayed(past, how = 'table') {
      let scans = 0;
      for (const { opening, entries, closing } of past.boots) {
        const cell = new Cell(plan, how === 'both' ? engines() : tables());
        const { scan, now } = past.cell;
        const end = closing ?? { ...opening, scan, now, state: past.cell.save() };
        const report = replay(cell, opening, entries, end);
        scans += report.scans;
        if (report.difference !== undefined) return { scans, difference: report.difference };
      }
      return { scans, difference: undefined };
    },
  };
}

function read(folder: string, ending: string): [file: string, text: string] {
  const file = present(
    readdirSync(folder).find((name) => name.endsWith(ending)),
    `${folder} has a ${ending}`,
  );
  return [file, readFileSync(`${folder}/${file}`, 'utf8')];
}

const tending = { flow: 'flows/cnc-tending', key: 'tending' };
export const demoFiles: CellFiles = { ...tending, cell: 'flows/cnc-tending' };
export const lampFiles: CellFiles = { flow: 'flows/lamp', cell: 'flows/lamp', key: 'lamp' };

export const demo = await loadCell(demoFiles);

/** Runs on every machine, or all of it where SOAK asks for that. */
export const sample = <T>(few: T, all: T): T => (process.env['SOAK'] === '1' ? all : few);

/** Seeds of a run: all that SEEDS names (`3` or `1-50`), else 1 to so many; `more` of them where SOAK is set. */
export function seeds(count: number, more = count): readonly number[] {
  const [first, last] = (process.env['SEEDS'] ?? '').split('-').map(Number);
  const from = first === undefined || first === 0 ? 1 : first;
  const to = first === undefined || first === 0 ? sample(count, more) : (last ?? first);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Says how to see it again. */
export const rerun = (file: string, seed: number): string =>
  `rerun: SEEDS=${seed} SOAK=1 npx vitest run --project sim test/sim/${file}`;
