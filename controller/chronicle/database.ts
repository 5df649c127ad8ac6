// `chronicle.db`: one table, `entry`, and nothing that `verify` does not derive again. The writer's
// thread alone opens it for writing. What cannot be read is set aside, never overwritten.
import { existsSync, renameSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { Entry } from '#contract/entry.ts';
import { CellError } from '#contract/error.ts';
import { makePrivate } from '#controller/private-file.ts';
import type { Storage } from './storage.ts';

export type Durability = 'strict' | 'fast';

export const columns = 'seq, boot, scan, at, kind, actor, body, prev, hash';
/** "rebe" in ASCII. */
export const applicationId = 0x72656265;
export const formatVersion = 1;

const schema = `CREATE TABLE entry (
  seq INTEGER PRIMARY KEY,
  boot INTEGER NOT NULL,
  scan INTEGER,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  body BLOB NOT NULL,
  prev BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT`;

/** A database of one writer. `pageLimit` is asked at each opening: tests of a full disk give one. */
export class ChronicleDatabase implements Storage {
  readonly #path: string;
  readonly #durability: Durability;
  readonly #pageLimit: () => number | undefined;
  #database: Database.Database;
  #statements: ReturnType<typeof prepare>;

  constructor(path: string, durability: Durability, pageLimit: () => number | undefined = none) {
    this.#path = path;
    this.#durability = durability;
    this.#pageLimit = pageLimit;
    this.#database = this.#open();
    this.#statements = prepare(this.#database);
  }

  first(): number | undefined {
    return this.#statements.first.get() ?? undefined;
  }

  last(): number | undefined {
    return this.#statements.last.get() ?? undefined;
  }

  rows(from: number, to: number): Entry[] {
    return this.#statements.rows.all(from, to);
  }

  write(rows: readonly Entry[]): void {
    const { begin, commit } = this.#statements;
    const [first] = rows;
    // One row is a commit of its own, in a third of the statements: an output may wait for it.
    if (first !== undefined && rows.length === 1) return this.#insert(first);
    begin.run();
    try {
      for (const row of rows) this.#insert(row);
      commit.run();
    } finally {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
    }
  }

  #insert({ seq, boot, scan, at, kind, actor, body, prev, hash }: Entry): void {
    this.#statements.insert.run(seq, boot, scan, at, kind, actor, body, prev, hash);
  }

  kinds(from: number, count: number): readonly { seq: number; kind: string }[] {
    return this.#statements.kinds.all(from, count);
  }

  removeBefore(seq: number): void {
    this.#statements.remove.run(seq);
  }

  size(): number {
    const { pages, free, pageSize } = this.#statements;
    return ((pages.get() ?? 0) - (free.get() ?? 0)) * pageSize;
  }

  reopen(): void {
    this.#database.close();
    this.#database = this.#open();
    this.#statements = prepare(this.#database);
  }

  /** Leaves one file that needs no companion, so that it can be read where nothing can be written. */
  close(): void {
    try {
      this.#database.pragma('journal_mode = DELETE');
    } catch {
      // A reader is still there, or the disk refuses: the file stays in WAL mode, whole.
    }
    this.#database.close();
  }

  #open(): Database.Database {
    makePrivate(this.#path);
    const database = new Database(this.#path, { timeout: 0 });
    try {
      // Before anything is changed in it.
      refuseNewer(database);
      database.pragma('journal_mode = WAL');
      database.pragma(`synchronous = ${this.#durability === 'strict' ? 'FULL' : 'NORMAL'}`);
      database.pragma('journal_size_limit = 16777216');
      const limit = this.#pageLimit();
      if (limit !== undefined) database.pragma(`max_page_count = ${limit}`);
      prepareSchema(database);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  }
}

const none = (): undefined => undefined;

function prepareSchema(database: Database.Database): void {
  const tables = database.prepare<[], number>('SELECT count(*) FROM sqlite_schema').pluck().get();
  if (tables === 0) {
    database.transaction(() => {
      database.exec(schema);
      database.pragma(`application_id = ${applicationId}`);
      database.pragma(`user_version = ${formatVersion}`);
    })();
  }
  checkFormat(database);
}

/** E_CHRONICLE_FORMAT unless this is a chronicle that this version reads; E_CHRONICLE_NEWER for one of a newer. */
export function checkFormat(database: Database.Database): void {
  refuseNewer(database);
  const application = database.pragma('application_id', { simple: true });
  const version = database.pragma('user_version', { simple: true });
  if (application !== applicationId || version !== formatVersion) {
    throw new CellError(
      'E_CHRONICLE_FORMAT',
      `not a chronicle of format ${formatVersion}: application ${String(application)}, ` +
        `version ${String(version)}`,
    );
  }
  // A trigger or a view could make the table say what was never written.
  const found = database.prepare('SELECT sql FROM sqlite_schema').pluck().all();
  if (found.length === 1 && found[0] === schema) return;
  const others = found.filter((sql) => sql !== schema).map((sql) => String(sql));
  throw new CellError('E_CHRONICLE_FORMAT', `it is not one table \`entry\`: ${others.join('; ')}`);
}

/** What a newer version wrote is not broken: after going back it must not be set aside. */
function refuseNewer(database: Database.Database): void {
  if (database.pragma('application_id', { simple: true }) !== applicationId) return;
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version <= formatVersion) return;
  const text = `it is of format ${version}, and this version knows ${formatVersion}`;
  throw new CellError('E_CHRONICLE_NEWER', text);
}

function prepare(database: Database.Database) {
  const number = (sql: string) => database.prepare<[], number | null>(sql).pluck();
  return {
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    insert: database.prepare(`INSERT INTO entry (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    first: number('SELECT min(seq) FROM entry'),
    last: number('SELECT max(seq) FROM entry'),
    rows: database.prepare<[number, number], Entry>(
      `SELECT ${columns} FROM entry WHERE seq BETWEEN ? AND ? ORDER BY seq`,
    ),
    kinds: database.prepare<[number, number], { seq: number; kind: string }>(
      'SELECT seq, kind FROM entry WHERE seq >= ? ORDER BY seq LIMIT ?',
    ),
    remove: database.prepare<[number]>('DELETE FROM entry WHERE seq < ?'),
    pages: number('PRAGMA page_count'),
    free: number('PRAGMA freelist_count'),
    pageSize: number('PRAGMA page_size').get() ?? 0,
  };
}

/** Whether an error says that the file itself is bad, not the disk or its permissions. */
export function isBroken(error: unknown): boolean {
  if (error instanceof CellError) {
    return error.code === 'E_CHRONICLE_FORMAT' || error.code === 'E_CHRONICLE_CHAIN';
  }
  if (!(error instanceof Database.SqliteError)) return false;
  return error.code.startsWith('SQLITE_CORRUPT') || error.code === 'SQLITE_NOTADB';
}

/** The newest boot that a broken file still shows; 0 when it shows none. */
export function readBoot(path: string): number {
  try {
    const database = new Database(path, { readonly: true });
    try {
      const newest = 'SELECT boot FROM entry ORDER BY seq DESC LIMIT 1';
      const boot: unknown = database.prepare(newest).pluck().get();
      return Number.isSafeInteger(boot) && Number(boot) > 0 ? Number(boot) : 0;
    } finally {
      database.close();
    }
  } catch {
    return 0;
  }
}

/**
 * Moves `chronicle.db` and its companions to `chronicle.<time>.broken.db`, and gives that path.
 * Never over a file that is there.
 */
export function setAside(path: string, time: number): string {
  const stamp = new Date(time).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const base = path.replace(/\.db$/, '');
  let aside = `${base}.${stamp}.broken.db`;
  for (let count = 2; existsSync(aside); count += 1) {
    aside = `${base}.${stamp}-${count}.broken.db`;
  }
  for (const suffix of ['-wal', '-shm', '']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}
