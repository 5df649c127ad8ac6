// Links a cell: one manifest and its flows become one table of tags in which every name is an index.
// Here is everything that only the two together can show to be wrong; each has its place in one of them.
// Control, the virtual world and replay link alike; replay knows no devices, so what only a device
// could tell is then not judged. Never throws, and one input gives one plan.
import type { Manifest } from '#contract/cell.ts';
import type { Diagnostic, Span } from '#contract/diagnostic.ts';
import { nearest } from '#contract/diagnostic.ts';
import type { FlowName, TagName } from '#contract/name.ts';
import { formatDuration } from '#contract/time.ts';
import { sameType, typeText } from '#flows/language/expression.ts';
import type { Path } from './document.ts';
import type { FlowSource, LinkFacts, Use } from './link-report.ts';
import { LinkReport } from './link-report.ts';
import { tagPlans } from './link-tags.ts';
import type { CellPlan, FlowPlan, TagPlan } from './plan.ts';
import type { Flow } from './program.ts';
import { suggest } from './schema-problems.ts';
import { systemTags } from './system-tags.ts';

export interface Linked {
  /** Absent when anything is wrong. */
  readonly plan?: CellPlan;
  readonly diagnostics: readonly Diagnostic[];
}

/** Flows by the manifest's key. */
export function linkCell(
  manifest: Manifest,
  flows: ReadonlyMap<string, FlowSource>,
  facts: LinkFacts = {},
): Linked {
  const names = Object.keys(manifest.flows) as FlowName[];
  const sources = names.map((name) => flows.get(name));
  const report = new LinkReport(facts, sources);
  const tags = Object.keys(manifest.tags) as TagName[];
  const system = systemTags(Object.keys(manifest.devices));
  const tagIndex = new Map<string, number>();
  for (const name of [...tags, ...system.map((tag) => tag.name)]) tagIndex.set(name, tagIndex.size);
  const cell: Cell = { manifest, names, sources, tags, tagIndex, report };

  const uses: Use[][] = tags.map(() => []);
  const plans = names.flatMap((_, index) => flowPlan(cell, index, uses) ?? []);
  checkShell(cell);
  const deviceTags = tagPlans({ manifest, tags, uses, names, facts, report });
  if (report.diagnostics.length > 0) return { diagnostics: report.diagnostics };

  const systemPlans = system.map((tag, offset): TagPlan => {
    const index = tags.length + offset;
    const readBy = plans.flatMap((plan, flow) => (plan.inputs.includes(index) ? [flow] : []));
    const fixed = {
      kind: 'system',
      values: [],
      deadband: 0,
      latch: false,
      recorded: true,
      logged: false,
    } as const;
    return { ...fixed, ...tag, name: tag.name as TagName, readBy };
  });
  const plan: CellPlan = {
    manifest,
    tags: [...deviceTags, ...systemPlans],
    tagIndex,
    flows: plans,
    flowIndex: new Map(names.map((name, index) => [name, index])),
  };
  return { plan, diagnostics: [] };
}

interface Cell {
  readonly manifest: Manifest;
  readonly names: readonly FlowName[];
  readonly sources: readonly (FlowSource | undefined)[];
  readonly tags: readonly TagName[];
  readonly tagIndex: ReadonlyMap<string, number>;
  readonly report: LinkReport;
}

/** Resolves one flow's names and adds its uses of tags. */
function flowPlan(cell: Cell, index: number, uses: Use[][]): FlowPlan | undefined {
  const { manifest, names, sources, report } = cell;
  const name = names[index];
  const source = sources[index];
  const entry = name === undefined ? undefined : manifest.flows[name];
  if (name === undefined || entry === undefined) return undefined;
  if (source === undefined) {
    const path: Path = ['flows', name, 'file'];
    report.manifest({ code: 'E_MANIFEST_REFERENCE', path, text: `\`${name}\` was not read` });
    return undefined;
  }
  const { flow } = source;
  checkScan(cell, name, flow);
  checkBindings(cell, name, flow);
  const resolve = (own: string, span: Span): number => findTag(cell, { index, own, span });
  const claim = (tag: number, use: Use): number => {
    uses[tag]?.push(use);
    return tag;
  };
  return {
    name,
    flow,
    restart: entry.restart,
    inputs: flow.inputs.map((decl) => {
      if (decl.name === 'sys.restarted') return -1;
      const { span } = decl;
      return claim(resolve(decl.name, span), { flow: index, kind: 'input', decl, span });
    }),
    outputs: flow.outputs.map((decl, output) => {
      const { span } = decl;
      return claim(resolve(decl.name, span), { flow: index, kind: 'output', decl, output, span });
    }),
    foreign: flow.foreign.map((_, position) => findSignal(cell, index, position)),
    notes: flow.transitions.map(({ notes }) =>
      notes.map(({ fields }) =>
        fields.map(({ tag, span }) =>
          claim(resolve(tag, span), { flow: index, kind: 'note', span }),
        ),
      ),
    ),
  };
}

/** Where shells may be: a place that does not exist would never be reached, and nobody would learn of it. */
function checkShell({ manifest, names, sources, report }: Cell): void {
  const { where, T2, T3 } = manifest.shell;
  const code = 'E_MANIFEST_REFERENCE';
  const places = [
    [['shell', 'where'], where],
    [['shell', 'T2', 'where'], T2.where],
    [['shell', 'T3', 'where'], T3.where],
  ] as const;
  for (const [path, wanted] of places) {
    for (const [name, { in: states }] of Object.entries(wanted)) {
      const index = names.findIndex((known) => known === name);
      const flow = sources[index]?.flow;
      if (index < 0) {
        const text = `the cell has no flow \`${name}\``;
        report.manifest({ code, path: [...path, name], text, ...suggest(name, names, 'Flows') });
      }
      const known = (flow?.states ?? []).map((state) => state.path);
      for (const [at, state] of (flow === undefined ? [] : states).entries()) {
        if (known.includes(state)) continue;
        const text = `flow \`${name}\` has no state \`${state}\``;
        const advised = suggest(state, known, 'Its states');
        report.manifest({ code, path: [...path, name, 'in', at], text, ...advised });
      }
    }
  }
}

function checkScan({ manifest, report }: Cell, name: FlowName, flow: Flow): void {
  const { period } = manifest.scan;
  if (flow.scan >= period) return;
  report.manifest({
    code: 'E_MANIFEST_TIME',
    path: ['flows', name],
    text:
      `\`${name}\` is valid for scans of up to ${formatDuration(flow.scan)}; ` +
      `this cell scans each ${formatDuration(period)}`,
    suggestion: `Write \`scan: {period: ${formatDuration(flow.scan)}}\` or less.`,
  });
}

function checkBindings({ manifest, report }: Cell, name: FlowName, flow: Flow): void {
  const used = [
    ...flow.inputs.filter((decl) => !decl.system).map((decl) => decl.name),
    ...flow.outputs.map((decl) => decl.name),
    ...flow.transitions.flatMap(({ notes }) =>
      notes.flatMap((note) => note.fields.map(({ tag }) => tag)),
    ),
  ];
  for (const key of Object.keys(manifest.flows[name]?.bind ?? {})) {
    if (used.includes(key)) continue;
    report.manifest({
      code: 'E_MANIFEST_REFERENCE',
      path: ['flows', name, 'bind', key],
      text: `flow \`${name}\` uses no tag that it calls \`${key}\``,
      ...suggest(key, [...new Set(used)], 'It uses'),
    });
  }
}

/** The index of what a flow calls `own`; -1 and a problem when the cell has no such tag. */
function findTag(cell: Cell, at: { index: number; own: string; span: Span }): number {
  const { manifest, names, tagIndex, report } = cell;
  const name = names[at.index] ?? '';
  const bind = manifest.flows[name as FlowName]?.bind ?? {};
  const bound = Object.hasOwn(bind, at.own) ? bind[at.own] : undefined;
  const tag = bound ?? at.own;
  const found = tagIndex.get(tag);
  const code = 'E_MANIFEST_REFERENCE';
  if (found !== undefined && bound !== undefined && found >= cell.tags.length) {
    const text = `\`${tag}\` is bound to no name: a flow reads it as it is, without declaring it`;
    report.manifest({ code, path: ['flows', name, 'bind', at.own], text });
    return -1;
  }
  if (found !== undefined) return found;
  const near = nearest(tag, tagIndex.keys());
  const meant = near === undefined ? [] : [`Did you mean \`${near}\`?`];
  const text = `the cell has no tag \`${tag}\``;
  if (bound !== undefined) {
    const path: Path = ['flows', name, 'bind', at.own];
    report.manifest({ code, path, text, ...advice(meant) });
    return -1;
  }
  const declare = `Declare it in the manifest's \`tags\`, or bind it: \`bind: {${tag}: TAG}\`.`;
  const ways = tag.startsWith('sys.') ? meant : [...meant, declare];
  report.flow(at.index, at.span, { code, text, ...advice(ways) });
  return -1;
}

const advice = (ways: readonly string[]): { suggestion?: string } =>
  ways.length === 0 ? {} : { suggestion: ways.join(' ') };

function findSignal(cell: Cell, index: number, position: number): FlowPlan['foreign'][number] {
  const { names, sources, report } = cell;
  const decl = sources[index]?.flow.foreign[position];
  const none = { flow: -1, signal: -1 };
  if (decl === undefined) return none;
  const code = 'E_MANIFEST_REFERENCE';
  const flow = names.findIndex((name) => name === decl.flow);
  if (flow < 0) {
    const text = `the cell has no flow \`${decl.flow}\``;
    report.flow(index, decl.span, { code, text, ...suggest(decl.flow, names, 'Flows') });
    return none;
  }
  const signals = sources[flow]?.flow.signals;
  if (signals === undefined) return none;
  const signal = signals.findIndex(({ name }) => name === decl.signal);
  const made = signals[signal];
  if (made === undefined) {
    const text = `flow \`${decl.flow}\` has no signal \`${decl.signal}\``;
    const own = signals.map(({ name }) => name);
    report.flow(index, decl.span, { code, text, ...suggest(decl.signal, own, 'Its signals') });
    return none;
  }
  if (!sameType(made.type, decl.type)) {
    const text = `\`flow.${decl.flow}.sig.${decl.signal}\` is ${typeText(made.type)}, not ${typeText(decl.type)}`;
    report.flow(index, decl.span, { code: 'E_MANIFEST_TYPE', text });
  }
  return { flow, signal };
}
