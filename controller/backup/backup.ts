// `rebe backup`: one file with everything that a replacement needs, of a cell that runs or stands. What is copied is
// collected beside the file, packed, read again, and named last: an interrupted backup leaves no half file.
import { createHash } from 'node:crypto';
import { accessSync, constants, createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CellError } from '#contract/error.ts';
import { productVersion } from '#controller/product.ts';
import { checkSeal, writeArchive } from './archive.ts';
import { readRecordedCell } from './cell-files.ts';
import { Contents } from './contents.ts';
import type { BackedFile } from './contents.ts';
import type { Progress } from './seal.ts';
import { snapshot } from './snapshot.ts';
import { record, recordingsOf, sourcesOf } from './sources.ts';
import type { Sources } from './sources.ts';

export interface BackupOptions {
  readonly data: string;
  /** Where the backup goes; nothing may be there. */
  readonly file: string;
  /** Passwords of `secrets/` too. */
  readonly secrets: boolean;
  /** UTC ms. */
  readonly time: number;
  readonly onProgress?: (what: string, done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface Backup {
  readonly file: string;
  readonly size: number;
  readonly contents: Contents;
  /** Of the data directory, not taken: nobody knows what they are. */
  readonly unknown: readonly string[];
}

/** Makes a backup, and has read it again when it resolves. Throws `E_FILE_EXISTS`, `E_FILE_READ`, `E_FILE_WRITE`. */
export async function makeBackup(options: BackupOptions): Promise<Backup> {
  const file = resolve(options.file);
  if (existsSync(file)) throw new CellError('E_FILE_EXISTS', `${file} is there already`);
  const sources = sourcesOf(options.data, options);
  const stage = await written(file, () => mkdtemp(`${file}.part-`));
  try {
    return await written(file, async () => {
      const contents = await collect(sources, stage, options);
      const packed = join(stage, 'packed');
      const { signal } = options;
      await writeArchive(packed, contents, {
        pathOf: (path) => join(stage, 'files', path),
        onProgress: told(options, 'pack'),
        ...(signal === undefined ? {} : { signal }),
      });
      await checkSeal(packed, told(options, 'check'));
      await rename(packed, file);
      await syncFolder(dirname(file));
      return { file, size: (await stat(file)).size, contents, unknown: sources.unknown };
    });
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** What the system says of a file that cannot be written becomes an error with its code. */
export async function written<T>(file: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    const isSystem = cause instanceof Error && 'syscall' in cause;
    if (!isSystem) throw cause;
    throw new CellError('E_FILE_WRITE', `${file}: ${cause.message}`, { cause });
  }
}

/** So that a rename in it is on disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function collect(sources: Sources, stage: string, options: BackupOptions): Promise<Contents> {
  const { data, time, signal, secrets } = options;
  const root = join(stage, 'files');
  const place = async (path: string): Promise<string> => {
    await mkdir(dirname(join(root, path)), { recursive: true, mode: 0o700 });
    return join(root, path);
  };
  for (const path of sources.files) {
    signal?.throwIfAborted();
    checkReadable(join(data, path));
    // oxlint-disable-next-line no-await-in-loop -- one after the other: nobody is in a hurry
    await copy(join(data, path), await place(path));
  }
  for (const name of sources.databases) {
    const more = signal === undefined ? {} : { signal };
    const onProgress = told(options, name);
    // oxlint-disable-next-line no-await-in-loop -- the record last
    await snapshot(join(data, name), await place(name), { onProgress, ...more });
  }
  const recordings = new Set<string>();
  for (const path of recordingsOf(data)) {
    signal?.throwIfAborted();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const taken = await copyRecorded(data, path, place);
    if (taken !== undefined) recordings.add(taken);
  }
  const { texts, ...cell } = readRecordedCell(join(root, record));
  for (const [path, text] of texts) {
    // oxlint-disable-next-line no-await-in-loop -- a handful of small files
    await writeFile(await place(path), text, { mode: 0o600 });
  }
  // The record first: where an archive is cut, it is what is still whole.
  const all = [...sources.databases.toReversed(), ...texts.keys(), ...sources.files, ...recordings];
  const files: BackedFile[] = [];
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (const path of all) files.push(await summed(root, path));
  const product = productVersion;
  return Contents.parse({
    format: 'backup/1',
    product,
    made: Math.floor(time),
    secrets,
    ...cell,
    files,
  });
}

async function copy(from: string, to: string): Promise<void> {
  await pipeline(createReadStream(from), createWriteStream(to, { mode: 0o600 }));
}

/** What was copied: a file that was packed since it was listed is taken packed, one that left is not taken. */
async function copyRecorded(
  data: string,
  path: string,
  place: (path: string) => Promise<string>,
): Promise<string | undefined> {
  for (const there of [path, `${path}.br`]) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- the second where the first is gone
      await copy(join(data, there), await place(there));
      return there;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return undefined;
}

function checkReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (cause) {
    throw new CellError('E_FILE_READ', `${path} cannot be read`, { cause });
  }
}

async function summed(root: string, path: string): Promise<BackedFile> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of createReadStream(join(root, path))) {
    hash.update(chunk as Buffer);
    size += (chunk as Buffer).length;
  }
  return { path, size, sha256: hash.digest('hex') };
}

const told =
  ({ onProgress }: BackupOptions, what: string): Progress =>
  (done, total) =>
    onProgress?.(what, done, total);
