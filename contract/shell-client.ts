// The viewer's side of a shell's socket: what it has, what it has shown, what it typed that was not taken yet. The same
// in a browser, in a terminal and in tests. It opens no connection and knows no time: whoever holds it does.
import { assert, CellError } from './error.ts';
import { decodeFromStation, encodeFrame, shellLimits, shellWindow } from './shell-frames.ts';
import type { FromStation, StationSays, TerminalSize, ViewerSays } from './shell-frames.ts';
import type { Part } from './shell.ts';

/** Shown bytes are told in steps of this size, and at each `beat`. */
const ackStep = 32 * 1024;
/** Typed, and not yet taken or sent; what is pasted beyond it is refused whole. */
const typedLimit = 1024 * 1024;

export interface ClientEvents {
  /** One binary message on the open connection. */
  send(frame: Uint8Array): void;
  /** To be drawn; `shown` is called when the terminal has parsed it, in order. */
  output(bytes: Uint8Array, shown: () => void): void;
  /** What the terminal shows is void: it is reset, and made this large; `output` then draws it anew. */
  reset(size: TerminalSize): void;
  resized(size: TerminalSize): void;
  /** After `welcome` it may be typed into. */
  says(says: StationSays): void;
  exited(code: number): void;
}

interface Typed {
  readonly inSeq: number;
  readonly frame: Uint8Array;
  readonly length: number;
}

export class ShellClient {
  readonly #client: string;
  readonly #events: ClientEvents;
  /** Bytes of output that arrived; null before the first. */
  #offset: number | null = null;
  #shown = 0;
  #acked = 0;
  #typed: Typed[] = [];
  /** How many of `#typed` were sent on this connection. */
  #sent = 0;
  #lastSeq = 0;
  #part: Part | undefined;
  #exited = false;

  /** `client`: 32 hexadecimal digits at random, the same through all connections of one terminal. */
  constructor(client: string, events: ClientEvents) {
    this.#client = client;
    this.#events = events;
  }

  /** Welcomed on the connection that is open now. */
  get welcome(): boolean {
    return this.#part !== undefined;
  }

  get exited(): boolean {
    return this.#exited;
  }

  /** Bytes of output that arrived. */
  get offset(): number {
    return this.#offset ?? 0;
  }

  /** A connection is open; what was not taken before is sent again once station has said what was. */
  opened(ticket: string): void {
    this.closed();
    this.#say({ type: 'hello', ticket, client: this.#client, offset: this.#offset });
  }

  closed(): void {
    this.#part = undefined;
    this.#sent = 0;
  }

  /** One message of station. Throws what a bad one is: the connection is closed then, and another opened. */
  received(bytes: Uint8Array): void {
    const frame = decodeFromStation(bytes);
    switch (frame.type) {
      case 'out':
        return this.#output(frame.offset, frame.bytes);
      case 'inack':
        return this.#taken(frame.inSeq);
      case 'resize':
        return this.#events.resized(frame.size);
      case 'snap':
        return this.#drawAnew(frame);
      case 'ctrl':
        if (frame.says.type === 'welcome') this.#welcomed(frame.says);
        return this.#events.says(frame.says);
      case 'exit':
        if (frame.finalOffset !== this.offset) throw missing(`${frame.finalOffset} bytes in all`);
        this.#exited = true;
        return this.#events.exited(frame.code);
    }
  }

  /**
   * Keys, or with `auto` what the terminal answered by itself. False, and nothing is kept, where nobody may type here now,
   * or too much waits.
   */
  type(bytes: Uint8Array, auto = false): boolean {
    const waiting = this.#typed.reduce((sum, { length }) => sum + length, 0);
    if (this.#part !== 'driver' || waiting + bytes.length > typedLimit) return false;
    for (let from = 0; from < bytes.length; from += shellLimits.in) {
      const part = bytes.slice(from, from + shellLimits.in);
      this.#lastSeq += 1;
      const type = auto ? 'auto' : 'in';
      const frame = encodeFrame({ type, inSeq: this.#lastSeq, bytes: part });
      this.#typed.push({ inSeq: this.#lastSeq, frame, length: part.length });
    }
    this.#sendTyped();
    return true;
  }

  /** Lets go of what was typed and not taken, where it is too long ago to be meant still; how many bytes. */
  forget(): number {
    assert(this.#part === undefined, 'input that may be on its way is not forgotten');
    const bytes = this.#typed.reduce((sum, { length }) => sum + length, 0);
    // The next welcome says from where the count goes on.
    this.#typed = [];
    return bytes;
  }

  resize(size: TerminalSize): void {
    if (this.#part === 'driver') this.#events.send(encodeFrame({ type: 'resize', size }));
  }

  prove(challenge: string, acted: boolean): void {
    if (this.#part !== undefined) this.#say({ type: 'prove', challenge, acted });
  }

  hidden(): void {
    if (this.#part !== undefined) this.#say({ type: 'hidden' });
  }

  /** To be called every `shellPace.beat_ms`. */
  beat(): void {
    if (this.#part === undefined) return;
    this.#ack(1);
    this.#say({ type: 'beat' });
  }

  #say(says: ViewerSays): void {
    this.#events.send(encodeFrame({ type: 'ctrl', says }));
  }

  #output(offset: number, bytes: Uint8Array): void {
    const has = this.offset;
    if (offset > has) throw missing(`output from ${offset}`);
    const fresh = bytes.subarray(Math.min(bytes.length, has - offset));
    if (fresh.length > 0) this.#draw(fresh, has + fresh.length);
  }

  #draw(bytes: Uint8Array, end: number): void {
    this.#offset = end;
    this.#events.output(bytes, () => {
      this.#shown = Math.max(this.#shown, end);
      this.#ack(ackStep);
    });
  }

  #drawAnew(snap: Extract<FromStation, { type: 'snap' }>): void {
    if (snap.offset < this.offset) throw missing(`a screen of ${snap.offset}`);
    this.#events.reset(snap.size);
    this.#draw(snap.bytes, snap.offset);
  }

  #ack(least: number): void {
    if (this.#part === undefined || this.#shown - this.#acked < least) return;
    this.#acked = this.#shown;
    this.#events.send(encodeFrame({ type: 'ack', offset: this.#acked }));
  }

  #welcomed({ part, inSeq, size }: Extract<StationSays, { type: 'welcome' }>): void {
    this.#part = part;
    this.#events.resized(size);
    // What is shown may never have been told on the connection before.
    this.#acked = 0;
    this.#ack(1);
    this.#taken(inSeq);
    const [first] = this.#typed;
    // Forgotten on either side: what lies between can never be taken, and the count goes on from station's.
    if (first === undefined) this.#lastSeq = inSeq;
    else if (first.inSeq !== inSeq + 1) this.#renumber(inSeq);
    this.#sendTyped();
  }

  #renumber(inSeq: number): void {
    const lost = this.#typed.length;
    this.#typed = [];
    this.#lastSeq = inSeq;
    const text = `${lost} pieces of input were not taken, and are not typed again`;
    this.#events.says({ type: 'refused', code: 'E_SHELL_ORDER', text });
  }

  #taken(inSeq: number): void {
    const rest = this.#typed.filter((typed) => typed.inSeq > inSeq);
    this.#sent = Math.max(0, this.#sent - (this.#typed.length - rest.length));
    this.#typed = rest;
    this.#sendTyped();
  }

  #sendTyped(): void {
    if (this.#part === undefined) return;
    let onTheWay = this.#typed.slice(0, this.#sent).reduce((sum, { length }) => sum + length, 0);
    for (;;) {
      const next = this.#typed[this.#sent];
      if (next === undefined || onTheWay + next.length > shellWindow.in) return;
      if (this.#sent >= shellWindow.inFrames) return;
      onTheWay += next.length;
      this.#sent += 1;
      this.#events.send(next.frame);
    }
  }
}

const missing = (what: string): CellError =>
  new CellError('E_SHELL_ORDER', `${what}, and something before it did not arrive`);
