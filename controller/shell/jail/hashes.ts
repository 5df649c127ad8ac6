// The hash of what a started program was executed from, as evidence; reading is held to so many bytes a second, so that
// a session which makes and starts one large file after the other cannot keep station busy.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { normalize } from 'node:path';
import type { Clock } from '#contract/time.ts';
import { Bucket } from '#controller/bucket.ts';

/** SHA-256, hex; or why there is none, for people. */
export type Hashed = { readonly hash: string } | { readonly unhashed: string };

const mebi = 1024 * 1024;
/** The largest file that is read, in bytes. */
const largest = 64 * mebi;
/** Bytes read per second, of the system's files and of others each; after a rest one of the largest at once. */
export const readPace = { rate: 4 * mebi, burst: largest };
/** Hashes of the system's own files that are kept. */
const kept = 512;

const unread = { unhashed: 'not hashed: it cannot be read' };
const tooLarge = { unhashed: 'not hashed: too large' };
const tooMuch = { unhashed: 'not hashed: too much' };

/** Those of one session. */
export class Hashes {
  readonly #known = new Map<string, Hashed>();
  readonly #system: Bucket;
  readonly #others: Bucket;

  constructor(clock: Clock) {
    this.#system = new Bucket(clock, readPace);
    this.#others = new Bucket(clock, readPace);
  }

  /**
   * Of the process that was executed from this path. The system's files are the same inside and outside. Of others only
   * what the process itself still runs is read: a name that the session made may lead anywhere.
   */
  async of(pid: number, path: string): Promise<Hashed> {
    if (/^\/(usr|bin|sbin|lib\w*)\//.test(path) && normalize(path) === path) {
      return this.#ofFile(path, true);
    }
    const exe = `/proc/${pid}/exe`;
    const runs = await readlink(exe).catch(() => '');
    return runs.endsWith(path.replace(/^\.\//, '/')) ? this.#ofFile(exe, false) : unread;
  }

  async #ofFile(path: string, system: boolean): Promise<Hashed> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const stat = await handle.stat();
      if (!stat.isFile()) return unread;
      const key = `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`;
      const known = this.#known.get(key);
      if (known !== undefined) return known;
      if (stat.size > largest) return tooLarge;
      if (!(system ? this.#system : this.#others).take(stat.size)) return tooMuch;
      const hashed = { hash: await sha256(handle, stat.size) };
      if (system && this.#known.size < kept) this.#known.set(key, hashed);
      return hashed;
    } catch {
      return unread;
    } finally {
      await handle?.close();
    }
  }
}

/** Of so many bytes; a file that grows meanwhile is read no further. */
async function sha256(handle: FileHandle, size: number): Promise<string> {
  const sum = createHash('sha256');
  const end = Math.max(0, size - 1);
  for await (const chunk of handle.createReadStream({ autoClose: false, start: 0, end })) {
    sum.update(chunk as Buffer);
  }
  return sum.digest('hex');
}
