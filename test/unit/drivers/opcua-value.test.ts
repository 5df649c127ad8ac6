// Values of nodes to values of tags and back, by type: exact at the edges, refused beyond them, and for
// whatever bytes a server sends either the right value or none. Bytes are decoded by the library's reader.
import { BinaryStream, DataType, DataValue, StatusCodes, VariantArrayType } from 'node-opcua';
import { describe, expect, test, vi } from 'vitest';
import { qualityOf, status } from '#contract/quality.ts';
import type { TagType, Value } from '#contract/sample.ts';
import { utcMs } from '#contract/time.ts';
import {
  counterLimit,
  encode,
  isServed,
  longestText,
  readingOf,
  sameValue,
  timeOf,
} from '#drivers/opcua/value.ts';
import type { Reading } from '#drivers/opcua/value.ts';
import { hearLibrary } from '#drivers/opcua/library-log.ts';
import { Chance } from '#test/flow/chance.ts';

const scalar = (dataType: DataType, value: unknown): DataValue =>
  new DataValue({ value: { dataType, arrayType: VariantArrayType.Scalar, value } });

/** As it would come over the wire. */
function sent(data: DataValue): DataValue {
  const stream = new BinaryStream(200_000);
  data.encode(stream);
  stream.length = 0;
  const received = new DataValue({});
  received.decode(stream);
  return received;
}

const wholes: readonly (readonly [DataType, least: bigint, most: bigint])[] = [
  [DataType.SByte, -128n, 127n],
  [DataType.Byte, 0n, 255n],
  [DataType.Int16, -32_768n, 32_767n],
  [DataType.UInt16, 0n, 65_535n],
  [DataType.Int32, -(2n ** 31n), 2n ** 31n - 1n],
  [DataType.UInt32, 0n, 2n ** 32n - 1n],
  [DataType.Int64, -(2n ** 63n), 2n ** 63n - 1n],
  [DataType.UInt64, 0n, 2n ** 64n - 1n],
];
const isWide = (type: DataType): boolean => type === DataType.Int64 || type === DataType.UInt64;

/** What the library sends for what `encode` made, read back. */
function roundTrip(value: Value, type: DataType, tag: TagType): Value | undefined {
  const encoded = encode(value, type, tag);
  return encoded === undefined ? undefined : readingOf(sent(scalar(type, encoded.value))).value;
}

describe('whole numbers', () => {
  test.each(wholes)(
    'of type %s come back as they went, up to the edge and not beyond',
    (type, least, most) => {
      const chance = new Chance(type + 1);
      const values = [least, least + 1n, 0n, 1n, most - 1n, most];
      for (let i = 0; i < 200; i += 1) {
        const word = (): bigint => BigInt(chance.whole(0, 0xffff_ffff));
        values.push(least + (((word() << 32n) | word()) % (most - least + 1n)));
      }
      for (const value of values) {
        const expected = isWide(type) ? value : Number(value);
        expect(roundTrip(value, type, 'int'), `${value}`).toBe(expected);
        expect(sameValue(value, expected, type, 'int')).toBe(true);
      }
      expect(encode(least - 1n, type, 'int')).toBeUndefined();
      expect(encode(most + 1n, type, 'int')).toBeUndefined();
      for (const odd of [1.5, Number.NaN, Infinity, 2 ** 53, 'one', null]) {
        expect(encode(odd, type, 'int'), String(odd)).toBeUndefined();
      }
    },
  );

  test('take a real rounded, and a bool as 0 or 1', () => {
    expect(encode(12.5, DataType.Int16, 'real')?.value).toBe(13);
    expect(encode(-12.4, DataType.Int16, 'real')?.value).toBe(-12);
    expect(encode(32_767.6, DataType.Int16, 'real')).toBeUndefined();
    expect(encode(true, DataType.Byte, 'bool')?.value).toBe(1);
    expect(sameValue(true, 1, DataType.Byte, 'bool')).toBe(true);
    expect(sameValue(true, 0, DataType.Byte, 'bool')).toBe(false);
  });
});

describe('other types', () => {
  test.each<[DataType, TagType, Value, Value | undefined]>([
    [DataType.Boolean, 'bool', true, true],
    [DataType.Boolean, 'bool', 1, undefined],
    [DataType.Double, 'real', 5e-324, 5e-324],
    [DataType.Double, 'real', 1e308, 1e308],
    [DataType.Double, 'real', Number.NaN, undefined],
    [DataType.Double, 'real', '1', undefined],
    [DataType.Float, 'real', 0.1, Math.fround(0.1)],
    [DataType.Float, 'real', 4e38, undefined],
    [DataType.String, 'string', '', ''],
    [DataType.String, 'string', 'Grüße \u{1F600}', 'Grüße \u{1F600}'],
    [DataType.String, 'string', 'x'.repeat(longestText), 'x'.repeat(longestText)],
    [DataType.String, 'string', 'x'.repeat(longestText + 1), undefined],
    [DataType.DateTime, 'real', 1, undefined],
    [DataType.Null, 'real', 1, undefined],
  ])('%s, a %s: %j goes and comes as %j', (type, tag, value, expected) => {
    expect(roundTrip(value, type, tag)).toBe(expected);
  });

  test('a float is the same as the real that it was made of', () => {
    expect(sameValue(0.1, Math.fround(0.1), DataType.Float, 'real')).toBe(true);
    expect(sameValue(0.1, 0.2, DataType.Float, 'real')).toBe(false);
  });

  test('a heartbeat counts as far as its node can', () => {
    expect(counterLimit(DataType.SByte)).toBe(127);
    expect(counterLimit(DataType.UInt64)).toBe(4_294_967_295);
    expect(counterLimit(DataType.Boolean)).toBe(1);
    expect(counterLimit(DataType.String)).toBeUndefined();
  });
});

describe('statuses', () => {
  test('with info bits stay what they are; severity decides, never zero', () => {
    for (const [code, value] of [
      [StatusCodes.Good, 1],
      [StatusCodes.GoodWithOverflowBit, 1],
      [StatusCodes.UncertainLastUsableValue, 1],
      [StatusCodes.BadSensorFailure, undefined],
    ] as const) {
      const data = scalar(DataType.Double, 1);
      data.statusCode = code;
      expect(readingOf(sent(data))).toEqual({ value, status: code.value });
    }
  });

  test('do not make a good value of what is none', () => {
    for (const value of [
      { dataType: DataType.Double, arrayType: VariantArrayType.Array, value: [1] },
      { dataType: DataType.Null },
      { dataType: DataType.ByteString, value: Buffer.from('1') },
      { dataType: DataType.DateTime, value: new Date() },
      { dataType: DataType.String, value: null },
    ]) {
      const reading = readingOf(sent(new DataValue({ value })));
      expect(reading, JSON.stringify(value)).toEqual({
        value: undefined,
        status: status.BadTypeMismatch,
      });
    }
    for (const odd of [Number.NaN, Infinity, -Infinity]) {
      expect(readingOf(sent(scalar(DataType.Double, odd))).status).toBe(status.BadOutOfRange);
    }
  });
});

const at = (sourceTimestamp: unknown, serverTimestamp: unknown): DataValue =>
  Object.assign(new DataValue({}), { sourceTimestamp, serverTimestamp });

describe('times', () => {
  const here = utcMs(1_700_000_000_000);
  test.each([
    ['the source time', new Date(5000), new Date(6000), 5000],
    ['else that of the server', null, new Date(6000), 6000],
    ['not a date that is none', new Date(Number.NaN), new Date(6000), 6000],
    [
      'not the beginning of the standard, which is no time',
      new Date(-11_644_473_600_000),
      null,
      1_700_000_000_000,
    ],
    ['else when it came', null, null, 1_700_000_000_000],
  ])('%s', (_name, source, own, expected) => {
    expect(timeOf(at(source, own), here)).toBe(expected);
  });
});

/** What a reading may not be; empty when it is right. */
function wrong(data: DataValue, { value, status: code }: Reading): string {
  if (!Number.isInteger(code) || code < 0) return `status ${code}`;
  if (!Number.isSafeInteger(timeOf(data, utcMs(1)))) return 'no time';
  if (value === undefined) return qualityOf(code) === 'bad' ? '' : 'nothing, and not bad';
  if (qualityOf(code) === 'bad') return 'bad with a value';
  if (!isServed(data.value.dataType)) return `of type ${data.value.dataType}`;
  if (data.value.arrayType !== VariantArrayType.Scalar) return 'of an array';
  if (typeof value === 'number') return Number.isFinite(value) ? '' : `the number ${value}`;
  if (typeof value === 'string') return value.length <= longestText ? '' : 'a text without end';
  return ['boolean', 'bigint'].includes(typeof value) ? '' : `a ${typeof value}`;
}

test('whatever bytes come: no crash, and a good value is a finite scalar of a type that is served', () => {
  const seed = Number(process.env['SEED'] ?? 20_261_123);
  const chance = new Chance(seed);
  const lines: string[] = [];
  const unhear = hearLibrary((_level, text) => lines.push(text));
  // That it does not know a status the library says on the terminal itself.
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  let good = 0;
  try {
    for (let i = 0; i < 20_000; i += 1) {
      const bytes = Buffer.alloc(chance.whole(1, 60));
      for (let k = 0; k < bytes.length; k += 1) bytes[k] = chance.whole(0, 255);
      // Mostly a value of a plausible type, so that more than headers are read.
      if (chance.odds(0.8)) bytes[0] = chance.pick([1, 3, 5, 13]);
      if (chance.odds(0.8) && bytes.length > 1)
        bytes[1] = chance.whole(0, 26) | (chance.odds(0.2) ? 0x80 : 0);
      const data = new DataValue({});
      try {
        data.decode(new BinaryStream(bytes));
      } catch {
        continue;
      }
      const reading = readingOf(data);
      if (reading.value !== undefined) good += 1;
      expect(wrong(data, reading), `seed ${seed}, ${bytes.toString('hex')}`).toBe('');
    }
  } finally {
    warned.mockRestore();
    unhear();
  }
  expect(good).toBeGreaterThan(1000);
  expect(lines.filter((line) => line.length > 400 || line.includes('\n'))).toEqual([]);
});
