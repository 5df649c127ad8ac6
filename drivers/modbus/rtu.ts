// Modbus RTU: one line, one request on it at a time, and silence as its only proof that nothing is
// still to come. An answer names neither transaction nor address: so after an answer that is missing
// the line is in quarantine, and what comes late is never taken for the answer to the next request.
import type { CellError } from '#contract/error.ts';
import type { Clock, Instant } from '#contract/time.ts';
import { milliseconds } from '#contract/time.ts';
import { SerialTransport } from '#drivers/serial-port.ts';
import type { RtuLine } from './config.ts';
import { AnswerPort } from './port.ts';
import { frameGap, longestAdu, readAnswer, shortestAnswer } from './rtu-frame.ts';

/** So many quarantines without the silence of one, and the line is not believed any longer. */
const babble = 10;
/** Silence is waited for in parts of so many milliseconds. Where one takes much longer, this process
 * stood still: what came meanwhile is read during one more, before the silence is believed. */
const slice = 10;

export class RtuPort extends AnswerPort {
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  readonly #transport: SerialTransport;
  readonly #clock: Clock;
  /** Milliseconds of silence: before each request, and before the one after a missing answer. */
  readonly #gap: number;
  readonly #quarantine: number;
  #request: Buffer = Buffer.alloc(0);
  #received: Buffer = Buffer.alloc(0);
  /** Bytes since the last request that are not its answer: fewer than an answer has are noise. */
  #noise = 0;
  #quietSince: Instant;
  #needed: number;
  #wake: () => void = () => undefined;

  constructor(line: RtuLine, quarantine: number, clock: Clock, lost: (error: CellError) => void) {
    super();
    this.#clock = clock;
    this.#gap = Math.max(frameGap(line.baud), line.delay);
    this.#quarantine = Math.max(quarantine, this.#gap);
    // Whoever had the line before may have left a request on it.
    this.#needed = this.#quarantine;
    this.#quietSince = clock.now();
    const { delay: _delay, quarantine: _quarantine, ...serial } = line;
    this.#transport = new SerialTransport(
      { ...serial, data: 8 },
      { lost, data: (chunk) => this.#take(chunk) },
    );
    this.ready = this.#transport.ready;
    this.closed = this.#transport.closed;
  }

  get isOpen(): boolean {
    return this.#transport.isOpen;
  }

  destroy(): void {
    this.#transport.destroy();
    this.#wake();
  }

  /** Waits for the silence that the line needs. A request that is still pending was given up. */
  async turn(): Promise<void> {
    if (this.pending !== undefined) {
      this.pending = undefined;
      this.#distrust();
    }
    const began = this.#clock.now();
    let overslept = false;
    while (this.isOpen) {
      const now = this.#clock.now();
      const wait = overslept ? slice : this.#quietSince + this.#needed - now;
      if (wait <= 0) return;
      if (this.#quietSince - began > babble * this.#quarantine) {
        return this.#transport.fail('E_DEVICE_PROTOCOL', 'the line is never silent');
      }
      const part = Math.min(wait, slice);
      // oxlint-disable-next-line no-await-in-loop -- bytes that come meanwhile make it longer
      await this.#sleep(part);
      overslept = this.#clock.now() - now > part + slice;
    }
  }

  write(request: Buffer): void {
    this.#request = request;
    this.#received = Buffer.alloc(0);
    this.#noise = 0;
    this.#needed = this.#gap;
    this.sent(request, 0);
    this.#transport.write(request);
  }

  #take(chunk: Buffer): void {
    this.#quietSince = this.#clock.now();
    if (this.pending === undefined) return this.#stray(chunk.length);
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const reading = readAnswer(this.#received, this.#request);
    switch (reading.kind) {
      case 'short':
        return;
      case 'wrong':
        this.#distrust();
        return this.spoilt('garbled', reading.text);
      case 'whole':
        this.#stray(reading.rest);
        // Two answers at once: nobody knows which of them is to this request.
        if (this.#noise >= shortestAnswer) return this.spoilt('garbled', 'more than an answer');
        return this.answered(Buffer.from(reading.adu));
    }
  }

  /** Bytes that nobody asked for. */
  #stray(count: number): void {
    this.#noise = Math.min(this.#noise + count, longestAdu);
    if (this.#noise >= shortestAnswer) this.#distrust();
  }

  #distrust(): void {
    this.#needed = this.#quarantine;
    this.#quietSince = this.#clock.now();
  }

  #sleep(wait: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(milliseconds(wait), resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
