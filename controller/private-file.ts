// Files of the data directory that SQLite opens, made here so that nobody else can read them.
import { chmodSync, closeSync, openSync, statSync } from 'node:fs';

/** What SQLite keeps beside a database that was not closed. */
const companions = ['-wal', '-shm', '-journal'];

/**
 * Makes the file, empty and for its owner alone, unless it is there; SQLite gives its companions the same
 * mode. One that is there is narrowed with them, and not opened: closing it again would end the locks that
 * this process has on it.
 */
export function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    for (const file of ['', ...companions].map((suffix) => `${path}${suffix}`)) narrow(file);
  }
}

function narrow(file: string): void {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & 0o077) !== 0) chmodSync(file, 0o600);
}
