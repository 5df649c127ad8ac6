// A serial line for tests that needs no other program: a pseudo terminal whose far end is a stable
// path, as an adapter's is under /dev/serial/by-id. It is plugged and unplugged; a pty has no pace of
// its own. The near end is read by a timer, because only so it is seen who has the port open.
import {
  closeSync,
  mkdtempSync,
  readSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReadStream } from 'node:tty';
import * as nodePty from 'node-pty';

/** How often the near end is looked at, in milliseconds. */
const look = 1;

/** node-pty's own opening of a pair; its documented one reads the far end too, and keeps it open. */
const { native } = nodePty as unknown as {
  native: { open(columns: number, rows: number): { master: number; slave: number; pty: string } };
};

let lines = 0;
let made: string | undefined;

/** One for all lines of this process, gone with it. */
function folder(): string {
  if (made !== undefined) return made;
  const path = mkdtempSync(join(tmpdir(), 'rebe-pty-'));
  process.once('exit', () => rmSync(path, { recursive: true, force: true }));
  made = path;
  return path;
}

/** A line, unplugged at first. */
export class PtyLine {
  /** Where a driver finds it; the same after each plugging. */
  readonly path: string;
  /** How often the port was opened. */
  openings = 0;
  /** Is it open now, as far as it was looked at? */
  isHeld = false;
  onData: (chunk: Buffer) => void = () => undefined;
  readonly #chunk = Buffer.alloc(65_536);
  #near: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** What the line would not take yet. */
  #waiting: Buffer[] = [];

  constructor() {
    lines += 1;
    this.path = join(folder(), `line-${lines}`);
  }

  get isPlugged(): boolean {
    return this.#near !== undefined;
  }

  /** Bytes that wait for room on the line. */
  get waiting(): number {
    return this.#waiting.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  plug(): void {
    if (this.#near !== undefined) return;
    const { master, slave, pty } = native.open(80, 24);
    // Raw, so that nothing is echoed while nobody has the port open.
    const far = new ReadStream(slave);
    far.setRawMode(true);
    far.destroy();
    closeSync(slave);
    this.#near = master;
    const link = `${this.path}.new`;
    symlinkSync(pty, link);
    renameSync(link, this.path);
    this.#timer = setInterval(() => this.#look(), look);
  }

  /** The far end hangs up, and its path is gone. */
  unplug(): void {
    rmSync(this.path, { force: true });
    this.hangUp();
  }

  /** The far end hangs up, but its path still leads to it: an adapter that the system forgot. */
  hangUp(): void {
    clearInterval(this.#timer);
    if (this.#near !== undefined) closeSync(this.#near);
    this.#near = undefined;
    this.#waiting = [];
    this.isHeld = false;
  }

  write(bytes: Uint8Array | string): void {
    if (this.#near === undefined) return;
    this.#waiting.push(typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes));
    this.#push();
  }

  #push(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const taken = attempt((near) => writeSync(near, first), this.#near);
      if (typeof taken !== 'number') return;
      if (taken === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(taken);
    }
  }

  #look(): void {
    for (;;) {
      const read = attempt((near) => readSync(near, this.#chunk), this.#near);
      // EIO: nobody has the far end open.
      const isHeld = read !== 'EIO';
      if (isHeld && !this.isHeld) this.openings += 1;
      this.isHeld = isHeld;
      if (typeof read !== 'number' || read === 0) break;
      this.onData(Buffer.from(this.#chunk.subarray(0, read)));
      if (this.#near === undefined) return;
    }
    this.#push();
  }
}

/** The count that `work` gives, or the code of the error that it throws. */
function attempt(work: (near: number) => number, near: number | undefined): number | string {
  if (near === undefined) return 'EBADF';
  try {
    return work(near);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EAGAIN' && code !== 'EIO') throw cause;
    return code;
  }
}
