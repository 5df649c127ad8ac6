// The bytes of a scan and of a row's hash, held by golden bytes: what is on disk today is read in
// ten years. And that a value has one encoding, whatever a hostile file says.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter, decodeUtf8, encodeUtf8 } from '#contract/bytes.ts';
import { CellError } from '#contract/error.ts';
import { status, statusCode } from '#contract/quality.ts';
import { decodeScan, encodeScan, hashInput, type ScanRecord } from '#contract/record.ts';
import { utcMs } from '#contract/time.ts';

const seed = Number(process.env['REBE_SEED'] ?? 20_261_123);
const at = utcMs(1_790_000_000_000);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Uint8Array => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

const empty: ScanRecord = {
  now: 0,
  missed: 0,
  tags: [],
  held: [],
  stepped: [],
  fired: [],
  outputs: [],
  trips: [],
  rolling: { high: 0, low: 0 },
};

const full: ScanRecord = {
  now: 123_456,
  missed: 2,
  tags: [
    { tag: 0, value: null, status: status.BadNotConnected, time: utcMs(at - 1) },
    { tag: 1, value: false, status: status.Good, time: at },
    { tag: 2, value: true, status: status.GoodOverflow, time: utcMs(at + 63) },
    { tag: 3, value: -5, status: status.Good, time: utcMs(at + 64) },
    { tag: 200, value: 0.5, status: status.Good, time: utcMs(0) },
    { tag: 5, value: -9_223_372_036_854_775_808n, status: status.Good, time: at },
    { tag: 6, value: 'Grüße 🙂', status: status.UncertainLastUsableValue, time: at },
    { tag: 7, value: -0, status: status.Good, time: at },
  ],
  held: [{ flow: 0, command: 4, down: true }],
  stepped: [{ flow: 1, stepped: false }],
  fired: [{ flow: 0, transition: 300 }],
  outputs: [{ tag: 9, value: 'auto' }],
  trips: [{ flow: 0, interlock: 1, tag: 9, holds: true, latched: true }],
  rolling: { high: 0xdeadbeef, low: 1 },
};

const golden = `
  01 c0c407 02
  08
  00 00 8080a88408 41
  01 01 00 00
  02 02 8009 3f
  03 03 45 00 8001
  c801 04 3fe0000000000000 00 c0b083c59868
  05 05 01 80000000 00000000 00 00
  06 06 0c 4772c3bcc39f6520f09f9982 8080c08404 00
  07 04 8000000000000000 00 00
  01 00 04 01
  01 01 00
  01 00 ac02
  01 09 06 04 6175746f
  01 00 01 09 03
  deadbeef 00000001`;

describe('the body of a scan', () => {
  test('is these bytes, and no other', () => {
    expect(hex(encodeScan(empty, at))).toBe(`01${'00'.repeat(16)}`);
    expect(hex(encodeScan(full, at))).toBe(hex(unhex(golden)));
    expect(decodeScan(unhex(golden), at)).toEqual(full);
  });

  test('keeps the sign of zero', () => {
    const value = decodeScan(encodeScan(full, at), at).tags[7]?.value;
    expect(Object.is(value, -0)).toBe(true);
  });

  test('rounds a source time to whole milliseconds', () => {
    const tags = [{ tag: 0, value: 1, status: status.Good, time: utcMs(at + 0.5) }];
    const read = decodeScan(encodeScan({ ...empty, tags }, at), at);
    expect(read.tags[0]?.time).toBe(at + 1);
  });

  test(`comes back as it was written (seed ${seed})`, () => {
    fc.assert(fc.property(records, fc.nat({ max: 2_000_000_000_000 }), checkScan), { seed });
  });

  test('cut short anywhere, or with a byte too many, is refused', () => {
    const body = encodeScan(full, at);
    for (let length = 0; length < body.length; length += 1) {
      expect(() => decodeScan(body.subarray(0, length), at), `length ${length}`).toThrow(CellError);
    }
    expect(() => decodeScan(Buffer.concat([body, Uint8Array.of(0)]), at)).toThrow(
      '1 bytes too many',
    );
  });

  test(`of any bytes: refused with a code, or the one encoding of what it says (seed ${seed})`, () => {
    const near = fc.tuple(records, fc.nat(), fc.nat({ max: 255 })).map(([record, place, byte]) => {
      const body = encodeScan(record, at);
      body[place % body.length] = byte;
      return body;
    });
    fc.assert(fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 60 })), checkBytes), {
      seed,
      numRuns: 3000,
    });
  });

  test.each([
    ['another version', '02'],
    ['a list longer than the body', '01 00 00 ffffff7f'],
    ['an integer longer than it needs to be', '01 8000'],
    ['an integer beyond 2^53', '01 ffffffffffffffff7f'],
    ['a value of an unknown kind', '01 00 00 01 00 07 00 00 0000000000 0000000000000000'],
    ['a level that is no bit', '01 00 00 00 01 00 00 02 00 00 00 00 0000000000000000'],
    [
      'an integer written as a fraction',
      '01 00 00 01 00 04 4014000000000000 00 00 0000000000 0000000000000000',
    ],
    ['NaN', '01 00 00 01 00 04 7ff8000000000000 00 00 0000000000 0000000000000000'],
    ['a negative zero as an integer', '01 00 00 01 00 03 40 00 00 0000000000 0000000000000000'],
    ['text that is not UTF-8', '01 00 00 01 00 06 01 ff 00 00 0000000000 0000000000000000'],
    ['a status beyond 32 bits', '01 00 00 01 00 00 8080808010 00 0000000000 0000000000000000'],
  ])('with %s is refused', (_, body) => {
    expect(() => decodeScan(unhex(body), at)).toThrow(
      expect.objectContaining({ code: 'E_CHRONICLE_FORMAT' }),
    );
  });
});

describe('what the hash of a row is taken of', () => {
  const row = {
    seq: 2,
    boot: 1,
    scan: null,
    at: 1_790_000_000_000,
    kind: 'stop',
    actor: 'system',
    body: Uint8Array.of(0x7b, 0x7d),
    prev: new Uint8Array(32),
  };
  const columns = `
    00000008 0000000000000002
    00000008 0000000000000001
    00000000
    00000008 000001a0c4506c00
    00000004 73746f70
    00000006 73797374656d
    00000002 7b7d
    00000020 ${'00'.repeat(32)}`;

  test('is these bytes: every column after its length', () => {
    expect(hex(hashInput(row))).toBe(hex(unhex(columns)));
    const digest = createHash('sha256').update(hashInput(row)).digest('hex');
    expect(digest).toBe('826cb6dc498b8275a538250c93741d75ef338ea1e3e02e6e435f0bf77ffde8ce');
  });

  test('tells no scan from scan 0, and a column from its neighbour', () => {
    const inputs = [
      row,
      { ...row, scan: 0 },
      { ...row, kind: 'stops', actor: 'ystem' },
      { ...row, kind: 'sto', actor: 'psystem' },
    ].map((each) => hex(hashInput(each)));
    expect(new Set(inputs).size).toBe(inputs.length);
  });
});

describe('bytes', () => {
  test(`integers of any size come back (seed ${seed})`, () => {
    fc.assert(fc.property(fc.maxSafeInteger(), checkInteger), { seed });
    for (const value of [0, 63, 64, -64, 127, 128, Number.MAX_SAFE_INTEGER]) checkInteger(value);
    checkInteger(-Number.MAX_SAFE_INTEGER);
  });

  test(`UTF-8 is what every other program makes of it (seed ${seed})`, () => {
    const encoder = new TextEncoder();
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    const check = (value: string) => {
      expect(hex(encodeUtf8(value))).toBe(hex(encoder.encode(value)));
      expect(decodeUtf8(encoder.encode(value))).toBe(decoder.decode(encoder.encode(value)));
    };
    fc.assert(fc.property(text, check), { seed });
    expect(hex(encodeUtf8('a\ud800b'))).toBe(hex(encoder.encode('a\ud800b')));
    const long = 'é🙂'.repeat(9000);
    expect(decodeUtf8(encodeUtf8(long))).toBe(long);
  });

  test(`bytes are UTF-8 exactly when every other program says so (seed ${seed})`, () => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const byte = fc.oneof(
      fc.nat({ max: 255 }),
      fc.constantFrom(0xc0, 0xe0, 0xed, 0xf0, 0xf4, 0x80),
    );
    const check = (bytes: number[]) => {
      let expected: string | undefined;
      try {
        expected = decoder.decode(Uint8Array.from(bytes));
      } catch {
        expected = undefined;
      }
      expect(decodeUtf8(Uint8Array.from(bytes))).toBe(expected);
    };
    fc.assert(fc.property(fc.array(byte, { maxLength: 6 }), check), { seed, numRuns: 20_000 });
  });
});

function checkScan(record: ScanRecord, time: number): void {
  expect(decodeScan(encodeScan(record, utcMs(time)), utcMs(time))).toEqual(record);
}

function checkBytes(body: Uint8Array): void {
  const read = tryDecode(body);
  expect(read === undefined || hex(encodeScan(read, at)) === hex(body)).toBe(true);
}

function checkInteger(value: number): void {
  const writer = new ByteWriter(1);
  writer.signed(value);
  writer.varint(Math.abs(value));
  writer.u64(Math.abs(value));
  const reader = new ByteReader(writer.take());
  expect([reader.signed(), reader.varint(), reader.u64(), reader.left]).toEqual([
    value,
    Math.abs(value),
    Math.abs(value),
    0,
  ]);
}

function tryDecode(body: Uint8Array): ScanRecord | undefined {
  try {
    return decodeScan(body, at);
  } catch (error) {
    if (error instanceof CellError && error.code === 'E_CHRONICLE_FORMAT') return undefined;
    throw error;
  }
}

const index = fc.oneof(fc.nat({ max: 300 }), fc.nat());
const value = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.string({ unit: 'grapheme' }),
);
const records: fc.Arbitrary<ScanRecord> = fc.record({
  now: fc.maxSafeNat(),
  missed: fc.nat(),
  tags: fc.array(
    fc.record({
      tag: index,
      value,
      status: fc.nat({ max: 0xffffffff }).map((code) => statusCode(code)),
      time: fc.nat({ max: 2_000_000_000_000 }).map((time) => utcMs(time)),
    }),
  ),
  held: fc.array(fc.record({ flow: index, command: index, down: fc.boolean() })),
  stepped: fc.array(fc.record({ flow: index, stepped: fc.boolean() })),
  fired: fc.array(fc.record({ flow: index, transition: index })),
  outputs: fc.array(fc.record({ tag: index, value })),
  trips: fc.array(
    fc.record({
      flow: index,
      interlock: index,
      tag: index,
      holds: fc.boolean(),
      latched: fc.boolean(),
    }),
  ),
  rolling: fc.record({ high: fc.nat({ max: 0xffffffff }), low: fc.nat({ max: 0xffffffff }) }),
});
