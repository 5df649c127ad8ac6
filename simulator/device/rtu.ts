// A Modbus RTU server on a serial line: it takes frames off the line and answers those of its units. The units of a line
// that are not there stay silent. Clauses are of MODBUS over Serial Line V1.02.
import { milliseconds, type Cancel, type Clock, type Random } from '#contract/time.ts';
import type { Endpoint, Protocol } from './device.ts';
import { answer, type Frame, type Memory } from './pdu.ts';
import { SerialLine, type SerialLineOptions } from './serial-line.ts';
import { wrongFrame } from './wrong-answer.ts';

/** A frame is at most so long, its address and its check included [2.5.1]. */
const longest = 256;
const shortest = 4;
/** The unit of a request to all, which none answers [2.2]. */
const broadcast = 0;
/**
 * Silence after which what has come is no frame. The standard's 3.5 characters are a few milliseconds; a process that
 * was held up for longer must not lose half a frame.
 */
const silence = milliseconds(20);

export class RtuServer implements Protocol {
  readonly line: SerialLine;
  wrong = false;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #path: string;
  readonly #units: ReadonlyMap<number, Memory>;
  #heard: Buffer = Buffer.alloc(0);
  #forget: Cancel = () => undefined;

  constructor(
    clock: Clock,
    random: Random,
    options: SerialLineOptions,
    units: ReadonlyMap<number, Memory>,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#path = options.path;
    this.#units = units;
    this.line = new SerialLine(clock, random, options, (chunk) => this.#hear(chunk));
  }

  get lost(): number {
    return this.line.lost;
  }

  async open(): Promise<Endpoint> {
    await this.line.open();
    return { rtu: { port: this.#path } };
  }

  async close(): Promise<void> {
    this.#forget();
    this.line.close();
  }

  /** A frame is whole when its check is right; silence ends what is none. */
  #hear(chunk: Buffer): void {
    this.#forget();
    this.#heard = Buffer.concat([this.#heard, chunk]).subarray(0, longest + 1);
    if (isWhole(this.#heard)) {
      const frame = this.#heard;
      this.#heard = Buffer.alloc(0);
      this.#serve(frame);
    } else {
      this.#forget = this.#clock.after(silence, () => (this.#heard = Buffer.alloc(0)));
    }
  }

  #serve(bytes: Buffer): void {
    const unit = bytes[0] ?? 0;
    const request = bytes.subarray(1, -2);
    if (unit === broadcast) {
      for (const memory of this.#units.values()) answer(memory, request);
      return;
    }
    const memory = this.#units.get(unit);
    if (memory === undefined) return;
    const frame: Frame = { transaction: 0, unit, request };
    const response = answer(memory, request);
    this.line.send(this.wrong ? this.#wrongAnswer(frame, response) : rtuFrame(unit, response));
  }

  #wrongAnswer(frame: Frame, response: Buffer): Buffer {
    const wrong = wrongFrame(this.#random, frame, response);
    // Of another unit, of another question, or with a bit that has flipped on the way.
    if (wrong !== undefined) return rtuFrame(wrong.frame.unit, wrong.response);
    const bytes = rtuFrame(frame.unit, response);
    const at = Math.floor(this.#random() * bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(this.#random() * 8));
    return bytes;
  }
}

/** A frame as it stands on the line [2.5.1]. */
export function rtuFrame(unit: number, pdu: Buffer): Buffer {
  const bytes = Buffer.concat([Buffer.from([unit]), pdu, Buffer.alloc(2)]);
  bytes.writeUInt16LE(checkOf(bytes.subarray(0, -2)), bytes.length - 2);
  return bytes;
}

function isWhole(bytes: Buffer): boolean {
  if (bytes.length < shortest || bytes.length > longest) return false;
  return checkOf(bytes.subarray(0, -2)) === bytes.readUInt16LE(bytes.length - 2);
}

/** CRC-16 with polynomial 0xA001, low byte first on the line [2.5.1.2]. */
function checkOf(bytes: Buffer): number {
  let check = 0xffff;
  for (const byte of bytes) {
    check ^= byte;
    for (let bit = 0; bit < 8; bit += 1)
      check = (check & 1) === 1 ? (check >>> 1) ^ 0xa001 : check >>> 1;
  }
  return check;
}
