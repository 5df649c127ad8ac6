// A database as it is in one moment, copied while others write it. They are never kept waiting: it only reads, in small
// steps, and what it writes reaches the disk as it comes instead of at once.
import { closeSync, fdatasyncSync, openSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { CellError } from '#contract/error.ts';
import { makePrivate } from '#controller/private-file.ts';
import type { Progress } from './seal.ts';

/** Pages of one step: a megabyte of the usual size. */
const step = 256;
/** Steps between two flushes: a disk with much to write would keep the record's next commit waiting. */
const flushEvery = 8;

/** Copies the database to `target`, one file without companions. Throws `E_FILE_READ`. */
export async function snapshot(
  source: string,
  target: string,
  { onProgress, signal }: { onProgress?: Progress; signal?: AbortSignal },
): Promise<void> {
  makePrivate(target);
  const file = openSync(target, 'r');
  let database: Database.Database | undefined;
  try {
    database = new Database(source, { readonly: true, fileMustExist: true, timeout: 1000 });
    // One moment for the whole copy: without it every commit of the writer makes it begin anew.
    database.exec('BEGIN');
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    let steps = 0;
    await database.backup(target, {
      progress: ({ totalPages, remainingPages }) => {
        signal?.throwIfAborted();
        steps += 1;
        if (steps % flushEvery === 0) fdatasyncSync(file);
        onProgress?.(totalPages - remainingPages, totalPages);
        return step;
      },
    });
    await turn();
  } catch (cause) {
    if (signal?.aborted === true || !(cause instanceof Database.SqliteError)) throw cause;
    throw new CellError('E_FILE_READ', `${source}: ${cause.message}`, { cause });
  } finally {
    database?.close();
    closeSync(file);
  }
  settle(target);
}

/** A copy of a database in WAL mode is in WAL mode: as it is to be read, alone, it needs none. */
function settle(path: string): void {
  const copy = new Database(path);
  try {
    copy.pragma('journal_mode = DELETE');
  } finally {
    copy.close();
  }
}
