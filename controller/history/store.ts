// The writer's side of `history.db`: a batch is one transaction; now and then what waits is folded into
// chunks, and what is oldest leaves. It runs in a thread of its own and knows no clock.
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type Database from 'better-sqlite3';
import type { LoggedTag } from '#contract/history.ts';
import { setAside } from '#controller/chronicle/database.ts';
import type { Batch, Run } from './batch.ts';
import { encodeBatch } from './batch.ts';
import { isBroken, openForWriting } from './database.ts';
import { Fold } from './fold.ts';
import { JournalStore } from './journal-store.ts';
import { Retention } from './retention.ts';

/** What the thread is started with. */
export interface HistorySetup {
  /** Of `history.db`. */
  readonly path: string;
  /** Bytes that the file may have. */
  readonly max: number;
  /** What is logged; a sample names its place here. */
  readonly tags: readonly LoggedTag[];
  /** UTC ms: names a file that is set aside. */
  readonly time: number;
}

/** A history that could not be read, and where it is now. */
export interface Aside {
  readonly file: string;
  readonly why: string;
}

/** Samples wait so long, or until there are so many bytes of them, before they are folded. */
const foldAfter = 300_000;
const foldBytes = 2_097_152;
/** Of the file's bound: what waits in a small file. */
const foldShare = 1 / 32;

export type OpenDatabase = (path: string) => Database.Database;

export class HistoryStore {
  readonly #setup: HistorySetup;
  readonly #open: OpenDatabase;
  #database: Database.Database;
  #parts: Parts;
  /** The run that is written, as control counts it, and its row. */
  #run: { readonly number: number; readonly id: number } | undefined;
  /** Bytes that wait to be folded, and since when. */
  #pending = 0;
  #since: number | undefined;

  private constructor(setup: HistorySetup, open: OpenDatabase) {
    this.#setup = setup;
    this.#open = open;
    this.#database = open(setup.path);
    this.#parts = makeParts(this.#database, setup);
    // What the run before left; whatever it was, from here on nothing waits.
    this.#fold();
  }

  /** Opens it; one that cannot be read is set aside, and a new one begun. */
  static open(
    setup: HistorySetup,
    open: OpenDatabase = openForWriting,
  ): { readonly store: HistoryStore; readonly aside?: Aside } {
    try {
      return { store: new HistoryStore(setup, open) };
    } catch (error) {
      if (!isBroken(error)) throw error;
      const aside = moveAside(setup, error);
      return { store: new HistoryStore(setup, open), aside };
    }
  }

  /** Bytes of the file that are in use. */
  get used(): number {
    return this.#parts.retention.used;
  }

  /** All of it or nothing; one that failed may come again, and is then not written twice. */
  write(batch: Batch): void {
    const before = this.#run;
    try {
      const { run, bytes } = this.#database.transaction(() => this.#take(batch)).immediate();
      this.#run = { number: batch.run.number, id: run };
      this.#pending += bytes;
      if (bytes > 0) this.#since ??= batch.until;
    } catch (error) {
      this.#run = before;
      this.#parts.journal.forget();
      throw error;
    }
  }

  /** What is to be done between batches, when it is due. One step; true while there is more. */
  tidy(now: number): boolean {
    const { max } = this.#setup;
    const old = this.#since !== undefined && Math.abs(now - this.#since) >= foldAfter;
    if (old || this.#pending >= Math.min(foldBytes, max * foldShare)) {
      this.#fold();
      return true;
    }
    return this.#parts.retention.step();
  }

  /** After a failure: a connection that failed is not worth trusting. Sets a broken file aside. */
  reopen(error: unknown): Aside | undefined {
    this.close();
    const aside = isBroken(error) ? moveAside(this.#setup, error) : undefined;
    this.#database = this.#open(this.#setup.path);
    this.#parts = makeParts(this.#database, this.#setup);
    if (aside !== undefined) this.#run = undefined;
    return aside;
  }

  /** Leaves one file that needs no companion, so that it can be read where nothing can be written. */
  close(): void {
    try {
      if (!this.#database.open) return;
      // Nobody waits for a reader at an end.
      this.#database.pragma('busy_timeout = 0');
      this.#database.pragma('journal_mode = DELETE');
    } catch {
      // A reader is still there, or the disk refuses: the file stays in WAL mode, whole.
    }
    try {
      this.#database.close();
    } catch {
      // It failed before; nothing more can be done with it.
    }
  }

  #fold(): void {
    this.#database.transaction(() => this.#parts.fold.all()).immediate();
    this.#pending = 0;
    this.#since = undefined;
  }

  #take(batch: Batch): { readonly run: number; readonly bytes: number } {
    const { last, add } = this.#parts.statements;
    const run = this.#runOf(batch.run);
    const newest = last.get();
    if (newest?.run === run && newest.number === batch.number) return { run, bytes: 0 };
    for (const event of batch.journal) this.#parts.journal.add(event);
    const began = batch.times[0] ?? batch.until;
    const body = encodeBatch(batch, this.#parts.ids, began);
    add.run(run, batch.number, began, batch.until, body);
    return { run, bytes: body.length };
  }

  /** Its row; a run that is new closes what the one before left open. */
  #runOf(run: Run): number {
    if (this.#run?.number === run.number) return this.#run.id;
    const { lastRun, lasted, addRun } = this.#parts.statements;
    const last = lastRun.get();
    // Written by an attempt that said it had failed.
    if (last !== undefined && last.began === run.began && last.why === run.why) return last.id;
    if (last !== undefined) {
      lasted.run(last.until, last.id);
      this.#parts.journal.closeAll(last.until);
    }
    return Number(addRun.run(run.began, run.began, run.why).lastInsertRowid);
  }
}

/** Keeps the newest of what was set aside: each may be as large as the history itself. */
function moveAside({ path, time }: HistorySetup, error: unknown): Aside {
  const why = error instanceof Error ? error.message : String(error);
  const folder = dirname(path);
  for (const name of readdirSync(folder))
    if (/^history\..+\.broken\.db(?:-wal|-shm)?$/.test(name)) rmSync(join(folder, name));
  return { file: setAside(path, time), why };
}

type Parts = ReturnType<typeof makeParts>;

function makeParts(database: Database.Database, { tags, max }: HistorySetup) {
  return {
    ids: database.transaction(() => knowTags(database, tags)).immediate(),
    fold: new Fold(database),
    journal: new JournalStore(database),
    retention: new Retention(database, max),
    statements: prepare(database),
  };
}

/** The row of each tag. One whose type or values are others than before is another tag. */
function knowTags(database: Database.Database, tags: readonly LoggedTag[]): number[] {
  const upsert = database
    .prepare<[string, string, string], number>(
      `INSERT INTO tag (name, form, info, logged) VALUES (?, ?, ?, 1)
       ON CONFLICT (name, form) DO UPDATE SET info = excluded.info, logged = 1 RETURNING id`,
    )
    .pluck();
  database.exec('UPDATE tag SET logged = 0');
  return tags.map((tag) => {
    const form = JSON.stringify([tag.type, ...(tag.values ?? [])]);
    return upsert.get(tag.tag, form, JSON.stringify(tag)) ?? 0;
  });
}

function prepare(database: Database.Database) {
  return {
    last: database.prepare<[], { run: number; number: number }>(
      'SELECT run, number FROM batch ORDER BY id DESC LIMIT 1',
    ),
    add: database.prepare<[number, number, number, number, Uint8Array]>(
      'INSERT INTO batch (run, number, began, until, body) VALUES (?, ?, ?, ?, ?)',
    ),
    lastRun: database.prepare<[], { id: number; began: number; until: number; why: string }>(
      `SELECT id, began, why, max(until,
         coalesce((SELECT max(until) FROM batch WHERE batch.run = run.id), 0)) AS until
       FROM run ORDER BY id DESC LIMIT 1`,
    ),
    lasted: database.prepare<[number, number]>('UPDATE run SET until = ? WHERE id = ?'),
    addRun: database.prepare<[number, number, string]>(
      'INSERT INTO run (began, until, why) VALUES (?, ?, ?)',
    ),
  };
}
