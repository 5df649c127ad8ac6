import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '#contract/canonical.ts';
import type { Json } from '#contract/canonical.ts';

/** A double from its bits, as RFC 8785 lists them. */
function fromBits(bits: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${bits}`));
  return view.getFloat64(0);
}

// [RFC 8785 appendix B]
describe('numbers are written as RFC 8785 lists them', () => {
  test.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('%s is %s', (bits, text) => {
    expect(canonicalJson(fromBits(bits))).toBe(text);
  });

  test.each([['7fffffffffffffff'], ['7ff0000000000000'], ['fff0000000000000']])(
    '%s is no JSON',
    (bits) => {
      expect(() => canonicalJson(fromBits(bits))).toThrow('finite numbers only');
    },
  );
});

test('members are sorted by UTF-16 units', () => {
  // [RFC 8785 section 3.2.3]
  const value = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  };
  const order = Object.values(JSON.parse(canonicalJson(value)) as Record<string, string>);
  // JSON.parse puts integer-like keys first; the text itself does not.
  expect(canonicalJson(value)).toBe(
    [
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control",',
      '"\u00f6":"Latin Small Letter O With Diaeresis","\u20ac":"Euro Sign",',
      '"\ud83d\ude00":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    ].join(''),
  );
  expect(order).toHaveLength(7);
});

test('a text, literals and nested values are written without white space', () => {
  // [RFC 8785 section 3.2.2]
  const value = {
    numbers: [fromBits('41b3de4355555555'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000f\nA\'B"\\\\"/',
    literals: [null, true, false],
  };
  expect(canonicalJson(value)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test('absent members are left out, and empty things stay', () => {
  expect(canonicalJson({ b: undefined, a: {}, c: [] })).toBe('{"a":{},"c":[]}');
});

test('equal values give one text, whatever the order they were made in', () => {
  const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, false),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string({ unit: 'grapheme-composite' }),
      fc.array(tie('tree')),
      fc.dictionary(fc.string(), tie('tree')),
    ),
  }));
  const turned = (value: Json): Json => {
    if (Array.isArray(value)) return value.map((item: Json) => turned(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, member]) => [key, member === undefined ? undefined : turned(member)]),
    );
  };
  fc.assert(
    fc.property(tree, (value) => {
      const text = canonicalJson(value);
      expect(canonicalJson(turned(value))).toBe(text);
      expect(canonicalJson(JSON.parse(text) as Json)).toBe(text);
    }),
    { seed: 8785, numRuns: 1000 },
  );
});
