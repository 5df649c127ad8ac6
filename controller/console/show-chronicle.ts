// The record, shown to whoever asks at the console: its newest entries, or those of a time, a kind, an actor, a
// text. Bounded in what it looks at and in what it tells; what people did in station needs a permission of its own.
import { SegmentBody, entryKinds } from '#contract/entry.ts';
import type { Entry, EntryKind } from '#contract/entry.ts';
import { CellError } from '#contract/error.ts';
import { readBody } from '#controller/chronicle/body.ts';
import { formatEntry, namesOfSegment, noNames, plainEntry } from '#controller/chronicle/format.ts';
import type { EntryNames } from '#controller/chronicle/format.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import type { Reader, Selection } from '#controller/chronicle/reader.ts';
import { withoutPlace } from '#controller/server/refusal.ts';
import { planOf } from '#controller/replay/replay.ts';
import type { Shown } from './shown.ts';

/** Entries of one answer, and when nothing is said. */
export const countLimit = 200;
export const countDefault = 20;
/** Entries that one question looks at, and characters of a line. */
const lookLimit = 10_000;
const lineLength = 600;

export interface ChronicleAsk {
  readonly count: number;
  readonly kinds: readonly EntryKind[];
  readonly since?: number;
  readonly until?: number;
  readonly actor?: string | undefined;
  readonly text?: string | undefined;
}

/** The newest entries that fit, oldest first. */
export function showChronicle(path: string, ask: ChronicleAsk): Shown {
  const reader = withoutPlace(path, () => openReader(path));
  try {
    const { found, looked } = search(reader, ask);
    const lines = found.map(({ line }) =>
      line.length > lineLength ? `${line.slice(0, lineLength)}...` : line,
    );
    const cut =
      looked < lookLimit
        ? []
        : [`only the newest ${lookLimit} entries of this were looked at; go on with --to`];
    const page = lines.length === 0 ? ['nothing is recorded that fits'] : lines;
    return {
      value: found.map(({ entry }) => plainEntry(entry)),
      page: [...page, ...cut].join('\n'),
    };
  } finally {
    reader.close();
  }
}

interface Found {
  readonly entry: Entry;
  readonly line: string;
}

function search(reader: Reader, ask: ChronicleAsk): { found: Found[]; looked: number } {
  const { count, kinds, since, until, actor, text } = ask;
  const selection: Selection = {
    kinds,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
  const names = new Names(reader);
  const found: Found[] = [];
  let looked = 0;
  for (const entry of reader.backwards(selection)) {
    looked += 1;
    if (actor === undefined || entry.actor === actor) {
      const line = formatEntry(entry, names.of(entry));
      if (text === undefined || line.includes(text)) found.push({ entry, line });
    }
    if (found.length >= count || looked >= lookLimit) break;
  }
  return { found: found.toReversed(), looked };
}

/** Names for entries that come from the newest back: each belongs to the segment before it. */
class Names {
  readonly #reader: Reader;
  #segment: Entry | undefined;
  #names: EntryNames | undefined;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  of({ seq, kind }: Entry): EntryNames {
    // Nothing but scans names anything by its index.
    if (kind !== 'scan') return noNames;
    if (this.#names === undefined || (this.#segment?.seq ?? 0) > seq) {
      this.#segment = this.#reader.readLast('segment', seq);
      this.#names = namesOf(this.#segment);
    }
    return this.#names;
  }
}

/** `act,alarm` as kinds; undefined where nothing is said. Throws `E_USAGE`. */
export function kindsOf(text: string | undefined): readonly EntryKind[] | undefined {
  if (text === undefined) return undefined;
  return text.split(',').map((word) => {
    const kind = entryKinds.find((candidate) => candidate === word);
    if (kind === undefined) throw new CellError('E_USAGE', `--kind is of ${entryKinds.join(', ')}`);
    return kind;
  });
}

/** Names of a segment's tags, flows and their parts; of its tags alone when this version cannot read its flows. */
export function namesOf(segment: Entry | undefined): EntryNames {
  if (segment === undefined) return noNames;
  try {
    const { tags, flows } = planOf(SegmentBody.parse(readBody(segment)));
    return {
      tags: tags.map(({ name }) => name),
      flows: flows.map(({ name, flow }) => ({
        name,
        commands: flow.commands.map((command) => command.name),
        transitions: flow.transitions.map(({ id }) => id),
        interlocks: flow.interlocks.map((interlock) => interlock.name),
      })),
    };
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    return namesOfSegment(segment);
  }
}
