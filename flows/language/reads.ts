// What typed expressions read, through named expressions too.
import { present } from '#contract/error.ts';
import type { Expr } from '#flows/program.ts';
import { walk } from '#flows/walk.ts';

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
