// Prints expressions as an engineer would write them, in the flow's own names. The text is made from
// the tree, so it needs no source and reads alike whoever asks.
import type { BinaryOperator, Expr, Flow } from '#flows/program.ts';

const strength: Readonly<Record<BinaryOperator, number>> = {
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
const signStrength = 6;

/** The expression in the language's own syntax, with no more parentheses than it needs. */
export function expressionText(expr: Expr, flow: Flow): string {
  return print(expr, flow, 0);
}

const opposites: Partial<Readonly<Record<BinaryOperator, BinaryOperator>>> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
};

/** What holds when the expression is false: `!door.opened`, `temp <= 35`. */
export function oppositeText(expr: Expr, flow: Flow): string {
  if (expr.kind === 'not') return expressionText(expr.of, flow);
  const operator = expr.kind === 'binary' ? opposites[expr.operator] : undefined;
  if (expr.kind === 'binary' && operator !== undefined)
    return expressionText({ ...expr, operator }, flow);
  return `!${print(expr, flow, signStrength)}`;
}

/** `around`: the strength of what stands around it; parentheses where that is the stronger. */
function print(expr: Expr, flow: Flow, around: number): string {
  if (expr.kind === 'literal') return literalText(expr);
  if (expr.kind === 'not' || expr.kind === 'negate') {
    const sign = expr.kind === 'not' ? '!' : '-';
    return bracket(`${sign}${print(expr.of, flow, signStrength)}`, around > signStrength);
  }
  if (expr.kind === 'binary') {
    const own = strength[expr.operator];
    const left = print(expr.left, flow, own);
    const right = print(expr.right, flow, own + 1);
    return bracket(`${left} ${expr.operator} ${right}`, around > own);
  }
  if (expr.kind === 'choose') {
    const test = print(expr.test, flow, 1);
    const then = print(expr.then, flow, 1);
    return bracket(`${test} ? ${then} : ${print(expr.otherwise, flow, 0)}`, around > 0);
  }
  if (expr.kind === 'call')
    return `${expr.name}(${expr.of.map((part) => print(part, flow, 0)).join(', ')})`;
  if (expr.kind === 'sure' || expr.kind === 'maybe')
    return `${expr.kind}(${print(expr.of, flow, 0)})`;
  if (expr.kind === 'edge') return `${expr.edge}(${print(expr.of, flow, 0)})`;
  return nameText(expr, flow);
}

const bracket = (text: string, needed: boolean): string => (needed ? `(${text})` : text);

function literalText({ type, value }: Expr & { kind: 'literal' }): string {
  if (type.kind === 'bool') return value === 1 ? 'true' : 'false';
  if (type.kind === 'enum') return `'${type.values[value] ?? String(value)}'`;
  return String(value);
}

type Named = Exclude<
  Expr,
  {
    kind: 'literal' | 'not' | 'negate' | 'binary' | 'choose' | 'call' | 'sure' | 'maybe' | 'edge';
  }
>;

function nameText(expr: Named, flow: Flow): string {
  switch (expr.kind) {
    case 'input':
      return flow.inputs[expr.input]?.name ?? '?';
    case 'command':
      return `cmd.${flow.commands[expr.command]?.name ?? '?'}`;
    case 'signal':
      return `sig.${flow.signals[expr.signal]?.name ?? '?'}`;
    case 'foreign': {
      const foreign = flow.foreign[expr.foreign];
      return `flow.${foreign?.flow ?? '?'}.sig.${foreign?.signal ?? '?'}`;
    }
    case 'ctx':
      return `ctx.${flow.ctx[expr.ctx]?.name ?? '?'}`;
    case 'param':
      return `param.${flow.params[expr.param]?.name ?? '?'}`;
    case 'output':
      return `out.${flow.outputs[expr.output]?.name ?? '?'}`;
    case 'active':
      return `active('${flow.states[expr.state]?.path ?? '?'}')`;
    case 'good':
      return `good(${flow.inputs[expr.input]?.name ?? '?'})`;
    case 'trip':
      return `trip('${flow.interlocks[expr.interlock]?.name ?? '?'}')`;
    case 'let':
      return flow.lets[expr.let]?.name ?? '?';
  }
}
