// One connection to a Modbus device, over TCP or a serial line: its functions, one at a time, and what
// the device says to each. modbus-serial encodes and decodes the PDUs; frames are its port's.
import modbusSerial from 'modbus-serial';
import { CellError } from '#contract/error.ts';
import type { Connection } from '#drivers/supervise.ts';
import type { Table } from './config.ts';
import type { AnswerPort, Spoilt } from './port.ts';

/** What a device said to one request. */
export type Answer<T> =
  | { readonly kind: 'data'; readonly data: T }
  | { readonly kind: 'exception'; readonly exception: number }
  | Spoilt;

/** Is the device alive that gives this answer? An error: it is as if there were none. */
export function worth(answer: Answer<unknown>): boolean | CellError {
  if (answer.kind === 'garbled') return new CellError('E_DEVICE_PROTOCOL', answer.text);
  return answer.kind !== 'malformed';
}

type Call = (
  client: InstanceType<typeof modbusSerial.default>,
  done: (error: Error | null | undefined, data: unknown) => void,
) => void;

/** A connection to one device. Functions are asked one after the other, never two at once. */
export class ModbusLink implements Connection {
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  readonly #port: AnswerPort;
  readonly #client: InstanceType<typeof modbusSerial.default>;

  constructor(port: AnswerPort) {
    this.#port = port;
    this.#client = new modbusSerial.default(port);
    this.#client.open();
    this.ready = port.ready;
    this.closed = port.closed;
  }

  destroy(): void {
    this.#port.destroy();
  }

  /** Resolves when the line is free for a request, and when it is closed. */
  turn(): Promise<void> {
    return this.#port.turn();
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
      this.#port.expect(unit, resolve);
      call(this.#client, (error, data) => {
        if (error === null || error === undefined) resolve({ kind: 'data', data });
        else if (typeof field(error, 'modbusCode') === 'number') {
          resolve({ kind: 'exception', exception: Number(field(error, 'modbusCode')) });
        } else if (this.#port.isOpen) resolve(malformed(error.message));
      });
    });
  }
}

const malformed = (text: string): Spoilt => ({ kind: 'malformed', text });

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
