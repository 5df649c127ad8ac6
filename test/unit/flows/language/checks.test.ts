// language.md section 10: what is checked of a flow as a whole, and the advice of section 3.
import { describe, expect, test } from 'vitest';
import { flowCodes } from '#flows/language/codes.ts';
import type { Refusal } from './sources.ts';
import {
  cleanFlow,
  compile,
  flowText,
  refusal,
  told,
  withMore,
  withTransition,
} from './sources.ts';

/** A region with these transitions in its state A, before one to B and one back. */
const region = (go: string, more = ''): string =>
  flowText({
    regions: `
  main:
    initial: A${more}
    states:
      A:
        rest: true
        go:
          - {id: T1, when: cmd.press && cmd.hand, to: B}
${go}
      B:
        rest: true
        do: {want: true}
        go:
          - {id: T9, unless: both, to: A}`,
  });
const pair = (first: string, second: string): string =>
  region(`          - {id: X1, ${first}, to: B}\n          - {id: X2, ${second}, to: B}`);
const hidden = (first: string, second: string): string =>
  pair(first, second).replace(/\{id: X2.*\}/, '«$&»');

const refusals: readonly Refusal[] = [
  // One of each
  ['an id that stands twice', flowText().replace('id: T2', 'id: «T1»'), 'CF0303'],
  [
    'an output driven from two regions',
    withMore('regions', 'x: {initial: S, states: {S: {rest: true, do: {«want»: true}}}}').replace(
      'signals:',
      'signals:',
    ),
    'CF0308',
    'active',
  ],
  [
    'a variable set from two regions',
    withMore(
      'regions',
      'x: {initial: S, states: {S: {rest: true, entry: {«ready»: true}}}}',
    ).replace('{id: T2, when: both, to: B}', '{id: T2, when: both, set: {ready: false}, to: B}'),
    'CF0308',
  ],
  // Unused
  ['an input that nothing reads', withMore('inputs', '«x»: {type: bool, stale: 1s}'), 'CF0501'],
  ['a parameter that nothing reads', withMore('params', '«x»: {type: bool, init: true}'), 'CF0501'],
  ['a command that nothing reads', withMore('commands', '«x»: {role: anyone}'), 'CF0501'],
  [
    'a command that no state accepts',
    flowText({ alarms: '\n  x: {when: cmd.x, priority: 1, text: X}' }).replace(
      'commands:',
      'commands:\n  «x»: {role: anyone}',
    ),
    'CF0502',
  ],
  // Reached
  [
    'a state that nothing reaches',
    region('          - {id: X2, when: both, to: B}').replace(
      '      B:',
      '      «C»: {rest: true}\n      B:',
    ),
    'CF0309',
  ],
  [
    'a composite that nothing reaches',
    region('          - {id: X2, when: both, to: B}').replace(
      '      B:',
      '      «C»: {initial: D, states: {D: {rest: true}}}\n      B:',
    ),
    'CF0309',
  ],
  [
    'a state that only itself reaches',
    region('          - {id: X2, when: both, to: B}').replace(
      '      B:',
      '      «C»: {rest: true, go: [{id: Y1, when: a, to: C}]}\n      B:',
    ),
    'CF0309',
  ],
  // Hidden
  ['a transition of the same guard', hidden('when: both', 'when: both'), 'CF0310', 'stricter'],
  ['a transition whose guard needs more', hidden('when: a', 'when: b && a'), 'CF0310'],
  [
    'a transition whose guard needs more, through a let',
    hidden('when: a', 'when: n > 1 && both'),
    'CF0310',
  ],
  ['a transition of the same unless', hidden('unless: both', 'unless: both'), 'CF0310'],
  ['a transition that waits longer', hidden('after: 5s', 'after: 10s'), 'CF0310'],
  [
    'a transition that waits longer and needs more',
    hidden('after: 5s', 'after: 5s, when: both'),
    'CF0310',
  ],
  [
    'a transition that holds longer',
    hidden('when: both, for: 1s', 'when: both, for: 2s'),
    'CF0310',
  ],
  [
    'a transition behind one of its region',
    region(
      '          - {id: X2, when: both, to: B}',
      '\n    go: [{id: R1, when: b, to: B}]',
    ).replace('{id: X2, when: both, to: B}', '«{id: X2, when: both, to: B}»'),
    'CF0310',
  ],
];

describe('section 10: checks', () => {
  test.each(refusals)('%s is refused', (_, marked, codes, hint) => {
    const { found, wanted } = refusal(marked, codes, hint);
    expect(found).toEqual(wanted);
  });

  test.each([
    ['the stricter comes first', 'when: both && n > 1', 'when: both'],
    ['the guards differ', 'when: a && n > 1', 'when: a && n > 2'],
    ['the first waits longer', 'after: 10s', 'after: 5s'],
    ['the first holds longer', 'when: both, for: 2s', 'when: both'],
    ['the first may set an unknown', 'when: both, set: {kind: e}', 'when: both'],
    ['the first has an unless beside', 'when: a, unless: b', 'when: a'],
    ['a rise is not its level', 'when: rise(a)', 'when: a'],
  ])('a transition is not hidden when %s', (_, first, second) => {
    expect(told(pair(first, second))).toBe('');
  });

  test('a transition in an excepted state is not hidden by its region', () => {
    const except = '\n    go: [{id: R1, when: b, except: [A], to: B}]';
    expect(told(region('          - {id: X2, when: both, to: B}', except))).toBe('');
  });

  test('a state is reached through a composite, its initial state and its region', () => {
    const text = region(
      '          - {id: X2, when: both, to: C}',
      '\n    go: [{id: R1, when: n > 5, to: E}]',
    ).replace(
      '      B:',
      '      C: {initial: D, states: {D: {rest: true}}}\n      E: {rest: true}\n      B:',
    );
    expect(told(text)).toBe('');
  });

  test('a leaf with an after may wait', () => {
    const text = region('          - {id: X2, when: both, to: C}').replace(
      '      B:',
      '      C: {go: [{id: Y1, after: 5s, to: B}]}\n      B:',
    );
    expect(told(text)).toBe('');
  });

  test('every problem is listed, in the order of the text, not the first alone', () => {
    const text = flowText()
      .replace('scan: 20ms', 'scan: 20')
      .replace('valve: {type: bool', 'valve: {type: boolean')
      .replace('when: both', 'when: bth')
      .replace('unless: both, to: A', 'unless: both, to: AA');
    const { diagnostics } = compile(text);
    expect(diagnostics.map(({ code }) => code)).toEqual(['CF0103', 'CF0103', 'CF0202', 'CF0301']);
  });

  test('what is declared wrongly is told once, not at each of its uses', () => {
    const text = flowText().replace('  a: {type: bool', '  a: {type: bol');
    expect(compile(text).diagnostics.map(({ code }) => code)).toEqual(['CF0103']);
  });

  test('a list of problems ends somewhere', () => {
    const many = Array.from({ length: 1500 }, (_, index) => `  x${index}: {}`).join('\n');
    const { diagnostics } = compile(flowText().replace('inputs:', `inputs:\n${many}`));
    expect(diagnostics).toHaveLength(1001);
    expect(diagnostics.at(-1)?.code).toBe('CF0007');
  });

  test('each diagnostic is file:line:col code text, the place under a caret, and a suggestion', () => {
    const text = withTransition('when: rise(a) && bth, to: C');
    expect(told(text)).toMatchInlineSnapshot(`
      "test.flow.yaml:41:39 CF0202 there is no input or let \`bth\`
        41 |           - {id: X1, when: rise(a) && bth, to: C}
           |                                       ^^^
           = Did you mean \`both\`?
      test.flow.yaml:41:48 CF0301 there is no state \`C\` beside this one
        41 |           - {id: X1, when: rise(a) && bth, to: C}
           |                                                ^"
    `);
  });

  test('carets stand under the whole of what is wrong', () => {
    const text = flowText({
      inputs: '\n  a: {type: bool, stale: 1}\n  b: {type: boool, stale: 1s}',
      let: '\n  both: a && (b || c',
      prove: '\n  x: {entering: main.BB, require: a, requires: b}',
      params: '',
    });
    expect(told(text)).toMatchInlineSnapshot(`
      "test.flow.yaml:6:26 CF0103 \`stale\` is a span of time above zero
        6 |   a: {type: bool, stale: 1}
          |                          ^
          = Write a number with its unit: 20ms, 5s, 10min, 8h.
      test.flow.yaml:7:13 CF0103 \`type\` is one of bool, int, real, enum
        7 |   b: {type: boool, stale: 1s}
          |             ^^^^^
          = Did you mean \`bool\`?
      test.flow.yaml:24:21 CF0201 expected \`)\` to close the parenthesis, not the end
        24 |   both: a && (b || c
           |                     ^
      test.flow.yaml:40:17 CF0301 there is no state \`main.BB\`
        40 |   x: {entering: main.BB, require: a, requires: b}
           |                 ^^^^^^^
           = Did you mean \`main.B\`?
      test.flow.yaml:40:38 CF0101 a field \`requires\` is unknown here (property)
        40 |   x: {entering: main.BB, require: a, requires: b}
           |                                      ^^^^^^^^
           = Did you mean \`require\`?"
    `);
  });

  test('every code that is told has a meaning and an action', () => {
    for (const [code, { meaning, action }] of Object.entries(flowCodes)) {
      expect(code).toMatch(/^CF\d{4}$/);
      expect(meaning).toMatch(/^[A-Z`].*\.$/);
      expect(action).toMatch(/^[A-Z].*\.$/);
    }
  });
});

/** A flow whose only way to the state Failed is this. */
const failing = (go: string): string =>
  flowText({
    regions: `
  main:
    initial: A
    states:
      A:
        rest: true
        do: {want: true}
        go:
          - {id: T1, when: cmd.press && cmd.hand && both, to: A}
          - {id: T2, ${go}, to: Failed}
      «Failed»:
        rest: true
        go:
          - {id: T3, when: cmd.press, to: A}`,
  });

describe('section 3: a lint warns of fault states that a dead sensor never reaches', () => {
  test.each(['when: "!a"', 'when: "n > 1 && !(a && b)"', 'when: "!both"', 'after: 5s, when: "!a"'])(
    '{%s} is warned of',
    (go) => {
      const { found, wanted } = refusal(failing(go), 'CF0901', 'unless');
      expect(found).toEqual(wanted);
    },
  );

  test.each(['unless: a', 'when: a', 'when: "!sure(a)"', 'when: "maybe(!a)"', 'after: 5s'])(
    '{%s} is not',
    (go) => {
      expect(told(failing(go).replaceAll(/[«»]/g, ''))).toBe('');
    },
  );

  test('a second way that does not need the sensor is enough', () => {
    const text = failing('when: "!a"').replaceAll(/[«»]/g, '');
    const second = text.replace(
      '      Failed:',
      '          - {id: T4, after: 5s, to: Failed}\n      Failed:',
    );
    expect(told(second)).toBe('');
    expect(cleanFlow(second).transitions).toHaveLength(4);
  });
});
