// One output on a Modbus device: how it is written, how it is read back, and what an exception means.
import { status } from '#contract/quality.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import type { Exchange, OutputWire } from '#drivers/outputs.ts';
import type { Outcome } from '#drivers/supervise.ts';
import { decode, encode } from './codec.ts';
import type { Answer, ModbusLink } from './link.ts';
import { bytesOf, isBits } from './plan.ts';
import type { Point } from './plan.ts';

/** A good answer, or how the exchange ended without one. */
type Got<T> = { readonly kind: 'got'; readonly data: T } | Exclude<Exchange, { kind: 'done' }>;

/** What the driver lends: one request within its deadline, and where a value that was read goes. */
export interface WireHost {
  readonly multiple: boolean;
  /** `bytes`: how much of request or answer is values, for lines on which that takes time. */
  ask<T>(
    unit: number,
    bytes: number,
    work: (link: ModbusLink) => Promise<Answer<T>>,
  ): Promise<Outcome<Answer<T>>>;
  held(point: Point, value: Value | undefined, outcome: Outcome<unknown>): void;
}

/** Exceptions as statuses. 5 and 6: busy; 10 and 11: a gateway without its target. */
export function exceptionStatus(exception: number): StatusCode {
  switch (exception) {
    case 1:
    case 2:
    case 3:
      return status.BadConfigurationError;
    case 4:
      return status.BadDeviceFailure;
    case 5:
    case 6:
      return status.BadTimeout;
    case 10:
    case 11:
      return status.BadNoCommunication;
    default:
      return status.Bad;
  }
}

const passing: ReadonlySet<number> = new Set([5, 6, 10, 11]);

/** Writes and reads back single outputs. */
export class ModbusWire implements OutputWire<Point> {
  readonly #host: WireHost;
  /** Units that do not know function 22. */
  readonly #withoutMask = new Set<number>();

  constructor(host: WireHost) {
    this.#host = host;
  }

  async write(point: Point, value: Value): Promise<Exchange> {
    const { unit, start, format } = point;
    const { multiple } = this.#host;
    if (format === undefined || format.kind === 'bit') {
      if (typeof value !== 'boolean') return mistyped;
      if (format !== undefined) return this.#writeBit(point, format.bit, value);
      const got = await this.#ask(unit, 2, (link) => link.writeCoil(unit, start, value, multiple));
      return got.kind === 'got' ? { kind: 'done', value: got.data } : got;
    }
    const words = encode(value, format);
    if (words === undefined) return mistyped;
    const got = await this.#ask(unit, words.length * 2, (link) =>
      link.writeWords(unit, start, words, multiple),
    );
    if (got.kind !== 'got') return got;
    return { kind: 'done', value: decode(got.data, 0, format) ?? null };
  }

  async read(point: Point): Promise<Exchange> {
    const { unit, table, start, count, format } = point;
    const bytes = bytesOf(table, count);
    const outcome = await this.#host.ask<readonly (boolean | number)[]>(unit, bytes, (link) =>
      isBits(table)
        ? link.readBits(unit, table, start, count)
        : link.readWords(unit, table, start, count),
    );
    const got = gotOf(outcome);
    if (got.kind !== 'got') return got;
    const value = format === undefined ? got.data[0] : decode(got.data.map(Number), 0, format);
    this.#host.held(point, value, outcome);
    return { kind: 'done', value: value ?? null };
  }

  same(point: Point, value: Value, held: Value): boolean {
    const { format } = point;
    if (format === undefined || format.kind === 'bit') return value === held;
    const wanted = encode(value, format);
    const found = encode(held, format);
    if (wanted === undefined || found === undefined) return false;
    return wanted.length === found.length && wanted.every((word, i) => word === found[i]);
  }

  /** One bit of a register: function 22, which the device does at once; else read, change, write. */
  async #writeBit(point: Point, bit: number, value: boolean): Promise<Exchange> {
    const { unit, start } = point;
    const { multiple } = this.#host;
    if (!this.#withoutMask.has(unit)) {
      const masks = { and: 0xffff & ~(1 << bit), or: value ? 1 << bit : 0 };
      const outcome = await this.#host.ask(unit, 4, (link) => link.maskWord(unit, start, masks));
      const lacks =
        outcome.kind === 'answer' &&
        outcome.value.kind === 'exception' &&
        outcome.value.exception === 1;
      if (!lacks) {
        const got = gotOf(outcome);
        return got.kind === 'got' ? { kind: 'done', value } : got;
      }
      this.#withoutMask.add(unit);
    }
    const now = await this.#ask(unit, 2, (link) => link.readWords(unit, 'holding', start, 1));
    if (now.kind !== 'got') return now;
    const old = now.data[0] ?? 0;
    const word = value ? old | (1 << bit) : old & ~(1 << bit);
    const got = await this.#ask(unit, 2, (link) => link.writeWords(unit, start, [word], multiple));
    if (got.kind !== 'got') return got;
    return { kind: 'done', value: (((got.data[0] ?? 0) >> bit) & 1) === 1 };
  }

  async #ask<T>(
    unit: number,
    bytes: number,
    work: (link: ModbusLink) => Promise<Answer<T>>,
  ): Promise<Got<T>> {
    return gotOf(await this.#host.ask(unit, bytes, work));
  }
}

const mistyped: Exchange = { kind: 'refused', status: status.BadTypeMismatch, again: false };

function gotOf<T>(outcome: Outcome<Answer<T>>): Got<T> {
  if (outcome.kind !== 'answer') return { kind: 'silent' };
  const answer = outcome.value;
  switch (answer.kind) {
    case 'data':
      return { kind: 'got', data: answer.data };
    case 'malformed':
    case 'garbled':
      return { kind: 'silent' };
    case 'exception':
      return {
        kind: 'refused',
        status: exceptionStatus(answer.exception),
        again: passing.has(answer.exception),
      };
  }
}
