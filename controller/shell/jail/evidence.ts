// Which programs start in a session: told by strace, or looked for in its group where that is not there. Evidence and
// no proof: a program does what it likes after its start, and a shell runs its own words without starting any.
import { constants, openSync, writeSync } from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { milliseconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import { Bucket } from '#controller/bucket.ts';
import type { StartedProcess } from '#controller/shell/parts.ts';
import { Hashes } from './hashes.ts';
import type { Hashed } from './hashes.ts';
import { within } from './patience.ts';

export type Seen = (process: StartedProcess) => void;

/** Starts told per second, with so many at once; what starts more waits for it, and none is left out. */
const pace = { rate: 100, burst: 500 };
/** Between two looks into the group, where there is no strace. */
export const lookEvery = milliseconds(50);
/** Text of one process that is told. */
const longest = 4_096;
/** The end of a pipe, which strace would not write; and how long what is before it may take. */
const endLine = 'end';
/** strace that was ended leaves its last line as far as it had come. */
const endText = `\n${endLine}\n`;
const drainLimit = milliseconds(2_000);

/** A start as a line of strace has it. */
export interface Start {
  readonly pid: number;
  readonly path: string;
  readonly argv: readonly string[];
}

/** Reads a line of `strace -f -xx -e execve,execveat`; undefined when it tells of no start. */
export function readStart(line: string): Start | undefined {
  const found = /^(\d+) +execve(?:at)?\((?:[^,"]+, )?"([\\x0-9a-f]*)"[.]*, (.*)\) = 0$/.exec(line);
  if (found === null) return undefined;
  const [, pid = '', file = '', rest = ''] = found;
  const path = bytes(file);
  const list = /^\[(.*?)\](?:, |$)/.exec(rest)?.[1];
  const argv = [...(list ?? '').matchAll(/"([\\x0-9a-f]*)"(\.\.\.)?|\.\.\./g)].map(
    ([, word, cut = '…']) => (word === undefined ? '…' : `${bytes(word)}${cut === '…' ? '' : '…'}`),
  );
  return { pid: Number(pid), path, argv: argv.length === 0 ? [path] : argv };
}

const bytes = (hex: string): string =>
  Buffer.from(hex.replaceAll(String.raw`\x`, ''), 'hex').toString('utf8');

/** As much of it as is told. */
export function shortened(argv: readonly string[]): readonly string[] {
  let left = longest;
  const kept: string[] = [];
  for (const [index, word] of argv.entries()) {
    if (word.length > left) {
      const more = argv.length - index - 1;
      return [...kept, `${word.slice(0, left)}…`, ...(more === 0 ? [] : [`… and ${more} more`])];
    }
    kept.push(word);
    left -= word.length + 1;
  }
  return kept;
}

/** One session's evidence. */
export class Evidence {
  readonly #clock: Clock;
  readonly #seen: Seen;
  readonly #pace: Bucket;
  readonly #hashes: Hashes;
  #pipe: { readonly fd: number; readonly read: Promise<void>; destroy(): void } | undefined;
  #ended = false;

  constructor(clock: Clock, seen: Seen) {
    this.#clock = clock;
    this.#seen = seen;
    this.#pace = new Bucket(clock, pace);
    this.#hashes = new Hashes(clock);
  }

  /** Reads what strace writes into this pipe; the first `own` starts are those of the jail itself. */
  follow(path: string, own: number): void {
    // Opened for writing too, so that it does not end before strace comes.
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const socket = new Socket({ fd, readable: true, writable: false });
    const lines = createInterface({ input: socket });
    // readline does not notice that its input is destroyed.
    const destroy = (): void => {
      lines.close();
      socket.destroy();
    };
    socket.once('error', destroy);
    this.#pipe = { fd, read: this.#read(lines, own).finally(destroy), destroy };
  }

  /** Looks into the group again and again; what starts and ends in between is not seen. */
  watch(pids: () => readonly number[]): void {
    void this.#look(pids);
  }

  /** What started before the session's end is told; nothing after this. */
  async close(): Promise<void> {
    this.#ended = true;
    const pipe = this.#pipe;
    if (pipe === undefined) return;
    const stop = this.#clock.after(drainLimit, () => pipe.destroy());
    await within(this.#clock, drainLimit / 2, () => tryWrite(pipe.fd, endText));
    await pipe.read;
    stop();
  }

  /** Until the end's line, or until it is destroyed: what could not be told by then is left out. */
  async #read(lines: Interface, own: number): Promise<void> {
    let skipped = 0;
    for await (const line of lines) {
      if (line === endLine) return;
      const start = readStart(line);
      if (start === undefined) continue;
      skipped += 1;
      if (skipped <= own) continue;
      await this.#tell(start.pid, start.argv, await this.#hashes.of(start.pid, start.path));
    }
  }

  async #look(pids: () => readonly number[]): Promise<void> {
    let before = new Map<number, string>();
    while (!this.#ended) {
      const now = new Map<number, string>();
      for (const pid of pids()) {
        const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        if (line === '') continue;
        now.set(pid, line);
        if (before.get(pid) === line || isLauncher(line)) continue;
        const path = await readlink(`/proc/${pid}/exe`).catch(() => '');
        const argv = line.replace(/\0$/, '').split('\0');
        await this.#tell(pid, argv, await this.#hashes.of(pid, path));
      }
      before = now;
      await this.#wait(lookEvery);
    }
  }

  async #tell(pid: number, argv: readonly string[], hashed: Hashed): Promise<void> {
    while (!this.#ended && !this.#pace.take()) await this.#wait(milliseconds(20));
    this.#seen({ pid, argv: shortened(argv), ...hashed, at: this.#clock.time() });
  }

  async #wait(delay: ReturnType<typeof milliseconds>): Promise<void> {
    return new Promise((done) => void this.#clock.after(delay, done));
  }
}

/** The jail's own processes. */
const isLauncher = (line: string): boolean =>
  /^(bwrap|prlimit|setpriv)\0/.test(line) || line.includes('\0rebe-jail\0');

/** False while there is no room. */
function tryWrite(fd: number, text: string): boolean {
  try {
    writeSync(fd, text);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
    throw error;
  }
}
