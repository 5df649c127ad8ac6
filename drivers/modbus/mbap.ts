// Modbus over TCP: frames with a transaction, so an answer that comes late is told from the next.
// modbus-serial would take an exception of another unit, believe a byte count, ignore the protocol
// id and wait for 64 KiB after a garbage length: it never sees such a frame.
import type { CellError } from '#contract/error.ts';
import { TcpTransport } from '#drivers/tcp.ts';
import { AnswerPort, crc16, crcLength, longestBody, shortestBody } from './port.ts';

/** MBAP header: transaction, protocol, length, then the unit [Messaging on TCP/IP 1.0b, 3.1.3]. */
const headerLength = 6;
/** Frames that answer nothing, in a row, before the device is not believed any longer. */
const strayLimit = 64;

export class MbapPort extends AnswerPort {
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  readonly #transport: TcpTransport;
  #transaction = 0;
  #received: Buffer = Buffer.alloc(0);
  #strays = 0;

  constructor(address: string, lost: (error: CellError) => void) {
    super();
    this.#transport = new TcpTransport(address, { lost, data: (chunk) => this.#take(chunk) });
    this.ready = this.#transport.ready;
    this.closed = this.#transport.closed;
  }

  get isOpen(): boolean {
    return this.#transport.isOpen;
  }

  destroy(): void {
    this.#transport.destroy();
  }

  turn(): Promise<void> {
    return Promise.resolve();
  }

  /** TCP has no place for the CRC. */
  write(request: Buffer): void {
    this.#transaction = (this.#transaction + 1) & 0xffff;
    const length = request.length - crcLength;
    const frame = Buffer.allocUnsafe(headerLength + length);
    frame.writeUInt16BE(this.#transaction, 0);
    frame.writeUInt16BE(0, 2);
    frame.writeUInt16BE(length, 4);
    request.copy(frame, headerLength, 0, length);
    this.sent(request, this.#transaction);
    this.#transport.write(frame);
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= headerLength) {
      const length = this.#received.readUInt16BE(4);
      if (this.#received.readUInt16BE(2) !== 0) return this.#broken('not a Modbus frame');
      if (length < shortestBody || length > longestBody) {
        return this.#broken(`a frame of ${length} bytes`);
      }
      const end = headerLength + length;
      if (this.#received.length < end) return;
      const frame = this.#received.subarray(0, end);
      this.#received = this.#received.subarray(end);
      this.#frame(frame);
      if (!this.isOpen) return;
    }
  }

  #broken(text: string): void {
    this.#transport.fail('E_DEVICE_PROTOCOL', text);
  }

  #frame(frame: Buffer): void {
    const { pending } = this;
    if (pending === undefined || frame.readUInt16BE(0) !== pending.transaction) {
      this.#strays += 1;
      if (this.#strays > strayLimit) this.#broken('answers that nobody asked for');
      return;
    }
    this.#strays = 0;
    const unit = frame[headerLength];
    const code = frame[headerLength + 1];
    if (unit !== pending.unit) return this.spoilt('malformed', `an answer of unit ${unit}`);
    const isException = code === (pending.code | 0x80);
    if (isException && frame.length !== headerLength + 3) {
      return this.spoilt('malformed', 'an exception of a wrong length');
    }
    if (!isException && code !== pending.code) {
      return this.spoilt('malformed', `an answer to function ${code}`);
    }
    const answer = Buffer.allocUnsafe(frame.length - headerLength + crcLength);
    frame.copy(answer, 0, headerLength);
    answer.writeUInt16LE(crc16(answer, answer.length - crcLength), answer.length - crcLength);
    this.answered(answer);
  }
}
