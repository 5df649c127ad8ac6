// Sessions and locks in `station.db`: what a station that starts again must know of them. Seldom written, then synced.
import Database from 'better-sqlite3';
import type * as z from 'zod';
import { CellError } from '#contract/error.ts';
import { Lock, SessionView } from '#contract/shell.ts';
import { makePrivate } from '#controller/private-file.ts';

/** Sessions that are over and still listed. */
const endedLimit = 200;

const schema = `
  CREATE TABLE IF NOT EXISTS shell_session (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, over INTEGER NOT NULL, view TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS shell_lock (id TEXT PRIMARY KEY, lock TEXT NOT NULL) STRICT;`;

export class ShellStore {
  readonly #database: Database.Database;
  readonly #statements: ReturnType<typeof prepare>;

  private constructor(database: Database.Database) {
    database.exec(schema);
    this.#database = database;
    this.#statements = prepare(database);
  }

  /** Opens or makes the file. Throws `E_SHELL_STORE`. */
  static open(path: string): ShellStore {
    let database: Database.Database | undefined;
    try {
      makePrivate(path);
      database = new Database(path, { timeout: 1000 });
      database.pragma('journal_mode = WAL');
      // A lock that was set stays set, whatever the power does.
      database.pragma('synchronous = FULL');
      return new ShellStore(database);
    } catch (cause) {
      database?.close();
      throw storeError(cause);
    }
  }

  /** Oldest first; a row that is no session is none. */
  sessions(): { readonly view: SessionView; readonly over: boolean }[] {
    return ask(() =>
      this.#statements.sessions.all().flatMap(({ view, over }) => {
        const read = parse(SessionView, view);
        return read === undefined ? [] : [{ view: read, over: over !== 0 }];
      }),
    );
  }

  /** `over`: nothing more will come of it, and its end is in the chronicle. */
  keep(view: SessionView, over: boolean): void {
    ask(() => {
      this.#statements.keep.run(view.id, over ? 1 : 0, JSON.stringify(view));
      if (over) this.#statements.forget.run(endedLimit);
    });
  }

  /** Throws `E_SHELL_STORE` for a row that is no lock: what it locks is not known, so nobody may pass. */
  locks(): Lock[] {
    return ask(() => this.#statements.locks.all().map((text) => Lock.parse(JSON.parse(text))));
  }

  keepLock(lock: Lock): void {
    ask(() => this.#statements.keepLock.run(lock.id, JSON.stringify(lock)));
  }

  dropLock(id: string): void {
    ask(() => this.#statements.dropLock.run(id));
  }

  close(): void {
    this.#database.close();
  }
}

function ask<T>(run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw storeError(cause);
  }
}

function storeError(cause: unknown): CellError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new CellError('E_SHELL_STORE', `station.db: ${text}`, { cause });
}

function parse<T>(schemaOf: z.ZodType<T>, text: string): T | undefined {
  try {
    return schemaOf.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function prepare(database: Database.Database) {
  return {
    sessions: database.prepare<[], { view: string; over: number }>(
      'SELECT view, over FROM shell_session ORDER BY number',
    ),
    keep: database.prepare(
      `INSERT INTO shell_session (id, over, view) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET over = excluded.over, view = excluded.view`,
    ),
    forget: database.prepare(
      `DELETE FROM shell_session WHERE over = 1 AND number NOT IN
       (SELECT number FROM shell_session WHERE over = 1 ORDER BY number DESC LIMIT ?)`,
    ),
    locks: database.prepare<[], string>('SELECT lock FROM shell_lock').pluck(),
    keepLock: database.prepare('INSERT OR REPLACE INTO shell_lock (id, lock) VALUES (?, ?)'),
    dropLock: database.prepare('DELETE FROM shell_lock WHERE id = ?'),
  };
}
