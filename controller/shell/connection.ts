// One socket of a shell: its first frame is its ticket, then it has a seat. Every frame is judged by what it is, by whose it
// is and by its pace; what is wrong ends the connection with a code. What the seat may do the session decides.
import type { RawData, WebSocket } from 'ws';
import { CellError } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import { decodeFromViewer, encodeFrame, shellPace } from '#contract/shell-frames.ts';
import type { FromViewer, StationSays, ViewerSays } from '#contract/shell-frames.ts';
import type { Part, SessionView } from '#contract/shell.ts';
import { isAnswer } from '#contract/terminal-answers.ts';
import { milliseconds, seconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import { Bucket } from '#controller/bucket.ts';
import type { Guest } from '#controller/server/routes.ts';
import type { Keyboard, KeyboardEvents } from './keyboard.ts';
import type { RunningSession, Seat, Watch } from './parts.ts';
import type { Ticket } from './tickets.ts';

/** Frames a second; a driver that reads a flood acknowledges often. */
const framePace = { rate: 4000, burst: 8000 };
/** Frames that are not for this part, until it is none of ours. */
const strangePace = { rate: 1, burst: 20 };
/** Bytes that may wait in a socket that is not read: two screens and what an observer may have on the way. */
const sendLimit = 8 * 1024 * 1024;
/** So long what was typed before a drop is waited for, so that the seat is still there for it. */
const lastWords = milliseconds(500);

/** Close codes of the socket; the reason is the coded one. */
export const closing: Readonly<Partial<Record<Code, number>>> = {
  E_DOOR_FRAME: 4400,
  E_SHELL_TICKET: 4401,
  E_NOT_SIGNED_IN: 4401,
  E_NOT_ALLOWED: 4403,
  E_SHELL_PART: 4403,
  E_SHELL_LOCKED: 4403,
  E_SHELL_UNKNOWN: 4404,
  E_DOOR_SLOW: 4408,
  E_SHELL_STATE: 4409,
  E_SHELL_ORDER: 4412,
  E_DOOR_SIZE: 4413,
  E_DOOR_RATE: 4429,
  E_SHELL_FULL: 4503,
};

export interface ConnectionDeps {
  readonly clock: Clock;
  /** Uses a ticket up. Throws `E_SHELL_TICKET`. */
  redeem(secret: string): Ticket;
  /** Throws `E_SHELL_UNKNOWN`. */
  session(ticket: Ticket): RunningSession;
  keyboard(session: RunningSession, ticket: Ticket, client: string): Keyboard;
  refused(code: Code, what: string): void;
  closed(): void;
}

export class ShellConnection {
  readonly guest: Guest;
  readonly #deps: ConnectionDeps;
  readonly #socket: WebSocket;
  readonly #frames: Bucket;
  readonly #strange: Bucket;
  #heard: number;
  #late: Cancel;
  #helloed = false;
  #session: RunningSession | undefined;
  #part: Part | undefined;
  #seat: Seat | undefined;
  #watch: Watch | undefined;
  #keyboard: Keyboard | undefined;
  /** Of a supervisor, that came before the welcome. */
  #challenge: string | undefined;
  #ended = false;
  readonly #typed: KeyboardEvents = {
    taken: (inSeq) => this.#send(encodeFrame({ type: 'inack', inSeq })),
    refused: (refusal) => this.#say({ type: 'refused', ...refusal }),
  };

  constructor(deps: ConnectionDeps, socket: WebSocket, guest: Guest) {
    const { clock } = deps;
    this.guest = guest;
    this.#deps = deps;
    this.#socket = socket;
    this.#frames = new Bucket(clock, framePace);
    this.#strange = new Bucket(clock, strangePace);
    this.#heard = clock.now();
    const late = milliseconds(shellPace.hello_ms);
    this.#late = clock.after(late, () => this.end('E_DOOR_SLOW', 'no ticket was shown'));
    socket.on('message', (data, binary) => this.#read(data, binary));
    socket.on('error', (error) => this.#failed(error));
    socket.on('close', () => this.#closed());
  }

  /** Ends a connection that is silent. */
  check(): void {
    if (this.#deps.clock.now() - this.#heard > shellPace.silence_ms)
      this.end('E_DOOR_SLOW', 'it said nothing for too long');
  }

  end(code: Code, what: string): void {
    if (this.#ended) return;
    this.#leave();
    if (code !== 'E_SHELL_STATE') this.#deps.refused(code, what);
    this.#socket.close(closing[code] ?? 4000, code);
    // What was sent before is still read; a peer that does not answer the close holds nothing.
    this.#deps.clock.after(seconds(5), () => this.#socket.terminate());
  }

  /** Whatever went wrong for one viewer ends one connection, and nothing else. */
  #endFor(error: unknown): void {
    if (error instanceof CellError) this.end(error.code, error.message);
    else this.end('E_INTERNAL', String(error));
  }

  /** Station ends. */
  away(): void {
    this.#leave();
    this.#socket.close(1001);
    this.#socket.terminate();
  }

  #read(data: RawData, binary: boolean): void {
    if (this.#ended) return;
    this.#heard = this.#deps.clock.now();
    try {
      if (!this.#frames.take())
        throw new CellError('E_DOOR_RATE', 'more frames than anybody needs');
      if (!binary) throw new CellError('E_DOOR_FRAME', 'a text message');
      this.#take(decodeFromViewer(bytesOf(data)));
    } catch (error) {
      this.#endFor(error);
    }
  }

  #take(frame: FromViewer): void {
    if (frame.type === 'ctrl' && frame.says.type === 'hello') return void this.#hello(frame.says);
    const seat = this.#seat;
    if (seat === undefined) throw new CellError('E_DOOR_FRAME', 'a frame before the welcome');
    switch (frame.type) {
      case 'ack':
        return this.#watch?.parsed(frame.offset);
      case 'in':
      case 'auto':
        return this.#type(seat, frame);
      case 'resize':
        if (seat.part === 'driver') return seat.resize(frame.size);
        return this.#notYours('a size', undefined);
      case 'ctrl':
        return this.#hear(seat, frame.says);
    }
  }

  #hear(seat: Seat, says: Exclude<ViewerSays, { type: 'hello' }> | ViewerSays): void {
    if (says.type === 'prove') seat.prove(says.challenge, says.acted);
    if (says.type === 'hidden') seat.hidden();
  }

  #type(seat: Seat, frame: Extract<FromViewer, { type: 'in' | 'auto' }>): void {
    const { inSeq, bytes, type } = frame;
    if (seat.part !== 'driver') return this.#notYours('input', inSeq);
    const auto = type === 'auto';
    if (auto && !isAnswer(Buffer.from(bytes).toString('latin1')))
      throw new CellError('E_DOOR_FRAME', 'keys that are called an answer of the terminal');
    this.#keyboard?.press(inSeq, bytes, async (pressed) => seat.type(pressed, auto));
  }

  /** Whoever does not drive types nothing: not by hand, and not because a program asked their terminal something. */
  #notYours(what: string, inSeq: number | undefined): void {
    const text = `${what} of ${this.#part ?? 'nobody'}`;
    this.#deps.refused('E_SHELL_PART', text);
    if (!this.#strange.take()) return this.end('E_SHELL_PART', `${text}, again and again`);
    this.#say({ type: 'refused', code: 'E_SHELL_PART', text, inSeq });
  }

  async #hello(says: Extract<ViewerSays, { type: 'hello' }>): Promise<void> {
    try {
      if (this.#helloed) throw new CellError('E_DOOR_FRAME', 'a second hello');
      this.#helloed = true;
      this.#late();
      const ticket = this.#deps.redeem(says.ticket);
      const session = this.#deps.session(ticket);
      const keyboard = this.#deps.keyboard(session, ticket, says.client);
      // What came on the connection before has its end first.
      await this.#within(keyboard.idle());
      const seat = await session.sit(ticket.who, ticket.part, {
        state: (view) => this.#state(view),
        challenge: (challenge) => this.#challenged(challenge),
        lost: (code) => this.end(code, 'the seat is no longer theirs'),
      });
      if (this.#ended) return seat.leave();
      this.#seated({ session, seat, keyboard, offset: says.offset });
    } catch (error) {
      this.#endFor(error);
    }
  }

  #seated(place: {
    readonly session: RunningSession;
    readonly seat: Seat;
    readonly keyboard: Keyboard;
    readonly offset: number | null;
  }): void {
    const { session, seat, keyboard, offset } = place;
    this.#session = session;
    this.#seat = seat;
    this.#keyboard = keyboard;
    this.#welcome(seat, session.view);
    keyboard.connect(this.#typed);
    const send = (frame: Uint8Array): void => this.#send(frame);
    const governs = seat.part === 'driver';
    this.#watch = session.stream.watch({ send }, { governs, from: offset });
    if (this.#challenge !== undefined) this.#challenged(this.#challenge);
  }

  #welcome(seat: Seat, view: SessionView): void {
    const { part } = seat;
    this.#part = part;
    const size = this.#session?.stream.size ?? { cols: 80, rows: 24 };
    const inSeq = this.#keyboard?.taken ?? 0;
    this.#say({ type: 'welcome', part, view, size, inSeq });
  }

  /** With a keyboard that was handed over the part is another. */
  #state(view: SessionView): void {
    const seat = this.#seat;
    if (seat === undefined) return;
    if (seat.part === this.#part) return this.#say({ type: 'state', view });
    this.#welcome(seat, view);
    if (seat.part === 'driver') this.#watch?.govern();
  }

  #challenged(challenge: string): void {
    this.#challenge = challenge;
    if (this.#seat !== undefined) this.#say({ type: 'challenge', challenge });
  }

  #say(says: StationSays): void {
    this.#send(encodeFrame({ type: 'ctrl', says }));
  }

  #send(frame: Uint8Array): void {
    if (this.#ended) return;
    this.#socket.send(frame);
    if (this.#socket.bufferedAmount > sendLimit) this.end('E_DOOR_SLOW', 'it does not read');
  }

  #failed(error: Error): void {
    const { code } = error as { code?: unknown };
    if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') this.#deps.refused('E_DOOR_SIZE', 'a frame');
    // The close that follows tells everything else.
  }

  #closed(): void {
    this.#leave();
    this.#deps.closed();
  }

  #leave(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#late();
    this.#watch?.end();
    const seat = this.#seat;
    const keyboard = this.#keyboard;
    keyboard?.disconnect(this.#typed);
    if (seat === undefined || keyboard === undefined) return;
    void this.#within(keyboard.idle()).then(() => seat.leave());
  }

  async #within(done: Promise<void>): Promise<void> {
    const { clock } = this.#deps;
    let cancel: Cancel | undefined;
    const late = new Promise<void>((resolve) => (cancel = clock.after(lastWords, resolve)));
    await Promise.race([done, late]);
    cancel?.();
  }
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
