// A socket to a broker of which no packet longer than a bound is read: what others publish for us may be of
// any length, and MQTT 3.1.1 lets nobody say how much one takes. Such a packet is skipped byte by byte.
import type { Socket } from 'node:net';
import { CellError } from '#contract/error.ts';
import { ScreenedSocket } from '#controller/door/screened-socket.ts';

/** Bytes of a packet's body that are read; commands are at most a quarter of it. */
export const packetLimit = 64 * 1024;

/** Packet type PUBLISH, MQTT 3.1.1, 2.2.1. */
const publish = 3;

export class BoundedSocket extends ScreenedSocket {
  readonly #skipped: (length: number) => void;
  /** The fixed header so far: type, then up to four bytes of length (MQTT 3.1.1, 2.2.3). */
  #head: number[] = [];
  /** Bytes of the packet still to come, and whether they are passed on. */
  #left = 0;
  #pass = true;

  constructor(socket: Socket, skipped: (length: number) => void) {
    super(socket);
    this.#skipped = skipped;
  }

  protected override screen(chunk: Buffer): Buffer | undefined {
    const kept: Buffer[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const part = Math.min(this.#left, chunk.length - at);
        if (this.#pass) kept.push(chunk.subarray(at, at + part));
        this.#left -= part;
        at += part;
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      this.#head.push(byte);
      if (this.#head.length === 1 || (byte >= 128 && this.#head.length < 5)) continue;
      if (!this.#open()) return undefined;
      if (this.#pass) kept.push(Buffer.from(this.#head));
      this.#head = [];
    }
    return kept.length === 0 ? undefined : Buffer.concat(kept);
  }

  /** A whole fixed header was read; false when the connection is ended for it. */
  #open(): boolean {
    const [type = 0, ...lengths] = this.#head;
    const length = lengths.reduceRight((sum, byte) => sum * 128 + (byte & 127), 0);
    this.#left = length;
    // A fifth byte of a length is no length; nothing else that is so long was ever asked for.
    const whole = (lengths.at(-1) ?? 0) < 128;
    this.#pass = whole && length <= packetLimit;
    if (this.#pass) return true;
    if (whole && type >>> 4 === publish && (type & 6) === 0) {
      this.#skipped(length);
      return true;
    }
    this.destroy(new CellError('E_MIRROR_BROKER', `the broker sent a packet of ${length} bytes`));
    return false;
  }
}
