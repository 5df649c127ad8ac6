// Whatever text it is given, `compileFlow` ends soon, throws nothing and says something sensible:
// a flow or an error, every place inside the text. Seeds make it repeatable.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { flowCodes } from '#flows/language/codes.ts';
import { compileFlow } from '#flows/language/compile.ts';
import { formatDiagnostic } from '#contract/diagnostic.ts';
import type { Chance } from './random.ts';
import { chanceOf, pick } from './random.ts';
import { flowText } from './sources.ts';

/** Milliseconds that one text may take, with room for a busy machine. */
const patience = 20_000;
const known: ReadonlySet<string> = new Set(Object.keys(flowCodes));
const lamp = readFileSync('flows/lamp/lamp.flow.yaml', 'utf8');
const tending = readFileSync('flows/cnc-tending/cnc-tending.flow.yaml', 'utf8');
const corpus = [flowText(), lamp];

/** What is wrong with how a text was taken; nothing, if all is well. */
function faults(text: string): string[] {
  const start = performance.now();
  const { flow, diagnostics } = compileFlow('fuzz', text);
  const took = performance.now() - start;
  const found: string[] = [];
  const failed = diagnostics.some(({ severity }) => severity === 'error');
  if (failed === (flow !== undefined)) found.push('a flow with errors, or none without');
  if (took > patience) found.push(`took ${took} ms`);
  for (const one of diagnostics) {
    const { start: from, end } = one.span;
    if (!known.has(one.code)) found.push(`code ${one.code}`);
    if (!(from >= 0 && from <= end && end <= text.length)) found.push(`span ${from}-${end}`);
    if (formatDiagnostic(one, text) === '') found.push('nothing to show');
  }
  const places = diagnostics.map(({ span }) => span.start);
  if (places.some((place, index) => place < (places[index - 1] ?? 0))) found.push('order');
  return found;
}

/** What YAML and the language give a meaning, and what JavaScript does. */
const pieces = (
  '{ } [ ] : , - ? # &a *a ! !!str " \' | > <<: %YAML --- ... \\ ~ null on off true 1e999 -0 0x10 ' +
  '.inf .nan 99999999999999999999 5s ( ) && || == - rise( active( cmd. sys.device. regions: ' +
  'states: go: let: inputs: main to: when: flow.a-b.sig.c __proto__ constructor toString'
)
  .split(' ')
  .concat([': ', ', ', '- ', '? ', ' #', '|\n', '\n', '\r\n', '\t', '  ', '%YAML 1.1\n', '---\n'])
  .concat(['\u0000', '\uFEFF', '\uD800', '가']);

function mutated(text: string, chance: Chance): string {
  let next = text;
  for (let count = 1 + chance(6); count > 0; count -= 1) {
    const at = chance(next.length + 1);
    const length = chance(4) === 0 ? chance(200) : chance(12);
    const kind = chance(5);
    const cut = next.slice(at, at + length);
    const put =
      kind === 0
        ? ''
        : kind === 1
          ? pick(chance, pieces)
          : kind === 2
            ? cut + cut
            : kind === 3
              ? next.slice(chance(next.length + 1)).slice(0, length)
              : String.fromCharCode(chance(4) === 0 ? chance(0xffff) : 32 + chance(95));
    next = next.slice(0, at) + put + next.slice(kind === 1 ? at : at + length);
  }
  return next;
}

/** Swaps a word of the text for another: structure stays, meaning does not. */
function reworded(text: string, chance: Chance): string {
  const words = [...text.matchAll(/[A-Za-z][A-Za-z0-9.]*|\d+(?:ms|s)?/g)];
  const from = pick(chance, words);
  const into = pick(chance, words)[0];
  return text.slice(0, from.index) + into + text.slice(from.index + from[0].length);
}

const many = (count: number, write: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => write(index)).join('\n');
const withSection = (name: string, body: string): string =>
  flowText().replace(`${name}:`, `${name}:\n${body}`);

const seeds = Array.from({ length: 3 }, (_, index) => 100 + index);

describe('compileFlow takes any text', { timeout: 60_000 }, () => {
  test.each(seeds)('random pieces, seed %i', (seed) => {
    const chance = chanceOf(seed);
    for (let round = 0; round < 150; round += 1) {
      const text = Array.from({ length: 1 + chance(60) }, () => pick(chance, pieces)).join('');
      expect(faults(text), `seed ${seed}, round ${round}: ${JSON.stringify(text)}`).toEqual([]);
    }
  });

  test.each(seeds)('random units, seed %i', (seed) => {
    const chance = chanceOf(seed);
    for (let round = 0; round < 100; round += 1) {
      const units = Array.from({ length: chance(300) }, () =>
        chance(chance(3) === 0 ? 65_536 : 128),
      );
      const text = String.fromCharCode(...units);
      expect(faults(text), `seed ${seed}, round ${round}: ${JSON.stringify(text)}`).toEqual([]);
    }
  });

  test.each(seeds)('mutated flows, seed %i', (seed) => {
    const chance = chanceOf(seed);
    for (let round = 0; round < 60; round += 1) {
      const base = pick(chance, corpus);
      const text = chance(2) === 0 ? mutated(base, chance) : reworded(base, chance);
      expect(faults(text), `seed ${seed}, round ${round}: ${JSON.stringify(text)}`).toEqual([]);
    }
  });

  test('mutations of the machine tending flow, seed 5', () => {
    const chance = chanceOf(5);
    for (let round = 0; round < 8; round += 1) {
      const text = round % 2 === 0 ? mutated(tending, chance) : reworded(tending, chance);
      expect(faults(text), `seed 5, round ${round}`).toEqual([]);
    }
  });

  test.each([
    ['deep lists', '['.repeat(250_000)],
    ['deep maps', '{a: '.repeat(60_000)],
    ['deep blocks', many(400, (index) => `${' '.repeat(index)}a:`)],
    ['deep states', many(120, (index) => `${'  '.repeat(index)}states:\n${'  '.repeat(index)} a:`)],
    ['deep parentheses', withSection('let', `  x: "${'('.repeat(4000)}"`)],
    ['many signs', withSection('let', `  x: "${'!'.repeat(4000)}a"`)],
    ['a long conjunction', withSection('let', `  x: "a${' && a'.repeat(250)}"`)],
    ['a long sum', withSection('let', `  x: "n${'+n'.repeat(2040)} > 1"`)],
    ['a long sum that is just short enough', withSection('let', `  x: "n${'+n'.repeat(250)} > 1"`)],
    ['a long expression', withSection('let', `  x: "a${' && a'.repeat(40_000)}"`)],
    [
      'a long chain of lets',
      withSection(
        'let',
        many(4000, (index) => `  x${index}: x${index + 1} && a`),
      ),
    ],
    [
      'doubling lets',
      withSection(
        'let',
        many(4000, (index) => `  x${index}: x${index + 1} && x${index + 1}`),
      ),
    ],
    [
      'many inputs',
      withSection(
        'inputs',
        many(4000, (index) => `  x${index}: {type: bool, stale: 1s}`),
      ),
    ],
    ['very many keys', many(40_000, (index) => `k${index}:`)],
    ['one long key', `${'k'.repeat(200_000)}: 1`],
    [
      'one long word where another is meant',
      flowText().replace('to: B', `to: ${'B'.repeat(100_000)}`),
    ],
    [
      'many transitions',
      flowText().replace(
        '          - {id: T2',
        `${many(6000, (index) => `          - {id: X${index}, unless: b, to: B}`)}\n          - {id: T2`,
      ),
    ],
    [
      'many transitions of long guards',
      flowText().replace(
        '          - {id: T2',
        `${many(50, (index) => `          - {id: X${index}, when: "n > 1${' && a'.repeat(250)}", to: B}`)}\n          - {id: T2`,
      ),
    ],
    [
      'many states',
      flowText().replace(
        '      B:',
        `${many(9000, (index) => `      S${index}: {rest: true}`)}\n      B:`,
      ),
    ],
    ['white space in an expression', withSection('let', `  x: "a${' '.repeat(100_000)} && bb"`)],
    ['escapes in an expression', withSection('let', `  x: "${'\\x61'.repeat(3000)}"`)],
    ['one long line of quotes', '"'.repeat(100_000)],
    ['one long comment', `#${'x'.repeat(200_000)}`],
  ])('%s', (_, text) => {
    expect(faults(text.slice(0, 256 * 1024))).toEqual([]);
  });
});
