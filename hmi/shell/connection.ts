// One terminal's way to a shell: a socket that comes back after a drop, output that is acknowledged once it is drawn,
// input that is numbered, so that what was typed is typed once. It judges nothing: station refuses what may not be.
import {
  decodeFromStation,
  encodeFrame,
  shellLimits,
  shellPace,
  shellWindow,
} from '#contract/shell-frames.ts';
import type { FromStation, FromViewer, StationSays, TerminalSize } from '#contract/shell-frames.ts';

/** One socket, from its start to its end. */
export interface ShellWire {
  send(frame: Uint8Array): void;
  close(): void;
}
export interface ShellWireEvents {
  opened(): void;
  frame(bytes: Uint8Array): void;
  closed(): void;
}

/** What shows the output. */
export interface ShellScreen {
  /** Resolves once it is drawn. */
  write(bytes: Uint8Array): Promise<void>;
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
  exited(code: number): void;
}

const firstDelay = 500;
const longestDelay = 8000;
const encoder = new TextEncoder();
/** Clears the screen and all that a program set of it. */
const wiped = '\u001Bc';

export class ShellConnection {
  readonly #deps: ShellDeps;
  readonly #screen: ShellScreen;
  readonly #events: ShellEvents;
  /** Names this terminal through its drops. */
  readonly #client: string;
  #wire: ShellWire | undefined;
  #up = false;
  #ended = false;
  #count = 0;
  #delay = firstDelay;
  #cancel: (() => void) | undefined;
  #beat: (() => void) | undefined;
  /** Bytes of output that came; null until the first screen. */
  #offset: number | null = null;
  #inSeq = 0;
  readonly #typed: Extract<FromViewer, { type: 'in' }>[] = [];
  /** What is drawn one after the other, and the end of what is being drawn. */
  #turn: Promise<void> = Promise.resolve();
  #drawn: Promise<void> = Promise.resolve();
  #size: TerminalSize | undefined;
  #acted = false;

  constructor(deps: ShellDeps, screen: ShellScreen, events: ShellEvents, client: string) {
    this.#deps = deps;
    this.#screen = screen;
    this.#events = events;
    this.#client = client;
  }

  async start(): Promise<void> {
    this.#count += 1;
    const mine = this.#count;
    const ticket = await this.#deps.ticket();
    if (this.#ended || mine !== this.#count) return;
    if (ticket === undefined) return this.#again();
    const current = (run: () => void): void => {
      if (mine === this.#count) run();
    };
    this.#wire = this.#deps.open({
      opened: () =>
        current(() => {
          const says = {
            type: 'hello',
            ticket,
            client: this.#client,
            offset: this.#offset,
          } as const;
          this.#send({ type: 'ctrl', says });
        }),
      frame: (bytes) => current(() => this.#take(bytes)),
      closed: () => current(() => this.#again()),
    });
  }

  /** False: it went nowhere, for there is no connection, or too much waits to be taken. */
  type(text: string): boolean {
    const bytes = encoder.encode(text);
    const waits = this.#typed.reduce((sum, each) => sum + each.bytes.length, bytes.length);
    if (!this.#up || waits > shellWindow.in) return false;
    for (let from = 0; from < bytes.length; from += shellLimits.in) {
      this.#inSeq += 1;
      const part = bytes.subarray(from, from + shellLimits.in);
      const frame = { type: 'in', inSeq: this.#inSeq, bytes: part } as const;
      this.#typed.push(frame);
      this.#send(frame);
    }
    return true;
  }

  /** The driver's terminal is so large. */
  resize(size: TerminalSize): void {
    this.#size = size;
    if (this.#up) this.#send({ type: 'resize', size });
  }

  /** A person did something here. */
  act(): void {
    this.#acted = true;
  }

  /** Nobody looks at the page any more. */
  hidden(): void {
    if (this.#up) this.#send({ type: 'ctrl', says: { type: 'hidden' } });
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
    if (this.#up) this.#events.up(false);
    this.#up = false;
    wire?.close();
  }

  #again(): void {
    this.#drop();
    if (this.#ended) return;
    const delay = this.#delay * (0.5 + this.#deps.random());
    this.#delay = Math.min(longestDelay, this.#delay * 2);
    this.#cancel = this.#deps.after(delay, () => void this.start());
  }

  #send(frame: FromViewer): void {
    this.#wire?.send(encodeFrame(frame));
  }

  #take(bytes: Uint8Array): void {
    const frame = read(bytes);
    if (frame === undefined) return this.#again();
    switch (frame.type) {
      case 'out':
        return this.#output(frame);
      case 'snap':
        this.#offset = frame.offset;
        return this.#draw(async () => {
          await this.#drawn;
          this.#screen.resize(frame.size);
          this.#write(joined(encoder.encode(wiped), frame.bytes), frame.offset);
        });
      case 'resize':
        return this.#draw(async () => {
          await this.#drawn;
          this.#screen.resize(frame.size);
        });
      case 'inack':
        return this.#taken(frame.inSeq);
      case 'ctrl':
        return this.#hear(frame.says);
      case 'exit':
        return this.#draw(async () => {
          await this.#drawn;
          this.#events.exited(frame.code);
        });
    }
  }

  /** What overlaps with what came before is left out; what does not follow means that something is missing. */
  #output({ offset, bytes }: Extract<FromStation, { type: 'out' }>): void {
    const known = this.#offset ?? offset;
    if (offset > known) {
      this.#offset = null;
      return this.#again();
    }
    const fresh = bytes.subarray(known - offset);
    const to = known + fresh.length;
    this.#offset = to;
    if (fresh.length > 0) this.#draw(() => this.#write(fresh, to));
  }

  #draw(run: () => void | Promise<void>): void {
    this.#turn = this.#turn.then(run);
  }

  #write(bytes: Uint8Array, offset: number): void {
    const mine = this.#count;
    const shown = async (): Promise<void> => {
      await this.#screen.write(bytes);
      if (mine === this.#count) this.#send({ type: 'ack', offset });
    };
    this.#drawn = shown();
  }

  #taken(inSeq: number): void {
    while ((this.#typed[0]?.inSeq ?? Number.POSITIVE_INFINITY) <= inSeq) this.#typed.shift();
  }

  #hear(says: StationSays): void {
    if (says.type === 'welcome') {
      this.#up = true;
      this.#delay = firstDelay;
      this.#taken(says.inSeq);
      // Another terminal of this name typed more than this one knows of: counting goes on from there.
      this.#inSeq = Math.max(this.#inSeq, says.inSeq);
      if (says.part === 'driver' && this.#size !== undefined)
        this.#send({ type: 'resize', size: this.#size });
      else this.#draw(() => this.#screen.resize(says.size));
      for (const frame of this.#typed) this.#send(frame);
      this.#pulse();
      this.#events.up(true);
    }
    if (says.type === 'challenge' && this.#deps.looking()) {
      const { challenge } = says;
      this.#send({ type: 'ctrl', says: { type: 'prove', challenge, acted: this.#acted } });
      this.#acted = false;
    }
    this.#events.says(says);
  }

  #pulse(): void {
    this.#beat?.();
    this.#beat = this.#deps.after(shellPace.beat_ms, () => {
      this.#send({ type: 'ctrl', says: { type: 'beat' } });
      this.#pulse();
    });
  }
}

function read(bytes: Uint8Array): FromStation | undefined {
  try {
    return decodeFromStation(bytes);
  } catch {
    return undefined;
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
