// One opening of the line: bytes to frames, one question at a time, and what comes without a question.
// A frame has no number: what may be the answer to an earlier question is kept from the next by
// silence. However much comes, only so much is looked at. Deadlines are the supervisor's.
import { Buffer } from 'node:buffer';
import type { CellError } from '#contract/error.ts';
import { instant, milliseconds, utcMs } from '#contract/time.ts';
import type { Cancel, Clock, Duration, Instant } from '#contract/time.ts';
import type { Learned } from '#drivers/given.ts';
import { SerialTransport } from '#drivers/serial-port.ts';
import type { Connection } from '#drivers/supervise.ts';
import { textOf } from './codec.ts';
import type { SerialConfig } from './config.ts';
import { Framer } from './framer.ts';
import type { Piece } from './framer.ts';
import type { Pattern } from './pattern.ts';
import type { Received } from './points.ts';

/** What comes is counted in turns of so long. */
const turn = milliseconds(20);
/** Frames looked at as they come in one turn; of those beyond, as many of the newest at its end. */
const framesInTurn = 32;
/** Past so many bytes in one turn the rest waits with the system. 4 Mbaud bring 8,000. */
const bytesInTurn = 8192;
/** Frames in a row that nobody asked for, before an asked device is not believed any longer. */
const strayLimit = 64;
/** What came while this process stood still is read in so long, before a silence is believed. */
const catchUp = milliseconds(20);
/** How long an asked line may go on without a silence. */
const longestNoise = milliseconds(2000);

/** What came in answer to a question. */
export type Answer =
  | { readonly kind: 'frame'; readonly frame: Received }
  | { readonly kind: 'malformed'; readonly text: string };

export interface Question {
  readonly send: string;
  /** Other frames are no answer; undefined: the next frame is. */
  readonly expect: Pattern | undefined;
}

interface Events {
  readonly lost: (error: CellError) => void;
  /** A frame that came by itself; undefined: bytes that are none. */
  readonly pushed: (frame: Received | undefined, learned: Learned) => void;
  /** So many frames came that this many were not looked at. */
  readonly flooded: (count: number) => void;
}

export class SerialLink implements Connection {
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  readonly #clock: Clock;
  readonly #config: SerialConfig;
  readonly #events: Events;
  /** Of a device that sends by itself: what its answers look like. */
  readonly #alive: Pattern | undefined;
  readonly #transport: SerialTransport;
  readonly #framer: Framer;
  #waiting: { readonly question: Question; readonly resolve: (answer: Answer) => void } | undefined;
  /** Answered once: what came before may have begun before the line was opened. */
  #inStep = false;
  #strays = 0;
  /** Since when an answer may come that nobody waits for. */
  #noisySince: Instant | undefined;
  #heard: Instant = instant(0);
  /** When the silence that seems to be complete is believed; bytes until then begin it anew. */
  #believedAt: Instant | undefined;
  #turnEnd = 0;
  #frames = 0;
  #bytes = 0;
  #dropped = 0;
  readonly #held: { readonly piece: Piece; readonly learned: Learned }[] = [];
  #cancelTurn: Cancel | undefined;

  constructor(clock: Clock, config: SerialConfig, alive: Pattern | undefined, events: Events) {
    this.#clock = clock;
    this.#config = config;
    this.#events = events;
    this.#alive = alive;
    this.#framer = new Framer(config.frame);
    const { port, baud, data, parity, stop } = config;
    this.#transport = new SerialTransport(
      { port, baud, data, parity, stop },
      { lost: events.lost, data: (chunk) => this.#take(chunk) },
    );
    this.ready = this.#transport.ready;
    this.closed = this.#transport.closed;
  }

  /** Settles with the answer to this question, or never: the supervisor keeps the deadline. */
  ask(question: Question): Promise<Answer> {
    if (this.#alive === undefined) this.#framer.clear();
    this.#transport.write(Buffer.from(question.send, 'latin1'));
    return new Promise((resolve) => {
      this.#waiting = { question, resolve };
    });
  }

  /** The last question was given up: its answer may come yet, and must not be taken for the next. */
  giveUp(): void {
    this.#waiting = undefined;
    if (this.#alive === undefined) this.#noisySince ??= this.#clock.now();
  }

  /** When the next question may be asked. A line that is never silent is not believed. */
  quietAt(silence: Duration): Instant {
    if (this.#noisySince === undefined) return instant(0);
    const now = this.#clock.now();
    const at = instant(Math.max(this.#noisySince, this.#heard) + silence);
    if (at <= now) {
      this.#believedAt ??= instant(now + catchUp);
      if (now < this.#believedAt) return this.#believedAt;
      this.#believedAt = undefined;
      this.#noisySince = undefined;
      return instant(0);
    }
    this.#believedAt = undefined;
    if (now - this.#noisySince > longestNoise + silence) {
      this.#transport.fail('E_DEVICE_PROTOCOL', 'the line is never silent');
    }
    return at;
  }

  destroy(): void {
    this.#cancelTurn?.();
    this.#held.length = 0;
    this.#transport.destroy();
  }

  #take(chunk: Buffer): void {
    const now = this.#clock.now();
    this.#heard = now;
    if (now >= this.#turnEnd) this.#endTurn();
    this.#bytes += chunk.length;
    if (this.#bytes > bytesInTurn) {
      this.#transport.pause();
      this.#scheduleEnd();
    }
    const learned = { received: now, time: utcMs(Math.round(this.#clock.time())) };
    for (const piece of this.#framer.take(chunk)) {
      this.#frames += 1;
      // A flood does not hide that the device is alive.
      const isLookedAt = this.#frames <= framesInTurn || this.#isAnswer(piece);
      if (isLookedAt) this.#deliver(piece, learned);
      else this.#hold(piece, learned);
    }
  }

  #isAnswer(piece: Piece): boolean {
    if (this.#alive === undefined || this.#waiting === undefined) return false;
    return piece.kind === 'frame' && matches(this.#alive, this.#received(piece.bytes));
  }

  #hold(piece: Piece, learned: Learned): void {
    if (this.#held.length === framesInTurn) {
      this.#held.shift();
      this.#dropped += 1;
    }
    this.#held.push({ piece, learned });
    this.#scheduleEnd();
  }

  #scheduleEnd(): void {
    const left = milliseconds(Math.max(1, this.#turnEnd - this.#clock.now()));
    this.#cancelTurn ??= this.#clock.after(left, () => this.#endTurn());
  }

  #endTurn(): void {
    this.#cancelTurn?.();
    this.#cancelTurn = undefined;
    const dropped = this.#dropped;
    this.#turnEnd = this.#clock.now() + turn;
    this.#bytes = 0;
    this.#frames = 0;
    this.#dropped = 0;
    if (dropped > 0) this.#events.flooded(dropped);
    for (const { piece, learned } of this.#held.splice(0)) this.#deliver(piece, learned);
    this.#transport.resume();
  }

  #deliver(piece: Piece, learned: Learned): void {
    const frame = piece.kind === 'damaged' ? undefined : this.#received(piece.bytes);
    if (this.#alive === undefined) this.#answer(frame, piece);
    else this.#push(this.#alive, frame, learned);
  }

  #received(bytes: Buffer): Received {
    return { bytes, text: textOf(bytes, this.#config.text) };
  }

  /** Of a device that is asked: every frame is an answer, or nobody's. */
  #answer(frame: Received | undefined, piece: Piece): void {
    const waiting = this.#waiting;
    const expect = waiting?.question.expect;
    const fits = matches(expect, frame);
    if (waiting !== undefined && fits) {
      this.#waiting = undefined;
      this.#strays = 0;
      const text = piece.kind === 'damaged' ? piece.text : '';
      waiting.resolve(frame === undefined ? { kind: 'malformed', text } : { kind: 'frame', frame });
      return;
    }
    this.#strays += 1;
    if (this.#strays > strayLimit) {
      this.#transport.fail('E_DEVICE_PROTOCOL', 'answers that nobody asked for');
    }
    // An answer too many: from here on each would be taken for the next question's.
    if (waiting === undefined) this.#noisySince ??= this.#clock.now();
  }

  /** Of a device that sends by itself: what looks like an answer is never a value. */
  #push(alive: Pattern, frame: Received | undefined, learned: Learned): void {
    if (frame !== undefined && matches(alive, frame)) {
      this.#inStep = true;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.resolve({ kind: 'frame', frame });
    } else if (this.#inStep) {
      this.#events.pushed(frame, learned);
    }
  }
}

/** Does the frame look like an answer? Without a pattern every one does, damaged ones too. */
function matches(expect: Pattern | undefined, frame: Received | undefined): boolean {
  if (expect === undefined) return true;
  return frame?.text !== undefined && expect.match(frame.text) !== undefined;
}
