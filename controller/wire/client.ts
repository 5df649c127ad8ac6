// A client of control's door: says hello, checks every message, and for station comes back by itself.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { CellError } from '#contract/error.ts';
import { milliseconds } from '#contract/time.ts';
import type { Cancel, Clock, Random } from '#contract/time.ts';
import { Pages } from '#contract/pages.ts';
import type { WholeFromControl } from '#contract/pages.ts';
import { FromControl, protocolVersion } from '#contract/wire.ts';
import type { FromClient } from '#contract/wire.ts';
import { FrameReader, encodeFrame } from './frame.ts';

export interface WireClientOptions {
  readonly path: string;
  readonly client: 'station' | 'cli' | 'supervisor';
  /** Snapshots and deltas, please. */
  readonly feed: boolean;
}

export interface WireClientEvents {
  /** Whole, of however many pages it was. */
  message(message: WholeFromControl): void;
  /** The connection ended; `error` says why when it did not simply close. */
  closed(error: CellError | undefined): void;
}

/** One connection. After `closed` nothing is called. */
export class WireClient {
  readonly #socket: Socket;
  readonly #events: WireClientEvents;
  readonly #reader = new FrameReader();
  readonly #pages = new Pages();
  #error: CellError | undefined;

  constructor(options: WireClientOptions, events: WireClientEvents) {
    this.#events = events;
    this.#socket = connect(options.path);
    this.#socket.on('connect', () => {
      const { client, feed } = options;
      this.send({ type: 'hello', protocol: protocolVersion, client, feed });
    });
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#socket.on('error', (cause) => {
      const text = `control does not answer at ${options.path}`;
      this.#error ??= new CellError('E_CELL_NOT_RUNNING', text, { cause });
    });
    this.#socket.on('close', () => this.#events.closed(this.#error));
  }

  send(message: FromClient): void {
    // Before the connection stands there is nobody who was greeted; nothing is queued.
    if (this.#socket.writable && (!this.#socket.connecting || message.type === 'hello'))
      this.#socket.write(encodeFrame(message));
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#error !== undefined) return;
    try {
      for (const raw of this.#reader.push(chunk)) this.#take(raw);
    } catch (cause) {
      this.#error =
        cause instanceof CellError
          ? cause
          : new CellError('E_DOOR_FRAME', String(cause), { cause });
      this.#socket.destroy();
    }
  }

  #take(raw: unknown): void {
    const parsed = FromControl.safeParse(raw);
    if (!parsed.success) {
      throw new CellError(
        'E_DOOR_FRAME',
        `control sent what its protocol does not know: ${parsed.error.message}`,
      );
    }
    const message = parsed.data;
    if (message.type === 'hello' && message.protocol !== protocolVersion) {
      const text = `control speaks protocol ${message.protocol}, this is ${protocolVersion}`;
      throw new CellError('E_DOOR_PROTOCOL', text);
    }
    if (message.type === 'bye')
      this.#error = new CellError('E_DOOR_FRAME', `${message.code}: ${message.reason}`);
    const whole = this.#pages.take(message);
    if (whole !== undefined) this.#events.message(whole);
  }
}

/** Keeps one `WireClient` connected: a new one 100 to 200 ms after the last ended, until closed. */
export class WireLink {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #options: WireClientOptions;
  readonly #events: WireClientEvents;
  #client: WireClient | undefined;
  #retry: Cancel | undefined;
  #stopped = false;

  constructor(clock: Clock, random: Random, options: WireClientOptions, events: WireClientEvents) {
    this.#clock = clock;
    this.#random = random;
    this.#options = options;
    this.#events = events;
  }

  start(): void {
    this.#client = new WireClient(this.#options, {
      message: (message) => this.#events.message(message),
      closed: (error) => {
        this.#client = undefined;
        if (this.#stopped) return;
        this.#events.closed(error);
        const delay = milliseconds(100 + 100 * this.#random());
        this.#retry = this.#clock.after(delay, () => this.start());
      },
    });
  }

  /** False when there is no connection: what is sent is then dropped, never queued. */
  send(message: FromClient): boolean {
    this.#client?.send(message);
    return this.#client !== undefined;
  }

  stop(): void {
    this.#stopped = true;
    this.#retry?.();
    this.#client?.close();
  }
}
