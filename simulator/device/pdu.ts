// Modbus requests and answers as bytes, and what each function does to a unit's memory. No sockets, no plant.
// Clauses are of the MODBUS Application Protocol Specification V1.1b3 and of the TCP/IP Messaging Guide V1.0b.
import type { Table } from '#simulator/plant/devices.ts';

/** The memory of one unit as the protocol sees it: bits and registers by address. */
export interface Memory {
  /** Addresses 0 to this, less one, exist in each table. */
  readonly size: number;
  bit(table: 'coil' | 'discrete', address: number): boolean;
  register(table: 'input' | 'holding', address: number): number;
  /** False: the value is not one that this place takes. Nothing has been written then. */
  writeBits(address: number, values: readonly boolean[]): boolean;
  writeRegisters(address: number, values: readonly number[]): boolean;
}

/** Exception codes [AP 7]. */
const illegalFunction = 1;
const illegalAddress = 2;
const illegalValue = 3;
/** The unit behind the gateway does not answer. */
const noTarget = 0x0b;

/** What ends a request with an exception answer. */
class Refusal extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exception ${code}`);
    this.code = code;
  }
}

/** The answer to a request PDU; `memory` is undefined when no such unit is there. */
export function answer(memory: Memory | undefined, request: Buffer): Buffer {
  const code = request[0] ?? 0;
  try {
    if (memory === undefined) throw new Refusal(noTarget);
    return functions[code]?.(memory, request) ?? refuse(illegalFunction);
  } catch (error) {
    if (error instanceof Refusal) return Buffer.from([code | 0x80, error.code]);
    throw error;
  }
}

type Answer = (memory: Memory, request: Buffer) => Buffer;

const functions: Readonly<Record<number, Answer>> = {
  1: (memory, request) => readBits(memory, request, 'coil'), // [AP 6.1]
  2: (memory, request) => readBits(memory, request, 'discrete'), // [AP 6.2]
  3: (memory, request) => readRegisters(memory, request, 'holding'), // [AP 6.3]
  4: (memory, request) => readRegisters(memory, request, 'input'), // [AP 6.4]
  5: writeCoil,
  6: writeRegister,
  15: writeCoils,
  16: writeRegisters,
  22: maskRegister,
  23: readWriteRegisters,
};

function refuse(code: number): never {
  throw new Refusal(code);
}

/** A whole PDU of this length, or a refusal [AP 7, code 03: the structure of the request is wrong]. */
function sized(request: Buffer, length: number): void {
  if (request.length !== length) refuse(illegalValue);
}

/** Quantity first, then addresses, as the state diagrams of chapter 6 have it. */
function range(memory: Memory, address: number, count: number, most: number): void {
  if (count < 1 || count > most) refuse(illegalValue);
  if (address + count > memory.size) refuse(illegalAddress);
}

function readBits(memory: Memory, request: Buffer, table: 'coil' | 'discrete'): Buffer {
  sized(request, 5);
  const [address, count] = [request.readUInt16BE(1), request.readUInt16BE(3)];
  range(memory, address, count, 2000);
  const bytes = Buffer.alloc(2 + Math.ceil(count / 8));
  bytes[0] = request[0] ?? 0;
  bytes[1] = bytes.length - 2;
  for (let index = 0; index < count; index += 1) {
    if (!memory.bit(table, address + index)) continue;
    const place = 2 + (index >> 3);
    bytes[place] = (bytes[place] ?? 0) | (1 << (index & 7));
  }
  return bytes;
}

function registersFrom(memory: Memory, code: number, table: Table, at: Block): Buffer {
  const bytes = Buffer.alloc(2 + at.count * 2);
  bytes[0] = code;
  bytes[1] = at.count * 2;
  for (let index = 0; index < at.count; index += 1) {
    const value = memory.register(table === 'input' ? 'input' : 'holding', at.address + index);
    bytes.writeUInt16BE(value, 2 + index * 2);
  }
  return bytes;
}

interface Block {
  readonly address: number;
  readonly count: number;
}

function readRegisters(memory: Memory, request: Buffer, table: 'input' | 'holding'): Buffer {
  sized(request, 5);
  const at = { address: request.readUInt16BE(1), count: request.readUInt16BE(3) };
  range(memory, at.address, at.count, 125);
  return registersFrom(memory, request[0] ?? 0, table, at);
}

/** [AP 6.5]: 0xFF00 is on, 0x0000 off, all else is refused; the answer is the request. */
function writeCoil(memory: Memory, request: Buffer): Buffer {
  sized(request, 5);
  const [address, value] = [request.readUInt16BE(1), request.readUInt16BE(3)];
  if (value !== 0 && value !== 0xff00) refuse(illegalValue);
  range(memory, address, 1, 1);
  if (!memory.writeBits(address, [value !== 0])) refuse(illegalValue);
  return request;
}

/** [AP 6.6]: the answer is the request. */
function writeRegister(memory: Memory, request: Buffer): Buffer {
  sized(request, 5);
  const address = request.readUInt16BE(1);
  range(memory, address, 1, 1);
  if (!memory.writeRegisters(address, [request.readUInt16BE(3)])) refuse(illegalValue);
  return request;
}

/** [AP 6.11]: the answer is address and quantity. */
function writeCoils(memory: Memory, request: Buffer): Buffer {
  if (request.length < 6) refuse(illegalValue);
  const [address, count] = [request.readUInt16BE(1), request.readUInt16BE(3)];
  const bytes = request[5] ?? 0;
  if (bytes !== Math.ceil(count / 8)) refuse(illegalValue);
  sized(request, 6 + bytes);
  range(memory, address, count, 1968);
  const values = Array.from(
    { length: count },
    (_, index) => (((request[6 + (index >> 3)] ?? 0) >> (index & 7)) & 1) === 1,
  );
  if (!memory.writeBits(address, values)) refuse(illegalValue);
  return request.subarray(0, 5);
}

/** [AP 6.12]: the answer is address and quantity. */
function writeRegisters(memory: Memory, request: Buffer): Buffer {
  const [address, count] = writeInto(memory, request, 1, 123);
  if (!memory.writeRegisters(address, valuesOf(request, 6, count))) refuse(illegalValue);
  return request.subarray(0, 5);
}

/** [AP 6.16]: new = (old AND and) OR (or AND NOT and); the answer is the request. */
function maskRegister(memory: Memory, request: Buffer): Buffer {
  sized(request, 7);
  const address = request.readUInt16BE(1);
  const [and, or] = [request.readUInt16BE(3), request.readUInt16BE(5)];
  range(memory, address, 1, 1);
  const value = (memory.register('holding', address) & and) | (or & ~and & 0xffff);
  if (!memory.writeRegisters(address, [value])) refuse(illegalValue);
  return request;
}

/** [AP 6.17]: the write happens before the read. */
function readWriteRegisters(memory: Memory, request: Buffer): Buffer {
  if (request.length < 10) refuse(illegalValue);
  const read = { address: request.readUInt16BE(1), count: request.readUInt16BE(3) };
  if (read.count < 1 || read.count > 125) refuse(illegalValue);
  const [address, count] = writeInto(memory, request, 5, 121);
  range(memory, read.address, read.count, 125);
  if (!memory.writeRegisters(address, valuesOf(request, 10, count))) refuse(illegalValue);
  return registersFrom(memory, request[0] ?? 0, 'holding', read);
}

/** Checks address, quantity and byte count of a write that stands at `offset`. */
function writeInto(
  memory: Memory,
  request: Buffer,
  offset: number,
  most: number,
): number[] & [number, number] {
  if (request.length < offset + 5) refuse(illegalValue);
  const [address, count] = [request.readUInt16BE(offset), request.readUInt16BE(offset + 2)];
  if (request[offset + 4] !== count * 2) refuse(illegalValue);
  sized(request, offset + 5 + count * 2);
  range(memory, address, count, most);
  return [address, count];
}

function valuesOf(request: Buffer, offset: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => request.readUInt16BE(offset + index * 2));
}

/** An ADU's header [TCP 3.1.3]: transaction, protocol (zero), length of what follows, unit. */
export const headerLength = 7;
/** The unit and a PDU of at most 253 bytes. */
const longest = 254;

export interface Frame {
  readonly transaction: number;
  readonly unit: number;
  readonly request: Buffer;
}

/** Takes the whole frames off the front of `bytes`; undefined when it is not Modbus at all. */
export function takeFrames(bytes: Buffer): { frames: Frame[]; rest: Buffer } | undefined {
  const frames: Frame[] = [];
  let rest = bytes;
  while (rest.length >= headerLength) {
    const length = rest.readUInt16BE(4);
    if (rest.readUInt16BE(2) !== 0 || length < 2 || length > longest) return undefined;
    if (rest.length < headerLength - 1 + length) break;
    frames.push({
      transaction: rest.readUInt16BE(0),
      unit: rest[6] ?? 0,
      request: rest.subarray(headerLength, headerLength - 1 + length),
    });
    rest = rest.subarray(headerLength - 1 + length);
  }
  return { frames, rest };
}

/** The whole answer to a frame. */
export function frameOf(frame: Frame, response: Buffer): Buffer {
  const header = Buffer.alloc(headerLength);
  header.writeUInt16BE(frame.transaction, 0);
  header.writeUInt16BE(response.length + 1, 4);
  header[6] = frame.unit;
  return Buffer.concat([header, response]);
}
