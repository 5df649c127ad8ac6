// Answers of a Modbus device that has lost its way: each breaks the protocol in one way, so that whoever compares an
// answer with the question can tell. None is a right answer with a wrong value: nobody could tell that.
import type { Random } from '#contract/time.ts';
import { frameOf, headerLength, type Frame } from './pdu.ts';

/** A question as an answer names it, and the answer's PDU. */
export interface Answer {
  readonly frame: Frame;
  readonly response: Buffer;
}
type Way = (random: Random, frame: Frame, response: Buffer) => Answer;

/** An answer over TCP to this question that is wrong in one of the ways, as chance has it. */
export function wrongAnswer(random: Random, frame: Frame, response: Buffer): Buffer {
  const wrong = wrongFrame(random, frame, response);
  if (wrong !== undefined) return frameOf(wrong.frame, wrong.response);
  const way = tcpWays[Math.floor(random() * tcpWays.length)] ?? garbage;
  return way(random, frame, response);
}

/** Of another unit or to another question; undefined: wrong in a way that only its line has. */
export function wrongFrame(random: Random, frame: Frame, response: Buffer): Answer | undefined {
  const way = ways[Math.floor(random() * ways.length * 2)];
  return way?.(random, frame, response);
}

const otherUnit: Way = (random, frame, response) => {
  const other = 1 + Math.floor(random() * 0xff);
  return { frame: { ...frame, unit: (frame.unit + other) & 0xff }, response };
};

/** Of a function that was not asked for. */
const otherFunction: Way = (_, frame, response) => {
  const bytes = Buffer.from(response);
  bytes[0] = (bytes[0] ?? 0) ^ 0x07;
  return { frame, response: bytes };
};

/** Well formed, and of another quantity than was asked: data are missing, or the written place is another. */
const otherPlace: Way = (random, frame, response) => {
  const code = response[0] ?? 0;
  if (code > 0x7f) return otherUnit(random, frame, response);
  const bytes = Buffer.from(response);
  if (code > 4 && code !== 23) {
    bytes.writeUInt16BE(bytes.readUInt16BE(1) ^ 1, 1);
    return { frame, response: bytes };
  }
  const less = code <= 2 ? 1 : 2;
  bytes[1] = (bytes[1] ?? less) - less;
  return { frame, response: bytes.subarray(0, bytes.length - less) };
};

const ways: readonly Way[] = [otherUnit, otherFunction, otherPlace];

type TcpWay = (random: Random, frame: Frame, response: Buffer) => Buffer;

/** [TCP 3.1.3]: the client pairs answers with questions by it. */
const otherTransaction: TcpWay = (random, frame, response) => {
  const other = 1 + Math.floor(random() * 0xffff);
  return frameOf({ ...frame, transaction: (frame.transaction + other) & 0xffff }, response);
};

/** [TCP 3.1.3]: the protocol is zero. */
const otherProtocol: TcpWay = (random, frame, response) => {
  const bytes = frameOf(frame, response);
  bytes.writeUInt16BE(1 + Math.floor(random() * 0xffff), 2);
  return bytes;
};

/** Bytes without meaning; the protocol is never zero, so that no chance makes an answer of them. */
const garbage: TcpWay = (random) => {
  const bytes = Buffer.alloc(headerLength + 1 + Math.floor(random() * 40));
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Math.floor(random() * 0x100);
  bytes[2] = (bytes[2] ?? 0) | 1;
  return bytes;
};

const tcpWays: readonly TcpWay[] = [otherTransaction, otherProtocol, garbage];
