// A serial port as drivers use it: locked, every way to end it told once, never reused.
// What travels over it is the driver's; how long anything may take is the supervisor's. An unplugged
// adapter is not always told by the system: silence is the detector, and deadlines are not here.
import { SerialPort } from 'serialport';
import * as z from 'zod';
import { CellError } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import type { Connection } from './supervise.ts';

/** How a line is set, in the words of its datasheet. */
export const SerialLine = z.strictObject({
  port: z.string().min(1).max(255).meta({
    description: 'path of the port; by-id or by-path, which stay when it is plugged in again',
  }),
  baud: z.int().min(300).max(4_000_000).default(9600).meta({ description: 'bits a second' }),
  data: z
    .union([z.literal(7), z.literal(8)])
    .default(8)
    .meta({ description: 'data bits' }),
  parity: z.enum(['none', 'even', 'odd']).default('none').meta({
    description: 'a parity bit: with one most garbled bytes are noticed',
  }),
  stop: z
    .union([z.literal(1), z.literal(2)])
    .default(1)
    .meta({ description: 'stop bits' }),
});
export type SerialLine = z.infer<typeof SerialLine>;

/** The most that is read at once, and that waits while nobody reads. */
const chunkBytes = 4096;

interface Events {
  /** It ended by itself, or `fail` ended it; called at least once, the first call counts. */
  readonly lost: (error: CellError) => void;
  readonly data: (chunk: Buffer) => void;
}

/** One port, opening from the start. */
export class SerialTransport implements Connection {
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  readonly #port: SerialPort;
  readonly #lost: (error: CellError) => void;
  #ended = false;
  #closed: () => void = () => undefined;

  constructor(line: SerialLine, { lost, data }: Events) {
    this.#lost = lost;
    const port = new SerialPort({
      path: line.port,
      baudRate: line.baud,
      dataBits: line.data,
      parity: line.parity,
      stopBits: line.stop,
      lock: true,
      hupcl: false,
      autoOpen: false,
      highWaterMark: chunkBytes,
    });
    this.#port = port;
    this.closed = new Promise((resolve) => {
      this.#closed = resolve;
    });
    this.ready = new Promise((resolve, reject) => {
      port.open((cause) => {
        if (cause === null) {
          // Given up meanwhile: what was opened is closed again.
          if (this.#ended) return this.#close();
          return resolve();
        }
        const error = new CellError('E_DEVICE_CONNECT', cause.message, { cause });
        this.#ended = true;
        this.#closed();
        reject(error);
        lost(error);
      });
    });
    // Who gives up before it is ready does not look at it any more.
    this.ready.catch(() => undefined);
    port.on('data', (chunk: Buffer) => {
      if (!this.#ended) data(chunk);
    });
    port.on('error', (cause: Error) => this.fail('E_DEVICE_CLOSED', cause.message, cause));
    // Emitted twice where the adapter goes while something is written.
    port.on('close', () => {
      this.fail('E_DEVICE_CLOSED', 'the port was closed');
      this.#closed();
    });
  }

  get isOpen(): boolean {
    return !this.#ended && this.#port.isOpen;
  }

  write(bytes: Uint8Array | string): void {
    if (this.isOpen) this.#port.write(typeof bytes === 'string' ? bytes : Buffer.from(bytes));
  }

  /** Leaves what comes with the system until `resume`. */
  pause(): void {
    this.#port.pause();
  }

  resume(): void {
    if (!this.#ended) this.#port.resume();
  }

  /** Ends it with a reason, because the device broke its protocol. */
  fail(code: Code, text: string, cause?: Error): void {
    if (this.#ended) return;
    this.destroy();
    this.#lost(new CellError(code, text, cause === undefined ? {} : { cause }));
  }

  destroy(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#close();
  }

  #close(): void {
    if (!this.#port.isOpen) {
      // Still opening: the callback of `open` closes it.
      if (!this.#port.opening) this.#closed();
      return;
    }
    this.#port.close(() => this.#closed());
  }
}
