// The demo cell for virtual time: its manifest, flow and plant from the files, both engines, one line to a world.
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
import { Operator } from '#simulator/operator.ts';
import { parsePlantFile, type PlantFile } from '#simulator/plant/file.ts';
import { World, type WorldOptions } from '#simulator/world.ts';
import { importTables } from '#test/flow/both-engines.ts';

export interface Demo {
  readonly plan: CellPlan;
  readonly plant: PlantFile;
  /** The cell from its start; engines are its own. */
  world(seed: number, options?: Partial<WorldOptions>): World;
  /** Fresh table engines. */
  tables(): Engines[];
}

/** The demo cell; `edit` may spoil its flow. */
export const loadDemo = (edit?: (text: string) => string): Promise<Demo> =>
  loadCell('flows/cnc-tending', 'tending', edit);

/** The cell of one flow in this folder; its manifest calls the flow `key`. */
export async function loadCell(
  folder: string,
  key: string,
  edit: (text: string) => string = (text) => text,
): Promise<Demo> {
  const names = readdirSync(folder);
  const read = (ending: string): [file: string, text: string] => {
    const file = present(
      names.find((name) => name.endsWith(ending)),
      `${folder} has a ${ending}`,
    );
    return [file, readFileSync(`${folder}/${file}`, 'utf8')];
  };
  const [file, original] = read('.flow.yaml');
  const text = edit(original);
  const { flow, diagnostics } = compileFlow(file, text);
  assert(flow !== undefined, diagnostics.map((one) => formatDiagnostic(one, text)).join('\n'));
  const { manifest, ...said } = readManifest(...read('cell.yaml'));
  assert(manifest !== undefined, JSON.stringify(said.diagnostics));
  const linked = linkCell(manifest, new Map([[key, { flow, file, text }]]));
  const { plan } = linked;
  assert(plan !== undefined, JSON.stringify(linked.diagnostics));
  const [plantName, plantText] = read('.plant.yaml');
  const parsed = parsePlantFile(plantText, plantName);
  assert(parsed.ok, 'the plant file is good');
  const { plant } = parsed;
  const tables = await importTables(plan.flows.map((one) => one.flow));
  const fresh = (): Engines[] =>
    plan.flows.map((_, index) => ({ table: present(tables[index], 'a table for each flow')() }));
  const engines = (): Engines[] =>
    fresh().map(({ table }, index) => {
      const { flow: one } = present(plan.flows[index], 'a flow of the cell');
      return { table, xstate: createXstateEngine(one) };
    });
  const world = (seed: number, options: Partial<WorldOptions> = {}): World =>
    new World({ seed, plan, plant, engines: engines(), ...options });
  return { plan, plant, world, tables: fresh };
}

const demo = await loadDemo();

/** The demo cell from its start. */
export function demoWorld(seed: number, options: Partial<WorldOptions> = {}): World {
  return demo.world(seed, options);
}

/** The same with a person who keeps it running. */
export function tendedWorld(seed: number, options: Partial<WorldOptions> = {}): World {
  const world = demoWorld(seed, options);
  new Operator(world).start();
  return world;
}

/** Re-executes each boot that the world recorded, with the table engine alone, up to the state that it left. */
export function replayed(world: World): Pick<ReplayReport, 'scans' | 'difference'> {
  let scans = 0;
  for (const { opening, entries, closing } of world.boots) {
    const cell = new Cell(demo.plan, demo.tables());
    const { scan, now } = world.cell;
    const end = closing ?? { ...opening, scan, now, state: world.cell.save() };
    const report = replay(cell, opening, entries, end);
    scans += report.scans;
    if (report.difference !== undefined) return { scans, difference: report.difference };
  }
  return { scans, difference: undefined };
}

/** Seeds of a run: all that SEEDS names (`3` or `1-50`), else these. */
export function seeds(...usual: readonly number[]): readonly number[] {
  const [first, last] = (process.env['SEEDS'] ?? '').split('-').map(Number);
  if (first === undefined || first === 0) return usual;
  return Array.from({ length: (last ?? first) - first + 1 }, (_, index) => first + index);
}

/** Says how to see it again. */
export const rerun = (file: string, seed: number): string =>
  `rerun: SEEDS=${seed} npx vitest run --project sim test/sim/${file}`;
