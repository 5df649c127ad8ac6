// Reads `inputs`, `commands`, `outputs`, `signals`, `ctx` and `params`: what a flow declares by name.
import type { Span } from '#contract/diagnostic.ts';
import { quoted } from '#contract/diagnostic.ts';
import { reservedWords } from '#contract/name.ts';
import type {
  CommandDecl,
  CtxDecl,
  InputDecl,
  OutputDecl,
  ParamDecl,
  Ranged,
  Role,
  SignalDecl,
} from '#flows/program.ts';
import { Fields, asMap, checkName } from './fields.ts';
import type { Declarations } from './names.ts';
import { Table } from './names.ts';
import { rangedFields, readLiteral, readRanged } from './ranged.ts';
import type { Report } from './report.ts';
import type { Node } from '#flows/tree.ts';

export const roles: readonly Role[] = ['anyone', 'operator', 'maintenance', 'engineer'];
const reserved: ReadonlySet<string> = new Set(reservedWords);

export function readDeclarations(top: Fields): Declarations {
  return {
    inputs: section(top, 'inputs', readInput),
    commands: section(top, 'commands', readCommand),
    outputs: section(top, 'outputs', readOutput),
    signals: section(top, 'signals', readSignal),
    ctx: section(top, 'ctx', readCtx),
    params: section(top, 'params', readParam),
  };
}

type ReadDeclaration<T> = (report: Report, name: string, node: Node, span: Span) => T | undefined;

function section<T>(top: Fields, name: string, read: ReadDeclaration<T>): Table<T> {
  const table = new Table<T>();
  const { report } = top;
  for (const { key, keySpan, value } of top.map(name)?.entries ?? []) {
    checkName(report, 'dotted', key, keySpan);
    const [first = ''] = key.split('.');
    if ((name === 'inputs' || name === 'outputs') && reserved.has(first)) {
      const told = `a tag's name does not begin with \`${first}\`: the language has that word`;
      report.error('CF0105', keySpan, told);
    }
    table.add(key, read(report, key, value, keySpan));
  }
  return table;
}

function readInput(report: Report, name: string, node: Node, span: Span): InputDecl | undefined {
  const own = ['stale', 'bad', 'uncertain', 'latch', 'title'];
  const known = [...rangedFields, ...own];
  const fields = new Fields(report, node, 'input', span, { known });
  const ranged = readRanged(fields, true);
  const title = fields.text('title') ?? name;
  fields.read('stale');
  const stale = fields.duration('stale');
  const uncertainIsGood = fields.word('uncertain', ['good']) === 'good';
  const latch = fields.flag('latch');
  if (ranged === undefined) return undefined;
  if (latch && ranged.type.kind !== 'bool')
    report.error('CF0103', fields.place('latch'), '`latch` is of a bool: it keeps a pulse');
  const substitute = literal(fields, 'bad', ranged);
  return {
    name,
    title,
    ...ranged,
    ...(stale === undefined ? {} : { stale }),
    ...(substitute === undefined ? {} : { substitute }),
    uncertainIsGood,
    latch,
    system: false,
    span,
  };
}

function readCommand(
  report: Report,
  name: string,
  node: Node,
  span: Span,
): CommandDecl | undefined {
  const known = ['role', 'class', 'held', 'title'];
  const fields = new Fields(report, node, 'command', span, { known });
  fields.read('role');
  const role = fields.word('role', roles);
  const given = fields.word('class', ['stop', 'start', 'other'] as const) ?? 'other';
  const held = fields.duration('held');
  const title = fields.text('title') ?? name;
  if (role === undefined) return undefined;
  return { name, title, role, class: given, ...(held === undefined ? {} : { held }) };
}

function readOutput(report: Report, name: string, node: Node, span: Span): OutputDecl | undefined {
  const known = [...rangedFields, 'safe', 'idle', 'title'];
  const fields = new Fields(report, node, 'output', span, { known });
  const ranged = readRanged(fields, false);
  const title = fields.text('title') ?? name;
  fields.read('safe');
  if (ranged === undefined) return undefined;
  const safe = literal(fields, 'safe', ranged);
  const idle = fields.has('idle') ? literal(fields, 'idle', ranged) : safe;
  if (safe === undefined || idle === undefined) return undefined;
  return { name, title, ...ranged, safe, idle, span };
}

function readSignal(report: Report, name: string, node: Node, span: Span): SignalDecl | undefined {
  const known = [...rangedFields, 'idle'];
  const fields = new Fields(report, node, 'signal', span, { known });
  const ranged = readRanged(fields, false);
  fields.read('idle');
  const idle = ranged === undefined ? undefined : literal(fields, 'idle', ranged);
  return ranged === undefined || idle === undefined ? undefined : { name, ...ranged, idle };
}

function readCtx(report: Report, name: string, node: Node, span: Span): CtxDecl | undefined {
  const known = [...rangedFields, 'init', 'retain', 'verify'];
  const fields = new Fields(report, node, 'ctx variable', span, { known });
  const ranged = readRanged(fields, true);
  fields.read('init');
  const retain = fields.flag('retain');
  if (ranged === undefined) return undefined;
  checkVerify(fields, ranged);
  const init = literal(fields, 'init', ranged);
  return init === undefined ? undefined : { name, ...ranged, init, retain };
}

function readParam(report: Report, name: string, node: Node, span: Span): ParamDecl | undefined {
  const known = [...rangedFields, 'init', 'maxStep', 'every', 'advice', 'verify'];
  const fields = new Fields(report, node, 'parameter', span, { known });
  const ranged = readRanged(fields, true);
  fields.read('init');
  const every = fields.duration('every');
  const advice = fields.flag('advice');
  if (ranged === undefined) return undefined;
  checkVerify(fields, ranged);
  const init = literal(fields, 'init', ranged);
  const maxStep = readStep(fields, ranged);
  if (init === undefined) return undefined;
  return {
    name,
    ...ranged,
    init,
    ...(maxStep === undefined ? {} : { maxStep }),
    ...(every === undefined ? {} : { every }),
    advice,
  };
}

function readStep(fields: Fields, ranged: Ranged): number | undefined {
  const node = fields.find('maxStep');
  if (node === undefined) return undefined;
  const { type } = ranged;
  if (type.kind === 'bool' || type.kind === 'enum') {
    fields.report.error('CF0101', fields.place('maxStep'), `a ${type.kind} has no \`maxStep\``);
    return undefined;
  }
  const step = readLiteral(fields.report, node, { type }, 'maxStep');
  if (step !== undefined && step <= 0) fields.wrong(node, '`maxStep` is above zero');
  return step;
}

/** `verify`: a smaller range for the prover. It is checked here and used by the prover alone. */
function checkVerify(fields: Fields, ranged: Ranged): void {
  const node = fields.find('verify');
  if (node === undefined) return;
  const known = ['min', 'max', 'init'];
  if (asMap(fields.report, node, '`verify`') === undefined) return;
  const verify = new Fields(fields.report, node, '`verify`', fields.place('verify'), { known });
  const number = ranged.type.kind === 'int' || ranged.type.kind === 'real';
  for (const name of known) {
    if (name !== 'init' && !number && verify.has(name)) {
      const told = `a ${ranged.type.kind} has no ${quoted(name)}`;
      fields.report.error('CF0101', verify.place(name), told);
    } else literal(verify, name, ranged);
  }
}

function literal(fields: Fields, name: string, ranged: Ranged): number | undefined {
  const node = fields.find(name);
  return node === undefined ? undefined : readLiteral(fields.report, node, ranged, name);
}
