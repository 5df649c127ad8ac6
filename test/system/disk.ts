// Disks of their own for tests: one that can be filled, one that can be made to stand still. Both need root,
// and say so; nothing here is ever left out silently.
import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const run = (program: string, ...words: readonly string[]): void => {
  execFileSync(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
};

function asRoot(what: string): void {
  if (process.getuid?.() === 0) return;
  throw new Error(`${what} needs root: run this test as root, or with \`sudo npm test\``);
}

/** A small disk of memory at `path`, which a test can fill. */
export class SmallDisk implements Disposable {
  readonly #path: string;
  readonly #ballast: string;

  constructor(path: string, size: string) {
    asRoot('mounting a tmpfs');
    run('mount', '-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'rebe-test', path);
    this.#path = path;
    this.#ballast = join(path, 'ballast');
  }

  /** Takes every byte that is free. */
  fill(): void {
    const file = openSync(this.#ballast, 'w');
    try {
      for (let size = 1 << 20; size >= 512; size >>= 1) {
        while (wrote(file, size));
      }
    } finally {
      closeSync(file);
    }
  }

  empty(): void {
    rmSync(this.#ballast, { force: true });
  }

  [Symbol.dispose](): void {
    run('umount', '-l', this.#path);
  }
}

function wrote(file: number, size: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(size)) > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}

/** A file as a disk with ext4 at `path`, which a test can freeze: whoever writes then waits. */
export class FreezingDisk implements Disposable {
  readonly #path: string;
  readonly #image: string;
  #frozen = false;

  constructor(path: string, image: string) {
    asRoot('mounting and freezing a file system');
    this.#path = path;
    this.#image = image;
    const file = openSync(image, 'w');
    writeSync(file, Buffer.alloc(1), 0, 1, 64 * 1024 * 1024 - 1);
    fsyncSync(file);
    closeSync(file);
    run('mkfs.ext4', '-q', '-F', image);
    run('mount', '-o', 'loop', image, path);
  }

  freeze(): void {
    run('fsfreeze', '-f', this.#path);
    this.#frozen = true;
  }

  thaw(): void {
    if (this.#frozen) run('fsfreeze', '-u', this.#path);
    this.#frozen = false;
  }

  [Symbol.dispose](): void {
    this.thaw();
    run('umount', '-l', this.#path);
    rmSync(this.#image, { force: true });
  }
}
