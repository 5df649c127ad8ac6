// Patterns: the same matches as JavaScript's own, and no pattern that makes a scan wait.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { patternOf } from '#drivers/serial/pattern.ts';
import type { Pattern } from '#drivers/serial/pattern.ts';

function pattern(source: string): Pattern {
  const made = patternOf(source);
  if (typeof made === 'string') throw new Error(`${source}: ${made}`);
  return made;
}

/** JavaScript's own answer in the same words. */
function native(source: string, text: string): { group: string | undefined } | undefined {
  const found = new RegExp(source).exec(text);
  return found === null ? undefined : { group: found[1] };
}

const matches: [source: string, text: string, group: string | undefined | null][] = [
  ['^P=([0-9.]+)$', 'P=12.5', '12.5'],
  ['^P=([0-9.]+)$', 'P=12.5 ', null],
  ['^P=([0-9.]+)$', 'P=', null],
  ['^([A-Z0-9-]{1,64})$', 'AB-12', 'AB-12'],
  ['^([A-Z0-9-]{1,4})$', 'AB-12', null],
  ['^ST,GS,([+-]\\s*\\d+\\.\\d+)\\s*kg$', 'ST,GS,+  12.50 kg', '+  12.50'],
  ['(\\d+)', 'a12b345', '12'],
  ['(\\d+?)', 'a12b345', '1'],
  ['(on|off|one)$', 'is one', 'one'],
  ['(?:(a)|b)*', 'ab', undefined],
  ['(a|ab)(?:c|bcd)(?:d*)', 'abcd', 'a'],
  ['\\x02([^\\x03]*)\\x03', 'x\u0002ab\u0003', 'ab'],
  ['^(.)$', '\r', null],
  ['(a{2,3}?)', 'aaaa', 'aa'],
  ['^()$', '', ''],
  ['a]?b', 'ab', null],
  ['[]-]', ']', null],
  ['x*', '', undefined],
];
test.for(matches.filter(([source]) => typeof patternOf(source) !== 'string'))(
  '%s on %j',
  ([source, text, group]) => {
    expect(pattern(source).match(text)).toEqual(group === null ? undefined : { group });
    expect(pattern(source).match(text)).toEqual(native(source, text));
  },
);

const refused: [source: string, reason: string][] = [
  ['(a', 'a `(` without its `)`'],
  ['a)', 'a `)` without its `(`'],
  ['[a', 'a `[` without its `]`'],
  ['a\\', 'a `\\` at the end'],
  ['*a', '`*` repeats nothing'],
  ['(a*)*', 'it repeats what may be empty'],
  ['(|a)+', 'it repeats what may be empty'],
  ['a**', 'a repetition is repeated'],
  ['a+{2}', 'a repetition is repeated'],
  ['(a)\\1', '`\\1` is not supported'],
  ['(?=a)', 'only (…) and (?:…) are groups here'],
  ['(?<name>a)', 'only (…) and (?:…) are groups here'],
  ['\\bword', '`\\b` is not supported'],
  ['\\p{L}', '`\\p` is not supported'],
  ['\\u{41}', '`\\u` is not supported'],
  ['a{3,2}', 'a count whose end is before its beginning'],
  ['a{,3}', 'a `{` that begins no count is written `\\{`'],
  ['[z-a]', 'a range whose end is before its beginning'],
  ['[\\d-z]', 'a class in a range'],
  ['^*', 'an anchor is not repeated'],
  ['a{9999}', 'the pattern is too long'],
  ['((a{100}){100}){100}', 'the pattern is too long'],
  [`${'('.repeat(30)}a${')'.repeat(30)}`, 'groups too deep in groups'],
  ['a]', '`]` alone is written `\\]`'],
];
test.for(refused)('%s is refused: %s', ([source, reason]) => {
  expect(patternOf(source)).toBe(reason);
});

describe('patterns that ruin others take no time here', () => {
  const text = `${'a'.repeat(4000)}!`;
  test.for(['^(a+)+$', '^(a|a)+$', '(a|aa)+$', '(.*)(.*)(.*)(.*)(.*)x', 'a?a?a?a*a*a*a*a*b'])(
    '%s',
    (source) => {
      const began = performance.now();
      expect(pattern(source).match(text)).toBeUndefined();
      expect(performance.now() - began).toBeLessThan(2000);
    },
  );
});

test('random patterns match random texts as JavaScript does', () => {
  const unit = fc.constantFrom('a', 'b', 'c', '.', '\\d', '[ab]', '[^a]', '\\w', '\\n', '1', '\\S');
  const tree = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      unit,
      fc.constantFrom('^', '$'),
      fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')),
      fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(?:${a}|${b})`),
      tie('node').map((inner) => `(${inner})`),
      fc
        .tuple(
          tie('node'),
          fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{2,}', '*?', '+?', '??'),
        )
        .map(([inner, times]) => `(?:${inner})${times}`),
      fc
        .tuple(tie('node'), fc.constantFrom('*', '+', '?', '{0,2}'))
        .map(([inner, times]) => `(${inner})${times}`),
    ),
  })).node;
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', '1', '\n', ' '), { maxLength: 12 })
    .map((units) => units.join(''));
  let allowed = 0;
  fc.assert(
    fc.property(tree, fc.array(text, { minLength: 3, maxLength: 3 }), (source, texts) => {
      const made = patternOf(source);
      if (typeof made === 'string') return;
      allowed += 1;
      for (const one of texts) {
        expect(made.match(one), `${source} on ${JSON.stringify(one)}`).toEqual(native(source, one));
      }
    }),
    { seed: 4711, numRuns: 4000 },
  );
  expect(allowed).toBeGreaterThan(1500);
});

test('random text is a pattern that JavaScript knows too, or is refused', () => {
  const source = fc
    .array(fc.constantFrom(...'ab01()[]{}^$.|*+?\\,-:=dwsx'.split('')), { maxLength: 14 })
    .map((units) => units.join(''));
  fc.assert(
    fc.property(source, fc.constantFrom('', 'ab', 'a01', '-b]'), (one, text) => {
      const made = patternOf(one);
      if (typeof made === 'string') return;
      expect(made.match(text), `${one} on ${text}`).toEqual(native(one, text));
    }),
    { seed: 4712, numRuns: 6000 },
  );
});
