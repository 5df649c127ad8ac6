// Texts and bytes to values: what is no value of the tag's type is none at all.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TagType, Value } from '#contract/sample.ts';
import { formatText, parseText, readAt, textOf } from '#drivers/serial/codec.ts';
import { SerialAt } from '#drivers/serial/config.ts';

const parsed: [text: string, type: TagType, value: Value | undefined][] = [
  ['12', 'int', 12],
  [' 007 ', 'int', 7],
  ['+5', 'int', 5],
  ['-  5', 'int', -5],
  ['-0', 'int', 0],
  ['12.5', 'int', 12.5],
  ['9007199254740993', 'int', 9_007_199_254_740_993n],
  ['-9223372036854775808', 'int', -9_223_372_036_854_775_808n],
  ['18446744073709551615', 'int', 18_446_744_073_709_551_615n],
  ['18446744073709551616', 'int', undefined],
  ['-9223372036854775809', 'int', undefined],
  ['12.5', 'real', 12.5],
  ['.5', 'real', 0.5],
  ['5.', 'real', 5],
  ['1e3', 'real', 1000],
  ['1E-3', 'real', 0.001],
  ['9007199254740993', 'real', 9_007_199_254_740_992],
  ['1e999', 'real', undefined],
  ['-1e999', 'real', undefined],
  ['NaN', 'real', undefined],
  ['Infinity', 'real', undefined],
  ['', 'real', undefined],
  [' ', 'real', undefined],
  ['-', 'real', undefined],
  ['.', 'real', undefined],
  ['1,5', 'real', undefined],
  ['1 5', 'real', undefined],
  ['0x10', 'int', undefined],
  ['1_000', 'int', undefined],
  ['12kg', 'real', undefined],
  ['--.--', 'real', undefined],
  ['\u0661', 'int', undefined],
  ['1', 'bool', true],
  ['OFF', 'bool', false],
  ['True', 'bool', true],
  ['2', 'bool', undefined],
  ['', 'bool', undefined],
  ['3', 'enum', 3],
  ['Running', 'enum', 'Running'],
  ['', 'enum', undefined],
  [' a b ', 'string', ' a b '],
  ['', 'string', ''],
];
test.for(parsed)('%j as %s is %s', ([text, type, value]) => {
  expect(parseText(text, type)).toBe(value);
});

const formatted: [value: Value, text: string | undefined][] = [
  [true, '1'],
  [false, '0'],
  [12.5, '12.5'],
  [-3, '-3'],
  [9_007_199_254_740_993n, '9007199254740993'],
  ['AB 12', 'AB 12'],
  [Number.NaN, undefined],
  [1e21, undefined],
  [1e-7, undefined],
  ['a\rRESET', undefined],
  ['a\u0000', undefined],
  ['a\u0085', undefined],
  ['\u2028', undefined],
  ['', undefined],
  [null, undefined],
];
test.for(formatted)('%s in a command is %j', ([value, text]) => {
  expect(formatText(value)).toBe(text);
});

const frame = Buffer.from('02c3280a0b0c0dfffe7fc0000041420043', 'hex');
const placed: [at: object, value: Value | undefined][] = [
  [{ offset: 0 }, 2],
  [{ offset: 0, bit: 1 }, true],
  [{ offset: 0, bit: 0 }, false],
  [{ offset: 7, as: 'i8' }, -1],
  [{ offset: 3, as: 'u16' }, 0x0a0b],
  [{ offset: 3, as: 'u16', order: 'DCBA' }, 0x0b0a],
  [{ offset: 3, as: 'u16', order: 'BADC' }, 0x0b0a],
  [{ offset: 3, as: 'u16', order: 'CDAB' }, 0x0a0b],
  [{ offset: 7, as: 'i16' }, -2],
  [{ offset: 3, as: 'u32' }, 0x0a0b0c0d],
  [{ offset: 3, as: 'u32', order: 'CDAB' }, 0x0c0d0a0b],
  [{ offset: 3, as: 'u32', order: 'BADC' }, 0x0b0a0d0c],
  [{ offset: 3, as: 'u32', order: 'DCBA' }, 0x0d0c0b0a],
  [{ offset: 5, as: 'i32' }, 0x0c0dfffe],
  [{ offset: 3, as: 'u64' }, 0x0a0b0c0dfffe7fc0n],
  [{ offset: 7, as: 'i64' }, -422_487_342_956_222n],
  [{ offset: 9, as: 'f32' }, undefined],
  [{ offset: 13, as: 'string(4)' }, 'AB'],
  [{ offset: 0, as: 'string(3)' }, undefined],
  [{ offset: 16, as: 'u8' }, 0x43],
  [{ offset: 16, as: 'u16' }, undefined],
  [{ offset: 17 }, undefined],
];
test.for(placed)('at %o of the frame is %s', ([at, value]) => {
  const place = SerialAt.parse(at);
  if (place === undefined) throw new Error('a place');
  expect(readAt(frame, place)).toBe(value);
});

describe('bytes as text', () => {
  test.for([
    ['41', 'A', 'A'],
    ['c3a4', 'ä', 'Ã¤'],
    ['c3', undefined, 'Ã'],
    ['c328', undefined, 'Ã('],
    ['eda080', undefined, 'í\u00a0\u0080'],
    ['f8888080', undefined, 'ø\u0088\u0080\u0080'],
    ['b0', undefined, '°'],
    ['00', '\0', '\0'],
  ] as const)('%s', ([hex, utf8, latin1]) => {
    expect(textOf(Buffer.from(hex, 'hex'), 'utf8')).toBe(utf8);
    expect(textOf(Buffer.from(hex, 'hex'), 'latin1')).toBe(latin1);
  });
});

test('any text read as a number is the number that it says, or none', () => {
  const near = fc
    .array(fc.constantFrom(...'0123456789.+-eE xn\u0000'.split('')), { maxLength: 12 })
    .map((units) => units.join(''));
  fc.assert(
    fc.property(fc.oneof(near, fc.string({ maxLength: 20 })), (text) => {
      for (const type of ['int', 'real'] as const) {
        const value = parseText(text, type);
        if (value === undefined) continue;
        // A sign apart from its number is the one thing that JavaScript does not read so.
        expect(Number(value)).toBe(Number(text.replaceAll(/\s/g, '')) + 0);
      }
    }),
    { seed: 31, numRuns: 5000 },
  );
});
