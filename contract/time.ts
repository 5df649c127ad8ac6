// Time as the product knows it: monotonic for logic, UTC for people, and durations with their unit.
// Nothing here reads a clock; whoever needs one is given a `Clock`.
import * as z from 'zod';
import type { Brand } from './brand.ts';

/** A span of time in milliseconds. */
export type Duration = Brand<number, 'Duration'>;
/** Monotonic milliseconds since control's boot; logic and replay know no other time. */
export type Instant = Brand<number, 'Instant'>;
/** Milliseconds since 1970-01-01 UTC; for people and devices only. */
export type UtcMs = Brand<number, 'UtcMs'>;

/** Stops a timer that was started; harmless when it has run. */
export type Cancel = () => void;

/** The only source of time and of timers: real in a process, virtual in a test. */
export interface Clock {
  /** Monotonic, may carry a fraction; a scan uses whole milliseconds. */
  now(): Instant;
  time(): UtcMs;
  after(delay: Duration, run: () => void): Cancel;
}

/** A stream of chance in [0, 1); each consumer has a named stream of its own. */
export type Random = () => number;

export const milliseconds = (count: number): Duration => count as Duration;
export const seconds = (count: number): Duration => (count * 1000) as Duration;
export const minutes = (count: number): Duration => (count * 60_000) as Duration;
export const hours = (count: number): Duration => (count * 3_600_000) as Duration;
export const instant = (count: number): Instant => count as Instant;
export const utcMs = (count: number): UtcMs => count as UtcMs;

const scale: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };

/** `20ms`, `5s`, `1.5s`, `10min`, `8h`; undefined when it is none of these or not whole milliseconds. */
export function parseDuration(text: string): Duration | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|min|h)$/.exec(text);
  if (match === null) return undefined;
  const value = Math.round(Number(match[1]) * 1000 * (scale[match[2] ?? ''] ?? 0)) / 1000;
  return Number.isSafeInteger(value) ? milliseconds(value) : undefined;
}

/** The shortest text that `parseDuration` reads back as the same span, for people and errors. */
export function formatDuration(span: Duration): string {
  for (const unit of ['h', 'min', 's'] as const) {
    const size = scale[unit] ?? 1;
    if (span !== 0 && span % size === 0) return `${span / size}${unit}`;
  }
  return span >= 1000 && span % 100 === 0 ? `${span / 1000}s` : `${span}ms`;
}

/** A duration as it stands in YAML: text with a unit, in code a `Duration`. */
export const DurationText = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, {
    message: 'not a duration: write a number with its unit, such as 20ms, 5s, 10min or 8h',
  })
  .transform((text) => parseDuration(text) ?? milliseconds(0))
  .meta({ description: 'a number with its unit: 20ms, 5s, 10min, 8h' });
