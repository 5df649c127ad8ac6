// What a shell's terminal shows now, kept by the same parser as in the page, for whoever comes late or fell behind.
// It reads when somebody asks, or when much waits; what it would answer to a program goes nowhere.
import { SerializeAddon } from '@xterm/addon-serialize';
import headless from '@xterm/headless';
import { shellLimits } from '#contract/shell-frames.ts';
import type { Size } from './parts.ts';
import { findFlood } from './plain-flood.ts';

/** Lines above the screen that a late comer gets too. */
const scrollback = 200;
/** Bytes that may wait unread before reading begins; and those of one step, so that nobody else waits for long. */
const lazy = 1024 * 1024;
const step = 64 * 1024;

export interface Picture {
  readonly size: Size;
  /** Draws it on a terminal that was reset. */
  readonly bytes: Uint8Array;
}

type Waiting =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'size'; readonly size: Size }
  | { readonly kind: 'asked'; readonly answer: (picture: Picture) => void };

export class Screen {
  readonly #terminal: headless.Terminal;
  readonly #serialize = new SerializeAddon();
  /** `#next` is the first that was not read. */
  #waiting: Waiting[] = [];
  #next = 0;
  #backlog = 0;
  /** Bytes to be read before it is looked again for what need not be. */
  #mustRead = 0;
  #asked = 0;
  #reading = false;
  #closed = false;
  readonly #read: () => void;

  /** `read` is called when fewer bytes wait. */
  constructor(size: Size, read: () => void) {
    // What it cannot parse it would tell on our standard error, as often as a program likes.
    const quiet = { allowProposedApi: true, logLevel: 'off' } as const;
    this.#terminal = new headless.Terminal({ ...size, scrollback, ...quiet });
    this.#terminal.loadAddon(this.#serialize);
    this.#read = read;
  }

  /** Bytes that wait to be read. */
  get backlog(): number {
    return this.#backlog;
  }

  write(bytes: Uint8Array): void {
    this.#waiting.push({ kind: 'bytes', bytes });
    this.#backlog += bytes.length;
    this.#goOn();
  }

  resize(size: Size): void {
    this.#waiting.push({ kind: 'size', size });
  }

  /** As it is after all that was written before this call. */
  async picture(): Promise<Picture> {
    return new Promise((answer) => {
      this.#asked += 1;
      this.#waiting.push({ kind: 'asked', answer });
      this.#goOn();
    });
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#terminal.dispose();
  }

  #goOn(): void {
    if (this.#reading || this.#closed || (this.#asked === 0 && this.#backlog <= lazy)) return;
    if (this.#asked === 0 && this.#backlog > lazy && this.#skip()) return;
    this.#reading = true;
    const bytes = this.#take();
    if (bytes.length === 0) {
      this.#reading = false;
      return this.#goOn();
    }
    this.#terminal.write(bytes, () => {
      this.#reading = false;
      this.#backlog -= bytes.length;
      this.#mustRead = Math.max(0, this.#mustRead - bytes.length);
      this.#read();
      this.#goOn();
    });
  }

  /** Leaves out what would only scroll by. True when so much was that nothing needs to be read now. */
  #skip(): boolean {
    if (this.#mustRead > 0) return false;
    const run = this.#waiting.slice(this.#next);
    const end = run.findIndex(({ kind }) => kind !== 'bytes');
    const parts = (end < 0 ? run : run.slice(0, end)).flatMap((each) =>
      each.kind === 'bytes' ? [each.bytes] : [],
    );
    const bytes = Buffer.concat(parts);
    const flood = findFlood(bytes, this.#terminal.rows + scrollback);
    if (typeof flood === 'number') {
      this.#mustRead = flood;
      return false;
    }
    const left = [
      bytes.subarray(0, flood.from),
      flood.colours,
      Buffer.from(bytes.subarray(flood.to)),
    ];
    const kept = left.filter(({ length }) => length > 0);
    this.#waiting = [
      ...kept.map((each) => ({ kind: 'bytes', bytes: each }) as const),
      ...(end < 0 ? [] : run.slice(end)),
    ];
    this.#next = 0;
    this.#backlog += kept.reduce((sum, { length }) => sum + length, 0) - bytes.length;
    return this.#backlog <= lazy;
  }

  /** Bytes up to the size of a step, or to what is no bytes; that is done when it comes first. */
  #take(): Uint8Array {
    const parts: Uint8Array[] = [];
    let length = 0;
    while (length < step) {
      const next = this.#waiting[this.#next];
      if (next === undefined || (next.kind !== 'bytes' && length > 0)) break;
      this.#next += 1;
      if (next.kind === 'bytes') {
        parts.push(next.bytes);
        length += next.bytes.length;
      } else if (next.kind === 'size') this.#terminal.resize(next.size.cols, next.size.rows);
      else {
        this.#asked -= 1;
        next.answer(this.#draw());
        break;
      }
    }
    if (this.#next > 1024 || this.#next === this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    return parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts);
  }

  #draw(): Picture {
    const { cols, rows, buffer } = this.#terminal;
    const size = { cols, rows };
    for (const lines of [scrollback, 0]) {
      const bytes = Buffer.from(this.#serialize.serialize({ scrollback: lines }));
      if (bytes.length <= shellLimits.snap) return { size, bytes };
    }
    // More colours and marks than fit: the letters alone.
    const text = Array.from({ length: rows }, (_, row) =>
      (buffer.active.getLine(buffer.active.baseY + row)?.translateToString(true) ?? '').slice(
        0,
        cols,
      ),
    );
    return { size, bytes: Buffer.from(text.join('\r\n')).subarray(0, shellLimits.snap) };
  }
}
