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
import type { Delta, Why } from '#contract/wire.ts';
import type { Guest } from './routes.ts';
import { Bucket } from '#controller/bucket.ts';

/** A page says little; more than this is not a page. */
export const messageLimit = 16 * 1024;
/** Bytes that may wait in the socket of a page that does not read, and those at which what opens it waits. */
const sendLimit = 4 * 1024 * 1024;
const openLimit = 512 * 1024;
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
  /** Who it is now. */
  guest: Guest;
  /** How often that changed. */
  changes = 0;
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
  /** What it is shown first, sent as it reads. */
  #opening: Iterator<ToBrowser> | undefined;
  /** What happened since the last frame that was sent. */
  #lag: Delta | undefined;
  readonly #whys = new Map<string, Why>();
  #ended = false;

  constructor(clock: Clock, socket: WebSocket, guest: Guest, events: PageEvents) {
    this.guest = guest;
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

  /** A greeting and a whole picture, of this frame if there is one; what waited before it is void. */
  open(messages: Iterator<ToBrowser>, frame: number | undefined): void {
    this.#lag = undefined;
    this.#unpainted = frame === undefined ? [] : [frame];
    this.#opening = messages;
    this.#goOn();
  }

  /** A delta and its text, which all pages in step share. */
  offer(delta: Delta, text: string): void {
    this.#lag = this.#lag === undefined ? delta : mergeDeltas(this.#lag, delta);
    if (this.#lag === delta && this.#mayShow()) this.#show(text);
  }

  /** The newest `why` of a flow, after the frame that it belongs to. */
  explain(why: Why): void {
    if (!this.watched.includes(why.flow)) return;
    if (this.#lag === undefined && this.#opening === undefined) this.send(why);
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
    this.#catchUp();
  }

  /** Pages of what opens it, while it reads them; then what happened meanwhile. */
  #goOn(): void {
    while (this.#opening !== undefined && this.#socket.bufferedAmount <= openLimit) {
      const next = this.#opening.next();
      if (next.done === true) {
        this.#opening = undefined;
        this.#catchUp();
      } else this.#write(JSON.stringify(next.value), () => this.#goOn());
    }
  }

  #catchUp(): void {
    if (!this.#mayShow()) return;
    if (this.#lag !== undefined) this.#show(JSON.stringify(this.#lag));
    for (const why of this.#whys.values()) this.send(why);
    this.#whys.clear();
  }

  #mayShow(): boolean {
    return this.#opening === undefined && this.#unpainted.length < ackWindow;
  }

  #show(text: string): void {
    if (this.#lag !== undefined) this.#unpainted.push(this.#lag.frame);
    this.#lag = undefined;
    this.#write(text);
  }

  #write(text: string, written?: () => void): void {
    if (this.#ended) return;
    this.#socket.send(text, written);
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
