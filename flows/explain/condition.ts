// A condition as it stands now: each clause true, false or unknown. It says what is, not what should
// change: see blocking.ts.
import type { Term } from '#contract/wire.ts';
import { evaluate } from '#flows/engine/evaluate.ts';
import type { Reading } from '#flows/engine/evaluate.ts';
import type { Clause } from './clause.ts';

export type Truth = Term['truth'];

/** A term, and how its truth follows from that of its parts. */
export interface Condition {
  readonly term: Term;
  readonly opposite: string;
  readonly shape: Clause['shape'];
  readonly of: readonly Condition[];
}

/** Truth goes up from the leaves; only these are evaluated. */
export function judge(clause: Clause, reading: Reading): Condition {
  const { text, opposite, shape } = clause;
  if (shape === 'leaf') return { term: leafTerm(clause, reading), opposite, shape, of: [] };
  const of = clause.of.map((part) => judge(part, reading));
  const kind = shape === 'sure' || shape === 'maybe' ? 'all' : shape;
  const truth = joined(
    shape,
    of.map(({ term }) => term.truth),
  );
  const term: Term = { kind, truth, text, of: of.map((part) => part.term) };
  return { term, opposite, shape, of };
}

function leafTerm({ expr, text, tags, watched }: Clause, reading: Reading): Term {
  return {
    kind: expr.kind === 'command' ? 'command' : 'term',
    truth: truthOfValue(evaluate(expr, reading)),
    text,
    ...(tags.length === 0 ? {} : { tags }),
    ...(watched === undefined ? {} : { of: [judge(watched, reading).term] }),
  };
}

const truthOfValue = (value: number): Truth =>
  value === 1 ? 'true' : value === 0 ? 'false' : 'unknown';

/** Kleene's tables; `sure` and `maybe` are never unknown. */
export function joined(shape: Exclude<Clause['shape'], 'leaf'>, truths: readonly Truth[]): Truth {
  const [first = 'unknown'] = truths;
  const opposite = { true: 'false', false: 'true', unknown: 'unknown' } as const;
  switch (shape) {
    case 'all':
      return truths.includes('false') ? 'false' : truths.includes('unknown') ? 'unknown' : 'true';
    case 'any':
      return truths.includes('true') ? 'true' : truths.includes('unknown') ? 'unknown' : 'false';
    case 'not':
      return opposite[first];
    case 'sure':
      return first === 'true' ? 'true' : 'false';
    case 'maybe':
      return first === 'false' ? 'false' : 'true';
  }
}
