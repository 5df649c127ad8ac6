// A world from files: the manifest with its flows, the machine, and an engine of each flow. Everything that is wrong in
// them is listed with its place. The drivers' own parts of a manifest are not judged here: `rebe check` does.
import { dirname, resolve } from 'node:path';
import type { Diagnostic } from '#contract/diagnostic.ts';
import { present } from '#contract/error.ts';
import { compileFlows } from '#flows/compile-flows.ts';
import type { FlowEngine } from '#flows/engine/engine.ts';
import { tableFactory } from '#flows/engine/table.ts';
import { createXstateEngine } from '#flows/engine/xstate.ts';
import { linkCell } from '#flows/link.ts';
import { readManifest } from '#flows/manifest.ts';
import type { CellPlan } from '#flows/plan.ts';
import { confirmsOf } from './driver-timing.ts';
import type { PlantFile } from './plant/file.ts';
import { World, type WorldOptions } from './world.ts';

/** A world at its start, another each time; `onScan` hears each of its scans. */
export type MakeWorld = (seed: number, onScan?: WorldOptions['onScan']) => World;

/** The plan of a manifest and its flows, or what is wrong in them. `open` reads a file. */
export function loadPlan(
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

/** Worlds of a cell and its machine. */
export async function worldOf(plan: CellPlan, plant: PlantFile): Promise<MakeWorld> {
  const flows = plan.flows.map(({ flow }) => flow);
  const tables = flows.map((flow, index) => tableFactory(flow, `table${index}`));
  const names = flows.map((_, index) => `table${index}`).join(', ');
  const text = `${tables.join('\n')}\nexport const tables = [${names}];\n`;
  const url = `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`;
  const module = (await import(/* @vite-ignore */ url)) as { tables: (() => FlowEngine)[] };
  return (seed, onScan) => {
    const engines = flows.map((flow, index) => ({
      table: present(module.tables[index], 'a table for each flow')(),
      xstate: createXstateEngine(flow),
    }));
    return new World({ seed, plan, plant, engines, ...(onScan === undefined ? {} : { onScan }) });
  };
}
