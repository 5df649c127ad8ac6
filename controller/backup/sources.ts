// What of a data directory goes into a backup: whatever a replacement needs to go on as the same cell. What belongs to
// the running processes alone stays, and whatever is not known here is told, so that nothing is left out in silence.
import { readdirSync, lstatSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CellError } from '#contract/error.ts';

/** Folders that go along whole. */
const folders = ['flows', 'keys', 'pki', 'secrets', 'station'];
/** Recordings of shells go along after the record: it then tells of nothing that is not there. */
const recordings = 'recordings';
/** Files that go along as they are: each is replaced by rename, never changed. */
const files = ['enrolled', 'retained.json', 'retained.1.json', 'visits.json'];
/** What could not be read and was set aside is evidence. */
const setAside = /^[a-z]+\..+\.broken\.db(-wal|-shm)?$/;
/** Of the running processes, of this machine, or of the simulator: they are made anew. */
const passing =
  /^(recordings\.reserve|lock\.db|sessions\.json|station\.json|links|logins|jails|endpoints\.json|broker\.json|restored\.json|dev|simulator.*|.+\.sock|.+\.new|.+\.db-(wal|shm|journal))$/;
/** Open by others while they are copied; the record last, so that no cursor or figure is ahead of it. */
const database = /^[a-z-]+\.db$/;
export const record = 'chronicle.db';

/** What goes along, by its path in the data directory. */
export interface Sources {
  readonly databases: readonly string[];
  readonly files: readonly string[];
  /** Nobody knows what these are. */
  readonly unknown: readonly string[];
}

/** Throws `E_FILE_READ`. */
export function sourcesOf(data: string, options: { readonly secrets: boolean }): Sources {
  const databases: string[] = [];
  const found: string[] = [];
  const unknown: string[] = [];
  for (const name of list(data)) {
    if (name === 'secrets' && !options.secrets) continue;
    if (folders.includes(name)) found.push(...filesUnder(data, name));
    else if (name === recordings) continue;
    else if (files.includes(name) || setAside.test(name)) found.push(name);
    else if (passing.test(name)) continue;
    else if (database.test(name)) databases.push(name);
    else unknown.push(name);
  }
  if (!databases.includes(record)) {
    const text = `${join(data, record)}: no such file; name the cell's data directory with --data`;
    throw new CellError('E_FILE_READ', text);
  }
  const others = databases.filter((name) => name !== record);
  return { databases: [...others, record], files: found, unknown };
}

/** Files of recordings, as they are now. */
export function recordingsOf(data: string): string[] {
  const there = lstatSync(join(data, recordings), { throwIfNoEntry: false });
  return there?.isDirectory() === true ? filesUnder(data, recordings) : [];
}

/** Regular files alone: what links lead to is somebody else's. */
function filesUnder(data: string, folder: string): string[] {
  return list(join(data, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    const kind = lstatSync(join(data, path), { throwIfNoEntry: false });
    if (kind?.isDirectory() === true) return filesUnder(data, path);
    return kind?.isFile() === true && !name.endsWith('.new') ? [path] : [];
  });
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (cause) {
    throw new CellError('E_FILE_READ', `${resolve(folder)} cannot be read`, { cause });
  }
}
