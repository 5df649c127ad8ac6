// One client's connection, between its socket and the broker. A packet that is too large is refused at its
// header, before any of it is kept; what a client does not read waits here, up to a bound.
import type { Socket } from 'node:net';
import { ScreenedSocket } from '#controller/door/screened-socket.ts';

/** A packet's header promises more than this client may send. */
export class PacketTooLarge extends Error {
  constructor(length: number, limit: number) {
    super(`a packet of ${length} bytes; at most ${limit} are taken`);
  }
}

/** Follows packets through a stream of bytes. [MQTT 3.1.1 §2.2] */
export class PacketGate {
  /** The longest packet that is taken, in bytes after its fixed header. */
  limit: number;
  #body = 0;
  #inLength = false;
  #length = 0;
  #shift = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** The error to end with, when these bytes begin a packet that is too large or that is none. */
  take(bytes: Uint8Array): Error | undefined {
    let at = 0;
    while (at < bytes.length) {
      if (this.#body > 0) {
        const part = Math.min(this.#body, bytes.length - at);
        this.#body -= part;
        at += part;
        continue;
      }
      const byte = bytes[at] ?? 0;
      at += 1;
      if (!this.#inLength) {
        this.#inLength = true;
        this.#length = 0;
        this.#shift = 0;
        continue;
      }
      this.#length += (byte & 0x7f) * 2 ** this.#shift;
      this.#shift += 7;
      if (byte >= 0x80) {
        if (this.#shift > 21) return new Error('a length of more than four bytes');
        continue;
      }
      if (this.#length > this.limit) return new PacketTooLarge(this.#length, this.limit);
      this.#body = this.#length;
      this.#inLength = false;
    }
    return undefined;
  }
}

export interface ConnectionLimits {
  /** The longest packet it may send, in bytes. */
  readonly packet: number;
  /** What waits for it before it counts as one that does not read, in bytes. */
  readonly backlog: number;
}

export class Connection extends ScreenedSocket {
  readonly gate: PacketGate;

  constructor(socket: Socket, limits: ConnectionLimits) {
    super(socket, limits.backlog);
    this.gate = new PacketGate(limits.packet);
  }

  protected override screen(chunk: Buffer): Buffer | undefined {
    const wrong = this.gate.take(chunk);
    if (wrong === undefined) return chunk;
    this.destroy(wrong);
    return undefined;
  }
}
