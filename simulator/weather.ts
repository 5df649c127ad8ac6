// What a seed makes of a virtual world beside the plant: how slow lines, disk and processor are.
import type { Random } from '#contract/time.ts';

/** ms from a request to its answer: at least, and how much more at most. */
export interface Latency {
  readonly least: number;
  readonly spread: number;
}

export interface Weather {
  readonly network: Latency;
  /** Of a serial line, beside what its speed takes: its adapter collects bytes before it hands them on. */
  readonly line: Latency;
  /** ms until a scan's entry is durable, at most. */
  readonly commit: number;
  /** Share of scans after which the processor is away, and for how long at most, ms. */
  readonly away: { readonly share: number; readonly most: number };
}

/** Some worlds are quick, some slow; few are both. */
export function weatherOf(random: Random): Weather {
  const slow = random() < 0.3;
  return {
    network: { least: 0.2 + random() * 2, spread: slow ? 30 : 3 },
    commit: random() < 0.3 ? 60 : 4,
    away: { share: random() < 0.5 ? 0 : 0.002, most: 60 },
    line: { least: 1, spread: random() < 0.3 ? 16 : 2 },
  };
}
