// A world from files: the manifest with its flows, the machine, and an engine of each flow. Everything that is wrong in
// them is listed with its place. The drivers' own parts of a manifest are not judged here: `rebe check` does.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Diagnostic } from '#contract/diagnostic.ts';
import { CellError, present } from '#contract/error.ts';
import { compileFlows } from '#flows/compile-flows.ts';
import type { FlowEngine } from '#flows/engine/engine.ts';
import { tableFactory } from '#flows/engine/table.ts';
import { createXstateEngine } from '#flows/engine/xstate.ts';
import { linkCell } from '#flows/link.ts';
import { readManifest } from '#flows/manifest.ts';
import type { CellPlan } from '#flows/plan.ts';
import { readScenario, type Scenario, type ScenarioRead } from '#flows/scenario.ts';
import { confirmsOf } from './driver-timing.ts';
import { parsePlantFile, type PlantFile } from './plant/file.ts';
import { World } from './world.ts';

/** A scenario and what it is played on; what is missing is told in `diagnostics`. */
export interface Stage {
  readonly read: ScenarioRead;
  readonly scenario?: Scenario;
  /** A world at its start, another each time. */
  readonly world?: (seed: number) => World;
  readonly diagnostics: readonly Diagnostic[];
  /** Texts by file, so that a diagnostic can show its line. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Reads a scenario with the cell and the machine that it names. Throws `E_FILE_READ`. */
export async function loadStage(file: string): Promise<Stage> {
  const texts = new Map<string, string>();
  const open = (path: string): string => {
    const text = readText(path);
    texts.set(path, text);
    return text;
  };
  const read = readScenario(file, open(file));
  const { scenario } = read;
  if (scenario === undefined) return { read, diagnostics: read.diagnostics, texts };
  const beside = (path: string): string => resolve(dirname(file), path);
  const machine = beside(scenario.plant);
  const plant = parsePlantFile(open(machine), machine);
  const cell = loadPlan(beside(scenario.cell), open);
  const diagnostics = [...cell.diagnostics, ...(plant.ok ? [] : plant.diagnostics)];
  const { plan } = cell;
  if (!plant.ok || plan === undefined) return { read, scenario, diagnostics, texts };
  const world = await worldOf(plan, plant.plant);
  return { read, scenario, world, diagnostics, texts };
}

function loadPlan(
  file: string,
  open: (path: string) => string,
): { plan?: CellPlan; diagnostics: readonly Diagnostic[] } {
  const read = readManifest(file, open(file));
  const { manifest } = read;
  if (manifest === undefined) return { diagnostics: read.diagnostics };
  const sources = Object.entries(manifest.flows).map(([name, entry]) => {
    const path = resolve(dirname(file), entry.file);
    return [name, { file: path, text: open(path) }] as const;
  });
  const { flows, diagnostics } = compileFlows(new Map(sources));
  if (diagnostics.some(({ severity }) => severity === 'error')) return { diagnostics };
  const confirms = confirmsOf(manifest);
  const linked = linkCell(manifest, flows, { file, place: read.place, confirms });
  return linked.plan === undefined
    ? { diagnostics: linked.diagnostics }
    : { plan: linked.plan, diagnostics: [] };
}

async function worldOf(plan: CellPlan, plant: PlantFile): Promise<(seed: number) => World> {
  const flows = plan.flows.map(({ flow }) => flow);
  const tables = flows.map((flow, index) => tableFactory(flow, `table${index}`));
  const names = flows.map((_, index) => `table${index}`).join(', ');
  const text = `${tables.join('\n')}\nexport const tables = [${names}];\n`;
  const url = `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`;
  const module = (await import(/* @vite-ignore */ url)) as { tables: (() => FlowEngine)[] };
  return (seed) => {
    const engines = flows.map((flow, index) => ({
      table: present(module.tables[index], 'a table for each flow')(),
      xstate: createXstateEngine(flow),
    }));
    return new World({ seed, plan, plant, engines });
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CellError('E_FILE_READ', `${path} cannot be read`, { cause });
  }
}
