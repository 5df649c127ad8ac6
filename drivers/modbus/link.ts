// One Modbus TCP connection: the socket, the frames, and one request on the wire at a time.
// modbus-serial encodes and decodes the PDUs and never sees a frame that is not the answer to the
// request on the wire: it would take an exception of another unit, believe a byte count, ignore the
// protocol id and wait for 64 KiB after a garbage length. Deadlines are the supervisor's.
import { EventEmitter } from 'node:events';
import modbusSerial from 'modbus-serial';
import type { CellError } from '#contract/error.ts';
import type { Connection } from '#drivers/supervise.ts';
import { TcpTransport } from '#drivers/tcp.ts';
import type { Table } from './config.ts';

/** What a device said to one request. */
export type Answer<T> =
  | { readonly kind: 'data'; readonly data: T }
  | { readonly kind: 'exception'; readonly exception: number }
  /** An answer to this request that the protocol does not allow; its content is worth nothing. */
  | { readonly kind: 'malformed'; readonly text: string };

/** MBAP header: transaction, protocol, length, then the unit [Messaging on TCP/IP 1.0b, 3.1.3]. */
const headerLength = 6;
/** Unit and PDU: a PDU has 1 to 253 bytes [Application Protocol 1.1b3, 4.1]. */
const shortest = 2;
const longest = 254;
/** Frames that answer nothing, in a row, before the device is not believed any longer. */
const strayLimit = 64;

type Call = (
  client: InstanceType<typeof modbusSerial.default>,
  done: (error: Error | null | undefined, data: unknown) => void,
) => void;

/** A connection to one device. Functions are asked one after the other, never two at once. */
export class ModbusLink implements Connection {
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  readonly #transport: TcpTransport;
  readonly #port: MbapPort;
  readonly #client: InstanceType<typeof modbusSerial.default>;

  constructor(address: string, lost: (error: CellError) => void) {
    this.#transport = new TcpTransport(address, { lost, data: (chunk) => this.#port.take(chunk) });
    this.#port = new MbapPort(this.#transport);
    this.#client = new modbusSerial.default(this.#port);
    // Opening only registers the client's listeners: the port opens by itself.
    this.#client.open();
    this.ready = this.#transport.ready;
    this.closed = this.#transport.closed;
  }

  destroy(): void {
    this.#transport.destroy();
  }

  /** Functions 1 and 2. */
  async readBits(
    unit: number,
    table: Table,
    start: number,
    count: number,
  ): Promise<Answer<readonly boolean[]>> {
    const answer = await this.#ask(unit, (client, done) => {
      if (table === 'coil') client.writeFC1(unit, start, count, done);
      else client.writeFC2(unit, start, count, done);
    });
    // The byte count is the device's word; bits are padded to whole bytes [1.1b3, 6.1].
    return listed(answer, Math.ceil(count / 8) * 8, isBoolean);
  }

  /** Functions 3 and 4. */
  async readWords(
    unit: number,
    table: Table,
    start: number,
    count: number,
  ): Promise<Answer<readonly number[]>> {
    const answer = await this.#ask(unit, (client, done) => {
      if (table === 'holding') client.writeFC3(unit, start, count, done);
      else client.writeFC4(unit, start, count, done);
    });
    return listed(answer, count, isNumber);
  }

  /** Functions 5 and 15; the data is the coil as the device echoes it. */
  async writeCoil(
    unit: number,
    at: number,
    value: boolean,
    multiple: boolean,
  ): Promise<Answer<boolean>> {
    const answer = await this.#ask(unit, (client, done) => {
      if (multiple) client.writeFC15(unit, at, [value], done);
      else client.writeFC5(unit, at, value, done);
    });
    if (answer.kind !== 'data') return answer;
    if (field(answer.data, 'address') !== at) return malformed('echo of another coil');
    if (!multiple) return { kind: 'data', data: field(answer.data, 'state') === true };
    if (field(answer.data, 'length') !== 1) return malformed('echo of another count');
    return { kind: 'data', data: value };
  }

  /** Functions 6 and 16; the data is the registers as the device echoes them. */
  async writeWords(
    unit: number,
    at: number,
    words: readonly number[],
    multiple: boolean,
  ): Promise<Answer<readonly number[]>> {
    const [only] = words;
    const single = !multiple && words.length === 1 && only !== undefined;
    const answer = await this.#ask(unit, (client, done) => {
      if (single) client.writeFC6(unit, at, only, done);
      else client.writeFC16(unit, at, [...words], done);
    });
    if (answer.kind !== 'data') return answer;
    if (field(answer.data, 'address') !== at) return malformed('echo of another register');
    if (single) return { kind: 'data', data: [Number(field(answer.data, 'value'))] };
    if (field(answer.data, 'length') !== words.length) return malformed('echo of another count');
    return { kind: 'data', data: words };
  }

  /** Function 22: result = (held AND and) OR (or AND NOT and) [1.1b3, 6.16]. */
  async maskWord(
    unit: number,
    at: number,
    masks: { readonly and: number; readonly or: number },
  ): Promise<Answer<true>> {
    const answer = await this.#ask(unit, (client, done) =>
      client.writeFC22(unit, at, masks.and, masks.or, done),
    );
    if (answer.kind !== 'data') return answer;
    const { data } = answer;
    const same =
      field(data, 'address') === at &&
      field(data, 'andMask') === masks.and &&
      field(data, 'orMask') === masks.or;
    return same ? { kind: 'data', data: true } : malformed('echo of another mask');
  }

  /** Settles with the answer to this request, or never: then the supervisor's deadline ends it. */
  #ask(unit: number, call: Call): Promise<Answer<unknown>> {
    return new Promise((resolve) => {
      this.#port.expect(unit, (text) => resolve(malformed(text)));
      call(this.#client, (error, data) => {
        if (error === null || error === undefined) resolve({ kind: 'data', data });
        else if (typeof field(error, 'modbusCode') === 'number') {
          resolve({ kind: 'exception', exception: Number(field(error, 'modbusCode')) });
        } else if (this.#port.isOpen) resolve(malformed(error.message));
      });
    });
  }
}

/** The request that is on the wire. */
interface Pending {
  readonly transaction: number;
  readonly unit: number;
  readonly code: number;
  readonly malformed: (text: string) => void;
}

/**
 * What modbus-serial takes for a serial port. It puts each request into an MBAP frame with a 16-bit
 * transaction of its own and hands back only the one frame that answers it.
 */
class MbapPort extends EventEmitter {
  readonly #transport: TcpTransport;
  #transaction = 0;
  #pending: Pending | undefined;
  #unit = 0;
  #malformed: (text: string) => void = () => undefined;
  #received: Buffer = Buffer.alloc(0);
  #strays = 0;

  constructor(transport: TcpTransport) {
    super();
    this.#transport = transport;
  }

  get isOpen(): boolean {
    return this.#transport.isOpen;
  }

  open(done: () => void): void {
    done();
  }

  /** The next write is this request; an earlier one that was given up is forgotten. */
  expect(unit: number, malformed: (text: string) => void): void {
    this.#pending = undefined;
    this.#unit = unit;
    this.#malformed = malformed;
  }

  /** Called by modbus-serial with unit, PDU and a CRC that TCP has no place for. */
  write(request: Buffer): void {
    this.#transaction = (this.#transaction + 1) & 0xffff;
    const length = request.length - 2;
    const frame = Buffer.allocUnsafe(headerLength + length);
    frame.writeUInt16BE(this.#transaction, 0);
    frame.writeUInt16BE(0, 2);
    frame.writeUInt16BE(length, 4);
    request.copy(frame, headerLength, 0, length);
    const code = request[1] ?? 0;
    const transaction = this.#transaction;
    this.#pending = { transaction, unit: this.#unit, code, malformed: this.#malformed };
    this.#transport.write(frame);
  }

  take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= headerLength) {
      const length = this.#received.readUInt16BE(4);
      if (this.#received.readUInt16BE(2) !== 0) return this.#broken('not a Modbus frame');
      if (length < shortest || length > longest) {
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
    const pending = this.#pending;
    if (pending === undefined || frame.readUInt16BE(0) !== pending.transaction) {
      this.#strays += 1;
      if (this.#strays > strayLimit) this.#broken('answers that nobody asked for');
      return;
    }
    this.#strays = 0;
    this.#pending = undefined;
    const unit = frame[headerLength];
    const code = frame[headerLength + 1];
    if (unit !== pending.unit) return pending.malformed(`an answer of unit ${unit}`);
    const isException = code === (pending.code | 0x80);
    if (isException && frame.length !== headerLength + 3) {
      return pending.malformed('an exception of a wrong length');
    }
    if (!isException && code !== pending.code) {
      return pending.malformed(`an answer to function ${code}`);
    }
    const answer = Buffer.allocUnsafe(frame.length - headerLength + 2);
    frame.copy(answer, 0, headerLength);
    answer.writeUInt16LE(crc16(answer, answer.length - 2), answer.length - 2);
    this.emit('data', answer);
  }
}

const malformed = (text: string): { readonly kind: 'malformed'; readonly text: string } => ({
  kind: 'malformed',
  text,
});

const field = (data: unknown, name: string): unknown =>
  typeof data === 'object' && data !== null ? Reflect.get(data, name) : undefined;

const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
const isNumber = (value: unknown): value is number => typeof value === 'number';

/** The `data` of an answer, when it is a list of exactly so many. */
function listed<T>(
  answer: Answer<unknown>,
  count: number,
  is: (value: unknown) => value is T,
): Answer<readonly T[]> {
  if (answer.kind !== 'data') return answer;
  const data = field(answer.data, 'data');
  if (!Array.isArray(data) || data.length !== count || !data.every(is)) {
    return malformed('a wrong byte count');
  }
  return { kind: 'data', data };
}

const crcTable = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  return crc;
});

/** CRC of a serial frame, low byte first [Modbus over Serial Line 1.02, 2.5.1.2]. */
function crc16(bytes: Buffer, length: number): number {
  let crc = 0xffff;
  for (let i = 0; i < length; i += 1) {
    crc = (crc >> 8) ^ (crcTable[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  }
  return crc;
}
