// One controller for a data directory: an exclusive SQLite transaction that ends with its process, `kill -9` too.
import Database from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CellError } from '#contract/error.ts';

/** Holds the data directory until it is released or the process ends. Throws `E_CELL_LOCKED`. */
export function lockData(data: string): { release(): void } {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const database = new Database(join(data, 'lock.db'), { timeout: 0 });
  try {
    database.pragma('journal_mode = DELETE');
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    const text = `another controller runs on ${data}`;
    throw new CellError('E_CELL_LOCKED', text, { cause });
  }
  return { release: () => database.close() };
}
