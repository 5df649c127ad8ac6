// The verb `history`: how a logged tag went, from `history.db` itself, with the cell running or not.
import { join } from 'node:path';
import { CellError } from '#contract/error.ts';
import type { History, LoggedTag, Tier } from '#contract/history.ts';
import { Tier as TierSchema, tiers } from '#contract/history.ts';
import { pointsLimit } from '#contract/history-limits.ts';
import { csvOf } from '#controller/history/csv.ts';
import { HistoryReader } from '#controller/history/reader.ts';
import { textOf } from '#flows/explain/text.ts';
import { scalarText } from './quantity.ts';
import { answer, exit, table } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';
import { findTime } from './when.ts';

/** Columns of the line that is drawn, and rows of the table under it. */
const columns = 60;
const rows = 20;
const steps = '▁▂▃▄▅▆▇█';

async function history(invocation: Invocation): Promise<number> {
  const reader = new HistoryReader(join(invocation.data, 'history.db'));
  try {
    const [tag] = invocation.words;
    if (tag === undefined) listTags(invocation, reader);
    else if (invocation.flag('csv')) await printCsv(invocation, reader, tag);
    else printTag(invocation, reader, tag);
    return exit.good;
  } finally {
    reader.close();
  }
}

function listTags(invocation: Invocation, reader: HistoryReader): void {
  const tags = reader.tags().map(({ tag, since }) => ({ ...tag, since }));
  answer(invocation, tags, () =>
    table([
      ['TAG', 'TYPE', 'UNIT', 'KEPT SINCE', 'TITLE'],
      ...tags.map(({ tag, type, unit = '', since, title = '' }) => [
        tag,
        type,
        unit,
        since === null ? '' : timeText(since),
        textOf(title),
      ]),
    ]),
  );
}

function printTag(invocation: Invocation, reader: HistoryReader, tag: string): void {
  const now = Date.now();
  const window = { tag, ...windowOf(invocation, now) };
  const tier = tierOf(invocation);
  const found = reader.history({ ...window, points: pointsLimit }, now);
  const points = tier === undefined ? found.points : [...reader.all(window, tier, now)].flat();
  const read = { ...found, tier: tier ?? found.tier, points };
  answer(invocation, read, () => {
    const few = points.length <= rows ? read : reader.history({ ...window, points: rows }, now);
    return tagText(read, few);
  });
}

function tagText(read: History, few: History): string {
  const { tag, unit, title, from, to, since, points } = read;
  const about = [textOf(title ?? ''), unit === undefined ? '' : `in ${unit}`].filter(Boolean);
  const kept = since === null ? 'nothing is kept' : `kept since ${timeText(since)}`;
  const head = [[tag, ...about].join(', '), `${timeText(from)} to ${timeText(to)} UTC, ${kept}`];
  if (points.length === 0) return [...head, 'nothing was recorded in this time'].join('\n');
  const line = read.type === 'enum' ? [] : ['', drawn(read)];
  const seen = (value: number): string => valueText(read, value);
  const list = few.points.map(([time, min, max, last]) =>
    min === null
      ? [timeText(time), 'no good value']
      : [timeText(time), seen(last ?? min), seen(min), seen(max ?? min)],
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

async function printCsv(invocation: Invocation, reader: HistoryReader, tag: string): Promise<void> {
  const now = Date.now();
  const window = { tag, ...windowOf(invocation, now) };
  for (const part of csvOf(reader, window, now, tierOf(invocation))) {
    // oxlint-disable-next-line no-await-in-loop -- one part after another, so that memory holds one
    await written(part);
  }
}

/** Waits for a reader that is slower than the file. */
const written = (text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });

function windowOf(invocation: Invocation, now: number): { from: number; to: number } {
  const read = (name: string, otherwise: string): number => {
    const text = invocation.option(name) ?? otherwise;
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

function tierOf(invocation: Invocation): Tier | undefined {
  const text = invocation.option('tier');
  if (text === undefined) return undefined;
  const tier = TierSchema.safeParse(text);
  if (tier.success) return tier.data;
  throw new CellError('E_USAGE', `--tier is of ${tiers.join(', ')}, not ${text}`);
}

const timeText = (time: number): string =>
  new Date(time).toISOString().replace('T', ' ').replace('Z', '');

function valueText({ type, values }: Pick<LoggedTag, 'type' | 'values'>, value: number): string {
  if (type === 'bool') return value === 0 ? 'false' : 'true';
  if (type === 'enum') return values?.[value] ?? String(value);
  return scalarText(value);
}

export const historyVerbs: readonly Verb[] = [
  {
    name: 'history',
    usage: '[TAG]',
    summary:
      'Shows how a logged tag went; without a tag, which are logged and how far back each goes.',
    more:
      'Times are UTC: 2026-11-22T14:03, -10min, now. CSV (RFC 4180) has a line for each point, ' +
      '`time,min,max,last`; where there is no good value only the time stands.',
    example: 'rebe history coolant.flow --from -8h --csv',
    words: [0, 1],
    options: {
      from: { type: 'string', help: 'from this time on (default -1h)' },
      to: { type: 'string', help: 'up to this time (default now)' },
      tier: { type: 'string', help: `all points of ${tiers.join(', ')}; default what fits` },
      csv: { type: 'boolean', help: 'print CSV' },
    },
    run: history,
  },
];
