// Walks the tree of one expression. It knows which parts an expression has, not what they mean.
import type { Expr, Flow } from './program.ts';

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

/** Calls `visit` for an expression, all its parts, and then those of each `let` in them, once. */
export function walkThrough(flow: Flow, expr: Expr, visit: (part: Expr) => void): void {
  const opened = new Set<number>();
  const open = [expr];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    walk(next, (part) => {
      visit(part);
      if (part.kind !== 'let' || opened.has(part.let)) return;
      opened.add(part.let);
      const named = flow.lets[part.let];
      if (named !== undefined) open.push(named.expr);
    });
  }
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
