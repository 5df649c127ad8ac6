// A condition opened into a tree of clauses, down to what reads a tag: texts, tags and how truth
// follows from that of the parts. Made once for each flow; what is true now says condition.ts.
import { formatExpr } from '#flows/language/format.ts';
import type { Expr, Flow } from '#flows/program.ts';
import { operands, parts, walk } from '#flows/walk.ts';
import { formatOpposite } from './opposite.ts';

/** Clauses of one condition; past it lets are not opened any more. */
const clauseLimit = 500;

export interface Clause {
  readonly expr: Expr;
  /** As the flow writes it, or the name of a let. */
  readonly text: string;
  /** What would hold if it were false. */
  readonly opposite: string;
  readonly shape: 'all' | 'any' | 'not' | 'sure' | 'maybe' | 'leaf';
  readonly of: readonly Clause[];
  /** The cell's tags that a leaf reads. */
  readonly tags: readonly string[];
  /** What an edge watches, to be seen beside it. */
  readonly watched?: Clause;
}

/** Opens the conditions of one flow; each expression once. */
export class Clauses {
  readonly #flow: Flow;
  /** By input: the name of its tag in the cell. */
  readonly #tagNames: readonly string[];
  readonly #clauses = new WeakMap<Expr, Clause>();
  readonly #tagsOfLets = new Map<number, readonly string[]>();
  readonly #helps = new WeakMap<Expr, ReadonlySet<number>>();
  readonly #hinders = new WeakMap<Expr, ReadonlySet<number>>();
  #made = 0;

  constructor(flow: Flow, tagNames: readonly string[]) {
    this.#flow = flow;
    this.#tagNames = tagNames;
  }

  /** Of a bool expression. */
  of(expr: Expr): Clause {
    const known = this.#clauses.get(expr);
    if (known !== undefined) return known;
    this.#made = 0;
    const clause = this.#open(expr);
    this.#clauses.set(expr, clause);
    return clause;
  }

  /** The cell's tags behind an expression, each once. */
  tagsOf(expr: Expr): readonly string[] {
    const found = new Set<string>();
    walk(expr, (part) => {
      if (part.kind === 'input' || part.kind === 'good')
        found.add(this.#tagNames[part.input] ?? '?');
      if (part.kind === 'let') for (const tag of this.#tagsOfLet(part.let)) found.add(tag);
    });
    return [...found];
  }

  /** The commands that help an expression to be true, or with `sense` false to be false. */
  commandsOf(expr: Expr, sense = true): ReadonlySet<number> {
    const memory = sense ? this.#helps : this.#hinders;
    const known = memory.get(expr);
    if (known !== undefined) return known;
    const found = new Set<number>();
    const seen = new Set<string>();
    const search = (part: Expr, wanted: boolean): void => {
      if (part.kind === 'command' && wanted) found.add(part.command);
      const named = part.kind === 'let' ? this.#flow.lets[part.let] : undefined;
      const visit = part.kind === 'let' ? `${part.let} ${String(wanted)}` : '';
      if (named !== undefined && !seen.has(visit)) {
        seen.add(visit);
        search(named.expr, wanted);
      }
      const turns = part.kind === 'not';
      for (const inner of parts(part)) {
        search(inner, wanted !== turns);
        if (isEitherWay(part, inner)) search(inner, wanted === turns);
      }
    };
    search(expr, sense);
    memory.set(expr, found);
    return found;
  }

  #open(expr: Expr): Clause {
    this.#made += 1;
    if (expr.kind === 'let') return this.#named(expr);
    if (expr.kind === 'binary' && (expr.operator === '&&' || expr.operator === '||')) {
      const chain = operands(expr, expr.operator).map((part) => this.#open(part));
      return this.#joined(expr, expr.operator === '&&' ? 'all' : 'any', chain);
    }
    const opened = expr.kind === 'not' || expr.kind === 'sure' || expr.kind === 'maybe';
    if (opened && opens(expr.of)) return this.#joined(expr, expr.kind, [this.#open(expr.of)]);
    return this.#leaf(expr);
  }

  #named(expr: Expr & { kind: 'let' }): Clause {
    const named = this.#flow.lets[expr.let];
    if (named === undefined || this.#made > clauseLimit) return this.#leaf(expr);
    const inner = this.#open(named.expr);
    if (inner.shape === 'leaf') return this.#joined(expr, 'all', [inner]);
    return { ...inner, text: named.name, opposite: `!${named.name}` };
  }

  #joined(expr: Expr, shape: Exclude<Clause['shape'], 'leaf'>, of: readonly Clause[]): Clause {
    return { ...this.#texts(expr), expr, shape, of, tags: [] };
  }

  #leaf(expr: Expr): Clause {
    const leaf: Clause = {
      ...this.#texts(expr),
      expr,
      shape: 'leaf',
      of: [],
      tags: this.tagsOf(expr),
    };
    // An edge of something unknown is no edge: that it is unknown must be seen.
    return expr.kind === 'edge' ? { ...leaf, watched: this.#open(expr.of) } : leaf;
  }

  #texts(expr: Expr): Pick<Clause, 'text' | 'opposite'> {
    return { text: formatExpr(this.#flow, expr), opposite: formatOpposite(this.#flow, expr) };
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

/** Whether opening it shows more than one clause. */
function opens(expr: Expr): boolean {
  if (expr.kind === 'let' || expr.kind === 'sure' || expr.kind === 'maybe') return true;
  if (expr.kind === 'not') return opens(expr.of);
  return expr.kind === 'binary' && (expr.operator === '&&' || expr.operator === '||');
}

/** Whether a part may help its whole both by being true and by being false. */
const isEitherWay = (whole: Expr, part: Expr): boolean =>
  (whole.kind === 'binary' && (whole.operator === '==' || whole.operator === '!=')) ||
  (whole.kind === 'choose' && part === whole.test);
