// What pages ask about the past: points of a tag, which tags are logged, the journal. Read from
// `history.db`, which control writes; so many questions a second, each with a bounded answer.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { CellError } from '#contract/error.ts';
import { HistoryQuery, JournalQuery } from '#contract/history.ts';
import type { Clock } from '#contract/time.ts';
import { Bucket } from '#controller/bucket.ts';
import { HistoryReader } from '#controller/history/reader.ts';

/** Of all pages together. */
const pace = { rate: 30, burst: 90 };

export class HistoryDoor {
  readonly #clock: Clock;
  readonly #path: string;
  readonly #pace: Bucket;
  #open: { readonly reader: HistoryReader; readonly file: number } | undefined;

  constructor(clock: Clock, data: string) {
    this.#clock = clock;
    this.#path = join(data, 'history.db');
    this.#pace = new Bucket(clock, pace);
  }

  /** Routes whose errors are `CellError`s. */
  addTo(app: FastifyInstance): void {
    const answer = (path: string, run: (query: unknown) => unknown): void => {
      app.get(path, async (request, reply) =>
        reply.header('cache-control', 'no-store').send(run(request.query)),
      );
    };
    answer('/api/history', (query) => {
      const asked = windowOf(HistoryQuery, query);
      return this.#reader().history(asked, this.#now());
    });
    answer('/api/history/tags', (query) => {
      windowOf(z.strictObject({}), query);
      return {
        tags: this.#reader()
          .tags()
          .map(({ tag }) => tag),
      };
    });
    answer('/api/journal', (query) => {
      const asked = windowOf(JournalQuery, query);
      return this.#reader().journal(asked, this.#now());
    });
  }

  close(): void {
    this.#open?.reader.close();
    this.#open = undefined;
  }

  #now(): number {
    return Math.floor(this.#clock.time());
  }

  /** Opened when it is first asked, and again when another file stands there. */
  #reader(): HistoryReader {
    if (!this.#pace.take()) throw new CellError('E_HISTORY_RATE', 'more than 30 a second');
    const file = statSync(this.#path, { throwIfNoEntry: false })?.ino;
    if (this.#open !== undefined && this.#open.file === file) return this.#open.reader;
    this.close();
    if (file === undefined) throw new CellError('E_HISTORY_OPEN', `${this.#path}: no such file`);
    const reader = new HistoryReader(this.#path);
    this.#open = { reader, file };
    return reader;
  }
}

function windowOf<T>(schema: z.ZodType<T>, query: unknown): T {
  const read = schema.safeParse(query);
  if (!read.success) throw new CellError('E_HISTORY_QUERY', z.prettifyError(read.error));
  const { from, to } = read.data as { from?: number; to?: number };
  if (from !== undefined && to !== undefined && from >= to)
    throw new CellError('E_HISTORY_QUERY', '`from` is not before `to`');
  return read.data;
}
