// Verbs on the record: verify, chronicle tail. They read a chronicle, of a running cell too, and
// write nothing.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CellError } from '#contract/error.ts';
import { entryKinds } from '#contract/entry.ts';
import type { EntryKind } from '#contract/entry.ts';
import type { EntryNames } from '#controller/chronicle/format.ts';
import { formatEntry, plainEntry } from '#controller/chronicle/format.ts';
import { withApprovals } from '#controller/approval/verify.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import type { Reader } from '#controller/chronicle/reader.ts';
import { formatVerification } from '#controller/chronicle/verdict.ts';
import { verifyRecord } from '#controller/recording/verify.ts';
import { kindsOf, namesOf } from '#controller/console/show-chronicle.ts';
import { progress } from './progress.ts';
import { answer, exit } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

/** The file that was named, or the chronicle of the data directory. */
export function chronicleOf(invocation: Invocation, word: string | undefined): string {
  const path = word ?? join(invocation.data, 'chronicle.db');
  if (!existsSync(path)) throw new CellError('E_FILE_READ', `${path}: no such file`);
  return path;
}

async function verify(invocation: Invocation): Promise<number> {
  const path = chronicleOf(invocation, invocation.words[0]);
  const shown = progress('verify');
  const keys = invocation.option('keys');
  const recordings = invocation.option('recordings');
  const recorded = await verifyRecord(path, {
    ...(keys === undefined ? {} : { keys }),
    ...(recordings === undefined ? {} : { recordings }),
    onProgress: (done, total) => shown.show(done, total),
  });
  const found = withApprovals(recorded);
  shown.end();
  answer(invocation, found, () => formatVerification(found));
  return found.exit;
}

/** How often a tail that follows looks for more. */
const followPeriod = 250;

async function chronicle(invocation: Invocation): Promise<number> {
  const [what, file] = invocation.words;
  if (what !== 'tail')
    throw new CellError('E_USAGE', `rebe chronicle ${what ?? ''}: there is tail`);
  const reader = openReader(chronicleOf(invocation, file));
  try {
    const count = Number(invocation.option('count') ?? 20);
    if (!Number.isSafeInteger(count) || count < 1)
      throw new CellError('E_USAGE', '--count is a whole number');
    const kinds = kindsOf(invocation.option('kind'));
    const chosen = [];
    for (const entry of reader.backwards(kinds === undefined ? {} : { kinds })) {
      if (chosen.push(entry) >= count) break;
    }
    const printer = new Printer(reader, invocation.json);
    for (const entry of chosen.toReversed()) printer.print(entry);
    if (invocation.flag('follow')) await follow(reader, printer, kinds);
  } finally {
    reader.close();
  }
  return exit.good;
}

type Entry = Parameters<typeof formatEntry>[0];

/** Prints entries with the names of the segment that each belongs to. */
class Printer {
  readonly #reader: Reader;
  readonly #json: boolean;
  #names: EntryNames | undefined;

  constructor(reader: Reader, json: boolean) {
    this.#reader = reader;
    this.#json = json;
  }

  /** Entries come in order; each segment among them names those that follow it. */
  print(entry: Entry): void {
    process.stdout.write(`${this.#json ? JSON.stringify(plainEntry(entry)) : this.#text(entry)}\n`);
  }

  #text(entry: Entry): string {
    const segment = entry.kind === 'segment' ? entry : undefined;
    if (segment !== undefined) this.#names = namesOf(segment);
    this.#names ??= namesOf(this.#reader.readLast('segment', entry.seq));
    return formatEntry(entry, this.#names);
  }
}

async function follow(
  reader: Reader,
  printer: Printer,
  kinds: readonly EntryKind[] | undefined,
): Promise<void> {
  let from = reader.range().last + 1;
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  while (!interrupted.signal.aborted) {
    for (const entry of reader.entries({ from, ...(kinds === undefined ? {} : { kinds }) }))
      printer.print(entry);
    from = reader.range().last + 1;
    // oxlint-disable-next-line no-await-in-loop -- looks again in steps
    await new Promise((resolve) => setTimeout(resolve, followPeriod));
  }
}

export const recordVerbs: readonly Verb[] = [
  {
    name: 'verify',
    usage: '[CHRONICLE]',
    summary:
      'Checks that the record was not altered: 0 whole, 1 altered, 2 incomplete, 3 cannot be verified.',
    example: 'rebe verify data/chronicle.db --keys data/keys/cell.pub',
    words: [0, 1],
    more: [
      'The recordings of shells beside the chronicle are held against it too, segment by segment; and each approval',
      'in it is proved from it alone: request, signatures, keys, window and uses, and that each act, shell and command',
      'done by it is what was approved.',
    ].join('\n'),
    options: {
      keys: { type: 'string', help: 'public keys that may have signed it' },
      recordings: { type: 'string', help: 'where recordings are (default: beside the chronicle)' },
    },
    run: verify,
  },
  {
    name: 'chronicle',
    usage: 'tail [CHRONICLE]',
    summary: 'Prints the newest entries of the record.',
    example: 'rebe chronicle tail --follow --kind act,alarm',
    words: [1, 2],
    options: {
      count: { type: 'string', help: 'how many (default 20)' },
      kind: { type: 'string', help: `only these: ${entryKinds.join(',')}` },
      follow: { type: 'boolean', help: 'go on as entries are written, until Ctrl-C' },
    },
    run: chronicle,
  },
];
