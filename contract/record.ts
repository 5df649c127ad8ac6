// The body of a `scan` entry: what one recorded scan took and made, and the bytes that a row's hash is
// taken of. Both layouts are documented in docs/reference/record.md and held by golden bytes.
import { ByteReader, ByteWriter, encodeUtf8 } from './bytes.ts';
import type { Entry } from './entry.ts';
import { assert } from './error.ts';
import { statusCode, type StatusCode } from './quality.ts';
import type { Value } from './sample.ts';
import { utcMs, type UtcMs } from './time.ts';

/** A tag as judged in a scan, the device's own value beneath any force. */
export interface TagChange {
  /** Index in the segment's tag table. */
  readonly tag: number;
  readonly value: Value;
  readonly status: StatusCode;
  readonly time: UtcMs;
}

/** An output's decided value, after forces and interlocks. */
export interface OutputChange {
  readonly tag: number;
  readonly value: Value;
}

/** An interlock's hold on one output: it trips (`holds`), and may stay latched. */
export interface TripChange {
  readonly flow: number;
  readonly interlock: number;
  readonly tag: number;
  readonly holds: boolean;
  readonly latched: boolean;
}

/** 64 bits as two unsigned halves. */
export interface Rolling {
  readonly high: number;
  readonly low: number;
}

/** Flows, commands and transitions are indices: flows in the order of the manifest, the others in the flow's. */
export interface ScanRecord {
  readonly now: number;
  readonly missed: number;
  readonly tags: readonly TagChange[];
  readonly held: readonly {
    readonly flow: number;
    readonly command: number;
    readonly down: boolean;
  }[];
  readonly stepped: readonly { readonly flow: number; readonly stepped: boolean }[];
  readonly fired: readonly { readonly flow: number; readonly transition: number }[];
  readonly outputs: readonly OutputChange[];
  readonly trips: readonly TripChange[];
  readonly rolling: Rolling;
}

const version = 1;
const kinds = { null: 0, false: 1, true: 2, integer: 3, float: 4, long: 5, text: 6 } as const;
const writer = new ByteWriter();

/** The body of a `scan` entry recorded at `at`. Source times are kept in whole milliseconds. */
export function encodeScan(record: ScanRecord, at: UtcMs): Uint8Array {
  const to = writer;
  to.clear();
  to.u8(version);
  to.varint(record.now);
  to.varint(record.missed);
  to.varint(record.tags.length);
  for (const change of record.tags) {
    to.varint(change.tag);
    writeValue(to, change.value);
    to.varint(change.status);
    to.signed(Math.round(change.time) - at);
  }
  to.varint(record.held.length);
  for (const held of record.held) {
    to.varint(held.flow);
    to.varint(held.command);
    to.u8(held.down ? 1 : 0);
  }
  to.varint(record.stepped.length);
  for (const stepped of record.stepped) {
    to.varint(stepped.flow);
    to.u8(stepped.stepped ? 1 : 0);
  }
  to.varint(record.fired.length);
  for (const fired of record.fired) {
    to.varint(fired.flow);
    to.varint(fired.transition);
  }
  to.varint(record.outputs.length);
  for (const output of record.outputs) {
    to.varint(output.tag);
    writeValue(to, output.value);
  }
  to.varint(record.trips.length);
  for (const trip of record.trips) {
    to.varint(trip.flow);
    to.varint(trip.interlock);
    to.varint(trip.tag);
    to.u8((trip.holds ? 1 : 0) + (trip.latched ? 2 : 0));
  }
  to.u32(record.rolling.high);
  to.u32(record.rolling.low);
  return to.take();
}

/** Reads the body of a `scan` entry; E_CHRONICLE_FORMAT on anything that `encodeScan` would not write. */
export function decodeScan(body: Uint8Array, at: UtcMs): ScanRecord {
  const from = new ByteReader(body);
  const form = from.u8();
  if (form !== version) from.fail(`version ${form} of a scan, not ${version}`);
  const record: ScanRecord = {
    now: from.varint(),
    missed: from.varint(),
    tags: readList(from, () => ({
      tag: from.varint(),
      value: readValue(from),
      status: readStatus(from),
      time: readTime(from, at),
    })),
    held: readList(from, () => ({
      flow: from.varint(),
      command: from.varint(),
      down: readBits(from, 1) === 1,
    })),
    stepped: readList(from, () => ({ flow: from.varint(), stepped: readBits(from, 1) === 1 })),
    fired: readList(from, () => ({ flow: from.varint(), transition: from.varint() })),
    outputs: readList(from, () => ({ tag: from.varint(), value: readValue(from) })),
    trips: readList(from, () => {
      const trip = { flow: from.varint(), interlock: from.varint(), tag: from.varint() };
      const bits = readBits(from, 3);
      return { ...trip, holds: (bits & 1) !== 0, latched: (bits & 2) !== 0 };
    }),
    rolling: { high: from.u32(), low: from.u32() },
  };
  from.end();
  return record;
}

/** A list is its length and its members; no member is shorter than two bytes. */
function readList<T>(from: ByteReader, read: () => T): T[] {
  const count = from.varint();
  if (count * 2 > from.left) from.fail(`a list of ${count}`);
  const list: T[] = [];
  for (let index = 0; index < count; index += 1) list.push(read());
  return list;
}

function readBits(from: ByteReader, most: number): number {
  const bits = from.u8();
  return bits <= most ? bits : from.fail(`bits ${bits}`);
}

function readStatus(from: ByteReader): StatusCode {
  const value = from.varint();
  return value < 4_294_967_296 ? statusCode(value) : from.fail('a status beyond 32 bits');
}

function readTime(from: ByteReader, at: number): UtcMs {
  const time = from.signed() + at;
  return Number.isSafeInteger(time) ? utcMs(time) : from.fail('a time beyond 2^53');
}

function writeValue(to: ByteWriter, value: Value): void {
  if (value === null) {
    to.u8(kinds.null);
  } else if (typeof value === 'boolean') {
    to.u8(value ? kinds.true : kinds.false);
  } else if (typeof value === 'string') {
    to.u8(kinds.text);
    to.text(value);
  } else if (typeof value === 'bigint') {
    to.u8(kinds.long);
    writeLong(to, value);
  } else if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    to.u8(kinds.integer);
    to.signed(value);
  } else {
    assert(Number.isFinite(value), 'NaN and infinities end at the edge of a driver');
    to.u8(kinds.float);
    to.f64(value);
  }
}

function readValue(from: ByteReader): Value {
  const kind = from.u8();
  switch (kind) {
    case kinds.null:
      return null;
    case kinds.false:
      return false;
    case kinds.true:
      return true;
    case kinds.integer:
      return from.signed();
    case kinds.float:
      return readFloat(from);
    case kinds.long:
      return readLong(from);
    case kinds.text:
      return from.text();
    default:
      return from.fail(`a value of kind ${kind}`);
  }
}

function readFloat(from: ByteReader): number {
  const value = from.f64();
  if (!Number.isFinite(value)) from.fail('NaN or an infinity');
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) from.fail('an integer as a fraction');
  return value;
}

/** 64 bits of either kind: the sign, then the magnitude as two unsigned halves. */
function writeLong(to: ByteWriter, value: bigint): void {
  const magnitude = value < 0n ? -value : value;
  assert(magnitude >> 64n === 0n, 'an integer of a device has at most 64 bits');
  to.u8(value < 0n ? 1 : 0);
  to.u32(Number(magnitude >> 32n));
  to.u32(Number(magnitude & 0xffffffffn));
}

function readLong(from: ByteReader): bigint {
  const negative = readBits(from, 1) === 1;
  const magnitude = (BigInt(from.u32()) << 32n) | BigInt(from.u32());
  if (negative && magnitude === 0n) from.fail('a negative zero');
  return negative ? -magnitude : magnitude;
}

/** The columns of a row that its hash covers, in this order. */
export type HashedColumns = Omit<Entry, 'hash' | 'kind' | 'actor'> & {
  readonly kind: string;
  readonly actor: string;
};

/** What SHA-256 is taken of: each column in order, after its length in bytes as a big-endian u32. */
export function hashInput(row: HashedColumns): Uint8Array {
  const to = writer;
  to.clear();
  writeInteger(to, row.seq);
  writeInteger(to, row.boot);
  if (row.scan === null) to.u32(0);
  else writeInteger(to, row.scan);
  writeInteger(to, row.at);
  writeColumn(to, encodeUtf8(row.kind));
  writeColumn(to, encodeUtf8(row.actor));
  writeColumn(to, row.body);
  writeColumn(to, row.prev);
  return to.take();
}

function writeInteger(to: ByteWriter, value: number): void {
  to.u32(8);
  to.u64(value);
}

function writeColumn(to: ByteWriter, bytes: Uint8Array): void {
  to.u32(bytes.length);
  to.bytes(bytes);
}
