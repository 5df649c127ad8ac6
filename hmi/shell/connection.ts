// A terminal's connection to a shell: a socket that comes back after a drop, each time with a ticket of its own. What
// goes over it is `ShellClient`'s; what is shown is the terminal's.
import { ShellClient } from '#contract/shell-client.ts';
import { shellPace } from '#contract/shell-frames.ts';
import type { StationSays, TerminalSize } from '#contract/shell-frames.ts';
import { isOpen } from './stage.ts';

/** One socket, from its start to its end. */
export interface ShellWire {
  send(frame: Uint8Array): void;
  close(): void;
}
export interface ShellWireEvents {
  opened(): void;
  frame(bytes: Uint8Array): void;
  /** `code`: why station closed it; empty where it did not say. */
  closed(code: string): void;
}

/** What shows the output. */
export interface ShellScreen {
  /** Resolves once it is drawn. */
  write(bytes: Uint8Array | string): Promise<void>;
  resize(size: TerminalSize): void;
}

export interface ShellDeps {
  /** A ticket for one socket; undefined: none is to be had now. */
  ticket(): Promise<string | undefined>;
  open(events: ShellWireEvents): ShellWire;
  /** Calls `run` after `delay` ms; the result cancels it. */
  after(delay: number, run: () => void): () => void;
  random(): number;
  /** Somebody looks at the page. */
  looking(): boolean;
}

export interface ShellEvents {
  /** The socket is there and was welcomed, or is gone. */
  up(there: boolean): void;
  says(says: StationSays): void;
  /** Station closed the socket, and said why. */
  shut(code: string): void;
  exited(code: number): void;
}

const firstDelay = 500;
const longestDelay = 8000;
const encoder = new TextEncoder();
/** Clears the screen and all that a program set of it. */
const wiped = '\u001Bc';

export class ShellConnection {
  readonly #deps: ShellDeps;
  readonly #events: ShellEvents;
  readonly #client: ShellClient;
  #wire: ShellWire | undefined;
  #ended = false;
  /** The shell itself is over: there is nothing to come back to. */
  #over = false;
  /** Counts connections, so that a late word of an old one is not taken for the new one's. */
  #count = 0;
  #delay = firstDelay;
  #cancel: (() => void) | undefined;
  #beat: (() => void) | undefined;
  #size: TerminalSize | undefined;
  #acted = false;
  #drawn: Promise<void> = Promise.resolve();

  /** `client`: 32 hexadecimal digits, made at random for this terminal. */
  constructor(deps: ShellDeps, screen: ShellScreen, events: ShellEvents, client: string) {
    this.#deps = deps;
    this.#events = events;
    this.#client = new ShellClient(client, {
      send: (frame) => this.#wire?.send(frame),
      output: (bytes, shown) => this.#draw(() => screen.write(bytes), shown),
      reset: (size) => {
        this.#draw(() => screen.write(wiped));
        this.#draw(() => screen.resize(size));
      },
      resized: (size) => this.#draw(() => screen.resize(size)),
      says: (says) => this.#hear(says),
      exited: (code) => this.#draw(() => events.exited(code)),
    });
  }

  async start(): Promise<void> {
    this.#count += 1;
    const mine = this.#count;
    const ticket = await this.#deps.ticket();
    if (this.#ended || mine !== this.#count) return;
    if (ticket === undefined) {
      this.#again();
      return;
    }
    const current = (run: () => void): void => {
      if (mine === this.#count) run();
    };
    this.#wire = this.#deps.open({
      opened: () => current(() => this.#client.opened(ticket)),
      frame: (bytes) => current(() => this.#take(bytes)),
      closed: (code) =>
        current(() => {
          if (code !== '') this.#events.shut(code);
          this.#again();
        }),
    });
  }

  /** False: it went nowhere. */
  type(text: string): boolean {
    return this.#client.type(encoder.encode(text));
  }

  /** The driver's terminal is so large. */
  resize(size: TerminalSize): void {
    this.#size = size;
    this.#client.resize(size);
  }

  /** A person did something here. */
  act(): void {
    this.#acted = true;
  }

  /** Nobody looks at the page any more. */
  hidden(): void {
    this.#client.hidden();
  }

  end(): void {
    this.#ended = true;
    this.#drop();
    this.#cancel?.();
  }

  #drop(): void {
    this.#count += 1;
    this.#beat?.();
    const wire = this.#wire;
    this.#wire = undefined;
    if (this.#client.welcome) this.#events.up(false);
    this.#client.closed();
    wire?.close();
  }

  #again(): void {
    this.#drop();
    if (this.#ended || this.#over) return;
    const delay = this.#delay * (0.5 + this.#deps.random());
    this.#delay = Math.min(longestDelay, this.#delay * 2);
    this.#cancel = this.#deps.after(delay, () => void this.start());
  }

  /** Of a bad frame, or one that does not follow, nothing is believed: another connection begins with the screen. */
  #take(bytes: Uint8Array): void {
    try {
      this.#client.received(bytes);
    } catch {
      this.#again();
    }
  }

  /** One thing after the other: a size counts for what is drawn after it, and for nothing before. */
  #draw(run: () => Promise<void> | void, shown?: () => void): void {
    const before = this.#drawn;
    const turn = async (): Promise<void> => {
      await before;
      await run();
      shown?.();
    };
    this.#drawn = turn();
  }

  #hear(says: StationSays): void {
    if (says.type === 'welcome' || says.type === 'state') this.#over = !isOpen(says.view);
    if (says.type === 'welcome') {
      this.#delay = firstDelay;
      if (this.#size !== undefined) this.#client.resize(this.#size);
      this.#pulse();
      this.#events.up(true);
    }
    if (says.type === 'challenge' && this.#deps.looking()) {
      this.#client.prove(says.challenge, this.#acted);
      this.#acted = false;
    }
    this.#events.says(says);
  }

  #pulse(): void {
    this.#beat?.();
    this.#beat = this.#deps.after(shellPace.beat_ms, () => {
      this.#client.beat();
      this.#pulse();
    });
  }
}
