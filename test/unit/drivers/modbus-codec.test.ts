// Registers to values and back, against bytes worked out by hand and against each other.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Value } from '#contract/sample.ts';
import { decode, encode, formatOf, wordsOf } from '#drivers/modbus/codec.ts';
import type { Format } from '#drivers/modbus/codec.ts';

type Order = 'ABCD' | 'CDAB' | 'BADC' | 'DCBA';
const orders: Order[] = ['ABCD', 'CDAB', 'BADC', 'DCBA'];
type Encodable = Exclude<Format, { kind: 'bit' }>;
const format = (as: string, order: Order = 'ABCD'): Encodable => {
  const found = formatOf(as, order, undefined);
  if (found.kind === 'bit') throw new Error('no bit was asked for');
  return found;
};
/** `00 6B 02 2B` to registers. */
const words = (hex: string): number[] =>
  hex.split(' ').flatMap((byte, i, all) => {
    return i % 2 === 0 ? [Number.parseInt(`${byte}${all[i + 1]}`, 16)] : [];
  });

describe('a register holds what the specification says', () => {
  // Application Protocol 1.1b3, 6.3: the answer 02 2B 00 00 00 64 is 555, 0 and 100.
  test('the example of function 3 reads as 555, 0 and 100', () => {
    const answer = words('02 2B 00 00 00 64');
    expect([0, 1, 2].map((i) => decode(answer, i, format('u16')))).toEqual([555, 0, 100]);
  });
  // 6.4: the answer 00 0A of function 4 is 10.
  test('the example of function 4 reads as 10', () => {
    expect(decode(words('00 0A'), 0, format('u16'))).toBe(10);
  });
  // 6.12: 00 0A and 01 02 are written to two registers.
  test('the example of function 16 is written as 10 and 258', () => {
    expect([encode(10, format('u16')), encode(258, format('u16'))]).toEqual([[0x000a], [0x0102]]);
  });

  const golden: [as: string, order: Order, hex: string, value: Value][] = [
    ['u16', 'ABCD', 'FF FE', 65534],
    ['i16', 'ABCD', 'FF FE', -2],
    ['u16', 'DCBA', '12 34', 0x1234],
    ['u32', 'ABCD', '12 34 56 78', 0x12345678],
    ['u32', 'CDAB', '56 78 12 34', 0x12345678],
    ['u32', 'BADC', '34 12 78 56', 0x12345678],
    ['u32', 'DCBA', '78 56 34 12', 0x12345678],
    ['u32', 'ABCD', 'FF FF FF FF', 4294967295],
    ['i32', 'ABCD', 'FF FF FF FF', -1],
    ['i32', 'CDAB', '00 00 80 00', -2147483648],
    ['u64', 'ABCD', '01 23 45 67 89 AB CD EF', 0x0123456789abcdefn],
    ['u64', 'CDAB', 'CD EF 89 AB 45 67 01 23', 0x0123456789abcdefn],
    ['u64', 'BADC', '23 01 67 45 AB 89 EF CD', 0x0123456789abcdefn],
    ['u64', 'DCBA', 'EF CD AB 89 67 45 23 01', 0x0123456789abcdefn],
    ['i64', 'ABCD', 'FF FF FF FF FF FF FF FE', -2n],
    // IEEE 754: 1.5 is 3FC00000, -0.15625 is BE200000.
    ['f32', 'ABCD', '3F C0 00 00', 1.5],
    ['f32', 'CDAB', '00 00 3F C0', 1.5],
    ['f32', 'BADC', 'C0 3F 00 00', 1.5],
    ['f32', 'DCBA', '00 00 C0 3F', 1.5],
    ['f32', 'ABCD', 'BE 20 00 00', -0.15625],
    ['f64', 'ABCD', '3F F8 00 00 00 00 00 00', 1.5],
    ['f64', 'DCBA', '00 00 00 00 00 00 F8 3F', 1.5],
    ['string(4)', 'ABCD', '41 42 43 44', 'ABCD'],
    ['string(4)', 'BADC', '42 41 44 43', 'ABCD'],
    ['string(3)', 'ABCD', '41 42 43 00', 'ABC'],
    ['string(6)', 'ABCD', '41 00 00 00 00 00', 'A'],
    ['string(2)', 'ABCD', 'C3 A9', 'é'],
  ];
  test.for(golden)('%s %s: %s is %s', ([as, order, hex, value]) => {
    expect(decode(words(hex), 0, format(as, order))).toBe(value);
    expect(encode(value, format(as, order))).toEqual(words(hex));
  });

  test('the odd byte after a string of odd length is not read', () => {
    expect(decode(words('41 42 43 44'), 0, format('string(3)'))).toBe('ABC');
  });

  test.for([0, 1, 7, 8, 15])('bit %i of a register, bit 0 being worth 1', (bit) => {
    const one = formatOf('u16', 'ABCD', bit);
    expect(decode([1 << bit], 0, one)).toBe(true);
    expect(decode([0xffff & ~(1 << bit)], 0, one)).toBe(false);
  });
});

describe('what is no value is none', () => {
  const bad: [what: string, as: string, hex: string][] = [
    ['a quiet NaN', 'f32', '7F C0 00 00'],
    ['a signalling NaN', 'f32', '7F A0 00 00'],
    ['infinity', 'f32', '7F 80 00 00'],
    ['minus infinity', 'f32', 'FF 80 00 00'],
    ['a NaN of 64 bits', 'f64', '7F F8 00 00 00 00 00 00'],
    ['infinity of 64 bits', 'f64', '7F F0 00 00 00 00 00 00'],
    ['bytes that are not UTF-8', 'string(2)', 'FF FE'],
    ['an overlong form', 'string(2)', 'C0 80'],
    ['half of a 32-bit value', 'u32', '00 01'],
    ['three quarters of a 64-bit value', 'f64', '3F F8 00 00 00 00'],
  ];
  test.for(bad)('%s as %s', ([, as, hex]) => {
    expect(decode(words(hex), 0, format(as))).toBeUndefined();
  });

  const unfit: [as: string, value: Value][] = [
    ['u16', -1],
    ['u16', 65536],
    ['u16', 1.5],
    ['u16', true],
    ['u16', 'text'],
    ['u16', null],
    ['i16', 32768],
    ['i16', -32769],
    ['u32', 4294967296],
    ['i32', -2147483649],
    ['u64', -1n],
    ['u64', 18446744073709551616n],
    ['i64', 9223372036854775808n],
    ['u64', 2 ** 60],
    ['f32', Number.NaN],
    ['f32', Infinity],
    ['f32', 1e39],
    ['f64', Infinity],
    ['f32', 1n],
    ['string(2)', 'abc'],
    ['string(2)', 'é!'],
    ['string(4)', 'a\0b'],
    ['string(4)', 4],
  ];
  test.for(unfit)('%s cannot hold %s', ([as, value]) => {
    expect(encode(value, format(as))).toBeUndefined();
  });
});

describe('what was encoded is decoded as the same', () => {
  const integers: [as: string, low: bigint, high: bigint][] = [
    ['u16', 0n, 0xffffn],
    ['i16', -0x8000n, 0x7fffn],
    ['u32', 0n, 0xffffffffn],
    ['i32', -0x80000000n, 0x7fffffffn],
    ['u64', 0n, 2n ** 64n - 1n],
    ['i64', -(2n ** 63n), 2n ** 63n - 1n],
  ];
  const values: [as: string, arbitrary: fc.Arbitrary<Value>][] = [
    ...integers.map(([as, min, max]): [string, fc.Arbitrary<Value>] => {
      const wide = as.endsWith('64');
      return [as, fc.bigInt({ min, max }).map((value) => (wide ? value : Number(value)))];
    }),
    ['f32', fc.float({ noNaN: true, noDefaultInfinity: true })],
    ['f64', fc.double({ noNaN: true, noDefaultInfinity: true })],
    ['string(10)', fc.string({ maxLength: 10 }).filter((text) => !text.includes('\0'))],
  ];
  test.for(values)('%s in every order', ([as, arbitrary]) => {
    fc.assert(
      fc.property(arbitrary, fc.constantFrom(...orders), (value, order) => {
        const form = format(as, order);
        const coded = encode(value, form) ?? [];
        expect(coded).toHaveLength(wordsOf(form));
        expect(decode([7, ...coded, 7], 1, form)).toBe(value);
      }),
      { seed: 20261122, numRuns: 200 },
    );
  });
});
