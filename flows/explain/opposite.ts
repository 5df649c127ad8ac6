// What would hold if a condition were false, as an engineer would write it.
import { formatExpr } from '#flows/language/format.ts';
import type { BinaryOperator, Expr, Flow } from '#flows/program.ts';

const opposites: Partial<Readonly<Record<BinaryOperator, BinaryOperator>>> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
};

/** Of `door.opened` it is `!door.opened`, of `temp > 35.0` it is `temp <= 35.0`. */
export function formatOpposite(flow: Flow, expr: Expr): string {
  if (expr.kind === 'not') return formatExpr(flow, expr.of);
  const operator = expr.kind === 'binary' ? opposites[expr.operator] : undefined;
  if (expr.kind === 'binary' && operator !== undefined)
    return formatExpr(flow, { ...expr, operator });
  return formatExpr(flow, { kind: 'not', of: expr, type: expr.type, span: expr.span });
}
