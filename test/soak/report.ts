// What a soak found, as its JSON says it and its page shows it: figures over time, recoveries by kind, and the verdicts.
import { quantile, type Point } from './figures.ts';
import type { Judged } from './judge.ts';

/** Something that was done to the cell, and how long it took from its end until all was as before. */
export interface Done {
  readonly kind: string;
  /** Seconds since the soak began. */
  readonly from: number;
  readonly to: number;
  /** ms; null: not within its limit. */
  readonly back: number | null;
  readonly limit: number;
}

export interface Verdict {
  readonly what: string;
  readonly good: boolean;
  readonly text: string;
}

/** By kind: how many, and how long they took, ms. */
export interface Recoveries {
  readonly kind: string;
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  readonly limit: number;
  /** Not within the limit. */
  readonly missed: number;
}

export interface Report {
  readonly state: 'running' | 'good' | 'bad' | 'interrupted';
  readonly seed: number;
  readonly commit: string;
  readonly node: string;
  /** UTC. */
  readonly began: string;
  readonly ended: string;
  readonly seconds: number;
  readonly planned: number;
  readonly verdicts: readonly Verdict[];
  readonly judged: Judged;
  readonly recoveries: readonly Recoveries[];
  /** The newest of all that was done. */
  readonly done: readonly Done[];
  readonly series: Readonly<Record<SeriesName, Readonly<Record<string, readonly Point[]>>>>;
}

export type SeriesName = 'memory' | 'lateness' | 'commit' | 'parts' | 'wrong';

export function recoveriesOf(done: readonly Done[]): Recoveries[] {
  const byKind = new Map<string, Done[]>();
  for (const one of done) byKind.set(one.kind, [...(byKind.get(one.kind) ?? []), one]);
  return [...byKind]
    .map(([kind, list]) => {
      const times = list.flatMap(({ back }) => back ?? []);
      return {
        kind,
        count: list.length,
        p50: Math.round(quantile(times, 0.5)),
        p95: Math.round(quantile(times, 0.95)),
        max: Math.round(Math.max(0, ...times)),
        limit: Math.max(...list.map((one) => one.limit)),
        missed: list.filter(({ back }) => back === null).length,
      };
    })
    .toSorted((left, right) => left.kind.localeCompare(right.kind));
}
