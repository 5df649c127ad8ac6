// Checks of numbers against declared ranges: comparisons that always come out the same, whole
// numbers that may grow past what is exact, values set that can never be in range.
import { quoted } from '#contract/diagnostic.ts';
import type { Expr, Ranged } from '#flows/program.ts';
import { parts } from '#flows/walk.ts';
import type { Draft } from './draft.ts';
import { constant, isNumber } from './expression.ts';
import { formatNumber } from './format.ts';
import { rangeText } from './ranged.ts';

/** From the least to the greatest value; undefined where nothing bounds it. */
type Interval = readonly [number, number] | undefined;

export function checkRanges(draft: Draft): void {
  const ranges = new Ranges(draft);
  for (const { expr } of draft.sentences.all) ranges.check(expr);
  const { ctx } = draft.sentences.names.declarations;
  const assignments = [
    ...draft.transitions.flatMap(({ set }) => set),
    ...draft.states.flatMap(({ entry }) => entry),
  ];
  for (const { ctx: index, expr } of assignments) {
    const decl = ctx.at(index);
    const made = isNumber(expr.type) ? ranges.of(expr) : undefined;
    if (decl === undefined || made === undefined) continue;
    const { min = made[0], max = made[1] } = decl;
    if (made[0] <= max && made[1] >= min) continue;
    const told = `${quoted(decl.name)} is never set to this: it is outside ${rangeText(decl)}`;
    draft.sentences.report.error('CF0107', expr.span, told);
  }
}

class Ranges {
  readonly #draft: Draft;
  /** Named expressions in their order: each uses earlier ones only. */
  readonly #lets: Interval[] = [];
  readonly #signals: readonly Interval[];

  constructor(draft: Draft) {
    this.#draft = draft;
    const { names } = draft.sentences;
    const { signals } = names.declarations;
    this.#signals = Array.from({ length: signals.size }, (_, index) => this.#signal(index));
    for (let index = 0; index < names.lets.size; index += 1) {
      const expr = names.lets.at(index)?.expr;
      this.#lets.push(expr === undefined ? undefined : this.of(expr));
    }
  }

  /** What a signal can be: idle, or what some state gives it. */
  #signal(index: number): Interval {
    const decl = this.#draft.sentences.names.declarations.signals.at(index);
    if (decl === undefined) return undefined;
    let [low, high] = [decl.idle, decl.idle];
    for (const { signals } of this.#draft.states) {
      for (const { signal, value } of signals) {
        if (signal !== index) continue;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    return [low, high];
  }

  /** Tells what is wrong in an expression and in its parts; gives its interval. */
  check(expr: Expr): Interval {
    const inner = parts(expr).map((part) => this.check(part));
    const own = isNumber(expr.type) ? this.#interval(expr, inner) : undefined;
    if (expr.type.kind === 'int' && own !== undefined && !exact(own)) {
      const told = 'this may grow past the whole numbers that are exact';
      this.#draft.sentences.report.error('CF0210', expr.span, told);
      return undefined;
    }
    if (expr.kind === 'binary') this.#comparison(expr, inner);
    return own;
  }

  of(expr: Expr): Interval {
    return this.#interval(
      expr,
      parts(expr).map((part) => this.of(part)),
    );
  }

  #comparison(expr: Extract<Expr, { kind: 'binary' }>, inner: readonly Interval[]): void {
    const { operator, left, right, span } = expr;
    if (!['<', '<=', '>', '>=', '==', '!='].includes(operator) || !isNumber(left.type)) return;
    for (const [value, other, interval] of [
      [constant(left), right, inner[1]],
      [constant(right), left, inner[0]],
    ] as const) {
      if (value === undefined || constant(other) !== undefined || interval === undefined) continue;
      const [low, high] = interval;
      if (value >= low && value <= high) continue;
      const number = formatNumber(other.type, value);
      const told = `${number} is outside what this is compared with: ${low} to ${high}`;
      this.#draft.sentences.report.error('CF0209', span, told);
    }
  }

  #interval(expr: Expr, inner: readonly Interval[]): Interval {
    const { declarations } = this.#draft.sentences.names;
    switch (expr.kind) {
      case 'literal':
        return [expr.value, expr.value];
      case 'input':
        return declared(declarations.inputs.at(expr.input));
      case 'output':
        return declared(declarations.outputs.at(expr.output));
      case 'ctx':
        return declared(declarations.ctx.at(expr.ctx));
      case 'param':
        return declared(declarations.params.at(expr.param));
      case 'signal':
        return this.#signals[expr.signal];
      case 'let':
        return this.#lets[expr.let];
      case 'negate':
        return inner[0] && [0 - inner[0][1], 0 - inner[0][0]];
      case 'choose':
        return hull([inner[1], inner[2]]);
      case 'call':
        return called(expr.name, inner);
      case 'binary':
        return calculated(expr, inner[0], inner[1]);
      case 'command':
      case 'foreign':
      case 'active':
      case 'good':
      case 'sure':
      case 'maybe':
      case 'edge':
      case 'trip':
      case 'not':
        return undefined;
    }
  }
}

function declared(ranged: Ranged | undefined): Interval {
  if (ranged?.min === undefined || ranged.max === undefined) return undefined;
  return [ranged.min, ranged.max];
}

function exact([low, high]: readonly [number, number]): boolean {
  return low >= Number.MIN_SAFE_INTEGER && high <= Number.MAX_SAFE_INTEGER;
}

function hull(intervals: readonly Interval[]): Interval {
  const known = intervals.filter((interval) => interval !== undefined);
  if (known.length === 0 || known.length < intervals.length) return undefined;
  return [Math.min(...known.map(([low]) => low)), Math.max(...known.map(([, high]) => high))];
}

function called(name: 'min' | 'max' | 'abs', inner: readonly Interval[]): Interval {
  const known = inner.filter((interval) => interval !== undefined);
  if (known.length === 0 || known.length < inner.length) return undefined;
  if (name === 'abs') {
    const [low, high] = known[0] ?? [0, 0];
    const far = Math.max(Math.abs(low), Math.abs(high));
    return [low <= 0 && high >= 0 ? 0 : Math.min(Math.abs(low), Math.abs(high)), far];
  }
  const pick = name === 'min' ? Math.min : Math.max;
  return [pick(...known.map(([low]) => low)), pick(...known.map(([, high]) => high))];
}

function calculated(
  { operator, type }: Extract<Expr, { kind: 'binary' }>,
  left: Interval,
  right: Interval,
): Interval {
  if (left === undefined || right === undefined) return undefined;
  const [a, b] = left;
  const [c, d] = right;
  const whole = type.kind === 'int' ? Math.trunc : (value: number): number => value;
  const corners = (of: (x: number, y: number) => number): Interval =>
    hull([a, b].flatMap((x) => [c, d].map((y): Interval => [of(x, y), of(x, y)])));
  if (operator === '+') return [a + c, b + d];
  if (operator === '-') return [a - d, b - c];
  if (operator === '*') return corners((x, y) => x * y);
  if (operator === '/') return corners((x, y) => whole(x / y));
  if (operator !== '%') return undefined;
  const most = Math.max(Math.abs(c), Math.abs(d)) - 1;
  return [a < 0 ? -most : 0, b > 0 ? most : 0];
}
