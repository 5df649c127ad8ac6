// The verb `history`: how a logged tag went, from `history.db` itself, with the cell running or not.
import { join } from 'node:path';
import { CellError } from '#contract/error.ts';
import type { Tier } from '#contract/history.ts';
import { Tier as TierSchema, tiers } from '#contract/history.ts';
import { printed } from '#controller/console/shown.ts';
import type { Shown } from '#controller/console/shown.ts';
import { showHistory, showLogged, windowOf } from '#controller/console/show-history.ts';
import { csvOf } from '#controller/history/csv.ts';
import { HistoryReader } from '#controller/history/reader.ts';
import { answer, exit } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

async function history(invocation: Invocation): Promise<number> {
  const reader = new HistoryReader(join(invocation.data, 'history.db'));
  try {
    const [tag] = invocation.words;
    if (tag === undefined) print(invocation, showLogged(reader));
    else if (invocation.flag('csv')) await printCsv(invocation, reader, tag);
    else printTag(invocation, reader, tag);
    return exit.good;
  } finally {
    reader.close();
  }
}

function printTag(invocation: Invocation, reader: HistoryReader, tag: string): void {
  const now = Date.now();
  const window = { tag, ...optionWindow(invocation, now) };
  const tier = tierOf(invocation);
  const points = tier === undefined ? undefined : [...reader.all(window, tier, now)].flat();
  const chosen = tier === undefined || points === undefined ? undefined : { tier, points };
  print(invocation, showHistory(reader, window, now, chosen));
}

const print = (invocation: Invocation, shown: Shown): void =>
  answer(invocation, shown.value, () => printed(shown));

const optionWindow = (invocation: Invocation, now: number) =>
  windowOf({ option: (name) => invocation.option(name) }, now);

async function printCsv(invocation: Invocation, reader: HistoryReader, tag: string): Promise<void> {
  const now = Date.now();
  const window = { tag, ...optionWindow(invocation, now) };
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

function tierOf(invocation: Invocation): Tier | undefined {
  const text = invocation.option('tier');
  if (text === undefined) return undefined;
  const tier = TierSchema.safeParse(text);
  if (tier.success) return tier.data;
  throw new CellError('E_USAGE', `--tier is of ${tiers.join(', ')}, not ${text}`);
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
