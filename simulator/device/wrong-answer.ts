// Answers of a Modbus device that has lost its way: each breaks the protocol in one way, so that whoever compares an
// answer with the question can tell. None is a right answer with a wrong value: nobody could tell that.
import type { Random } from '#contract/time.ts';
import { frameOf, headerLength, type Frame } from './pdu.ts';

type Way = (frame: Frame, response: Buffer, random: Random) => Buffer;

/** An answer to this question that is wrong in one of the ways, as chance has it. */
export function wrongAnswer(random: Random, frame: Frame, response: Buffer): Buffer {
  const way = ways[Math.floor(random() * ways.length)] ?? otherTransaction;
  return way(frame, response, random);
}

/** [TCP 3.1.3]: the client pairs answers with questions by it. */
const otherTransaction: Way = (frame, response, random) => {
  const other = 1 + Math.floor(random() * 0xffff);
  return frameOf({ ...frame, transaction: (frame.transaction + other) & 0xffff }, response);
};

const otherUnit: Way = (frame, response, random) => {
  const other = 1 + Math.floor(random() * 0xff);
  return frameOf({ ...frame, unit: (frame.unit + other) & 0xff }, response);
};

/** [TCP 3.1.3]: the protocol is zero. */
const otherProtocol: Way = (frame, response, random) => {
  const bytes = frameOf(frame, response);
  bytes.writeUInt16BE(1 + Math.floor(random() * 0xffff), 2);
  return bytes;
};

/** A function that answers with the same form, or the request's own as an exception's. */
const otherFunction: Way = (frame, response) => {
  const bytes = Buffer.from(response);
  bytes[0] = (bytes[0] ?? 0) ^ 0x07;
  return frameOf(frame, bytes);
};

/** Well formed, and of another quantity than was asked: data are missing, or the written place is another. */
const otherPlace: Way = (frame, response, random) => {
  const code = response[0] ?? 0;
  if (code > 0x7f) return otherTransaction(frame, response, random);
  const reads = code <= 4 || code === 23;
  const bytes = Buffer.from(response);
  if (!reads) {
    bytes.writeUInt16BE(bytes.readUInt16BE(1) ^ 1, 1);
    return frameOf(frame, bytes);
  }
  const less = code <= 2 ? 1 : 2;
  bytes[1] = (bytes[1] ?? less) - less;
  return frameOf(frame, bytes.subarray(0, bytes.length - less));
};

/** Bytes without meaning; the protocol is never zero, so that no chance makes an answer of them. */
const garbage: Way = (_, __, random) => {
  const bytes = Buffer.alloc(headerLength + 1 + Math.floor(random() * 40));
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Math.floor(random() * 0x100);
  bytes[2] = (bytes[2] ?? 0) | 1;
  return bytes;
};

const ways: readonly Way[] = [
  otherTransaction,
  otherUnit,
  otherProtocol,
  otherFunction,
  otherPlace,
  garbage,
];
