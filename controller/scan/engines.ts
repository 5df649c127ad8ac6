// The two engines of each flow. The table engine's module is written beside the flow's version and
// imported from there, so that no text is ever evaluated and what ran can be looked at later.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { generateTable } from '#flows/engine/table.ts';
import type { TableModule } from '#flows/engine/table.ts';
import { createXstateEngine } from '#flows/engine/xstate.ts';
import type { FlowEngine } from '#flows/engine/engine.ts';
import type { CellPlan } from '#flows/plan.ts';
import { sha256 } from '#controller/config.ts';
import type { LoadedFlow } from '#controller/config.ts';

/** Both engines of one flow, as the scan takes them. */
export interface EnginePair {
  readonly xstate: FlowEngine;
  readonly table: FlowEngine;
}

/** Engines of every flow of the plan, and one hash over all generated code. */
export async function loadEngines(
  data: string,
  plan: CellPlan,
  flows: ReadonlyMap<string, LoadedFlow>,
): Promise<{ engines: EnginePair[]; hash: string }> {
  const texts: string[] = [];
  const engines: EnginePair[] = [];
  for (const { name, flow } of plan.flows) {
    const text = generateTable(flow);
    texts.push(text);
    const folder = join(data, 'flows', flows.get(name)?.hash ?? sha256(text));
    // oxlint-disable-next-line no-await-in-loop -- a handful of small local files
    engines.push({ xstate: createXstateEngine(flow), table: await importTable(folder, text) });
  }
  return { engines, hash: sha256(texts.join('\n')) };
}

/** The flow's version with its text stays beside its compiled form. */
export function keepFlow(data: string, { hash, text }: LoadedFlow): void {
  const folder = join(data, 'flows', hash);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  keep(join(folder, 'flow.yaml'), text);
}

async function importTable(folder: string, text: string): Promise<FlowEngine> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `table-${sha256(text).slice(0, 16)}.mjs`);
  keep(path, text);
  const module = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as TableModule;
  return module.createTable();
}

/** A file that holds this text, on disk, whole or not at all; one that does not (a power cut) is written again. */
function keep(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  const file = openSync(`${path}.new`, 'w', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
}
