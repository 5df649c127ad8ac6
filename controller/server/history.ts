// What pages ask about the past: points of a tag, which tags are logged, the journal. Read from
// `history.db`, which control writes; so many questions a second, each with a bounded answer.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CellError } from '#contract/error.ts';
import { historyRoutes } from '#contract/history-routes.ts';
import type { CsvQuery, JournalQuery } from '#contract/history.ts';
import { seconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import { Bucket } from '#controller/bucket.ts';
import { csvOf } from '#controller/history/csv.ts';
import { HistoryReader } from '#controller/history/reader.ts';
import { withoutPlace } from './refusal.ts';
import { serve } from './routes.ts';
import type { Served } from './routes.ts';

/** Of all pages together. */
const pace = { rate: 30, burst: 90 };
/** CSV that is being sent at once, and how long one may take. */
const csvLimit = 4;
const csvTime = seconds(120);

export class HistoryDoor {
  readonly #clock: Clock;
  readonly #path: string;
  readonly #pace: Bucket;
  readonly #sending = new Set<Readable>();
  #open: { readonly reader: HistoryReader; readonly file: number | undefined } | undefined;

  constructor(clock: Clock, data: string) {
    this.#clock = clock;
    this.#path = join(data, 'history.db');
    this.#pace = new Bucket(clock, pace);
  }

  get routes(): readonly Served[] {
    const { points, csv, tags, journal } = historyRoutes;
    return [
      serve(points, ({ query }) => this.reader().history(windowOf(query), this.#now())),
      serve(csv, ({ query }) => ({ body: this.#csv(windowOf(query)), file: fileOf(query) })),
      serve(tags, () => ({
        tags: this.reader()
          .tags()
          .map(({ tag }) => tag),
      })),
      serve(journal, ({ query }) => this.reader().journal(stripsOf(query), this.#now())),
    ];
  }

  close(): void {
    for (const body of this.#sending) body.destroy();
    this.#letGo();
  }

  #letGo(): void {
    this.#open?.reader.close();
    this.#open = undefined;
  }

  /** A reader of its own, for as long as it takes; the first part is read at once, with its errors. */
  #csv(asked: CsvQuery): Readable {
    if (this.#sending.size >= csvLimit)
      throw new CellError('E_HISTORY_RATE', `${csvLimit} CSV files are being sent`);
    this.reader();
    const reader = this.#reader();
    const parts = csvOf(reader, asked, this.#now());
    let body: Readable;
    try {
      const head = parts.next();
      body = Readable.from(joined(head.value ?? '', parts), { objectMode: true });
    } catch (error) {
      reader.close();
      throw error;
    }
    this.#sending.add(body);
    const late = this.#clock.after(csvTime, () => body.destroy());
    body.once('close', () => {
      late();
      this.#sending.delete(body);
      reader.close();
    });
    return body;
  }

  #reader(): HistoryReader {
    return withoutPlace(this.#path, () => new HistoryReader(this.#path));
  }

  #now(): number {
    return Math.floor(this.#clock.time());
  }

  /** For one question; all that ask share a pace. Opened when it is first asked, and again when another file stands there. */
  reader(): HistoryReader {
    if (!this.#pace.take()) throw new CellError('E_HISTORY_RATE', 'more than 30 a second');
    const file = statSync(this.#path, { throwIfNoEntry: false })?.ino;
    if (this.#open !== undefined && this.#open.file === file) return this.#open.reader;
    this.#letGo();
    const reader = this.#reader();
    this.#open = { reader, file };
    return reader;
  }
}

function* joined(head: string, rest: Iterable<string>): Generator<string> {
  yield head;
  // A chunk without bytes is the end of an answer in chunks.
  for (const part of rest) if (part !== '') yield part;
}

const fileOf = ({ tag, from, to }: CsvQuery): string =>
  `${[tag, ...[from, to].map((time) => new Date(time).toISOString().replaceAll(/[-:]|\.\d+/g, ''))].join('_')}.csv`;

function windowOf<T extends { readonly from: number; readonly to: number }>(query: T): T {
  if (query.from < query.to) return query;
  throw new CellError('E_HISTORY_QUERY', '`from` is not before `to`');
}

function stripsOf(query: JournalQuery): JournalQuery {
  const { flow, region, least_ms: least, limit, from, to } = windowOf(query);
  if (least !== undefined && (flow === undefined || region === undefined))
    throw new CellError('E_HISTORY_QUERY', '`least_ms` is of one region: `flow` and `region`');
  if (least !== undefined && (to - from) / least > limit)
    throw new CellError('E_HISTORY_QUERY', `the window has more than ${limit} \`least_ms\``);
  return query;
}
