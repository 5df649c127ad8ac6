// A pseudo terminal with a program at its other end, by node-pty's native part alone: its JavaScript loses the end of what
// a program that exits at once has written. It judges nothing: whoever writes to it has judged the session's state.
import { randomInt } from 'node:crypto';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { assert, CellError } from '#contract/error.ts';
import { milliseconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import { Echo } from './echo.ts';
import type { Launch, Size, Terminal, TerminalEvents } from './parts.ts';

/** What node-pty's types do not tell. */
interface Native {
  // oxlint-disable-next-line max-params -- theirs
  fork(
    file: string,
    args: readonly string[],
    env: readonly string[],
    cwd: string,
    cols: number,
    rows: number,
    uid: number,
    gid: number,
    utf8: boolean,
    helper: string,
    exited: (code: number, signal: number) => void,
  ): { fd: number; pid: number; pty: string };
  resize(fd: number, cols: number, rows: number): void;
}

/** Makes terminals; `loadTerminals` has found that this machine can. */
export type OpenTerminal = (launch: Launch, size: Size, events: TerminalEvents) => Terminal;

/** Throws `E_SHELL_TERMINAL` where the native module is missing or of another machine. */
export async function loadTerminals(clock: Clock): Promise<OpenTerminal> {
  let native: Native;
  try {
    ({ native } = (await import('node-pty')) as unknown as { native: Native });
  } catch (cause) {
    const text = 'the module node-pty is not built for this machine';
    throw new CellError('E_SHELL_TERMINAL', text, { cause });
  }
  return (launch, size, events) => new NativeTerminal(clock, native, { launch, size, events });
}

/** Each descriptor but the three is closed: node-pty leaves those of other terminals open, which are other sessions. */
const closeOthers =
  'for each in /proc/self/fd/*; do n=${each##*/}; ((n > 2)) && eval "exec $n>&-"; done; exec -c "$@"';

/** Longest wait for room in the kernel before it is asked again, ms; and after how long without a byte the end is there. */
const longestWait = 16;
const quiet = milliseconds(20);
const drainLimit = milliseconds(1000);
const markLength = 24;

class NativeTerminal implements Terminal {
  readonly pid: number;
  readonly #clock: Clock;
  readonly #native: Native;
  readonly #events: TerminalEvents;
  readonly #master: number;
  readonly #output: ReadStream;
  readonly #echo: Echo;
  /** Held open: the kernel drops nothing and reports no hang-up while it is, so that we say when all is read. */
  #slave: number;
  #closed = false;
  #held = false;
  #waiting: { readonly bytes: Uint8Array; readonly written: () => void }[] = [];
  #pushing = false;
  #ending: Ending | undefined;

  constructor(
    clock: Clock,
    native: Native,
    { launch, size, events }: { launch: Launch; size: Size; events: TerminalEvents },
  ) {
    assert(!launch.file.includes('='), 'a program whose path could be taken for a variable');
    const env = Object.entries(launch.env).map(([name, value]) => `${name}=${value}`);
    const command = ['/usr/bin/env', ...env, launch.file, ...launch.args];
    const args = ['--norc', '--noprofile', '-c', closeOthers, 'bash', ...command];
    const made = native.fork(
      '/bin/bash',
      args,
      [],
      launch.cwd,
      size.cols,
      size.rows,
      -1,
      -1,
      true,
      '',
      (code, signal) => this.#exited(signal === 0 ? code : 128 + signal),
    );
    this.#slave = farEnd(made);
    this.pid = made.pid;
    this.#clock = clock;
    this.#native = native;
    this.#events = events;
    this.#master = made.fd;
    this.#echo = new Echo(clock, this.#slave);
    this.#output = new ReadStream(made.fd);
    this.#output.on('data', (bytes: Buffer) => this.#read(bytes));
    // Hung up by the program itself: what it wrote is read, and its exit follows.
    this.#output.on('error', () => this.#ended());
    this.#output.on('close', () => this.#ended());
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#closed || bytes.length === 0) return;
    this.#echo.passed(bytes);
    await new Promise<void>((written) => {
      this.#waiting.push({ bytes, written });
      if (!this.#pushing) this.#push(1);
    });
  }

  drop(): void {
    for (const { written } of this.#waiting.splice(0)) written();
  }

  resize({ cols, rows }: Size): void {
    if (!this.#closed) this.#native.resize(this.#master, cols, rows);
  }

  hold(): void {
    this.#held = true;
    // What an ended program has left is bounded by the kernel: it is read at once.
    if (this.#ending === undefined) this.#output.pause();
  }

  release(): void {
    this.#held = false;
    if (!this.#closed) this.#output.resume();
  }

  async echoes(): Promise<boolean> {
    return this.#closed ? false : this.#echo.ask();
  }

  /** Nothing is told after this. */
  close(): void {
    if (this.#closed) return;
    this.#ended();
    this.#ending?.late();
    this.#output.destroy();
    closeSync(this.#slave);
    this.#slave = -1;
  }

  #read(bytes: Buffer): void {
    if (this.#closed) return;
    if (this.#ending !== undefined) return this.#readEnd(this.#ending, bytes);
    this.#echo.passed(bytes);
    this.#events.output(bytes);
  }

  /** Nothing can be read or written any more; the descriptor's number may soon be another file's. */
  #ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { written } of this.#waiting.splice(0)) written();
    if (this.#ending !== undefined) this.#finish(this.#ending);
  }

  #push(wait: number): void {
    this.#pushing = true;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const taken = this.#closed ? undefined : tryWrite(this.#master, first.bytes);
      if (taken === undefined) {
        for (const { written } of this.#waiting.splice(0)) written();
      } else if (taken === first.bytes.length) {
        this.#waiting.shift();
        first.written();
      } else {
        const rest = { bytes: first.bytes.subarray(taken), written: first.written };
        this.#waiting[0] = rest;
        const next = taken > 0 ? 1 : Math.min(wait * 2, longestWait);
        this.#clock.after(milliseconds(wait), () => this.#push(next));
        return;
      }
    }
    this.#pushing = false;
  }

  /**
   * The program is gone, and what it wrote is on its way through the kernel. A mark that nobody can guess is written
   * behind it, on the same line: what is read before the mark is all.
   */
  #exited(code: number): void {
    if (this.#slave < 0) return;
    const digits = Array.from({ length: markLength }, () => randomInt(10)).join('');
    const ending: Ending = {
      code,
      mark: Buffer.from(digits),
      unwritten: Buffer.from(digits),
      tail: Buffer.alloc(0),
      until: this.#clock.now() + drainLimit,
      late: () => undefined,
    };
    this.#ending = ending;
    if (this.#closed) return this.#finish(ending);
    if (this.#held) this.#output.resume();
    this.#mark(ending);
  }

  /** A line that was stopped (Ctrl-S) or hung up takes no mark: then quiet is the end. */
  #mark(ending: Ending): void {
    const taken = tryWrite(this.#slave, ending.unwritten);
    ending.unwritten = ending.unwritten.subarray(taken ?? 0);
    ending.late();
    const whole = ending.unwritten.length === 0;
    ending.late = this.#clock.after(whole ? drainLimit : quiet, () => {
      // After a stall of our own this is called before what came meanwhile is read: that has its turn first.
      if (whole) ending.late = this.#clock.after(quiet, () => this.#finish(ending));
      else if (this.#clock.now() > ending.until || !ending.heard) this.#finish(ending);
      else {
        ending.heard = false;
        this.#mark(ending);
      }
    });
  }

  #readEnd(ending: Ending, bytes: Buffer): void {
    if (ending.told === true) return;
    ending.heard = true;
    const all = Buffer.concat([ending.tail, bytes]);
    const at = all.indexOf(ending.mark);
    const sure = at >= 0 ? at : Math.max(0, all.length - markLength + 1);
    ending.tail = all.subarray(sure);
    if (sure > 0) this.#events.output(all.subarray(0, sure));
    if (at < 0) return;
    ending.tail = Buffer.alloc(0);
    this.#finish(ending);
  }

  #finish(ending: Ending): void {
    if (ending.told === true) return;
    ending.told = true;
    ending.late();
    // Less than a mark was held back; of a mark that was cut short nothing is told.
    const cut = ending.mark.subarray(0, markLength - ending.unwritten.length);
    const end = cut.length > 0 && ending.tail.includes(cut) ? ending.tail.indexOf(cut) : undefined;
    const rest = ending.tail.subarray(0, end);
    if (rest.length > 0) this.#events.output(rest);
    this.#events.exited(ending.code);
  }
}

/** Throws what a machine does that has no descriptors left; the program is gone then. */
function farEnd({ fd, pid, pty }: ReturnType<Native['fork']>): number {
  const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;
  try {
    return openSync(pty, O_RDWR | O_NOCTTY | O_NONBLOCK);
  } catch (error) {
    process.kill(pid, 'SIGKILL');
    closeSync(fd);
    throw error;
  }
}

/** A program that is gone, until all that it wrote is read. */
interface Ending {
  readonly code: number;
  readonly mark: Buffer;
  readonly until: number;
  unwritten: Buffer;
  tail: Buffer;
  late: () => void;
  heard?: boolean;
  told?: boolean;
}

/** Bytes taken, 0 where there is no room; undefined where nothing is there to take them. */
function tryWrite(descriptor: number, bytes: Uint8Array): number | undefined {
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : undefined;
  }
}
