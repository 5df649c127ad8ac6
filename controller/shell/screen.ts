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
/** Sizes that may wait for their turn. */
const markLimit = 64;

export interface Picture {
  readonly size: Size;
  /** Draws it on a terminal that was reset. */
  readonly bytes: Uint8Array;
}

/** What is to be done once all bytes up to `at` were read; `at` counts as `#written` does. */
interface Mark {
  readonly at: number;
  readonly size?: Size;
  readonly answer?: (picture: Picture) => void;
}

export class Screen {
  readonly #terminal: headless.Terminal;
  readonly #serialize = new SerializeAddon();
  /** Bytes that wait, from `#from` to `#to`: copies, so that small buffers of the terminal can go at once. */
  #store: Buffer = Buffer.alloc(lazy + step);
  #from = 0;
  #to = 0;
  /** All that was written, and all that was read or left out. */
  #written = 0;
  #done = 0;
  #marks: Mark[] = [];
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
    return this.#to - this.#from;
  }

  write(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#reserve(bytes.length);
    this.#store.set(bytes, this.#to);
    this.#to += bytes.length;
    this.#written += bytes.length;
    this.#goOn();
  }

  resize(size: Size): void {
    const last = this.#marks.at(-1);
    if (last?.at === this.#written && last.answer === undefined) this.#marks.pop();
    this.#marks.push({ at: this.#written, size });
    this.#goOn();
  }

  /** As it is after all that was written before this call. */
  async picture(): Promise<Picture> {
    return new Promise((answer) => {
      this.#asked += 1;
      this.#marks.push({ at: this.#written, answer });
      this.#goOn();
    });
  }

  close(): void {
    this.#closed = true;
    this.#marks = [];
    this.#from = 0;
    this.#to = 0;
    this.#terminal.dispose();
  }

  #reserve(length: number): void {
    if (this.#to + length <= this.#store.length) return;
    const waiting = this.#store.subarray(this.#from, this.#to);
    const needed = waiting.length + length;
    const roomy = needed > this.#store.length ? Buffer.alloc(needed * 2) : this.#store;
    roomy.set(waiting);
    this.#store = roomy;
    this.#from = 0;
    this.#to = waiting.length;
  }

  get #must(): boolean {
    return this.#asked > 0 || this.backlog > lazy || this.#marks.length > markLimit;
  }

  #goOn(): void {
    while (!this.#reading && !this.#closed && this.#must) {
      if (this.#asked === 0 && this.#skip()) return;
      this.#mark();
      const [mark] = this.#marks;
      const most = mark === undefined ? this.backlog : mark.at - this.#done;
      if (most > 0) this.#parse(Math.min(step, most));
    }
  }

  #parse(length: number): void {
    this.#reading = true;
    // A copy: what is being read stays as it is while more is written.
    const bytes = Buffer.from(this.#store.subarray(this.#from, this.#from + length));
    this.#from += length;
    this.#terminal.write(bytes, () => {
      this.#reading = false;
      if (this.#closed) return;
      this.#done += length;
      this.#mustRead = Math.max(0, this.#mustRead - length);
      this.#mark();
      this.#read();
      this.#goOn();
    });
  }

  /** Sizes and pictures whose turn it is. */
  #mark(): void {
    for (;;) {
      const [mark] = this.#marks;
      if (mark === undefined || mark.at > this.#done) return;
      this.#marks.shift();
      if (mark.size !== undefined) this.#terminal.resize(mark.size.cols, mark.size.rows);
      if (mark.answer === undefined) continue;
      this.#asked -= 1;
      mark.answer(this.#draw());
    }
  }

  /** Leaves out what would only scroll by. True when so much was that nothing needs to be read now. */
  #skip(): boolean {
    if (this.#mustRead > 0 || this.#marks.length > 0) return false;
    const bytes = this.#store.subarray(this.#from, this.#to);
    const flood = findFlood(bytes, this.#terminal.rows + scrollback);
    if (typeof flood === 'number') {
      this.#mustRead = flood;
      return false;
    }
    const left = Buffer.concat([
      bytes.subarray(0, flood.from),
      flood.colours,
      bytes.subarray(flood.to),
    ]);
    this.#done += bytes.length - left.length;
    this.#store.set(left);
    this.#from = 0;
    this.#to = left.length;
    return this.backlog <= lazy;
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
