// A flow's text to a checked `Flow`, or to everything that is wrong with it. It never throws and
// always ends; `limits.ts` bounds it. What concerns a whole cell is checked when the cell is linked.
import type { Diagnostic } from '#contract/diagnostic.ts';
import { FlowName } from '#contract/name.ts';
import { milliseconds } from '#contract/time.ts';
import type { Flow, FlowType, InterlockDecl, LetDecl } from '#flows/program.ts';
import type { Chart } from './chart.ts';
import { readChart } from './chart.ts';
import { checkChart } from './check-chart.ts';
import { checkHidden } from './check-hidden.ts';
import { checkNames } from './check-names.ts';
import { checkRanges } from './check-ranges.ts';
import { readDeclarations } from './declarations.ts';
import type { Draft } from './draft.ts';
import { Typer } from './expression.ts';
import { Fields, sections } from './fields.ts';
import { declareInterlocks, readInterlocks } from './interlocks.ts';
import { readAlarms, readAssumes, readProperties } from './judgements.ts';
import { readLets } from './lets.ts';
import { lint } from './lint.ts';
import { Table } from './names.ts';
import { readOutline } from './outline.ts';
import { Report } from './report.ts';
import type { Typed } from './resolve.ts';
import { Names } from './resolve.ts';
import { Sentences } from './sentences.ts';
import { readRoot } from './root.ts';
import { Reads } from './reads.ts';

export interface CompileOptions {
  /** The type of another flow's signal, where the cell is known; without it they count as bool. */
  readonly foreign?: (flow: string, signal: string) => FlowType | undefined;
}

export interface Compiled {
  /** Absent when there is any error. */
  readonly flow?: Flow;
  /** Every problem, in the order of the text; warnings too. */
  readonly diagnostics: Diagnostic[];
}

const topFields = ['flow', 'format', 'version', 'scan', ...sections];
const laterFields = ['meters', 'migrate', 'swapWhen', 'recipeIn'];

export function compileFlow(file: string, text: string, options: CompileOptions = {}): Compiled {
  const report = new Report(file, text.length);
  const root = readRoot(text, report);
  if (root === undefined) return { diagnostics: report.diagnostics() };
  const place = { start: 0, end: Math.min(1, text.length) };
  const known = { known: topFields, later: laterFields };
  const top = new Fields(report, root, 'flow', place, known);
  const flow = readFlow(top, options);
  const diagnostics = report.diagnostics();
  return report.failed || flow === undefined ? { diagnostics } : { flow, diagnostics };
}

function readFlow(top: Fields, options: CompileOptions): Flow | undefined {
  const { report } = top;
  const head = readHead(top);
  const declarations = readDeclarations(top);

  const outline = readOutline(top);
  const interlocks = new Table<InterlockDecl>();
  const shield = declareInterlocks(top, interlocks);
  const lets = new Table<Typed>();
  const regionNames = new Set(outline.regions.map(({ name }) => name));
  const known = { declarations, lets, states: outline.paths, regions: regionNames, interlocks };
  const names = new Names(report, known, options.foreign);
  const typer = new Typer(names, report);
  const sentences = new Sentences(report, names, typer, new Reads());
  readLets(top, names, typer, sentences);
  const chart = readChart(outline, sentences);
  readInterlocks(shield, interlocks, sentences);
  const alarms = readAlarms(top, sentences);
  const assumes = readAssumes(top, sentences);
  const properties = readProperties(top, sentences);

  const { reader, states, regions } = chart;
  const { transitions } = reader;
  check({ top, outline, sentences, states, regions, transitions, reader, interlocks });
  if (report.failed || head === undefined) return undefined;
  const { inputs, commands, outputs, signals, ctx, params } = declarations;
  return {
    ...head,
    inputs: inputs.whole(),
    commands: commands.whole(),
    outputs: outputs.whole(),
    signals: signals.whole(),
    foreign: names.foreign,
    ctx: ctx.whole(),
    params: params.whole(),
    lets: namedExpressions(lets),
    ...charted(chart),
    edges: sentences.edges,
    interlocks: interlocks.whole(),
    alarms,
    assumes,
    properties,
  };
}

function check(draft: Draft): void {
  checkNames(draft);
  checkChart(draft);
  checkHidden(draft);
  checkRanges(draft);
  lint(draft);
}

function charted({
  regions,
  states,
  reader,
}: Chart): Pick<Flow, 'regions' | 'states' | 'transitions' | 'holds'> {
  return { regions, states, transitions: reader.transitions, holds: reader.holds };
}

function namedExpressions(lets: Table<Typed>): LetDecl[] {
  const names = lets.names();
  return lets.whole().map(({ expr }, index) => ({ name: names[index] ?? '', expr }));
}

/** `flow`, `format`, `version`, `scan`. */
function readHead(top: Fields): Pick<Flow, 'name' | 'version' | 'scan'> | undefined {
  for (const name of ['flow', 'format', 'version', 'scan']) top.read(name);
  const name = top.scalar('flow');
  if (name !== undefined && !FlowName.safeParse(name.text).success) {
    const hint = 'Letters, digits and dashes, a small letter first.';
    top.report.error('CF0105', name.span, 'this is no name of a flow', hint);
  }
  top.word('format', ['cellflow/1']);
  const version = top.scalar('version');
  const whole = version?.plain === true && /^\d{1,9}$/.test(version.text);
  if (version !== undefined && !whole)
    top.wrong(version, '`version` is a whole number', 'Raise it with every change.');
  const scan = top.duration('scan');
  if (name === undefined || version === undefined) return undefined;
  return { name: name.text, version: Number(version.text), scan: scan ?? milliseconds(0) };
}
