// RTU frames as bytes: how long an answer is and whether it is whole; pure. A serial line has no
// length field and a process cannot see a silence of 1.75 ms, so the function says where a frame ends.
import { crc16, crcLength } from './port.ts';

/** Unit, function, exception, CRC. */
export const shortestAnswer = 5;
/** [Modbus over Serial Line 1.02, 2.5.1] */
export const longestAdu = 256;

/** What the bytes received so far are to a request. */
export type Reading =
  | { readonly kind: 'short' }
  | { readonly kind: 'whole'; readonly adu: Buffer; readonly rest: number }
  | { readonly kind: 'wrong'; readonly text: string };

/**
 * Reads an answer as far as it has come. A serial answer has no transaction, so everything in it that
 * the request decides must be as the request says: else it may be the answer to another one.
 */
export function readAnswer(bytes: Buffer, request: Buffer): Reading {
  const [unit, code = 0] = request;
  const [from, said, count] = bytes;
  if (from === undefined) return short;
  if (from !== unit) return wrong(`bytes of unit ${from}`);
  if (said === undefined) return short;
  if (said === (code | 0x80)) return judge(bytes, shortestAnswer);
  if (said !== code) return wrong(`an answer to function ${said}`);
  const { head, length = 3 + (count ?? longestAdu) + crcLength } = shapeOf(request);
  const common = Math.min(head.length, bytes.length);
  if (!head.subarray(0, common).equals(bytes.subarray(0, common))) {
    return wrong(`an answer to another request of function ${code}`);
  }
  return count === undefined ? short : judge(bytes, length);
}

/** How a right answer begins, and its length, where the request decides it [1.1b3, 6]. */
function shapeOf(request: Buffer): { readonly head: Buffer; readonly length?: number } {
  const code = request[1] ?? 0;
  const counted = (bytes: number): { head: Buffer; length: number } => ({
    head: Buffer.concat([request.subarray(0, 2), Buffer.from([bytes])]),
    length: 3 + bytes + crcLength,
  });
  switch (code) {
    case 1:
    case 2:
      return counted(Math.ceil(request.readUInt16BE(4) / 8));
    case 3:
    case 4:
    case 23:
      return counted(request.readUInt16BE(4) * 2);
    case 5:
    case 6:
      return { head: request.subarray(0, 4), length: 8 };
    case 15:
    case 16:
      return { head: request.subarray(0, 6), length: 8 };
    case 22:
      return { head: request.subarray(0, 8), length: 10 };
    default:
      // 17, 20 and their like: the third byte counts what follows it.
      return { head: request.subarray(0, 2) };
  }
}

function judge(bytes: Buffer, length: number): Reading {
  if (length > longestAdu) return wrong(`an answer of ${length} bytes`);
  if (bytes.length < length) return short;
  const adu = bytes.subarray(0, length);
  if (crc16(adu, length - crcLength) !== adu.readUInt16LE(length - crcLength)) {
    return wrong('a wrong CRC');
  }
  return { kind: 'whole', adu, rest: bytes.length - length };
}

const short: Reading = { kind: 'short' };
const wrong = (text: string): Reading => ({ kind: 'wrong', text });

/** Milliseconds that one byte takes on the line: 11 bits [Serial Line 1.02, 2.5.1]. */
export const byteTime = (baud: number): number => 11_000 / baud;

/** Milliseconds that request and answer are on the line when so many bytes of them are values. */
export const exchangeTime = (baud: number, bytes: number): number => (20 + bytes) * byteTime(baud);

/** The silence between two frames: 3.5 characters, from 19,200 baud on 1.75 ms [2.5.1.1]. */
export const frameGap = (baud: number): number => Math.max(1.75, 3.5 * byteTime(baud));

/**
 * Registers read in vain that cost as much as a request of their own: 8 bytes, an answer's 5, twice
 * the silence between frames, and the wait before it.
 */
export const breakEven = (baud: number, delay: number): number =>
  Math.min(125, Math.floor((20 + delay / byteTime(baud)) / 2));
