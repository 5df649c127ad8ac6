// RTU frames against bytes written out by hand from the specification, and times of a line.
import { describe, expect, test } from 'vitest';
import { crc16 } from '#drivers/modbus/port.ts';
import {
  breakEven,
  byteTime,
  exchangeTime,
  frameGap,
  readAnswer,
} from '#drivers/modbus/rtu-frame.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
/** With its CRC, low byte first. */
const adu = (hex: string): Buffer => {
  const body = bytes(hex);
  const crc = crc16(body, body.length);
  return Buffer.concat([body, Buffer.from([crc & 0xff, crc >> 8])]);
};

test('the CRC is that of the specification', () => {
  // The frame 02 07 has the CRC 12 41 [Modbus over Serial Line 1.02, 6.2.2].
  expect(crc16(bytes('02 07'), 2)).toBe(0x1241);
  expect(crc16(Buffer.from('123456789'), 9)).toBe(0x4b37);
});

const exchanges: [what: string, request: string, answer: string][] = [
  ['coils', '01 01 00 13 00 25', '01 01 05 cd 6b b2 0e 1b'],
  ['discrete inputs', '01 02 00 c4 00 16', '01 02 03 ac db 35'],
  ['holding registers', '01 03 00 6b 00 03', '01 03 06 02 2b 00 00 00 64'],
  ['input registers', '01 04 00 08 00 01', '01 04 02 00 0a'],
  ['a coil', '01 05 00 ac ff 00', '01 05 00 ac ff 00'],
  ['a register', '01 06 00 01 00 03', '01 06 00 01 00 03'],
  ['a register that the device limits', '01 06 00 01 00 ff', '01 06 00 01 00 64'],
  ['coils at once', '01 0f 00 13 00 0a 02 cd 01', '01 0f 00 13 00 0a'],
  ['registers at once', '01 10 00 01 00 02 04 00 0a 01 02', '01 10 00 01 00 02'],
  ['a server’s name', '01 11', '01 11 03 41 42 ff'],
  ['a file’s record', '01 14 07 06 00 04 00 01 00 02', '01 14 06 05 06 0d fe 00 20'],
  ['a masked register', '01 16 00 04 00 f2 00 25', '01 16 00 04 00 f2 00 25'],
  ['a write and a read', '01 17 00 03 00 02 00 0e 00 01 02 00 ff', '01 17 04 00 fe 0a cd'],
  ['an exception', '01 03 00 6b 00 03', '01 83 02'],
];

describe('an answer', () => {
  test.for(exchanges)('with %s is whole with its last byte', ([, ask, answer]) => {
    const [request, whole] = [adu(ask), adu(answer)];
    for (let length = 0; length < whole.length; length += 1) {
      expect(readAnswer(whole.subarray(0, length), request)).toEqual({ kind: 'short' });
    }
    expect(readAnswer(whole, request)).toEqual({ kind: 'whole', adu: whole, rest: 0 });
    const more = Buffer.concat([whole, bytes('00 01')]);
    expect(readAnswer(more, request)).toEqual({ kind: 'whole', adu: whole, rest: 2 });
  });

  test.for(exchanges)('with %s and any one bit wrong is none', ([, ask, answer]) => {
    const [request, whole] = [adu(ask), adu(answer)];
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const changed = Buffer.from(whole);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      // A wrong count only may wait for bytes that do not come: the deadline ends it.
      expect(readAnswer(changed, request).kind, `bit ${bit}`).toMatch(/wrong|short/);
    }
  });

  const others: [what: string, request: string, answer: string, text: RegExp][] = [
    ['of another unit', '01 03 00 00 00 01', '02 03 02 00 07', /unit 2/],
    ['to another function', '01 03 00 00 00 01', '01 04 02 00 07', /function 4/],
    ['with an exception of another function', '01 03 00 00 00 01', '01 84 02', /function 132/],
    ['for another count', '01 03 00 00 00 02', '01 03 02 00 07', /another request/],
    ['for another count of bits', '01 01 00 00 00 09', '01 01 01 07', /another request/],
    ['to a write elsewhere', '01 06 00 01 00 03', '01 06 00 02 00 03', /another request/],
    ['to a write of more', '01 10 00 01 00 01 02 00 0a', '01 10 00 01 00 02', /another request/],
    ['to another mask', '01 16 00 04 00 f2 00 25', '01 16 00 04 00 f2 00 26', /another request/],
    ['that is too long', '01 14 07 06 00 04 00 01 00 02', '01 14 ff 00', /260 bytes/],
  ];
  test.for(others)('%s is none', ([, ask, answer, text]) => {
    const reading = readAnswer(adu(answer), adu(ask));
    expect(reading).toMatchObject({ kind: 'wrong', text: expect.stringMatching(text) });
  });
});

test('the times of a line follow from its baud', () => {
  expect(byteTime(11_000)).toBe(1);
  expect(frameGap(9600)).toBeCloseTo(4.01, 2);
  expect(frameGap(19_200)).toBeCloseTo(2.005, 3);
  expect(frameGap(115_200)).toBe(1.75);
  expect(exchangeTime(9600, 250)).toBeCloseTo(309, 0);
  expect([breakEven(9600, 5), breakEven(115_200, 5), breakEven(300, 0)]).toEqual([12, 36, 10]);
});
