// A tag's history as CSV (RFC 4180): CRLF, a head, and a line for each point of a tier; where there is no good value
// only the time stands. Part by part, so that memory holds one.
import { pointsLimit } from '#contract/history-limits.ts';
import type { LoggedTag, Point, Tier } from '#contract/history.ts';
import type { HistoryReader, HistoryRequest } from './reader.ts';

/** Without a tier the finest whose points fit on a page is taken. E_HISTORY_TAG where it is not logged. */
export function* csvOf(
  reader: HistoryReader,
  asked: Omit<HistoryRequest, 'points'>,
  now: number,
  tier?: Tier,
): Generator<string> {
  const found = reader.history({ ...asked, points: pointsLimit }, now);
  yield 'time,min,max,last\r\n';
  for (const points of reader.all(asked, tier ?? found.tier, now))
    yield points.map((point) => csvLine(found, point)).join('');
}

function csvLine(tag: LoggedTag, [time, ...values]: Point): string {
  const [min, max, last] = values;
  const cells = min === null ? ['', '', ''] : [min, max, last].map((value) => cellOf(tag, value));
  return `${[new Date(time).toISOString(), ...cells].join(',')}\r\n`;
}

function cellOf({ type, values }: LoggedTag, value: number | undefined): string {
  const text = type === 'enum' ? (values?.[value ?? -1] ?? '') : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
