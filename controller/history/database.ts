// `history.db`: its tables, how it is opened, and what is done with a file that cannot be read. One
// thread writes it; readers open it for reading only.
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { CellError } from '#contract/error.ts';
import { makePrivate } from '#controller/private-file.ts';

/** "rebh" in ASCII. */
const applicationId = 0x72656268;
const formatVersion = 2;

// A run is a stretch of recording in which the clock did not jump; it lasts at least until its newest
// batch. Batches wait to be folded into chunks, which are read by tag, tier and time. Times are UTC ms; `over` says when an alarm asked nothing of anybody any more.
// A region stands once with its leaves (depth 0), and once with its outer states alone: a week of those is few rows.
const schema = `
CREATE TABLE run (id INTEGER PRIMARY KEY, began INTEGER NOT NULL, until INTEGER NOT NULL,
  why TEXT NOT NULL) STRICT;
CREATE TABLE tag (id INTEGER PRIMARY KEY, name TEXT NOT NULL, form TEXT NOT NULL, info TEXT NOT NULL,
  logged INTEGER NOT NULL, UNIQUE (name, form)) STRICT;
CREATE TABLE batch (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, number INTEGER NOT NULL, began INTEGER NOT NULL,
  until INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE chunk (id INTEGER PRIMARY KEY, tag INTEGER NOT NULL, tier INTEGER NOT NULL,
  run INTEGER NOT NULL, start INTEGER NOT NULL, until INTEGER NOT NULL, count INTEGER NOT NULL,
  body BLOB NOT NULL) STRICT;
CREATE INDEX chunk_place ON chunk (tag, tier, run, start);
CREATE INDEX chunk_age ON chunk (tier, until);
CREATE TABLE bytes (tier INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT;
CREATE TABLE region (id INTEGER PRIMARY KEY, flow TEXT NOT NULL, name TEXT NOT NULL, depth INTEGER NOT NULL,
  UNIQUE (flow, name, depth)) STRICT;
CREATE TABLE visit (id INTEGER PRIMARY KEY, region INTEGER NOT NULL, state TEXT NOT NULL,
  began INTEGER NOT NULL, until INTEGER) STRICT;
CREATE INDEX visit_place ON visit (region, began);
CREATE INDEX visit_open ON visit (region) WHERE until IS NULL;
CREATE TABLE alarm (id INTEGER PRIMARY KEY, name TEXT NOT NULL, priority INTEGER NOT NULL,
  text TEXT NOT NULL, response TEXT, flow TEXT, raised INTEGER NOT NULL, cleared INTEGER, acknowledged INTEGER,
  actor TEXT, over INTEGER) STRICT;
CREATE INDEX alarm_raised ON alarm (raised);
CREATE INDEX alarm_over ON alarm (over);
`;

/** Opens it for writing, made where it is not there. E_HISTORY_FORMAT: it is of another version. */
export function openForWriting(path: string, pageLimit?: number): Database.Database {
  makePrivate(path);
  const database = new Database(path, { timeout: 1000 });
  try {
    database.pragma('journal_mode = WAL');
    // A power cut may cost the last seconds, never the file.
    database.pragma('synchronous = NORMAL');
    database.pragma('journal_size_limit = 4194304');
    database.pragma('cache_size = -2000');
    if (pageLimit !== undefined) database.pragma(`max_page_count = ${pageLimit}`);
    const tables = database.prepare<[], number>('SELECT count(*) FROM sqlite_schema').pluck();
    if (tables.get() === 0) {
      database.transaction(() => {
        database.exec(schema);
        database.pragma(`application_id = ${applicationId}`);
        database.pragma(`user_version = ${formatVersion}`);
      })();
    }
    checkFormat(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Opens it for reading; E_HISTORY_OPEN or E_HISTORY_FORMAT when that cannot be. */
export function openForReading(path: string): Database.Database {
  if (!existsSync(path)) throw new CellError('E_HISTORY_OPEN', `${path}: no such file`);
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { readonly: true, fileMustExist: true, timeout: 1000 });
    database.pragma('cache_size = -2000');
    checkFormat(database);
    return database;
  } catch (cause) {
    database?.close();
    if (cause instanceof CellError) throw cause;
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new CellError('E_HISTORY_OPEN', `${path}: ${text}`, { cause });
  }
}

function checkFormat(database: Database.Database): void {
  const application = database.pragma('application_id', { simple: true });
  const version = database.pragma('user_version', { simple: true });
  if (application === applicationId && version === formatVersion) return;
  throw new CellError('E_HISTORY_FORMAT', `not a history of format ${formatVersion}`);
}

/** Whether an error says that the file itself is bad, not the disk or its permissions. */
export function isBroken(error: unknown): boolean {
  // The codec of bytes is the chronicle's, and so is its code.
  if (error instanceof CellError)
    return error.code === 'E_HISTORY_FORMAT' || error.code === 'E_CHRONICLE_FORMAT';
  if (!(error instanceof Database.SqliteError)) return false;
  return error.code.startsWith('SQLITE_CORRUPT') || error.code === 'SQLITE_NOTADB';
}
