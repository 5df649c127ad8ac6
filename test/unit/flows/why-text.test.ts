// `rebe why` says each thing once, and `rebe tags` shows numbers as people read them.
import { expect, test } from 'vitest';
import type { Term, Why } from '#contract/wire.ts';
import { whyText } from '#flows/explain/text.ts';
import { millisecondsText, scalarText } from '#controller/cli/quantity.ts';
import { leaf } from '#test/unit/hmi/messages.ts';

const all = (truth: Term['truth'], ...of: Term[]): Term => ({
  kind: 'all',
  truth,
  text: of.map(({ text }) => text).join(' && '),
  of,
});
const unless = (of: Term): Term => ({
  kind: 'not',
  truth: of.truth === 'true' ? 'false' : 'true',
  text: `unless ${of.text}`,
  of: [of],
});

function linesOf(term: Term): string[] {
  const candidate = { region: 'unit', transition: 'U1', from: 'unit.Idle', to: 'unit.Execute' };
  const why: Why = {
    type: 'why',
    flow: 'press',
    frame: 1,
    candidates: [{ ...candidate, term, blocking: [] }],
    commands: [],
  };
  return whyText(why).split('\n').slice(2, -1);
}

test.each<[name: string, term: Term, lines: readonly string[]]>([
  ['one term stands once', all('false', leaf('cmd.abort', 'false')), ['    - cmd.abort']],
  [
    'several stand under each other, without a line that joins them',
    all('false', leaf('shut', 'true'), leaf('part', 'unknown')),
    ['    + shut', '    ? part'],
  ],
  [
    'what `unless` names stands once, then its parts',
    all('false', unless(all('true', leaf('estop', 'true'), leaf('gate', 'true')))),
    ['    - unless estop && gate', '      + estop', '      + gate'],
  ],
  [
    'of an `unless` that holds because nothing is known, that is said',
    all('true', unless(leaf('safe', 'unknown'))),
    ['    + unless safe', '      ? safe'],
  ],
  [
    'a name and what it stands for are two things',
    all('false', { ...leaf('safe', 'false'), of: [leaf('estop', 'false')] }),
    ['    - safe', '      - estop'],
  ],
  [
    'a time is told in seconds',
    all('false', { ...leaf('after 15s', 'false'), kind: 'after', remaining_ms: 13_848 }),
    ['    - after 15s (13.8 s to go)'],
  ],
])('%s', (_, term, lines) => {
  expect(linesOf(term)).toEqual(lines);
});

test.each([
  [6.216145833333333, '6.2161'],
  [-1234.56789, '-1234.5679'],
  [0.000012345678, '0.00001235'],
  [0.1 + 0.2, '0.3'],
  [9_007_199_254_740_991, '9007199254740991'],
  [-4_503_599_627_370_495.5, '-4503599627370495.5'],
  [22, '22'],
  [true, 'true'],
  ['A1-4471', 'A1-4471'],
  [null, '----'],
])('%s is shown as %s', (value, text) => {
  expect(scalarText(value)).toBe(text);
});

test.each([
  [0.15894699999626027, '0.16 ms'],
  [38.7, '38.7 ms'],
  [undefined, ''],
])('a time of %s is shown as %s', (value, text) => {
  expect(millisecondsText(value)).toBe(text);
});

test('the way back to work stands last, step by step, with what each still lacks', () => {
  const why: Why = {
    type: 'why',
    flow: 'press',
    frame: 1,
    candidates: [],
    commands: [],
    back: [
      { command: 'clear', to: 'unit.Clearing', lacks: ['safety.gate'] },
      { to: 'unit.Stopped', lacks: ['!cnc.alarm', '!robot.fault'] },
      { command: 'start', to: 'unit.Execute', lacks: [] },
    ],
  };
  expect(whyText(why).split('\n').slice(2)).toEqual([
    '  back to work:',
    '    1 clear -> unit.Clearing (lacks safety.gate)',
    '    2 by itself -> unit.Stopped (lacks !cnc.alarm, !robot.fault)',
    '    3 start -> unit.Execute',
  ]);
});
