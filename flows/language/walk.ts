// Walking typed expressions: their parts, and what they read, through named expressions too.
import { present } from '#contract/error.ts';
import type { Expr } from '#flows/program.ts';

/** The parts of an expression, in the order of the text; of a `let` none. */
export function parts(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'not':
    case 'negate':
    case 'sure':
    case 'maybe':
    case 'edge':
      return [expr.of];
    case 'binary':
      return [expr.left, expr.right];
    case 'choose':
      return [expr.test, expr.then, expr.otherwise];
    case 'call':
      return expr.of;
    case 'literal':
    case 'input':
    case 'command':
    case 'signal':
    case 'foreign':
    case 'ctx':
    case 'param':
    case 'output':
    case 'active':
    case 'good':
    case 'trip':
    case 'let':
      return [];
  }
}

/** Calls `visit` for an expression and all its parts; stops below where it gives `skip`. */
export function walk(expr: Expr, visit: (part: Expr) => 'skip' | undefined | void): void {
  if (visit(expr) === 'skip') return;
  for (const part of parts(expr)) walk(part, visit);
}

/** The operands of a chain of one operator: of `a && b && c` these three. */
export function operands(expr: Expr, operator: '&&' | '||'): Expr[] {
  const found: Expr[] = [];
  const open = [expr];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.kind === 'binary' && next.operator === operator) open.push(next.right, next.left);
    else found.push(next);
  }
  return found;
}

export type ReadKind = Extract<
  Expr['kind'],
  | 'input'
  | 'command'
  | 'signal'
  | 'foreign'
  | 'ctx'
  | 'param'
  | 'output'
  | 'active'
  | 'good'
  | 'edge'
  | 'trip'
>;

/** What expressions read, by kind; a set of indices each. Named expressions are looked into once. */
export class Reads {
  readonly #lets: (ReadonlyMap<ReadKind, ReadonlySet<number>> | undefined)[] = [];

  /** Each `let` after those that it uses. */
  define(index: number, expr: Expr): void {
    this.#lets[index] = this.of(expr);
  }

  of(expr: Expr): ReadonlyMap<ReadKind, ReadonlySet<number>> {
    const found = new Map<ReadKind, Set<number>>();
    const add = (kind: ReadKind, index: number): void => {
      const set = found.get(kind) ?? new Set();
      found.set(kind, set.add(index));
    };
    walk(expr, (part) => {
      if (part.kind === 'let') {
        const inside = present(this.#lets[part.let], 'a let is read after it is defined');
        for (const [kind, set] of inside) for (const index of set) add(kind, index);
      }
      const read = readOf(part);
      if (read !== undefined) add(...read);
    });
    return found;
  }
}

/** What this one node reads, with its index; operators, literals and lets read nothing. */
export function readOf(expr: Expr): [ReadKind, number] | undefined {
  switch (expr.kind) {
    case 'input':
      return ['input', expr.input];
    case 'good':
      return ['good', expr.input];
    case 'command':
      return ['command', expr.command];
    case 'signal':
      return ['signal', expr.signal];
    case 'foreign':
      return ['foreign', expr.foreign];
    case 'ctx':
      return ['ctx', expr.ctx];
    case 'param':
      return ['param', expr.param];
    case 'output':
      return ['output', expr.output];
    case 'active':
      return ['active', expr.state];
    case 'edge':
      return ['edge', expr.memory];
    case 'trip':
      return ['trip', expr.interlock];
    case 'literal':
    case 'let':
    case 'not':
    case 'negate':
    case 'sure':
    case 'maybe':
    case 'binary':
    case 'choose':
    case 'call':
      return undefined;
  }
}
