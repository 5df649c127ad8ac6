// Typed expressions back to text, with no more parentheses than they need: for people who ask why.
import { present } from '#contract/error.ts';
import type { BinaryOperator, Expr, Flow, FlowType } from '#flows/program.ts';

/** How tightly each operator binds; 0 is `?:`, 6 a sign, 7 what needs no parentheses. */
const binds: Readonly<Record<BinaryOperator, number>> = {
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
};
const sign = 6;
const tight = 7;

/** An expression of a flow as it would be written. */
export function formatExpr(flow: Flow, expr: Expr): string {
  return textOf(flow, expr, 0);
}

/** A value of a type as it would be written; unknown is said. */
export function formatValue(type: FlowType, value: number): string {
  if (Number.isNaN(value)) return 'unknown';
  if (type.kind === 'bool') return value === 0 ? 'false' : 'true';
  if (type.kind === 'enum') return `'${type.values[value] ?? value}'`;
  return formatNumber(type, value);
}

/** A number so that its type is seen: a whole real one keeps its `.0`. */
export function formatNumber(type: FlowType, value: number): string {
  const text = String(value);
  return type.kind === 'real' && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** In parentheses when it binds less tightly than `least`. */
function textOf(flow: Flow, expr: Expr, least: number): string {
  const own = bindingOf(expr);
  const text = bare(flow, expr);
  return own < least ? `(${text})` : text;
}

function bindingOf(expr: Expr): number {
  if (expr.kind === 'choose') return 0;
  if (expr.kind === 'binary') return binds[expr.operator];
  return expr.kind === 'not' || expr.kind === 'negate' ? sign : tight;
}

function bare(flow: Flow, expr: Expr): string {
  switch (expr.kind) {
    case 'literal':
      return formatValue(expr.type, expr.value);
    case 'input':
      return named(flow.inputs, expr.input);
    case 'good':
      return `good(${named(flow.inputs, expr.input)})`;
    case 'command':
      return `cmd.${named(flow.commands, expr.command)}`;
    case 'signal':
      return `sig.${named(flow.signals, expr.signal)}`;
    case 'foreign': {
      const { flow: other, signal } = present(flow.foreign[expr.foreign], 'a foreign signal');
      return `flow.${other}.sig.${signal}`;
    }
    case 'ctx':
      return `ctx.${named(flow.ctx, expr.ctx)}`;
    case 'param':
      return `param.${named(flow.params, expr.param)}`;
    case 'output':
      return `out.${named(flow.outputs, expr.output)}`;
    case 'let':
      return named(flow.lets, expr.let);
    case 'active':
      return `active('${present(flow.states[expr.state], 'a state of the flow').path}')`;
    case 'trip':
      return `trip('${named(flow.interlocks, expr.interlock)}')`;
    case 'sure':
    case 'maybe':
      return `${expr.kind}(${textOf(flow, expr.of, 0)})`;
    case 'edge':
      return `${expr.edge}(${textOf(flow, expr.of, 0)})`;
    case 'call':
      return `${expr.name}(${expr.of.map((part) => textOf(flow, part, 0)).join(', ')})`;
    case 'not':
      return `!${textOf(flow, expr.of, sign)}`;
    case 'negate':
      return `-${textOf(flow, expr.of, sign)}`;
    case 'binary': {
      const own = binds[expr.operator];
      // All associate to the left: only the right side of the same tightness needs parentheses.
      const left = textOf(flow, expr.left, own);
      return `${left} ${expr.operator} ${textOf(flow, expr.right, own + 1)}`;
    }
    case 'choose': {
      const parts = [textOf(flow, expr.test, 1), textOf(flow, expr.then, 0)];
      return `${parts.join(' ? ')} : ${textOf(flow, expr.otherwise, 0)}`;
    }
  }
}

function named(list: readonly { readonly name: string }[], index: number): string {
  return present(list[index], 'a declaration of the flow').name;
}
