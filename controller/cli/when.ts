// A place in the record as a person writes it: the number of an entry, a time in UTC, or how long before
// the record's end.
import { CellError } from '#contract/error.ts';
import { parseDuration } from '#contract/time.ts';

export type When = { readonly seq: number } | { readonly time: number };

/** `end`: UTC ms of the newest entry. Throws `E_USAGE`. */
export function readWhen(option: string, text: string, end: number): When {
  if (/^\d{1,15}$/.test(text)) return { seq: Number(text) };
  const time = findTime(text, end);
  if (time !== undefined) return { time };
  throw new CellError(
    'E_USAGE',
    `--${option} is a time in UTC such as 2026-11-22T14:03, a span before the end such as 2h, ` +
      `or the number of an entry, not ${text}`,
  );
}

/** UTC ms of `2026-11-22T14:03`, of `2h` or `-2h` before `end`, and of `now`, which is the end. */
export function findTime(text: string, end: number): number | undefined {
  if (text === 'now') return end;
  const span = parseDuration(text.replace(/^-/, ''));
  if (span !== undefined) return end - span;
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?))?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  const time = Date.parse(`${match?.[1]}T${match?.[2] ?? '00:00'}${match?.[3] ?? 'Z'}`);
  return Number.isNaN(time) ? undefined : time;
}
