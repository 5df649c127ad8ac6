// A scenario from files: the scenario with those that are played before it, manifest, flows and machine, and an engine of
// each flow. Everything that is wrong in them is listed with its place. The drivers' own parts of a manifest are not judged
// here: `rebe check` does.
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { Diagnostic } from '#contract/diagnostic.ts';
import { CellError, present } from '#contract/error.ts';
import type { CellPlan } from '#flows/plan.ts';
import { readScenario, type Scenario, type ScenarioRead } from '#flows/scenario.ts';
import { buildPlant } from '#simulator/plant/build.ts';
import { parsePlantFile, type PlantFile } from '#simulator/plant/file.ts';
import { loadPlan, worldOf, type MakeWorld } from '#simulator/world-load.ts';
import { checkNames } from './names.ts';
import type { Forbidden, Line } from './play.ts';

/** How many scenarios may be played before one, each before the next. */
const depthLimit = 8;

/** A scenario and what it is played on; what is missing is told in `diagnostics`. */
export interface Stage {
  readonly scenario?: Scenario;
  readonly lines: readonly Line[];
  readonly never: readonly Forbidden[];
  /** A world at its start, another each time. */
  readonly world?: MakeWorld;
  readonly plan?: CellPlan;
  readonly diagnostics: readonly Diagnostic[];
  /** By file. */
  readonly read: ReadonlyMap<string, ScenarioRead>;
  /** Texts by file, so that a diagnostic can show its line. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Changes the text of a file before it is read: how a test of tests breaks a flow. */
export type Edit = (text: string, file: string) => string;

/** Reads a scenario with all that it names. Throws `E_FILE_READ`. */
export async function loadStage(file: string, edit: Edit = (text) => text): Promise<Stage> {
  const texts = new Map<string, string>();
  const open = (path: string): string => {
    const text = edit(readText(path), path);
    texts.set(path, text);
    return text;
  };
  const chain = readChain(file, open);
  const { read, scenarios } = chain;
  const diagnostics = [...chain.diagnostics];
  const scenario = scenarios.at(-1)?.[1];
  if (scenario === undefined || diagnostics.length > 0) {
    return { lines: [], never: [], diagnostics, read, texts };
  }
  const machine = beside(file, scenario.plant);
  const plant = parsePlantFile(open(machine), machine);
  const cell = loadPlan(beside(file, scenario.cell), open);
  const lines = linesOf(scenarios);
  const never = neverOf(file, scenario, lines.length - scenario.steps.length);
  const stage = { scenario, lines, never, read, texts };
  const { plan } = cell;
  if (!plant.ok || plan === undefined) {
    const wrong = plant.ok ? [] : plant.diagnostics;
    return { ...stage, diagnostics: [...cell.diagnostics, ...wrong] };
  }
  const known = machineOf(plant.plant);
  for (const [where, one] of scenarios) {
    const source = present(read.get(where), 'it was read');
    diagnostics.push(...checkNames(one, plan, known, { file: where, ...source }));
  }
  if (diagnostics.length > 0) return { ...stage, diagnostics };
  return { ...stage, plan, world: await worldOf(plan, plant.plant), diagnostics };
}

type Named = readonly [file: string, scenario: Scenario];

/** The scenario and those that are played before it, the first of them first. */
function readChain(
  file: string,
  open: (path: string) => string,
): { scenarios: readonly Named[]; read: Stage['read']; diagnostics: readonly Diagnostic[] } {
  const read = new Map<string, ScenarioRead>();
  const scenarios: Named[] = [];
  for (let next: string | undefined = file; next !== undefined;) {
    const one = readScenario(next, open(next));
    read.set(next, one);
    if (one.scenario === undefined) return { scenarios: [], read, diagnostics: one.diagnostics };
    scenarios.unshift([next, one.scenario]);
    if (scenarios.length > depthLimit) {
      const text = `more than ${depthLimit} scenarios are played before this one`;
      return { scenarios: [], read, diagnostics: [tooDeep(next, one, text)] };
    }
    const { first }: Scenario = one.scenario;
    next = first === undefined ? undefined : beside(next, first);
  }
  return { scenarios, read, diagnostics: [] };
}

function neverOf(file: string, { never }: Scenario, from: number): Forbidden[] {
  return [never ?? []].flat().map((expected, index) => {
    const path = Array.isArray(never) ? ['never', index] : ['never'];
    return { expected, file, path, from };
  });
}

const linesOf = (scenarios: readonly Named[]): Line[] =>
  scenarios.flatMap(([file, { steps }]) =>
    steps.map((step, index) => ({ step, file, path: ['steps', index] })),
  );

function machineOf(plant: PlantFile): { devices: string[]; figures: string[] } {
  const figures = Object.keys(buildPlant(plant, 1).figures());
  return { devices: Object.keys(plant.devices), figures };
}

/** A path in a file is from that file; it is told as the file itself was. */
function beside(file: string, path: string): string {
  const target = resolve(dirname(file), path);
  const shown = relative('.', target);
  return shown.startsWith('..') ? target : shown;
}

const tooDeep = (file: string, { place }: ScenarioRead, text: string): Diagnostic => ({
  code: 'E_SCENARIO_FIELD',
  severity: 'error',
  file,
  span: place(['first']),
  text,
});

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CellError('E_FILE_READ', `${path} cannot be read`, { cause });
  }
}
