// Walks the tree of one expression and gives its value: a number, bool 0 or 1, unknown NaN.
// The XState engine, the explainer and interlocks read expressions so; the table engine
// generates code from the same trees and must agree (test/flow/engines-agree.test.ts).
import { unknown } from '#flows/program.ts';
import type { BinaryOperator, Expr, LetDecl } from '#flows/program.ts';

/** What an expression reads; arrays as in `Frame` and `Configuration` (engine.ts). */
export interface Reading {
  readonly values: Float64Array;
  readonly good: Uint8Array;
  readonly commands: Uint8Array;
  readonly params: Float64Array;
  readonly signals: Float64Array;
  readonly foreign: Float64Array;
  readonly trips: Uint8Array;
  readonly ctx: Float64Array;
  /** By state; -1: not active. */
  readonly entered: Float64Array;
  readonly edges: Uint8Array;
  readonly lets: readonly LetDecl[];
  /** Only for properties: what the flow asks of its outputs. */
  readonly outputs?: Float64Array;
  /** Keeps the value of each `let` until `forget`; absent: each is walked whenever it is met. */
  readonly memo?: LetMemo;
}

/** Values of `let`s of one frozen state. */
interface LetMemo {
  readonly values: Float64Array;
  readonly known: Uint8Array;
}

/** For a flow with so many `let`s; nothing is known yet. */
export function newLetMemo(size: number): LetMemo {
  return { values: new Float64Array(size), known: new Uint8Array(size) };
}

/** To be called whenever something that the reading shows has changed. */
export function forget(reading: Reading): void {
  reading.memo?.known.fill(0);
}

/** A value as a verdict: 0 false, 1 true, 2 unknown. */
export function truthOf(value: number): 0 | 1 | 2 {
  return value === 1 ? 1 : value === 0 ? 0 : 2;
}

/** The expression's value; never -0, NaN when it is unknown. */
export function evaluate(expr: Expr, reading: Reading): number {
  switch (expr.kind) {
    case 'literal':
      return expr.value;
    case 'input':
      return (reading.values[expr.input] ?? unknown) + 0;
    case 'command':
      return reading.commands[expr.command] ?? unknown;
    case 'signal':
      return reading.signals[expr.signal] ?? unknown;
    case 'foreign':
      return reading.foreign[expr.foreign] ?? unknown;
    case 'ctx':
      return reading.ctx[expr.ctx] ?? unknown;
    case 'param':
      return (reading.params[expr.param] ?? unknown) + 0;
    case 'output':
      return reading.outputs?.[expr.output] ?? unknown;
    case 'active':
      return reading.entered[expr.state] === -1 ? 0 : 1;
    case 'good':
      return reading.good[expr.input] ?? 0;
    case 'trip':
      return reading.trips[expr.interlock] ?? 0;
    case 'let':
      return valueOfLet(expr.let, reading);
    case 'sure':
      return evaluate(expr.of, reading) === 1 ? 1 : 0;
    case 'maybe':
      return evaluate(expr.of, reading) === 0 ? 0 : 1;
    case 'edge': {
      const before = reading.edges[expr.memory];
      const from = expr.edge === 'rise' ? 0 : 1;
      return before === from && evaluate(expr.of, reading) === 1 - from ? 1 : 0;
    }
    case 'not':
    case 'negate':
      return negated(expr.kind, evaluate(expr.of, reading));
    case 'binary':
      return binary(expr, reading);
    case 'choose': {
      const test = evaluate(expr.test, reading);
      if (Number.isNaN(test)) return unknown;
      return evaluate(test === 1 ? expr.then : expr.otherwise, reading);
    }
    case 'call':
      return call(expr.name, expr.of, reading);
  }
}

function valueOfLet(index: number, reading: Reading): number {
  const { lets, memo } = reading;
  const declared = lets[index];
  if (declared === undefined) return unknown;
  if (memo === undefined) return evaluate(declared.expr, reading);
  if (memo.known[index] !== 1) {
    memo.values[index] = evaluate(declared.expr, reading);
    memo.known[index] = 1;
  }
  return memo.values[index] ?? unknown;
}

/** `1 - NaN` and `0 - NaN` are NaN: unknown stays unknown. */
function negated(kind: 'not' | 'negate', value: number): number {
  return kind === 'not' ? 1 - value : 0 - value;
}

function binary(expr: Expr & { kind: 'binary' }, reading: Reading): number {
  const left = evaluate(expr.left, reading);
  if (expr.operator === '&&' && left === 0) return 0;
  if (expr.operator === '||' && left === 1) return 1;
  return combine(expr.operator, expr.type.kind === 'int', left, evaluate(expr.right, reading));
}

/** An operator on two values; `whole`: its result is an int, so division truncates. */
function combine(operator: BinaryOperator, whole: boolean, left: number, right: number): number {
  // One known operand may decide `&&` and `||`; nothing else has a value with an unknown one.
  if (operator === '&&' && right === 0) return 0;
  if (operator === '||' && right === 1) return 1;
  if (Number.isNaN(left) || Number.isNaN(right)) return unknown;
  switch (operator) {
    case '&&':
      return left === 1 && right === 1 ? 1 : 0;
    case '||':
      return left === 1 || right === 1 ? 1 : 0;
    case '==':
      return left === right ? 1 : 0;
    case '!=':
      return left === right ? 0 : 1;
    case '<':
      return left < right ? 1 : 0;
    case '<=':
      return left <= right ? 1 : 0;
    case '>':
      return left > right ? 1 : 0;
    case '>=':
      return left >= right ? 1 : 0;
    case '+':
      return left + right + 0;
    case '-':
      return left - right + 0;
    case '*':
      return left * right + 0;
    case '/':
      return (whole ? Math.trunc(left / right) : left / right) + 0;
    case '%':
      return (left % right) + 0;
  }
}

function call(name: 'min' | 'max' | 'abs', of: readonly Expr[], reading: Reading): number {
  const first = of[0] === undefined ? unknown : evaluate(of[0], reading);
  if (name === 'abs') return Math.abs(first);
  let result = first;
  for (const argument of of.slice(1)) {
    const value = evaluate(argument, reading);
    result = name === 'min' ? Math.min(result, value) : Math.max(result, value);
  }
  return result + 0;
}
