// Fills in the statechart: what each state does, where regions and composites begin, transitions.
import { quoted } from '#contract/diagnostic.ts';
import type { RegionDecl, StateDecl } from '#flows/program.ts';
import type { Fields } from './fields.ts';
import { notYet } from './fields.ts';
import type { Outline, StateOutline } from './outline.ts';
import { readLiteral } from './ranged.ts';
import { didYouMean, oneOf } from './report.ts';
import type { Sentences } from './sentences.ts';
import type { Holder } from './transitions.ts';
import { TransitionReader } from './transitions.ts';
import type { Node } from '#flows/tree.ts';

export interface Chart {
  readonly regions: readonly RegionDecl[];
  readonly states: readonly StateDecl[];
  readonly reader: TransitionReader;
}

export function readChart(outline: Outline, sentences: Sentences): Chart {
  const reader = new TransitionReader(outline, sentences);
  const states: StateDecl[] = [];
  const regions = outline.regions.map((region, index): RegionDecl => {
    const { name, fields, span, top } = region;
    const initial = readInitial(fields, outline, top, `region \`${name}\``, sentences);
    if (initial < 0) reader.lost.add(index);
    const go = reader.readList(fields, { region: index, state: -1 });
    for (const number of region.states) {
      const state = outline.states[number];
      if (state !== undefined) states[number] = readState(state, outline, sentences, reader);
    }
    return { name, initial, states: region.states, go, span };
  });
  return { regions, states, reader };
}

function readState(
  state: StateOutline,
  outline: Outline,
  sentences: Sentences,
  reader: TransitionReader,
): StateDecl {
  const { path, name, region, parent, children, fields, span, index } = state;
  const { report } = sentences;
  const composite = children.length > 0;
  const rest = fields.flag('rest');
  if (composite && fields.has('rest')) {
    const told = '`rest` belongs to a state without states of its own';
    report.error('CF0103', fields.place('rest'), told, 'Put it in those that may wait for ever.');
  }
  const initial = composite ? readInitial(fields, outline, children, `\`${path}\``, sentences) : -1;
  if (composite && initial < 0) reader.lost.add(region);
  if (!composite && fields.has('initial'))
    report.error('CF0101', fields.place('initial'), 'a state without `states` has no `initial`');
  const holder: Holder = { region, state: index };
  return {
    path,
    name,
    title: fields.text('title') ?? name,
    region,
    parent,
    children,
    initial,
    rest,
    ...readDo(fields, region, sentences),
    entry: reader.assignments(fields, 'entry', region),
    go: reader.readList(fields, holder),
    span,
  };
}

function readInitial(
  fields: Fields,
  { states }: Outline,
  children: readonly number[],
  what: string,
  { report }: Sentences,
): number {
  if (children.length === 0) return -1;
  if (!fields.has('initial')) {
    report.error(
      'CF0312',
      fields.span,
      `${what} has no \`initial\``,
      'Name the state to begin in.',
    );
    return -1;
  }
  const scalar = fields.scalar('initial');
  if (scalar === undefined) return -1;
  const found = children.find((index) => states[index]?.name === scalar.text);
  if (found !== undefined) return found;
  const names = children.map((index) => states[index]?.name ?? '');
  const told = `${what} has no state ${quoted(scalar.text)}`;
  const hint = didYouMean(scalar.text, names) ?? `It has ${oneOf(names)}.`;
  report.error('CF0312', scalar.span, told, hint);
  return -1;
}

/** `do`: what outputs and signals are while the state is active. */
function readDo(
  fields: Fields,
  region: number,
  sentences: Sentences,
): Pick<StateDecl, 'outputs' | 'signals'> {
  const { report, names } = sentences;
  const { outputs, signals } = names.declarations;
  const made: { output: number; value: number }[] = [];
  const given: { signal: number; value: number }[] = [];
  for (const { key, keySpan, value } of fields.map('do')?.entries ?? []) {
    const output = outputs.index(key);
    const signal = signals.index(key);
    if (output === undefined && signal === undefined) {
      const hint = didYouMean(key, [...outputs.names(), ...signals.names()]);
      report.error('CF0202', keySpan, `there is no output or signal ${quoted(key)}`, hint);
      continue;
    }
    const target = { region, span: keySpan };
    if (output !== undefined) sentences.driven.push({ kind: 'output', index: output, ...target });
    else if (signal !== undefined)
      sentences.driven.push({ kind: 'signal', index: signal, ...target });
    const ranged = output === undefined ? signals.at(signal ?? -1) : outputs.at(output);
    if (ranged === undefined || isLater(value, sentences)) continue;
    const literal = readLiteral(report, value, ranged, key);
    if (literal === undefined) continue;
    if (output !== undefined) made.push({ output, value: literal });
    else if (signal !== undefined) given.push({ signal, value: literal });
  }
  return { outputs: made, signals: given };
}

/** An expression over parameters, ctx or meters in `do`, which comes later. */
function isLater(node: Node, { report }: Sentences): boolean {
  if (node.kind !== 'scalar' || !/\b(?:param|ctx|meter)\./.test(node.text)) return false;
  notYet(report, node.text, node.span);
  return true;
}
