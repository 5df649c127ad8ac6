// One page's socket: what it may be sent now, what waits until it has painted, and what it says.
// A page that paints slowly gets fewer, merged frames; it is never sent the past.
import type { RawData, WebSocket } from 'ws';
import type { Code } from '#contract/error.ts';
import { FromBrowser } from '#contract/live.ts';
import type { ToBrowser } from '#contract/live.ts';
import { mergeDeltas } from '#contract/merge.ts';
import { ackWindow, silence_ms } from '#contract/pace.ts';
import { seconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import type { Delta, Snapshot, Why } from '#contract/wire.ts';
import type { Visitor } from './acts.ts';
import { Bucket } from './bucket.ts';

/** A page says little; more than this is not a page. */
export const messageLimit = 16 * 1024;
/** Bytes that may wait in the socket of a page that does not read. */
const sendLimit = 4 * 1024 * 1024;
const messagePace = { rate: 100, burst: 300 };
const actPace = { rate: 5, burst: 10 };
/** A hand on a held command says so ten times a second. */
const keepPace = { rate: 30, burst: 30 };

/** Close codes of the socket; the reason is the coded one. */
const closing: Readonly<Partial<Record<Code, number>>> = {
  E_DOOR_FRAME: 4400,
  E_DOOR_SIZE: 4413,
  E_DOOR_SLOW: 4408,
  E_ACT_RATE: 4429,
};

export interface PageEvents {
  message(page: PageSocket, message: FromBrowser): void;
  refused(page: PageSocket, code: Code): void;
  closed(page: PageSocket): void;
}

export class PageSocket {
  readonly visitor: Visitor;
  readonly pace: { readonly acts: Bucket; readonly keeps: Bucket };
  /** Flows whose `why` this page shows. */
  watched: readonly string[] = [];
  readonly #clock: Clock;
  readonly #socket: WebSocket;
  readonly #events: PageEvents;
  readonly #messages: Bucket;
  #heard: number;
  /** Frames sent and not yet painted. */
  #unpainted: number[] = [];
  /** What happened since the last frame that was sent. */
  #lag: Delta | undefined;
  readonly #whys = new Map<string, Why>();
  #ended = false;

  constructor(clock: Clock, socket: WebSocket, visitor: Visitor, events: PageEvents) {
    this.visitor = visitor;
    this.pace = { acts: new Bucket(clock, actPace), keeps: new Bucket(clock, keepPace) };
    this.#clock = clock;
    this.#socket = socket;
    this.#events = events;
    this.#messages = new Bucket(clock, messagePace);
    this.#heard = clock.now();
    socket.on('message', (data, binary) => this.#read(data, binary));
    // The close that follows tells everything.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#ended = true;
      events.closed(this);
    });
  }

  /** Sent whatever the page has painted: small, or asked for. */
  send(message: ToBrowser): void {
    this.#write(JSON.stringify(message));
  }

  /** A whole picture; what waited before it is void. */
  show(snapshot: Snapshot): void {
    this.#lag = undefined;
    this.#unpainted = [snapshot.frame];
    this.send(snapshot);
  }

  /** A delta and its text, which all pages in step share. */
  offer(delta: Delta, text: string): void {
    if (this.#lag === undefined && this.#unpainted.length < ackWindow) {
      this.#unpainted.push(delta.frame);
      this.#write(text);
      return;
    }
    this.#lag = this.#lag === undefined ? delta : mergeDeltas(this.#lag, delta);
  }

  /** The newest `why` of a flow, after the frame that it belongs to. */
  explain(why: Why): void {
    if (!this.watched.includes(why.flow)) return;
    if (this.#lag === undefined) this.send(why);
    else this.#whys.set(why.flow, why);
  }

  /** Closes the socket of a page that is not there any more. */
  check(): void {
    if (this.#clock.now() - this.#heard > silence_ms) this.end('E_DOOR_SLOW');
  }

  /** Ends the connection with a code. */
  end(code: Code): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events.refused(this, code);
    this.#socket.close(closing[code] ?? 4000, code);
    // A peer that does not answer the close holds nothing.
    this.#clock.after(seconds(1), () => this.#socket.terminate());
  }

  /** Station ends. */
  leave(): void {
    this.#ended = true;
    this.#socket.close(1001);
    this.#socket.terminate();
  }

  #read(data: RawData, binary: boolean): void {
    if (this.#ended) return;
    this.#heard = this.#clock.now();
    if (!this.#messages.take()) return this.end('E_ACT_RATE');
    const text = binary ? undefined : textOf(data);
    if (text !== undefined && text.length > messageLimit) return this.end('E_DOOR_SIZE');
    const message = text === undefined ? undefined : parse(text);
    if (message === undefined) return this.end('E_DOOR_FRAME');
    if (message.type === 'ack') return this.#painted(message.frame);
    this.#events.message(this, message);
  }

  #painted(frame: number): void {
    this.#unpainted = this.#unpainted.filter((sent) => sent > frame);
    if (this.#lag === undefined || this.#unpainted.length >= ackWindow) return;
    this.#unpainted.push(this.#lag.frame);
    this.send(this.#lag);
    this.#lag = undefined;
    for (const why of this.#whys.values()) this.send(why);
    this.#whys.clear();
  }

  #write(text: string): void {
    if (this.#ended) return;
    this.#socket.send(text);
    if (this.#socket.bufferedAmount > sendLimit) this.end('E_DOOR_SLOW');
  }
}

const textOf = (data: RawData): string =>
  (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString('utf8');

function parse(text: string): FromBrowser | undefined {
  try {
    const parsed = FromBrowser.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
