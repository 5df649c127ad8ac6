// What a name in an expression stands for: `door.closed`, `cmd.start`, `flow.press.sig.busy`,
// `active('unit.Held')`. It knows names; expression.ts knows operators and types.
import type { Span } from '#contract/diagnostic.ts';
import { quoted } from '#contract/diagnostic.ts';
import { DeviceId, FlowName, reservedWords } from '#contract/name.ts';
import type { Expr, FlowType, ForeignDecl, InputDecl, Ranged } from '#flows/program.ts';
import { systemTags } from '#flows/system-tags.ts';
import { notYet } from './fields.ts';
import type { Declarations, Table } from './names.ts';
import type { Report } from './report.ts';
import { didYouMean } from './report.ts';

/** A typed expression with its unit: '' of a number without one, undefined of what fits every unit. */
export interface Typed {
  readonly expr: Expr;
  readonly unit: string | undefined;
}

export type ForeignType = (flow: string, signal: string) => FlowType | undefined;

export const bool: FlowType = { kind: 'bool' };
const largest = 2_147_483_647;

const deviceTag = /^sys\.device\.([^.]*)\./;
const foreignSignal = /^flow\.([^.]*)\.sig\.(.+)$/;

export class Names {
  readonly declarations: Declarations;
  readonly lets: Table<Typed>;
  /** By path: index. */
  readonly states: ReadonlyMap<string, number>;
  readonly regions: ReadonlySet<string>;
  readonly interlocks: Table<unknown>;
  readonly foreign: ForeignDecl[] = [];
  /** Every path that an expression names. */
  readonly used = new Set<string>();
  readonly #report: Report;
  readonly #foreignType: ForeignType;
  readonly #foreignIndex = new Map<string, number>();

  constructor(
    report: Report,
    known: Pick<Names, 'declarations' | 'lets' | 'states' | 'regions' | 'interlocks'>,
    foreignType: ForeignType = () => undefined,
  ) {
    this.#report = report;
    this.declarations = known.declarations;
    this.lets = known.lets;
    this.states = known.states;
    this.regions = known.regions;
    this.interlocks = known.interlocks;
    this.#foreignType = foreignType;
  }

  path(path: string, span: Span, expected: FlowType | undefined): Typed | undefined {
    this.used.add(path);
    const [first = ''] = path.split('.', 1);
    const rest = path.slice(first.length + 1);
    const { commands, outputs, signals, ctx, params } = this.declarations;
    switch (first) {
      case 'cmd':
        return this.#declared(commands, first, rest, span, (command) => ({
          kind: 'command',
          command,
          type: bool,
          span,
        }));
      case 'sig':
        return this.#ranged(signals, first, rest, span, (signal, type) => ({
          kind: 'signal',
          signal,
          type,
          span,
        }));
      case 'ctx':
        return this.#ranged(ctx, first, rest, span, (index, type) => ({
          kind: 'ctx',
          ctx: index,
          type,
          span,
        }));
      case 'param':
        return this.#ranged(params, first, rest, span, (param, type) => ({
          kind: 'param',
          param,
          type,
          span,
        }));
      case 'out':
        return this.#ranged(outputs, first, rest, span, (output, type) => ({
          kind: 'output',
          output,
          type,
          span,
        }));
      case 'meter':
        notYet(this.#report, path, span);
        return undefined;
      case 'flow':
        return this.#foreignSignal(path, span);
      case 'sys':
        return this.#system(path, span);
      default:
        return this.#own(path, span, expected);
    }
  }

  /** The index of a state by its path, region first. */
  state(path: string, span: Span): number | undefined {
    const found = this.states.get(path);
    if (found !== undefined) return found;
    if (this.regions.has(path)) {
      const told = `${quoted(path)} is a region, and a region is always active`;
      this.#report.error('CF0301', span, told, 'Name one of its states.');
      return undefined;
    }
    const last = path.slice(path.lastIndexOf('.') + 1);
    const same = [...this.states.keys()].find((name) => name.endsWith(`.${last}`));
    const hint =
      same === undefined ? didYouMean(path, this.states.keys()) : `Did you mean \`${same}\`?`;
    this.#report.error('CF0301', span, `there is no state ${quoted(path)}`, hint);
    return undefined;
  }

  interlock(name: string, span: Span): number | undefined {
    const found = this.interlocks.index(name);
    if (found === undefined) {
      const hint = didYouMean(name, this.interlocks.names());
      this.#report.error('CF0202', span, `there is no interlock ${quoted(name)}`, hint);
    }
    return found;
  }

  #ranged(
    table: Table<Ranged>,
    first: string,
    name: string,
    span: Span,
    make: (index: number, type: FlowType) => Expr,
  ): Typed | undefined {
    const index = this.#find(table, first, name, span);
    const item = index === undefined ? undefined : table.at(index);
    if (index === undefined || item === undefined) return undefined;
    return { expr: make(index, item.type), unit: unitOf(item) };
  }

  #declared(
    table: Table<unknown>,
    first: string,
    name: string,
    span: Span,
    make: (index: number) => Expr,
  ): Typed | undefined {
    const index = this.#find(table, first, name, span);
    return index === undefined ? undefined : { expr: make(index), unit: undefined };
  }

  #find(table: Table<unknown>, first: string, name: string, span: Span): number | undefined {
    const index = table.index(name);
    if (index === undefined) {
      const all = table.names().map((known) => `${first}.${known}`);
      const path = name === '' ? first : `${first}.${name}`;
      const told = `nothing is declared as ${quoted(path)}`;
      this.#report.error('CF0202', span, told, didYouMean(path, all));
    }
    return index;
  }

  /** A tag or a named expression. */
  #own(path: string, span: Span, expected: FlowType | undefined): Typed | undefined {
    const { inputs } = this.declarations;
    const input = inputs.index(path);
    if (input !== undefined) {
      const item = inputs.at(input);
      if (item === undefined) return undefined;
      return { expr: { kind: 'input', input, type: item.type, span }, unit: unitOf(item) };
    }
    const index = this.lets.index(path);
    if (index !== undefined) {
      const item = this.lets.at(index);
      if (item === undefined) return undefined;
      return { expr: { kind: 'let', let: index, type: item.expr.type, span }, unit: item.unit };
    }
    const told = `there is no input or let ${quoted(path)}`;
    this.#report.error('CF0202', span, told, this.#hint(path, expected));
    return undefined;
  }

  #hint(path: string, expected: FlowType | undefined): string | undefined {
    if (expected?.kind === 'enum' && expected.values.includes(path))
      return `A value of an enum is quoted: '${path}'.`;
    const { inputs, commands, outputs, signals, ctx, params } = this.declarations;
    const prefixed = Object.entries({ cmd: commands, sig: signals, ctx, param: params })
      .filter(([, table]) => table.has(path))
      .map(([first]) => `Did you mean \`${first}.${path}\`?`);
    if (prefixed[0] !== undefined) return prefixed[0];
    if (outputs.has(path))
      return 'An output is read only in `prove`, as `out.`; elsewhere ask `active()`.';
    if (path === 'and' || path === 'or' || path === 'not') return 'Write &&, || and !.';
    return didYouMean(path, [...inputs.names(), ...this.lets.names()]);
  }

  #foreignSignal(path: string, span: Span): Typed | undefined {
    const [, flow = '', signal = ''] = foreignSignal.exec(path) ?? [];
    if (signal === '' || !FlowName.safeParse(flow).success) {
      const told = `${quoted(path)} is no signal of another flow`;
      this.#report.error('CF0202', span, told, 'Write flow.NAME.sig.SIGNAL.');
      return undefined;
    }
    const type = this.#foreignType(flow, signal) ?? bool;
    const known = this.#foreignIndex.get(path);
    const foreign = known ?? this.foreign.push({ flow, signal, type, span }) - 1;
    this.#foreignIndex.set(path, foreign);
    return { expr: { kind: 'foreign', foreign, type, span }, unit: undefined };
  }

  /** System tags need no declaration: the first use declares them. */
  #system(path: string, span: Span): Typed | undefined {
    const { inputs } = this.declarations;
    const ranged = systemRange(path);
    if (ranged === undefined) {
      const all = ['sys.restarted', ...systemTags(['ID']).map(({ name }) => name)];
      const hint = didYouMean(path, all) ?? `There are ${all.join(', ')}.`;
      this.#report.error('CF0202', span, `there is no system tag ${quoted(path)}`, hint);
      return undefined;
    }
    const declare = (): number => inputs.add(path, systemInput(path, ranged, span));
    const input = inputs.index(path) ?? declare();
    return { expr: { kind: 'input', input, type: ranged.type, span }, unit: unitOf(ranged) };
  }
}

/** What a system tag holds; numbers are counts of something. */
function systemRange(path: string): Ranged | undefined {
  if (path === 'sys.restarted') return { type: bool };
  const device = deviceTag.exec(path)?.[1];
  const devices = device !== undefined && DeviceId.safeParse(device).success ? [device] : [];
  const tag = systemTags(devices).find(({ name }) => name === path);
  if (tag === undefined) return undefined;
  if (tag.type === 'bool') return { type: bool };
  const { unit = '' } = tag;
  return { type: { kind: tag.type }, unit, min: 0, max: largest };
}

function systemInput(name: string, ranged: Ranged, span: Span): InputDecl {
  const decl = { name, title: name, uncertainIsGood: false, latch: false, system: true, span };
  return { ...decl, ...ranged };
}

function unitOf(ranged: Ranged): string | undefined {
  const number = ranged.type.kind === 'int' || ranged.type.kind === 'real';
  return number ? (ranged.unit ?? '') : undefined;
}

/** First words that a `let` or a region cannot have. */
export const languageWords: ReadonlySet<string> = new Set(reservedWords);
