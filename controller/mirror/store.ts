// What the mirror keeps in `station.db`: where it stands in the record, which topics the broker retains of
// it, and who it is. Small and seldom written; a file that cannot be read is set aside and said.
import { randomBytes } from 'node:crypto';
import Database from 'better-sqlite3';
import { CellError } from '#contract/error.ts';
import { setAside } from '#controller/chronicle/database.ts';
import { makePrivate } from '#controller/private-file.ts';

/** Up to and with this entry all is with the broker. */
export interface Cursor {
  readonly boot: number;
  readonly seq: number;
  /** Of that entry, so that another record is known by it. */
  readonly hash: Uint8Array;
  /** When it was recorded, UTC ms. */
  readonly at: number;
}

/** Cursors kept, one for each boot: an older record that is put back is known by one of them. */
const cursorLimit = 64;
/** Runs of station remembered as our own. */
const sessionLimit = 16;

const schema = `
  CREATE TABLE IF NOT EXISTS mirror_cursor (
    boot INTEGER PRIMARY KEY, seq INTEGER NOT NULL, hash BLOB NOT NULL, at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS mirror_topic (topic TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS mirror_session (number INTEGER PRIMARY KEY, session TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS mirror_self (id TEXT NOT NULL) STRICT;`;

export class MirrorStore {
  readonly #database: Database.Database;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #topics: Set<string>;
  readonly #sessions: Set<string>;
  /** Of this data directory. */
  readonly id: string;
  /** There was one that could not be read. */
  readonly lost: boolean;

  private constructor(database: Database.Database, lost: boolean) {
    this.#database = database;
    this.lost = lost;
    this.#statements = prepare(database);
    const { topics, sessions, self, name } = this.#statements;
    this.#topics = new Set(topics.all());
    this.#sessions = new Set(sessions.all());
    let id = self.get();
    if (id === undefined) {
      id = randomBytes(8).toString('hex');
      name.run(id);
    }
    this.id = id;
  }

  /** Opens or makes the file. Throws `E_MIRROR_STORE` when neither can be. */
  static open(path: string, time: number): MirrorStore {
    try {
      return new MirrorStore(openDatabase(path), false);
    } catch (error) {
      if (!isBroken(error)) throw storeError(error);
      return MirrorStore.#anew(path, time, error);
    }
  }

  static #anew(
    path: string,
    time: number,
    broken: InstanceType<typeof Database.SqliteError>,
  ): MirrorStore {
    try {
      // Others keep theirs in the same file: of tables of another form only our own go.
      if (broken.code === 'SQLITE_ERROR') dropTables(path);
      else setAside(path, time);
      return new MirrorStore(openDatabase(path), true);
    } catch (error) {
      throw storeError(error);
    }
  }

  /** Newest first. */
  cursors(): Cursor[] {
    return ask(() => this.#statements.cursors.all());
  }

  keepCursor({ boot, seq, hash, at }: Cursor): void {
    ask(() => {
      this.#statements.keep.run(boot, seq, hash, at);
      this.#statements.forget.run(cursorLimit);
    });
  }

  /** None of these cursors is of the record that is there now. */
  dropCursors(): void {
    ask(() => this.#database.exec('DELETE FROM mirror_cursor'));
  }

  /** Topics that a broker may retain of us. */
  get topics(): ReadonlySet<string> {
    return this.#topics;
  }

  /** Before they are published for the first time. */
  addTopics(topics: readonly string[]): void {
    const fresh = topics.filter((topic) => !this.#topics.has(topic));
    if (fresh.length === 0) return;
    // A disk that is full keeps nothing from the broker: they are then forgotten with this run.
    for (const topic of fresh) this.#topics.add(topic);
    const { addTopic } = this.#statements;
    ask(() => this.#database.transaction(() => fresh.forEach((topic) => addTopic.run(topic)))());
  }

  /** The broker retains nothing there any more. */
  removeTopic(topic: string): void {
    if (!this.#topics.delete(topic)) return;
    ask(() => this.#statements.removeTopic.run(topic));
  }

  /** Whether a run of station was of this data directory. */
  isOwn(session: string): boolean {
    return this.#sessions.has(session);
  }

  /** A name for this run of station. */
  beginSession(): string {
    const session = randomBytes(8).toString('hex');
    this.#sessions.add(session);
    ask(() => {
      this.#statements.addSession.run(session);
      this.#statements.dropSessions.run(sessionLimit);
    });
    return session;
  }

  close(): void {
    this.#database.close();
  }
}

function openDatabase(path: string): Database.Database {
  makePrivate(path);
  const database = new Database(path, { timeout: 1000 });
  try {
    database.pragma('journal_mode = WAL');
    // What a power cut takes of it is told twice, and known by its place.
    database.pragma('synchronous = NORMAL');
    database.exec(schema);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function dropTables(path: string): void {
  const database = new Database(path, { timeout: 1000 });
  try {
    for (const table of ['cursor', 'topic', 'session', 'self'])
      database.exec(`DROP TABLE IF EXISTS mirror_${table}`);
  } finally {
    database.close();
  }
}

function prepare(database: Database.Database) {
  return {
    cursors: database.prepare<[], Cursor>('SELECT * FROM mirror_cursor ORDER BY boot DESC'),
    keep: database.prepare('INSERT OR REPLACE INTO mirror_cursor VALUES (?, ?, ?, ?)'),
    forget: database.prepare(
      `DELETE FROM mirror_cursor WHERE boot NOT IN
       (SELECT boot FROM mirror_cursor ORDER BY boot DESC LIMIT ?)`,
    ),
    topics: database.prepare<[], string>('SELECT topic FROM mirror_topic').pluck(),
    addTopic: database.prepare('INSERT OR IGNORE INTO mirror_topic VALUES (?)'),
    removeTopic: database.prepare('DELETE FROM mirror_topic WHERE topic = ?'),
    sessions: database.prepare<[], string>('SELECT session FROM mirror_session').pluck(),
    addSession: database.prepare('INSERT INTO mirror_session (session) VALUES (?)'),
    dropSessions: database.prepare(
      'DELETE FROM mirror_session WHERE number <= (SELECT max(number) FROM mirror_session) - ?',
    ),
    self: database.prepare<[], string>('SELECT id FROM mirror_self').pluck(),
    name: database.prepare('INSERT INTO mirror_self VALUES (?)'),
  };
}

const storeError = (cause: unknown): CellError => {
  if (cause instanceof CellError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  return new CellError('E_MIRROR_STORE', `station.db: ${text}`, { cause });
};

function ask<T>(run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw storeError(cause);
  }
}

function isBroken(error: unknown): error is InstanceType<typeof Database.SqliteError> {
  if (!(error instanceof Database.SqliteError)) return false;
  const { code } = error;
  // A table of another form is as good as none.
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB' || code === 'SQLITE_ERROR';
}
