// A condition opened into a tree of terms, each true, false or unknown now, down to what reads a tag.
// Lets keep their name and can be opened. It says what is, not what should change: see blocking.ts.
import type { Term } from '#contract/wire.ts';
import { evaluate } from '#flows/engine/evaluate.ts';
import type { Reading } from '#flows/engine/evaluate.ts';
import type { Expr, Flow } from '#flows/program.ts';
import { expressionText, oppositeText } from './text.ts';

/** Terms of one transition; past it lets are not opened any more. */
const termLimit = 500;

/** A term, and how its truth follows from that of its parts. */
export interface Condition {
  readonly term: Term;
  /** What would hold if it were false. */
  readonly opposite: string;
  readonly shape: 'all' | 'any' | 'not' | 'sure' | 'maybe' | 'leaf';
  readonly of: readonly Condition[];
}

export type Truth = Term['truth'];

export const truthOfValue = (value: number): Truth =>
  value === 1 ? 'true' : value === 0 ? 'false' : 'unknown';

/** Makes conditions of one flow as it stands in `reading`. */
export class Conditions {
  readonly #flow: Flow;
  readonly #reading: Reading;
  /** By input: the name of its tag in the cell. */
  readonly #tagNames: readonly string[];
  readonly #tagsOfLets = new Map<number, readonly string[]>();
  #made = 0;

  constructor(flow: Flow, reading: Reading, tagNames: readonly string[]) {
    this.#flow = flow;
    this.#reading = reading;
    this.#tagNames = tagNames;
  }

  /** Of a bool expression. */
  of(expr: Expr): Condition {
    this.#made = 0;
    return this.#open(expr);
  }

  /** The cell's tags behind an expression, each once. */
  tagsOf(expr: Expr): readonly string[] {
    const found = new Set<string>();
    for (const part of leavesOf(expr)) {
      if (part.kind === 'input' || part.kind === 'good')
        found.add(this.#tagNames[part.input] ?? '?');
      if (part.kind === 'let') for (const tag of this.#tagsOfLet(part.let)) found.add(tag);
    }
    return [...found];
  }

  #open(expr: Expr): Condition {
    this.#made += 1;
    if (expr.kind === 'let') return this.#named(expr);
    if (expr.kind === 'binary' && (expr.operator === '&&' || expr.operator === '||')) {
      const parts = chainOf(expr, expr.operator).map((part) => this.#open(part));
      return this.#joined(expr, expr.operator === '&&' ? 'all' : 'any', parts);
    }
    if (expr.kind === 'not' && opens(expr.of))
      return this.#joined(expr, 'not', [this.#open(expr.of)]);
    if ((expr.kind === 'sure' || expr.kind === 'maybe') && opens(expr.of))
      return this.#joined(expr, expr.kind, [this.#open(expr.of)]);
    return this.#leaf(expr);
  }

  #named(expr: Expr & { kind: 'let' }): Condition {
    const named = this.#flow.lets[expr.let];
    if (named === undefined || this.#made > termLimit) return this.#leaf(expr);
    const inner = this.#open(named.expr);
    const text = { text: named.name, opposite: `!${named.name}` };
    if (inner.shape !== 'leaf')
      return { ...inner, opposite: text.opposite, term: { ...inner.term, text: text.text } };
    return this.#joined(expr, 'all', [inner]);
  }

  #joined(expr: Expr, shape: Exclude<Condition['shape'], 'leaf'>, of: Condition[]): Condition {
    const kind = shape === 'sure' || shape === 'maybe' ? 'all' : shape;
    const term: Term = { ...this.#said(expr), kind, of: of.map((part) => part.term) };
    return { term, opposite: oppositeText(expr, this.#flow), shape, of };
  }

  #leaf(expr: Expr): Condition {
    const tags = this.tagsOf(expr);
    const kind = expr.kind === 'command' ? 'command' : 'term';
    const term: Term = {
      ...this.#said(expr),
      kind,
      ...(tags.length === 0 ? {} : { tags }),
      // An edge of something unknown is no edge: that it is unknown must be seen.
      ...(expr.kind === 'edge' ? { of: [this.#open(expr.of).term] } : {}),
    };
    return { term, opposite: oppositeText(expr, this.#flow), shape: 'leaf', of: [] };
  }

  #said(expr: Expr): { truth: Truth; text: string } {
    const truth = truthOfValue(evaluate(expr, this.#reading));
    return { truth, text: expressionText(expr, this.#flow) };
  }

  #tagsOfLet(index: number): readonly string[] {
    const known = this.#tagsOfLets.get(index);
    if (known !== undefined) return known;
    const named = this.#flow.lets[index];
    const tags = named === undefined ? [] : this.tagsOf(named.expr);
    this.#tagsOfLets.set(index, tags);
    return tags;
  }
}

/** Whether opening it shows more than one term. */
function opens(expr: Expr): boolean {
  if (expr.kind === 'let' || expr.kind === 'sure' || expr.kind === 'maybe') return true;
  if (expr.kind === 'not') return opens(expr.of);
  return expr.kind === 'binary' && (expr.operator === '&&' || expr.operator === '||');
}

/** `a && b && c` as its three parts. */
function chainOf(expr: Expr, operator: '&&' | '||'): Expr[] {
  if (expr.kind !== 'binary' || expr.operator !== operator) return [expr];
  return [...chainOf(expr.left, operator), ...chainOf(expr.right, operator)];
}

/** The parts that have no parts. */
function leavesOf(expr: Expr): Expr[] {
  const parts = partsOf(expr);
  return parts.length === 0 ? [expr] : parts.flatMap(leavesOf);
}

/** What an expression is made of, one level down; a let's own expression is not part of it. */
export function partsOf(expr: Expr): readonly Expr[] {
  if (expr.kind === 'binary') return [expr.left, expr.right];
  if (expr.kind === 'choose') return [expr.test, expr.then, expr.otherwise];
  if (expr.kind === 'call') return expr.of;
  return 'of' in expr ? [expr.of] : [];
}
