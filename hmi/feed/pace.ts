// Time in a state beside what is usual for it, and where time alone leads. Pure.
import type { Candidate, Usual } from '#contract/wire.ts';
import { remainingOf } from './derive.ts';

/** Fewer visits say nothing of what is long. */
export const visitsToJudge = 5;
/** The bar's end, in p95. */
const barEnd = 1.5;

export interface Pace {
  /** Of the bar: time now, the median, the p95; 0 to 1. */
  readonly now: number;
  readonly median: number;
  readonly p95: number;
  /** Longer than 95 of 100 visits before. */
  readonly long: boolean;
}

export function paceOf({ median_ms, p95_ms, visits }: Usual, span: number): Pace {
  const end = Math.max(1, p95_ms * barEnd);
  const share = (ms: number): number => Math.min(1, Math.max(0, ms / end));
  return {
    now: share(span),
    median: share(median_ms),
    p95: share(p95_ms),
    long: visits >= visitsToJudge && span > p95_ms,
  };
}

export interface Timer {
  readonly candidate: Candidate;
  /** Ms left when the candidates were told. */
  readonly left: number;
}

/** What the clock alone will bring about in a region, soonest first: all else that it needs already holds. */
export function timersOf(candidates: readonly Candidate[], region: string): readonly Timer[] {
  return candidates
    .flatMap((candidate): Timer[] => {
      const { term, to } = candidate;
      const left = remainingOf(term);
      const parts = term.kind === 'all' ? (term.of ?? []) : [term];
      const others = parts.filter(({ kind }) => kind !== 'after' && kind !== 'for');
      const sure = others.every(({ truth }) => truth === 'true');
      const counts = candidate.region === region && to !== undefined && sure;
      return counts && left !== undefined ? [{ candidate, left }] : [];
    })
    .toSorted((one, other) => one.left - other.left);
}
