// One controller for a data directory: an exclusive SQLite transaction that ends with its process, `kill -9` too.
import Database from 'better-sqlite3';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CellError } from '#contract/error.ts';
import { seconds } from '#contract/time.ts';
import { makePrivate } from '#controller/private-file.ts';

/** One whose supervisor was killed drives its outputs safe and ends by itself; it is given so long. */
const patience = seconds(5);

/**
 * Holds the data directory until it is released or the process ends. Waits while another holds it, and
 * says so; the thread does nothing else meanwhile. Throws `E_CELL_LOCKED`, `E_FILE_WRITE`.
 */
export function lockData(
  data: string,
  say: (text: string) => void = (text) => void process.stderr.write(`${text}\n`),
): { release(): void } {
  const database = openLock(data);
  try {
    if (!tryLock(database)) {
      say(`another controller runs on ${data}; waiting up to ${patience / 1000} s for its end`);
      database.pragma(`busy_timeout = ${patience}`);
      if (!tryLock(database)) {
        throw new CellError('E_CELL_LOCKED', `another controller runs on ${data}`);
      }
    }
  } catch (cause) {
    database.close();
    if (cause instanceof CellError) throw cause;
    throw new CellError('E_FILE_WRITE', `${data} cannot be locked`, { cause });
  }
  return { release: () => database.close() };
}

/** False when another has it. */
function tryLock(database: Database.Database): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code === 'SQLITE_BUSY') return false;
    throw error;
  }
}

function openLock(data: string): Database.Database {
  try {
    makeFolder(data);
    const path = join(data, 'lock.db');
    makePrivate(path);
    return new Database(path, { timeout: 0 });
  } catch (cause) {
    throw new CellError('E_FILE_WRITE', `${data} cannot be written`, { cause });
  }
}

/** Its owner's alone. Node's own `recursive` never returns below a place that can be made nowhere, such as /proc. */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
