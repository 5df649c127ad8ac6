// One connection: lines over TCP, one request on the wire at a time. An answer carries the number of
// its request, so that a late one is never taken for the next.
import type { CellError } from '#contract/error.ts';
import type { Connection } from '#drivers/supervise.ts';
import { TcpTransport } from '#drivers/tcp.ts';
import { decodeLine, encodeGet, encodeSet } from './codec.ts';
import type { Answer } from './codec.ts';

/** A line that is longer ends the connection: nothing that a device sends may grow without bound. */
const longestLine = 8192;

export class BlueprintLink implements Connection {
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  readonly #transport: TcpTransport;
  #received = '';
  #number = 0;
  #waiting: ((answer: Answer) => void) | undefined;

  constructor(address: string, lost: (error: CellError) => void) {
    this.#transport = new TcpTransport(address, { lost, data: (chunk) => this.#take(chunk) });
    this.ready = this.#transport.ready;
    this.closed = this.#transport.closed;
  }

  get(names: readonly string[]): Promise<Answer> {
    return this.#ask((number) => encodeGet(number, names));
  }

  set(name: string, value: boolean | number): Promise<Answer> {
    return this.#ask((number) => encodeSet(number, name, value));
  }

  destroy(): void {
    this.#transport.destroy();
  }

  /** Settles with the answer to this request, or never: the supervisor keeps the deadline. */
  #ask(line: (number: number) => string): Promise<Answer> {
    this.#number += 1;
    this.#transport.write(line(this.#number));
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #take(chunk: Buffer): void {
    const lines = (this.#received + chunk.toString('latin1')).split('\n');
    this.#received = lines.pop() ?? '';
    for (const line of lines) {
      const decoded = decodeLine(line);
      if (decoded === undefined) return this.#transport.fail('E_DEVICE_PROTOCOL', 'not a line');
      if (decoded.number !== this.#number) continue;
      this.#waiting?.(decoded.answer);
      this.#waiting = undefined;
    }
    if (this.#received.length > longestLine) {
      this.#transport.fail('E_DEVICE_PROTOCOL', 'a line without an end');
    }
  }
}
