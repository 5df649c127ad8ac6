// Control's side of its door: a Unix socket of mode 0600, several clients, none of which control ever waits for.
// Checks frames and messages; what they mean is the business of whoever handles them.
import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { CellError } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import { seconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import { FromClient, protocolVersion, queueLimit } from '#contract/wire.ts';
import type { FromControl } from '#contract/wire.ts';
import { FrameReader, encodeFrame } from './frame.ts';

/** The longest path that a Unix socket takes; Node would cut a longer one silently. */
const pathLimit = 107;
const clientLimit = 32;
/** Of what is said of a frame that was refused, to its client and to the record. */
const reasonLimit = 300;
/** A client says hello within this, or its place is another's. */
const helloTime = seconds(5);
/** How deep a message may nest; `act` has arguments in arguments, and nothing else. */
const depthLimit = 8;
/** Messages of one client taken before everything else has its turn. */
const turnLimit = 64;

export interface WireHandlers {
  opened(peer: WirePeer): void;
  message(peer: WirePeer, message: FromClient): void;
  /** A client was refused, and its connection is about to close. */
  refused(code: Code, reason: string): void;
  /** The client has read all that waited for it. */
  drained(peer: WirePeer): void;
  closed(peer: WirePeer): void;
}

/** One client. It has said `hello` before any other of its messages is passed on. */
export class WirePeer {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #handlers: WireHandlers;
  readonly #silence: Cancel;
  #inbox: unknown[] = [];
  #turning = false;
  #greeted = false;
  #ended = false;
  feed = false;

  constructor(clock: Clock, socket: Socket, handlers: WireHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#silence = clock.after(helloTime, () =>
      this.refuse('E_DOOR_HELLO', `no hello within ${helloTime} ms`),
    );
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    // The close that follows tells everything; a reset client is no error of ours.
    socket.on('error', () => undefined);
    socket.on('drain', () => {
      if (this.#greeted && !this.#ended) handlers.drained(this);
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#silence();
      if (this.#greeted) handlers.closed(this);
    });
  }

  /** Bytes that wait for this client. */
  get waiting(): number {
    return this.#socket.writableLength;
  }

  send(message: FromControl): void {
    // Whoever sends has other clients as well: what cannot go to this one is the end of this one.
    this.#guarded(() => {
      this.#socket.write(encodeFrame(message));
      if (this.#socket.writableLength <= queueLimit) return;
      this.#ended = true;
      this.#handlers.refused('E_DOOR_SLOW', `a client left ${queueLimit} bytes unread`);
      this.#socket.destroy();
    });
  }

  /** Says why, then ends the connection. */
  refuse(code: Code, words: string): void {
    if (this.#ended) return;
    // It may repeat what the client sent, which is of any length and of any characters.
    const reason = wellFormed(words.slice(0, reasonLimit));
    this.#handlers.refused(code, reason);
    this.#ended = true;
    this.#socket.end(encodeFrame({ type: 'bye', code, reason }));
    this.#socket.destroySoon();
  }

  #read(chunk: Buffer): void {
    this.#guarded(() => {
      this.#inbox.push(...this.#reader.push(chunk));
      if (!this.#turning) this.#turn();
    });
  }

  /** Takes some messages; while there are more, nothing is read and the scans go between. */
  #turn(): void {
    for (const raw of this.#inbox.splice(0, turnLimit)) {
      if (this.#ended) return;
      this.#take(raw);
    }
    const more = this.#inbox.length > 0;
    if (more && !this.#turning) this.#socket.pause();
    if (!more && this.#turning) this.#socket.resume();
    this.#turning = more;
    if (more) setImmediate(() => this.#guarded(() => this.#turn()));
  }

  #guarded(run: () => void): void {
    if (this.#ended) return;
    try {
      run();
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      this.refuse(error.code, error.message);
    }
  }

  #take(raw: unknown): void {
    if (isDeeper(raw, depthLimit)) {
      throw new CellError('E_DOOR_FRAME', `a message nests deeper than ${depthLimit}`);
    }
    const parsed = FromClient.safeParse(raw);
    if (!parsed.success) {
      const first = parsed.error.issues[0];
      const where = first === undefined ? '' : ` at ${first.path.join('.')}: ${first.message}`;
      throw new CellError('E_DOOR_FRAME', `not a message of this protocol${where}`);
    }
    const message = parsed.data;
    if (message.type === 'hello') {
      if (message.protocol !== protocolVersion) {
        const text = `this control speaks protocol ${protocolVersion}, not ${message.protocol}`;
        throw new CellError('E_DOOR_PROTOCOL', text);
      }
      if (this.#greeted) throw new CellError('E_DOOR_FRAME', 'hello was said already');
      this.#greeted = true;
      this.#silence();
      this.feed = message.feed;
      this.#handlers.opened(this);
      return;
    }
    if (!this.#greeted) throw new CellError('E_DOOR_FRAME', 'say hello first');
    this.#handlers.message(this, message);
  }
}

/** Asked before anything else reads it: what nests without end must not end us. */
function isDeeper(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return limit === 0 || Object.values(value).some((inner) => isDeeper(inner, limit - 1));
}

/** The listening door. */
export class WireServer {
  readonly #clock: Clock;
  readonly #handlers: WireHandlers;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(clock: Clock, handlers: WireHandlers) {
    this.#clock = clock;
    this.#handlers = handlers;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Listens at `path`; a socket file left by a process that died is replaced (the data directory's lock is held). */
  async listen(path: string): Promise<void> {
    const bytes = Buffer.byteLength(path);
    if (bytes > pathLimit) {
      throw new CellError(
        'E_DOOR_PATH',
        `${path} has ${bytes} bytes; a socket path may have ${pathLimit}`,
      );
    }
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      // The file is made inside this call, so the mask is never seen by anything else.
      const before = process.umask(0o177);
      this.#server.listen(path, () => {
        this.#server.off('error', reject);
        resolve();
      });
      process.umask(before);
    });
    chmodSync(path, 0o600);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    const peer = new WirePeer(this.#clock, socket, this.#handlers);
    if (this.#sockets.size > clientLimit) {
      peer.refuse('E_DOOR_FULL', `control has ${clientLimit} clients already`);
    }
  }
}

/** JSON of the record knows no lone surrogates; the cut may have made one. */
const wellFormed = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, '\u{FFFD}');
