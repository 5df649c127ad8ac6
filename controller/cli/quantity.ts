// Numbers as people read them; `--json` has them whole.
import type { Scalar } from '#contract/described.ts';

/** At most four decimals, or four figures where the value is less than one. */
export function scalarText(value: Scalar | undefined): string {
  if (value === null || value === undefined) return '----';
  if (typeof value !== 'number' || Number.isInteger(value)) return String(value);
  const whole = Math.abs(value) < 1 ? 0 : String(Math.trunc(Math.abs(value))).length;
  return String(Number(value.toPrecision(4 + whole)));
}

/** A measured time: `0.21 ms`. */
export const millisecondsText = (span: number | undefined): string =>
  span === undefined ? '' : `${Number(span.toFixed(2))} ms`;

/** How many there are: `1 file`, `2 files`. */
export const countOf = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;
