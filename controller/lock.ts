// One controller for a data directory: an exclusive SQLite transaction that ends with its process, `kill -9` too.
import Database from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CellError } from '#contract/error.ts';

/** Holds the data directory until it is released or the process ends. Throws `E_CELL_LOCKED`, `E_FILE_WRITE`. */
export function lockData(data: string): { release(): void } {
  const database = openLock(data);
  try {
    database.pragma('journal_mode = DELETE');
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if (!(cause instanceof Database.SqliteError) || cause.code !== 'SQLITE_BUSY') {
      throw new CellError('E_FILE_WRITE', `${data} cannot be locked`, { cause });
    }
    throw new CellError('E_CELL_LOCKED', `another controller runs on ${data}`, { cause });
  }
  return { release: () => database.close() };
}

function openLock(data: string): Database.Database {
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 });
    return new Database(join(data, 'lock.db'), { timeout: 0 });
  } catch (cause) {
    throw new CellError('E_FILE_WRITE', `${data} cannot be written`, { cause });
  }
}
