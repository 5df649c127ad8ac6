// Cells of one compiled flow, and frames and configurations of it set by name.
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { initialConfiguration, newFrame } from '#flows/engine/engine.ts';
import type { Configuration, Frame } from '#flows/engine/engine.ts';
import { compileFlow } from '#flows/language/compile.ts';
import { linkCell } from '#flows/link.ts';
import { readManifest } from '#flows/manifest.ts';
import type { CellPlan } from '#flows/plan.ts';
import type { Flow } from '#flows/program.ts';

/** A cell of one flow, whose tags all stand on one device; `bind` gives some of them other names. */
export function cellOf(flow: Flow, bind: Record<string, string> = {}): CellPlan {
  const own = [...flow.inputs.filter(({ system }) => !system), ...flow.outputs];
  const noted = flow.transitions.flatMap(({ notes }) => notes.flatMap((note) => note.fields));
  const names = [...own.map(({ name }) => name), ...noted.map(({ tag }) => tag)];
  const tags = [...new Set(names)].map((name) => `  ${bind[name] ?? name}: {device: io}`);
  const text = [
    'cell: c\nformat: cell/1\ndevices:\n  io: {driver: bench}',
    `scan: {period: 1ms}\ntags:\n${tags.join('\n')}`,
    `flows:\n  f: {file: f.flow.yaml, bind: ${JSON.stringify(bind)}}\n`,
  ].join('\n');
  const { manifest, diagnostics } = readManifest('cell.yaml', text);
  expect(diagnostics).toEqual([]);
  if (manifest === undefined) throw new Error('the manifest is good');
  const linked = linkCell(manifest, new Map([['f', { flow, file: 'f.flow.yaml', text: '' }]]));
  expect(linked.diagnostics).toEqual([]);
  if (linked.plan === undefined) throw new Error('the cell links');
  return linked.plan;
}

export function compiled(file: string, text: string): Flow {
  const { flow, diagnostics } = compileFlow(file, text);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  if (flow === undefined) throw new Error('the flow compiles');
  return flow;
}

export const tendingFile = 'flows/cnc-tending/cnc-tending.flow.yaml';
export const tending = compiled(tendingFile, readFileSync(tendingFile, 'utf8'));

/** Sets inputs by name; what is not named is unknown. */
export function frameOf(flow: Flow, now: number, values: Record<string, number>): Frame {
  const frame = newFrame(flow);
  frame.now = now;
  for (const [name, value] of Object.entries(values)) {
    const index = flow.inputs.findIndex((input) => input.name === name);
    if (index < 0) throw new Error(`no input ${name}`);
    frame.values[index] = value;
    frame.good[index] = Number.isNaN(value) ? 0 : 1;
  }
  return frame;
}

/** The initial configuration with one region moved to another leaf, entered at `at`. */
export function inState(flow: Flow, path: string, at: number): Configuration {
  const configuration = initialConfiguration(flow, 0);
  const leaf = flow.states.findIndex((state) => state.path === path);
  const region = flow.states[leaf]?.region ?? -1;
  if (leaf < 0) throw new Error(`no state ${path}`);
  for (const [index, state] of flow.states.entries())
    if (state.region === region) configuration.entered[index] = -1;
  for (let state = leaf; state >= 0; state = flow.states[state]?.parent ?? -1)
    configuration.entered[state] = at;
  configuration.leaves[region] = leaf;
  return configuration;
}

/** The initial states, with each of these leaves active in its region and ctx set by name. */
export function inStates(
  flow: Flow,
  paths: readonly string[],
  ctx: Readonly<Record<string, number>> = {},
): Configuration {
  const made = initialConfiguration(flow, 0);
  for (const path of paths) {
    const { leaves, entered } = inState(flow, path, 0);
    const region = flow.states.find((state) => state.path === path)?.region ?? -1;
    made.leaves[region] = leaves[region] ?? -1;
    for (const state of flow.regions[region]?.states ?? []) {
      made.entered[state] = entered[state] ?? -1;
    }
  }
  for (const [index, { name }] of flow.ctx.entries()) {
    made.ctx[index] = ctx[name] ?? made.ctx[index] ?? 0;
  }
  return made;
}
