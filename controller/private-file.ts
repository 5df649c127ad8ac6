// Files of the data directory that SQLite opens, made here so that nobody else can read them.
import { closeSync, openSync } from 'node:fs';

/**
 * Makes the file, empty and for its owner alone, unless it is there; SQLite gives its companions the same
 * mode. One that is there is not opened: closing it again would end the locks that this process has on it.
 */
export function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
