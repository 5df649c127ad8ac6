// What modbus-serial takes for a serial port: it hands over each request and is given back only the
// one frame that answers it. How frames travel is mbap.ts over TCP and rtu.ts over a serial line.
import { EventEmitter } from 'node:events';
import type { Connection } from '#drivers/supervise.ts';

/** Why a request has no answer that can be used. */
export type Spoilt =
  /** An answer to this request that the protocol does not allow; its content is worth nothing. */
  | { readonly kind: 'malformed'; readonly text: string }
  /** Bytes that are no answer to this request, whoever sent them: it is as if none had come. */
  | { readonly kind: 'garbled'; readonly text: string };

/** The request that is on the wire. */
interface Pending {
  readonly transaction: number;
  readonly unit: number;
  readonly code: number;
  readonly spoilt: (why: Spoilt) => void;
}

/** Unit and PDU: a PDU has 1 to 253 bytes [Application Protocol 1.1b3, 4.1]. */
export const shortestBody = 2;
export const longestBody = 254;
export const crcLength = 2;

/** One request at a time. Deadlines are the supervisor's: what is never answered stays pending. */
export abstract class AnswerPort extends EventEmitter implements Connection {
  abstract readonly ready: Promise<void>;
  abstract readonly closed: Promise<void>;
  protected pending: Pending | undefined;
  #next: Pick<Pending, 'unit' | 'spoilt'> = { unit: 0, spoilt: () => undefined };

  abstract get isOpen(): boolean;
  abstract destroy(): void;
  /** Called by modbus-serial with unit, PDU and CRC. */
  abstract write(request: Buffer): void;
  /** Resolves when the next request may be sent, and when the port is closed; never rejects. */
  abstract turn(): Promise<void>;

  /** Called by modbus-serial, which only registers its listeners: the port opens by itself. */
  open(done: () => void): void {
    done();
  }

  /** The next write is this request; an earlier one that was given up is forgotten. */
  expect(unit: number, spoilt: (why: Spoilt) => void): void {
    this.pending = undefined;
    this.#next = { unit, spoilt };
  }

  protected sent(request: Buffer, transaction: number): void {
    this.pending = { ...this.#next, transaction, code: request[1] ?? 0 };
  }

  /** Gives modbus-serial the answer to the pending request: unit, PDU and CRC. */
  protected answered(adu: Buffer): void {
    const [, code = 0, count, , high, low] = adu;
    // modbus-serial believes a byte count, and takes every coil that is not on for one that is off.
    if (code <= 4 && count !== adu.length - 3 - crcLength) {
      return this.spoilt('malformed', 'a wrong byte count');
    }
    if (code === 5 && (low !== 0 || (high !== 0 && high !== 0xff))) {
      return this.spoilt('malformed', 'a coil that is neither on nor off');
    }
    this.pending = undefined;
    this.emit('data', adu);
  }

  protected spoilt(kind: Spoilt['kind'], text: string): void {
    const { pending } = this;
    this.pending = undefined;
    pending?.spoilt({ kind, text });
  }
}

const crcTable = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  return crc;
});

/** CRC of the first `length` bytes, sent low byte first [Modbus over Serial Line 1.02, 2.5.1.2]. */
export function crc16(bytes: Buffer, length: number): number {
  let crc = 0xffff;
  for (let i = 0; i < length; i += 1) {
    crc = (crc >> 8) ^ (crcTable[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  }
  return crc;
}
