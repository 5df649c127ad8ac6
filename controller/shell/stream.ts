// A shell's output on its way to everybody who watches: counted, kept until its driver has seen it, sent in frames as large
// as the pace asks for. The driver and the recorder hold the program back; who only watches never does, but gets the
// screen as it is when it falls behind. It knows no session and no socket.
import { assert, CellError } from '#contract/error.ts';
import { encodeFrame, shellLimits, shellWindow } from '#contract/shell-frames.ts';
import { milliseconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import type { Brake, Size, Stream, Watch, Watcher } from './parts.ts';
import { Screen } from './screen.ts';
import { Viewing } from './viewing.ts';
import type { Kept } from './viewing.ts';

/** Output leaves at once, unless more than `burst` bytes left within `span`; then at the end of it, or in full frames. */
const span = milliseconds(4);
const burst = 8 * 1024;
/** Bytes that the screen may be behind. */
const screenLimit = 4 * 1024 * 1024;
/** Watchers of one stream. */
export const watcherLimit = 32;

export class OutputStream implements Stream {
  readonly #clock: Clock;
  readonly #brake: Brake;
  readonly #screen: Screen;
  #size: Size;
  #offset = 0;
  /** What was not yet framed. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** Frames that the driver may not have seen, in order, without a gap, up to what is pending. */
  #kept: Kept[] = [];
  /** All before it was seen by whoever governed then. */
  #seen = 0;
  #governor: Viewing | undefined;
  readonly #viewings = new Set<Viewing>();
  #spanBegan = -Infinity;
  #spanBytes = 0;
  #flush: Cancel | undefined;
  #recorderHolds = false;
  #braked = false;
  #code: number | undefined;
  #closed = false;

  constructor(clock: Clock, brake: Brake, size: Size) {
    this.#clock = clock;
    this.#brake = brake;
    this.#size = size;
    this.#screen = new Screen(size, () => this.#judge());
  }

  get offset(): number {
    return this.#offset;
  }

  get size(): Size {
    return this.#size;
  }

  output(bytes: Buffer): void {
    assert(this.#code === undefined, 'nothing is written after the exit');
    if (this.#closed || bytes.length === 0) return;
    this.#offset += bytes.length;
    this.#screen.write(bytes);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    const now = this.#clock.now();
    if (now - this.#spanBegan > span) {
      this.#spanBegan = now;
      this.#spanBytes = 0;
    }
    this.#spanBytes += bytes.length;
    if (this.#spanBytes <= burst) this.#frame(1);
    else {
      this.#frame(shellLimits.out);
      this.#flush ??= this.#clock.after(span, () => this.#frame(1));
    }
    this.#judge();
  }

  resized(size: Size): void {
    if (this.#closed) return;
    this.#frame(1);
    this.#size = size;
    this.#screen.resize(size);
    const frame = encodeFrame({ type: 'resize', size });
    for (const viewing of this.#viewings) viewing.offer({ offset: this.#offset, length: 0, frame });
  }

  exited(code: number): void {
    if (this.#closed) return;
    this.#frame(1);
    this.#code = code;
    for (const viewing of this.#viewings) viewing.exited(code, this.#offset);
    this.#judge();
  }

  hold(): void {
    this.#recorderHolds = true;
    this.#judge();
  }

  release(): void {
    this.#recorderHolds = false;
    this.#judge();
  }

  watch(to: Watcher, { governs, from }: { governs: boolean; from: number | null }): Watch {
    if (this.#viewings.size >= watcherLimit)
      throw new CellError('E_SHELL_FULL', `${watcherLimit} watch this shell already`);
    if (from !== null && from > this.#offset)
      throw new CellError('E_SHELL_ORDER', `there is no output at ${from} yet`);
    this.#frame(1);
    const begin = from ?? 0;
    const kept = begin >= this.#seen;
    const viewing = new Viewing(to, this.#seen, {
      flushed: () => {
        this.#frame(1);
        return this.#offset;
      },
      picture: async () => this.#screen.picture(),
      seen: () => this.#judge(),
    });
    this.#viewings.add(viewing);
    // What it has not seen it will not be sent: the screen stands for it.
    if (governs && !kept) this.#seen = this.#offset;
    if (governs) this.#giveTo(viewing);
    if (kept) viewing.resume(begin, this.#kept);
    else viewing.drawAnew();
    if (this.#code !== undefined) viewing.exited(this.#code, this.#offset);
    this.#judge();
    return {
      govern: () => {
        this.#giveTo(viewing);
        this.#judge();
      },
      parsed: (offset) => viewing.parsed(offset),
      end: () => {
        viewing.end();
        this.#viewings.delete(viewing);
        if (this.#governor === viewing) this.#governor = undefined;
      },
    };
  }

  close(): void {
    this.#closed = true;
    this.#flush?.();
    for (const viewing of this.#viewings) viewing.end();
    this.#viewings.clear();
    this.#screen.close();
  }

  #giveTo(viewing: Viewing): void {
    this.#governor?.watchOnly();
    this.#governor = viewing;
    viewing.govern();
  }

  /** Frames what is pending, as long as it is at least so many bytes. */
  #frame(least: number): void {
    if (least === 1) {
      this.#flush?.();
      this.#flush = undefined;
    }
    if (this.#pendingBytes < least || this.#pendingBytes === 0) return;
    const [first = Buffer.alloc(0)] = this.#pending;
    const all = this.#pending.length === 1 ? first : Buffer.concat(this.#pending);
    let at = this.#offset - this.#pendingBytes;
    let from = 0;
    for (; all.length - from >= least && from < all.length; from += shellLimits.out) {
      const bytes = all.subarray(from, from + shellLimits.out);
      const frame = encodeFrame({ type: 'out', offset: at, bytes });
      const kept = { offset: at, length: bytes.length, frame };
      this.#kept.push(kept);
      at += bytes.length;
      for (const viewing of this.#viewings) viewing.offer(kept);
    }
    const rest = all.subarray(Math.min(from, all.length));
    this.#pending = rest.length === 0 ? [] : [rest];
    this.#pendingBytes = rest.length;
  }

  /** Who must be waited for, and what must be kept. */
  #judge(): void {
    if (this.#closed) return;
    this.#seen = Math.max(this.#seen, this.#governor?.acked ?? 0);
    const gone = this.#kept.findIndex(({ offset, length }) => offset + length > this.#seen);
    this.#kept = gone < 0 ? [] : gone === 0 ? this.#kept : this.#kept.slice(gone);
    const unseen = this.#offset - this.#seen;
    const behind = this.#screen.backlog;
    const must = this.#recorderHolds || unseen >= shellWindow.high || behind >= screenLimit;
    const may = !this.#recorderHolds && unseen <= shellWindow.low && behind <= screenLimit / 2;
    if (!this.#braked && must) this.#set(true);
    else if (this.#braked && may) this.#set(false);
  }

  #set(braked: boolean): void {
    this.#braked = braked;
    if (braked) this.#brake.hold();
    else this.#brake.release();
  }
}
