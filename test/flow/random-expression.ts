// Random typed expressions over the declarations of a flow that is being made.
import type { BinaryOperator, Expr, FlowType } from '#flows/program.ts';
import type { Chance } from './chance.ts';

const span = { start: 0, end: 0 };
const bool: FlowType = { kind: 'bool' };
export type Typed = { readonly type: FlowType };

/** Everything that expressions may name, by list; `edges` and only it grows while they are made. */
export interface Names {
  readonly inputs: readonly Typed[];
  readonly commands: number;
  readonly signals: readonly Typed[];
  readonly foreign: readonly Typed[];
  readonly ctx: readonly Typed[];
  readonly params: readonly Typed[];
  readonly lets: readonly { readonly expr: Expr }[];
  readonly states: number;
  readonly interlocks: number;
  readonly edges: Expr[];
}

/** Nothing but ctx and parameters, which is what an `entry` may read. */
export function memoryOf(names: Names): Names {
  const nothing = { inputs: [], commands: 0, signals: [], foreign: [], lets: [] };
  return { ...names, ...nothing, states: 0, interlocks: 0, edges: [] };
}

/** Nothing but inputs, which is what an interlock may read. */
export function inputsOf(names: Names): Names {
  const nothing = { commands: 0, signals: [], foreign: [], ctx: [], params: [], lets: [] };
  return { ...names, ...nothing, states: 0, interlocks: 0, edges: [] };
}

/** A random expression of the type, at most `depth` operators deep. */
export function randomExpression(
  chance: Chance,
  names: Names,
  type: FlowType,
  depth: number,
): Expr {
  if (depth <= 0 || chance.odds(0.15)) return leaf(chance, names, type);
  if (chance.odds(0.08)) {
    const test = randomExpression(chance, names, bool, depth - 1);
    const then = randomExpression(chance, names, type, depth - 1);
    const otherwise = randomExpression(chance, names, type, depth - 1);
    // oxlint-disable-next-line unicorn/no-thenable -- the tree's own name; nobody awaits it
    return { kind: 'choose', test, then, otherwise, type, span };
  }
  if (type.kind === 'bool') return condition(chance, names, depth - 1);
  if (type.kind === 'enum') return leaf(chance, names, type);
  return arithmetic(chance, names, type, depth - 1);
}

/** A conjunction around an edge, as a stay needs one. */
export function randomEdge(chance: Chance, names: Names, depth: number): Expr {
  const of = randomExpression(chance, names, bool, depth);
  const edge = chance.pick(['rise', 'fall'] as const);
  const memory = names.edges.length;
  // Nested edges were remembered while `of` was made; this one comes after them.
  names.edges.push(of);
  return { kind: 'edge', edge, memory, of, type: bool, span };
}

function condition(chance: Chance, names: Names, depth: number): Expr {
  const of = () => randomExpression(chance, names, bool, depth);
  switch (chance.whole(0, 9)) {
    case 0:
      return { kind: 'not', of: of(), type: bool, span };
    case 1:
      return { kind: chance.pick(['sure', 'maybe'] as const), of: of(), type: bool, span };
    case 2:
      return names.states > 0 ? randomEdge(chance, names, Math.min(depth, 1)) : of();
    case 3:
    case 4: {
      const operator = chance.pick<BinaryOperator>(['==', '!=']);
      const type = chance.pick([bool, { kind: 'int' }, enumOf(chance, names)] as const);
      return binary(chance, names, operator, type, depth);
    }
    case 5:
    case 6:
      return binary(
        chance,
        names,
        chance.pick<BinaryOperator>(['<', '<=', '>', '>=']),
        chance.pick([{ kind: 'int' }, { kind: 'real' }] as const),
        depth,
      );
    default:
      return binary(chance, names, chance.pick<BinaryOperator>(['&&', '||']), bool, depth);
  }
}

function binary(
  chance: Chance,
  names: Names,
  operator: BinaryOperator,
  type: FlowType,
  depth: number,
): Expr {
  const left = randomExpression(chance, names, type, depth);
  const right = randomExpression(chance, names, type, depth);
  return { kind: 'binary', operator, left, right, type: bool, span };
}

function arithmetic(chance: Chance, names: Names, type: FlowType, depth: number): Expr {
  const of = () => randomExpression(chance, names, type, depth);
  switch (chance.whole(0, 6)) {
    case 0:
      return { kind: 'negate', of: of(), type, span };
    case 1:
      return { kind: 'call', name: 'abs', of: [of()], type, span };
    case 2:
      return {
        kind: 'call',
        name: chance.pick(['min', 'max'] as const),
        of: chance.times(2, 3, of),
        type,
        span,
      };
    case 3: {
      const operator = chance.pick<BinaryOperator>(type.kind === 'int' ? ['/', '%'] : ['/']);
      const by = chance.pick([-7, -3, -2, 2, 3, 5]);
      const right: Expr = { kind: 'literal', value: by, type, span };
      return { kind: 'binary', operator, left: of(), right, type, span };
    }
    default: {
      const operator = chance.pick<BinaryOperator>(['+', '-', '*']);
      return { kind: 'binary', operator, left: of(), right: of(), type, span };
    }
  }
}

function leaf(chance: Chance, names: Names, type: FlowType): Expr {
  const all: Expr[] = [{ kind: 'literal', value: randomValue(chance, type), type, span }];
  const from = (list: readonly Typed[], make: (index: number) => Expr) => {
    for (const [index, { type: one }] of list.entries()) if (same(one, type)) all.push(make(index));
  };
  from(names.inputs, (input) => ({ kind: 'input', input, type, span }));
  from(names.signals, (signal) => ({ kind: 'signal', signal, type, span }));
  from(names.foreign, (foreign) => ({ kind: 'foreign', foreign, type, span }));
  from(names.ctx, (ctx) => ({ kind: 'ctx', ctx, type, span }));
  from(names.params, (param) => ({ kind: 'param', param, type, span }));
  from(
    names.lets.map(({ expr }) => expr),
    (index) => ({ kind: 'let', let: index, type, span }),
  );
  if (type.kind === 'bool') {
    const some = (count: number, make: (index: number) => Expr) => {
      if (count > 0) all.push(make(chance.whole(0, count - 1)));
    };
    some(names.commands, (command) => ({ kind: 'command', command, type, span }));
    some(names.states, (state) => ({ kind: 'active', state, type, span }));
    some(names.inputs.length, (input) => ({ kind: 'good', input, type, span }));
    some(names.interlocks, (interlock) => ({ kind: 'trip', interlock, type, span }));
  }
  return chance.pick(all.length > 1 && chance.odds(0.85) ? all.slice(1) : all);
}

function enumOf(chance: Chance, names: Names): FlowType {
  const types = names.inputs.map(({ type }) => type).filter(({ kind }) => kind === 'enum');
  return types.length > 0 ? chance.pick(types) : bool;
}

function same(left: FlowType, right: FlowType): boolean {
  if (left.kind !== 'enum' || right.kind !== 'enum') return left.kind === right.kind;
  return left.values.join() === right.values.join();
}

/** A value of the type, small, so that comparisons are often just met and just missed. */
export function randomValue(chance: Chance, type: FlowType): number {
  switch (type.kind) {
    case 'bool':
      return chance.whole(0, 1);
    case 'int':
      return chance.whole(-4, 6);
    case 'real':
      return chance.whole(-16, 24) / 4;
    case 'enum':
      return chance.whole(0, type.values.length - 1);
  }
}
