// What is too large for one frame goes in several: a greeting as `hello` and `tags`, a picture as
// `snapshot` and deltas of the same frame, each but the last with `more`. Both ways of it stand here.
import { applyDelta, mapSections, mergeDeltas } from './merge.ts';
import type { MapSection } from './merge.ts';
import type {
  Delta,
  FromControl,
  Hello,
  Sections,
  Snapshot,
  Stopped,
  Tags,
  WholeSections,
} from './wire.ts';

/** Characters of a page, about: a frame has room for it even where each takes three bytes. */
export const pageLimit = 256 * 1024;
/** Pages of one message; one of more is dropped. */
export const pagesLimit = 1024;

/** One entry of a section. */
export type SectionEntry = readonly [section: MapSection, key: string, value: unknown];

/** Moment and number of a frame. */
export type FrameHead = Pick<Snapshot, 'frame' | 'now' | 'time' | 'seq'>;

export function* helloPages(hello: Hello): Generator<Hello | Tags> {
  const { tags, ...rest } = hello;
  const pages = cut(tags, (tag) => JSON.stringify(tag).length);
  for (const [index, { items, more }] of counted(pages)) {
    if (index === 0) yield { ...rest, tags: items, ...more };
    else yield { type: 'tags', tags: items, ...more };
  }
}

/** Entries are asked for as their page is: an entry of a later page may be newer than the frame. */
export function* snapshotPages(
  head: FrameHead,
  entries: Iterable<SectionEntry>,
  figures: WholeSections,
): Generator<Snapshot | Delta> {
  for (const [index, { items, more }] of counted(cut(entries, sizeOf))) {
    const page = sectionsOf(items);
    if (index > 0) yield { type: 'delta', ...head, from: head.frame, ...page, ...more };
    else yield { type: 'snapshot', ...head, ...empty(), ...page, ...figures, ...more };
  }
}

export function* deltaPages(delta: Delta): Generator<Delta> {
  const { type, frame, from, now, time, seq } = delta;
  const rest = { ...delta };
  for (const name of mapSections) delete rest[name];
  for (const [index, { items, more }] of counted(cut(entriesOf(delta), sizeOf))) {
    // What fits needs no other form.
    if (index === 0 && more.more === undefined) yield delta;
    else if (index === 0) yield { ...rest, ...sectionsOf(items), ...more };
    else yield { type, frame, from, now, time, seq, ...sectionsOf(items), ...more };
  }
}

/** All entries of a picture, or of a delta. */
export function* entriesOf(of: Snapshot | Delta): Generator<SectionEntry> {
  for (const name of mapSections)
    for (const [key, value] of Object.entries(of[name] ?? {})) yield [name, key, value];
}

type Paged = Hello | Tags | Snapshot | Delta;
/** Messages of control as whoever reads them sees them: pages joined. */
export type WholeFromControl = Exclude<FromControl, Tags>;

/** What a page that opens is shown, page by page. */
export function* openingPages(
  messages: Iterable<Hello | Snapshot | Stopped>,
): Generator<Paged | Stopped> {
  for (const message of messages) {
    if (message.type === 'hello') yield* helloPages(message);
    else if (message.type === 'stopped') yield message;
    else {
      const { frame, now, time, seq, scan, chronicle, mirror } = message;
      const figures = { scan, chronicle, ...(mirror === undefined ? {} : { mirror }) };
      yield* snapshotPages({ frame, now, time, seq }, entriesOf(message), figures);
    }
  }
}

/** Puts pages together again, for one connection. */
export class Pages {
  #open: Hello | Snapshot | Delta | undefined;
  #count = 0;

  /** A message that is whole, by itself or with this page; undefined until then, and of a page that belongs to nothing. */
  take<Message extends { readonly type: string }>(
    message: Message | Paged,
  ): Exclude<Message, Tags> | Hello | Snapshot | Delta | undefined {
    if (!isPaged(message)) return message as Exclude<Message, Tags>;
    const { more, ...last } = message;
    const whole = this.#joined(last);
    this.#count = more === undefined ? 0 : this.#count + 1;
    this.#open = more === undefined || this.#count >= pagesLimit ? undefined : whole;
    return more === undefined ? whole : undefined;
  }

  #joined(page: Paged): Hello | Snapshot | Delta | undefined {
    const open = this.#open;
    if (page.type === 'hello' || page.type === 'snapshot') return page;
    if (page.type === 'tags') {
      return open?.type === 'hello' ? { ...open, tags: [...open.tags, ...page.tags] } : undefined;
    }
    if (open?.type === 'snapshot') return applyDelta(open, page);
    return open?.type === 'delta' ? mergeDeltas(open, page) : page;
  }
}

const paged = new Set(['hello', 'tags', 'snapshot', 'delta']);
const isPaged = (message: { readonly type: string }): message is Paged => paged.has(message.type);

/** Strings may take six characters for each of theirs; the rest of a value is short. */
function sizeOf([section, key, value]: SectionEntry): number {
  if (section !== 'tags' && section !== 'outputs') return key.length + JSON.stringify(value).length;
  const { v } = value as { readonly v: unknown };
  return key.length + 200 + (typeof v === 'string' ? 6 * v.length : 0);
}

interface Cut<Item> {
  readonly items: Item[];
  readonly more: { more?: true };
}

/** At least one, and none above the limit but where one item alone is. */
function* cut<Item>(all: Iterable<Item>, size: (item: Item) => number): Generator<Cut<Item>> {
  let items: Item[] = [];
  let sum = 0;
  for (const item of all) {
    const more = size(item);
    if (items.length > 0 && sum + more > pageLimit) {
      yield { items, more: { more: true } };
      items = [];
      sum = 0;
    }
    items.push(item);
    sum += more;
  }
  yield { items, more: {} };
}

function* counted<Item>(all: Iterable<Item>): Generator<readonly [number, Item]> {
  let index = 0;
  for (const item of all) {
    yield [index, item];
    index += 1;
  }
}

function sectionsOf(entries: readonly SectionEntry[]): Partial<Pick<Sections, MapSection>> {
  const sections: Partial<Record<MapSection, Record<string, unknown>>> = {};
  for (const [section, key, value] of entries) (sections[section] ??= {})[key] = value;
  return sections as Partial<Pick<Sections, MapSection>>;
}

const empty = (): Pick<Sections, MapSection> => ({
  tags: {},
  outputs: {},
  flows: {},
  alarms: {},
  forces: {},
  devices: {},
});
