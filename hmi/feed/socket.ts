// The page's connection to station: opens, says that it is there, comes back after a loss with jitter.
// Nothing that is sent waits for a connection: without one it is refused on the spot.
import type { FromBrowser, ToBrowser } from '#contract/live.ts';
import { ping_ms } from '#contract/pace.ts';

/** One connection, from its start to its end. */
export interface Wire {
  send(text: string): void;
  close(): void;
}

/** What one connection tells; `closed` is its last word. */
export interface WireEvents {
  opened(): void;
  text(text: string): void;
  closed(): void;
}

export interface SocketDeps {
  open(events: WireEvents): Wire;
  /** Calls `run` after `delay` ms; the result cancels it. */
  after(delay: number, run: () => void): () => void;
  random(): number;
}

export interface SocketEvents {
  opened(): void;
  message(message: ToBrowser): void;
  closed(): void;
}

const firstDelay = 500;
const longestDelay = 8000;

export class LiveSocket {
  readonly #deps: SocketDeps;
  readonly #events: SocketEvents;
  #wire: Wire | undefined;
  #up = false;
  #delay = firstDelay;
  #cancel: (() => void) | undefined;
  /** Counts connections, so that a late word of an old one is not taken for the new one's. */
  #count = 0;

  constructor(deps: SocketDeps, events: SocketEvents) {
    this.#deps = deps;
    this.#events = events;
  }

  get up(): boolean {
    return this.#up;
  }

  start(): void {
    this.#count += 1;
    const mine = this.#count;
    const current = (run: () => void): void => {
      if (mine === this.#count) run();
    };
    this.#wire = this.#deps.open({
      opened: () => current(() => this.#opened()),
      text: (text) => current(() => this.#events.message(JSON.parse(text) as ToBrowser)),
      closed: () => current(() => this.#lost()),
    });
  }

  /** False when there is no connection: what was to be sent is then gone. */
  send(message: FromBrowser): boolean {
    if (this.#up) this.#wire?.send(JSON.stringify(message));
    return this.#up;
  }

  /** Takes another connection in place of this one, as somebody else: the picture stays until the next comes. */
  reopen(): void {
    const old = this.#wire;
    this.#up = false;
    this.#cancel?.();
    this.start();
    old?.close();
  }

  #opened(): void {
    this.#up = true;
    this.#delay = firstDelay;
    this.#events.opened();
    this.#ping();
  }

  #lost(): void {
    this.#count += 1;
    this.#wire = undefined;
    this.#up = false;
    this.#cancel?.();
    this.#events.closed();
    const delay = this.#delay * (0.5 + this.#deps.random());
    this.#delay = Math.min(longestDelay, Math.max(firstDelay, this.#delay * 2));
    this.#cancel = this.#deps.after(delay, () => this.start());
  }

  #ping(): void {
    this.send({ type: 'ping' });
    this.#cancel = this.#deps.after(ping_ms, () => this.#ping());
  }
}
