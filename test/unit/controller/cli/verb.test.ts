// How the words after a verb are read, and how values that a person types become values of the cell.
import { describe, expect, test } from 'vitest';
import { CellError } from '#contract/error.ts';
import { actVerbs } from '#controller/cli/act.ts';
import { askVerbs } from '#controller/cli/ask.ts';
import { checkVerbs } from '#controller/cli/check.ts';
import { demoVerbs } from '#controller/cli/demo.ts';
import { initVerbs } from '#controller/cli/init.ts';
import { linkVerbs } from '#controller/cli/link.ts';
import { pkiVerbs } from '#controller/cli/pki.ts';
import { recordVerbs } from '#controller/cli/record.ts';
import { replayVerbs } from '#controller/cli/replay.ts';
import { scalarOf } from '#controller/typed-value.ts';
import { runVerbs } from '#controller/cli/run.ts';
import { simulateVerbs } from '#controller/cli/simulate.ts';
import { testVerbs } from '#controller/cli/test.ts';
import { exit, helpOf, readInvocation, table } from '#controller/cli/verb.ts';
import type { Verb } from '#controller/cli/verb.ts';
import { deviceFaults } from '#simulator/faults.ts';
import { plantActNames } from '#simulator/plant/plant.ts';

const verb: Verb = {
  name: 'set',
  usage: 'FLOW PARAMETER VALUE',
  summary: 'Sets a parameter.',
  example: 'rebe set tending batch 50',
  words: [2, 3],
  options: {
    for: { type: 'string', help: 'how long' },
    clear: { type: 'boolean', help: 'clear' },
  },
  run: () => Promise.resolve(exit.good),
};

const refused = (argv: readonly string[]): unknown => {
  try {
    readInvocation(verb, argv);
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('words and options', () => {
  test('stand in any order', () => {
    for (const argv of [
      ['a', 'b', '--for', '10s', '--json', '--data', 'x'],
      ['--data', 'x', '--json', 'a', '--for=10s', 'b'],
    ]) {
      const read = readInvocation(verb, argv);
      expect(read).toMatchObject({ words: ['a', 'b'], json: true, data: 'x', help: false });
      expect(read.option('for')).toBe('10s');
      expect(read.flag('clear')).toBe(false);
    }
  });

  test('have their defaults', () => {
    const read = readInvocation(verb, ['a', 'b']);
    expect(read).toMatchObject({ json: false, data: 'data', help: false });
    expect(read.option('for')).toBeUndefined();
  });

  test.each([
    [
      ['a', 'b', '-3'],
      ['a', 'b', '-3'],
    ],
    [
      ['a', 'b', '-3', '--data', 'x'],
      ['a', 'b', '-3'],
    ],
    [
      ['a', '-.5', '--json'],
      ['a', '-.5'],
    ],
    [
      ['a', '--for', '-3', 'b'],
      ['a', 'b'],
    ],
    [
      ['a', '--', '--b'],
      ['a', '--b'],
    ],
  ])('a negative number is a value: %j', (argv, words) => {
    expect(readInvocation(verb, argv).words).toEqual(words);
  });

  test('a negative number may be the value of an option', () => {
    expect(readInvocation(verb, ['a', 'b', '--for', '-3']).option('for')).toBe('-3');
  });

  test.each([
    [['a']],
    [['a', 'b', 'c', 'd']],
    [['a', 'b', '--what']],
    [['a', 'b', '--for']],
    [['a', 'b', '--clear=x']],
    [['a', 'b', '-x']],
  ])('what is not understood is a wrong use: %j', (argv) => {
    const error = refused(argv);
    expect(error).toBeInstanceOf(CellError);
    expect(error).toMatchObject({ code: 'E_USAGE' });
    expect(String(error)).toContain('rebe set');
    expect(String(error)).not.toContain('\0');
  });

  test.each([
    [['a', 'b', '--jsno'], 'rebe set has no --jsno; did you mean --json?'],
    [['a', 'b', '--what'], 'rebe set has no --what; it has --data, --json, --help, --for, --clear'],
    [['a'], 'it is `rebe set FLOW PARAMETER VALUE`, such as `rebe set tending batch 50`'],
  ])('a wrong use is told what to write: %j', (argv, message) => {
    expect(refused(argv)).toMatchObject({ message });
  });

  test('with --help no words are missing', () => {
    expect(readInvocation(verb, ['--help']).help).toBe(true);
  });
});

describe('help', () => {
  const all = [
    ...demoVerbs,
    ...runVerbs,
    ...simulateVerbs,
    ...initVerbs,
    ...testVerbs,
    ...checkVerbs,
    ...askVerbs,
    ...actVerbs,
    ...linkVerbs,
    ...pkiVerbs,
    ...recordVerbs,
    ...replayVerbs,
  ];
  test.each(all.map((one) => [one.name, one] as const))(
    '%s has a page with an example that it takes itself',
    (name, one) => {
      const page = helpOf(one);
      expect(page.startsWith(`rebe ${name} ${one.usage}`.trim())).toBe(true);
      expect(page).toContain(`Example: rebe ${name}`);
      for (const option of Object.keys(one.options ?? {})) expect(page).toContain(`--${option}`);
      for (const option of ['data', 'json', 'help']) expect(page).toContain(`--${option}`);
      const words = [...one.example.matchAll(/"([^"]*)"|(\S+)/g)].map(
        ([, quoted, word]) => quoted ?? word ?? '',
      );
      expect(words.slice(0, 2)).toEqual(['rebe', name]);
      expect(() => readInvocation(one, words.slice(2))).not.toThrow();
    },
  );

  test('of all verbs is a list with short sentences', () => {
    expect(all.filter(({ summary }) => summary.length > 120).map(({ name }) => name)).toEqual([]);
  });

  test('of `fault` names every fault that there is', () => {
    const [fault] = all.filter(({ name }) => name === 'fault').map((one) => helpOf(one));
    const known = [...deviceFaults, ...plantActNames];
    expect(known.filter((kind) => fault?.includes(kind) !== true)).toEqual([]);
  });

  test('no verb stands twice', () => {
    const names = all.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

test.each([
  ['bool', 'true', true],
  ['bool', 'false', false],
  ['bool', '1', '1'],
  ['int', '12', 12],
  ['int', '-3', -3],
  ['int', '', ''],
  ['int', ' ', ' '],
  ['int', 'many', 'many'],
  ['real', '1.5e3', 1500],
  ['real', 'Infinity', 'Infinity'],
  ['real', 'NaN', 'NaN'],
  ['string', '12345', '12345'],
  ['string', 'true', 'true'],
  ['enum', '1', '1'],
  ['enum', 'load', 'load'],
] as const)('for a %s, %j is %j', (type, text, value) => {
  expect(scalarOf(type, text)).toBe(value);
});

test('a table is aligned by its widest cells', () => {
  expect(
    table([
      ['TAG', 'VALUE'],
      ['door', '1'],
      ['x', ''],
    ]),
  ).toBe('TAG   VALUE\ndoor  1\nx');
});

test('the exit codes are those of sysexits', () => {
  expect(exit).toEqual({ good: 0, found: 1, usage: 64, internal: 70 });
});
