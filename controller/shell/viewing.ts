// One watcher of a shell's output: what was sent to it, what it has shown, and whether it is too far behind to be sent more.
// Then the screen as it is comes in place of what it missed.
import { CellError } from '#contract/error.ts';
import { encodeFrame, shellWindow } from '#contract/shell-frames.ts';
import type { Watcher } from './parts.ts';
import type { Picture } from './screen.ts';

/** Sent and not shown, or waiting for a screen: more than this and a watcher is behind. */
const queueLimit = 1024 * 1024;

/** A frame on its way to watchers: its place, the output in it, and its bytes. */
export interface Kept {
  readonly offset: number;
  readonly length: number;
  readonly frame: Uint8Array;
}

interface Source {
  /** Frames all that is pending; the end of all frames. */
  flushed(): number;
  /** The screen as it is at that end. */
  picture(): Promise<Picture>;
  /** More was shown. */
  seen(): void;
}

export class Viewing {
  readonly #to: Watcher;
  readonly #source: Source;
  #governs = false;
  #sent = 0;
  #acked: number;
  /** In step: each frame is sent. Drawing: a screen is being made, frames wait. Behind: nothing is sent. */
  #state: 'step' | 'drawing' | 'behind' = 'step';
  /** Counts screens that were asked for: only the last one is sent. */
  #drawn = 0;
  #waiting: Kept[] = [];
  #exit: Uint8Array | undefined;
  #ended = false;

  /** `seen`: all before it is taken for shown. */
  constructor(to: Watcher, seen: number, source: Source) {
    this.#to = to;
    this.#source = source;
    this.#acked = seen;
  }

  /** All before it is on the watcher's screen. */
  get acked(): number {
    return this.#acked;
  }

  /** It is waited for: it is never behind again. */
  govern(): void {
    this.#governs = true;
    if (this.#state === 'behind') this.drawAnew();
  }

  watchOnly(): void {
    this.#governs = false;
  }

  /** Goes on at `from`, which is within `kept`, or at its end. */
  resume(from: number, kept: readonly Kept[]): void {
    this.#sent = from;
    for (const each of kept) {
      const skip = from - each.offset;
      if (skip < each.length) this.#send(skip <= 0 ? each : cut(each, skip));
    }
  }

  /** The next frame: output, or of length 0 what stands between. */
  offer(kept: Kept): void {
    if (this.#state === 'drawing') this.#waiting.push(kept);
    const first = this.#state === 'drawing' ? this.#waiting[0]?.offset : this.#acked;
    if (!this.#governs && kept.offset - (first ?? 0) > queueLimit) {
      this.#state = 'behind';
      this.#waiting = [];
    }
    if (this.#state === 'step') this.#send(kept);
  }

  exited(code: number, finalOffset: number): void {
    this.#exit = encodeFrame({ type: 'exit', code, finalOffset });
    this.#sayExit();
  }

  parsed(offset: number): void {
    if (offset > this.#sent) throw new CellError('E_DOOR_FRAME', `${offset} was never sent`);
    if (offset <= this.#acked) return;
    this.#acked = offset;
    if (this.#state === 'behind' && this.#sent - offset <= shellWindow.low) this.drawAnew();
    this.#source.seen();
  }

  /** The screen comes first, then what follows it. */
  drawAnew(): void {
    const offset = this.#source.flushed();
    this.#drawn += 1;
    this.#state = 'drawing';
    this.#waiting = [];
    void this.#draw(offset, this.#drawn);
  }

  async #draw(offset: number, nth: number): Promise<void> {
    const picture = await this.#source.picture();
    if (this.#ended || nth !== this.#drawn) return;
    // So much came meanwhile that another is drawn.
    if (this.#state !== 'drawing') return this.drawAnew();
    this.#state = 'step';
    this.#sent = offset;
    this.#acked = offset;
    this.#to.send(encodeFrame({ type: 'snap', offset, ...picture }));
    for (const kept of this.#waiting.splice(0)) this.offer(kept);
    this.#sayExit();
  }

  end(): void {
    this.#ended = true;
    this.#waiting = [];
  }

  #send({ offset, length, frame }: Kept): void {
    if (this.#ended) return;
    this.#sent = offset + length;
    this.#to.send(frame);
  }

  /** After all output; who is behind gets the screen first. */
  #sayExit(): void {
    if (this.#exit === undefined || this.#ended || this.#state === 'drawing') return;
    if (this.#state === 'behind') return this.drawAnew();
    this.#to.send(this.#exit);
    this.#exit = undefined;
  }
}

function cut({ offset, length, frame }: Kept, skip: number): Kept {
  const bytes = frame.subarray(9 + skip);
  const from = offset + skip;
  return {
    offset: from,
    length: length - skip,
    frame: encodeFrame({ type: 'out', offset: from, bytes }),
  };
}
