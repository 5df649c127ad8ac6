// How a logged tag went, shown to whoever asks: which tags are logged, and of one a line that is drawn with
// a table under it. Asked by the command line and by the console.
import type { History, LoggedTag } from '#contract/history.ts';
import { pointsLimit } from '#contract/history-limits.ts';
import { CellError } from '#contract/error.ts';
import { scalarText } from '#controller/cli/quantity.ts';
import { table } from '#controller/cli/verb.ts';
import { findTime } from '#controller/cli/when.ts';
import type { HistoryReader } from '#controller/history/reader.ts';
import { textOf } from '#flows/explain/text.ts';
import { clockText } from './show-cell.ts';
import type { Shown } from './shown.ts';

/** Columns of the line that is drawn, and rows of the table under it. */
const columns = 60;
const rows = 20;
const steps = '▁▂▃▄▅▆▇█';

/** The tags that are logged. */
export function showLogged(reader: HistoryReader): Shown {
  const tags = reader.tags().map(({ tag, since }) => ({ ...tag, since }));
  const head = ['TAG', 'TYPE', 'UNIT', 'KEPT SINCE', 'TITLE'];
  const listed = tags.map(({ tag, type, unit = '', since, title = '' }) => [
    tag,
    type,
    unit,
    since === null ? '' : clockText(since),
    textOf(title),
  ]);
  return { value: tags, page: { head, rows: listed } };
}

/** Points of a window: those of `points`, or what fits. */
export function showHistory(
  reader: HistoryReader,
  window: { readonly tag: string; readonly from: number; readonly to: number },
  now: number,
  chosen?: Pick<History, 'tier' | 'points'>,
): Shown {
  const found = reader.history({ ...window, points: pointsLimit }, now);
  const read = { ...found, ...chosen };
  const few = read.points.length <= rows ? read : reader.history({ ...window, points: rows }, now);
  return { value: read, page: tagText(read, few) };
}

/** `--from` and `--to`, an hour back where nothing is said. Throws `E_USAGE`. */
export function windowOf(
  { option }: { option(this: void, name: string): string | undefined },
  now: number,
): { from: number; to: number } {
  const read = (name: string, otherwise: string): number => {
    const text = option(name) ?? otherwise;
    const time = findTime(text, now);
    if (time !== undefined && time >= 0) return Math.floor(time);
    throw new CellError(
      'E_USAGE',
      `--${name} is a time in UTC such as 2026-11-22T14:03, a span before now such as -2h, or now, ` +
        `not ${text}`,
    );
  };
  const window = { from: read('from', '-1h'), to: read('to', 'now') };
  if (window.from < window.to) return window;
  throw new CellError('E_USAGE', '--from is not before --to');
}

function tagText(read: History, few: History): string {
  const { tag, unit, title, from, to, since, points } = read;
  const about = [textOf(title ?? ''), unit === undefined ? '' : `in ${unit}`].filter(Boolean);
  const kept = since === null ? 'nothing is kept' : `kept since ${clockText(since)}`;
  const head = [[tag, ...about].join(', '), `${clockText(from)} to ${clockText(to)} UTC, ${kept}`];
  if (points.length === 0) return [...head, 'nothing was recorded in this time'].join('\n');
  const line = read.type === 'enum' ? [] : ['', drawn(read)];
  const seen = (value: number): string => valueText(read, value);
  const list = few.points.map(([time, min, max, last]) =>
    min === null
      ? [clockText(time), 'no good value']
      : [clockText(time), seen(last ?? min), seen(min), seen(max ?? min)],
  );
  return [...head, ...line, '', table([['FROM', 'LAST', 'LEAST', 'GREATEST'], ...list])].join('\n');
}

/** The greatest value of each column as a bar, a blank where there was none. */
function drawn({ points, from, to, ...tag }: History): string {
  const width = (to - from) / columns;
  const bars = Array.from({ length: columns }, (_, column) => {
    const start = from + column * width;
    const held = points.findLast(([time]) => time <= start);
    const inside = points.filter(([time]) => time > start && time <= start + width);
    const values = [...(held === undefined ? [] : [held]), ...inside].flatMap(
      ([, , max]) => max ?? [],
    );
    return values.length === 0 ? undefined : Math.max(...values);
  });
  const values = bars.filter((bar) => bar !== undefined);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const step = (bar: number): string =>
    steps[high === low ? 3 : Math.round(((bar - low) / (high - low)) * (steps.length - 1))] ?? '';
  const line = bars.map((bar) => (bar === undefined ? ' ' : step(bar))).join('');
  const bounds = [low, high].map((value) => valueText({ ...tag }, value));
  return `${line}  ${bounds.join(' to ')}`;
}

function valueText({ type, values }: Pick<LoggedTag, 'type' | 'values'>, value: number): string {
  if (type === 'bool') return value === 0 ? 'false' : 'true';
  if (type === 'enum') return values?.[value] ?? String(value);
  return scalarText(value);
}
