// What a command writes, for whoever proposed it: byte by byte until its limit, with its hash and its exit code. The
// program waits for it as it would for a driver's terminal. The recording has all of it; this is what the agent sees.
import { createHash } from 'node:crypto';
import { decodeFromStation } from '#contract/shell-frames.ts';
import type { AgentOutput } from '#contract/agent.ts';
import type { Stream, Watch } from '#controller/shell/parts.ts';
import { plainText } from './plain-text.ts';

/** Bytes of one command that are kept to be shown, however much it may write; the recording has all of it. */
export const shownLimit = 1_000_000;

export class Collector {
  readonly #limit: number;
  readonly #tooMuch: () => void;
  readonly #hash = createHash('sha256');
  readonly #kept: Uint8Array[] = [];
  #watch: Watch | undefined;
  #bytes = 0;
  #code: number | undefined;

  /** `tooMuch` is called once, when more than `limit` bytes were written. */
  constructor(limit: number, tooMuch: () => void) {
    this.#limit = limit;
    this.#tooMuch = tooMuch;
  }

  follow(stream: Stream): void {
    this.#watch = stream.watch(
      { send: (frame) => this.#take(frame) },
      { governs: true, from: stream.offset },
    );
  }

  end(): void {
    this.#watch?.end();
    this.#watch = undefined;
  }

  get output(): AgentOutput {
    return {
      untrusted: true,
      text: plainText(Buffer.concat(this.#kept)),
      bytes: this.#bytes,
      hash: this.#hash.copy().digest('hex'),
      ...(this.#code === undefined ? {} : { code: this.#code }),
    };
  }

  #take(bytes: Uint8Array): void {
    const frame = decodeFromStation(bytes);
    if (frame.type === 'exit') this.#code = frame.code;
    if (frame.type !== 'out') return;
    const room = Math.max(0, Math.min(this.#limit, shownLimit) - this.#bytes);
    const before = this.#bytes;
    this.#bytes += frame.bytes.length;
    this.#hash.update(frame.bytes);
    if (room > 0) this.#kept.push(Buffer.from(frame.bytes.subarray(0, room)));
    const seen = frame.offset + frame.bytes.length;
    // Not within its own call: the stream is still at work.
    queueMicrotask(() => this.#watch?.parsed(seen));
    if (this.#bytes > this.#limit && before <= this.#limit) queueMicrotask(this.#tooMuch);
  }
}
