// `rebe restore`: a data directory from a backup. Everything is held against its sums, unpacked beside the directory and
// its record verified before anything has the directory's name; a start of control finds in `restored.json` that it is not
// where it left off.
import { createWriteStream, existsSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { chown, mkdir, mkdtemp, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CellError } from '#contract/error.ts';
import type { Verification } from '#controller/chronicle/verdict.ts';
import { verifyRecord } from '#controller/recording/verify.ts';
import { restoredFile } from '#controller/start/restored.ts';
import type { Restored } from '#controller/start/restored.ts';
import { readManifest } from '#flows/manifest.ts';
import { checkSeal, readArchive } from './archive.ts';
import { syncFolder, written } from './backup.ts';
import type { Contents } from './contents.ts';
import { record } from './sources.ts';

export interface RestoreOptions {
  readonly file: string;
  /** Public keys that may have signed the record; without it any one will do. */
  readonly keys?: string;
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/** What is in a backup, held against its sums. */
export async function checkBackup({ file, onProgress }: RestoreOptions): Promise<Contents> {
  await checkSeal(file, (done, total) => onProgress?.('check', done, total));
  return readArchive(file, async (_file, bytes) => {
    for await (const _ of bytes);
  });
}

export interface Restoration {
  readonly contents: Contents;
  readonly folder: string;
  readonly verification: Verification;
  /** Secrets that the manifest asks for and the backup does not have. */
  readonly missing: readonly string[];
  /** Flows that the manifest names by an absolute path, which is another machine's. */
  readonly elsewhere: readonly string[];
}

/**
 * Unpacks a backup as the data directory `folder`, which is not there or empty. Throws `E_BACKUP_DAMAGED`,
 * `E_BACKUP_FORMAT`, `E_FILE_EXISTS`, `E_FILE_WRITE`; nothing is touched then.
 */
export async function restoreBackup(
  options: RestoreOptions & { readonly folder: string; readonly time: number },
): Promise<Restoration> {
  const { file, onProgress, keys } = options;
  const folder = resolve(options.folder);
  await checkSeal(file, (done, total) => onProgress?.('check', done, total));
  if (existsSync(folder) && !isEmpty(folder)) {
    throw new CellError('E_FILE_EXISTS', `${folder} is there already, and not empty`);
  }
  return written(folder, async () => {
    await mkdir(dirname(folder), { recursive: true });
    const stage = await mkdtemp(`${folder}.restoring-`);
    try {
      const contents = await unpack(options, stage);
      const verification = await verifyRecord(join(stage, record), {
        ...(keys === undefined ? {} : { keys }),
        onProgress: (done, total) => onProgress?.('verify', done, total),
      });
      const { boot, seq, at, made } = contents;
      const restored: Restored = { boot, seq, at, made, restored: Math.floor(options.time) };
      await put(join(stage, restoredFile), JSON.stringify(restored));
      const elsewhere = await absoluteFlows(join(stage, contents.manifest));
      await takePlace(stage, folder);
      return { contents, folder, verification, missing: missingOf(contents), elsewhere };
    } finally {
      await rm(stage, { recursive: true, force: true });
    }
  });
}

function isEmpty(folder: string): boolean {
  return statSync(folder).isDirectory() && readdirSync(folder).length === 0;
}

async function unpack({ file, onProgress }: RestoreOptions, stage: string): Promise<Contents> {
  let done = 0;
  let total = 0;
  const begin = ({ files }: Contents): void => {
    total = files.reduce((sum, { size }) => sum + size, 0);
    const { bavail, bsize } = statfsSync(stage);
    if (total <= bavail * bsize) return;
    const [needs, has] = [total, bavail * bsize].map((bytes) => Math.ceil(bytes / 1e6));
    throw new CellError('E_FILE_WRITE', `${stage}: it needs ${needs} MB, and ${has} are free`);
  };
  return readArchive(
    file,
    async ({ path }, bytes) => {
      const target = join(stage, path);
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      const counted = async function* counted(): AsyncGenerator<Buffer> {
        for await (const chunk of bytes) {
          done += chunk.length;
          onProgress?.('restore', done, total);
          yield chunk;
        }
      };
      await pipeline(counted, createWriteStream(target, { flags: 'wx', mode: 0o600, flush: true }));
    },
    begin,
  );
}

async function put(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function absoluteFlows(manifest: string): Promise<string[]> {
  const read = readManifest(manifest, await readFile(manifest, 'utf8')).manifest;
  return Object.values(read?.flows ?? {}).flatMap(({ file }) => (isAbsolute(file) ? [file] : []));
}

function missingOf({ wanted, files }: Contents): string[] {
  const here = new Set(files.map(({ path }) => path));
  return wanted.filter((name) => !here.has(`secrets/${name}`));
}

/** A directory that is there, empty, was made for somebody: what is in it is theirs. */
async function takePlace(stage: string, folder: string): Promise<void> {
  const owner = statSync(folder, { throwIfNoEntry: false });
  const paths = [
    stage,
    ...(await readdir(stage, { recursive: true })).map((at) => join(stage, at)),
  ];
  for (const path of paths) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    if (owner !== undefined && process.getuid?.() === 0) await chown(path, owner.uid, owner.gid);
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (statSync(path).isDirectory()) await syncFolder(path);
  }
  await rename(stage, folder);
  await syncFolder(dirname(folder));
}
