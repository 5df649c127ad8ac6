// Where a number's normal band ends, and which notes a tag is written into: read from the flow alone.
import { expect, test } from 'vitest';
import type { Limit } from '#contract/described.ts';
import { TagInfo } from '#contract/described.ts';
import type { Flow } from '#flows/program.ts';
import { limitsOf, notesOf } from '#flows/limits.ts';
import { cellOf, compiled, tending } from './cell-fixture.ts';

const text = ({ side, value, parameter, by }: Limit): string =>
  `${side} ${value ?? `param.${parameter}`} by ${by}`;

/** By tag: `low 5 by E27`, `high param.temp.max by K6`. */
function limits(flow: Flow, bind: Record<string, string> = {}): Record<string, string[]> {
  const plan = cellOf(flow, bind);
  const all = [...limitsOf(plan)].map(([tag, found]) => [plan.tags[tag]?.name, found.map(text)]);
  return Object.fromEntries(all);
}

test('of the tending cell: what trips, what stops, and what makes the coolant region stop it', () => {
  expect(limits(tending, { 'coolant.flow': 'liquid.one' })).toEqual({
    'clamp.pressure': ['low 5 by startShut'],
    'liquid.one': ['low param.flow.min by K6'],
    'spindle.temp': ['high param.temp.max by K6'],
  });
});

const flowOf = (parts: { lets?: string; alarms?: string; leave?: string; more?: string }): Flow =>
  compiled(
    'f.flow.yaml',
    `flow: f
format: cellflow/1
version: 1
scan: 20ms
inputs:
  a: {type: bool, stale: 1s}
  n: {type: real, stale: 1s, min: -100, max: 100}
  i: {type: int, stale: 1s, min: -100, max: 100}
outputs:
  go: {type: bool, safe: false}
params:
  top: {type: real, init: 9, min: 0, max: 99}
let:
  used: a || n > 90 || i > 90 || n > param.top + 80
${parts.lets ?? ''}regions:
  unit:
    initial: Execute
    states:
      Execute:
        initial: One
        go: [${parts.leave ?? '{id: U1, unless: a, to: Held}'}]
        states:
          One: {rest: true, do: {go: true}, go: [{id: E1, when: used && n < 50, to: Two}, {id: E2, when: i < 3 && used, to: unit.Complete}]}
          Two: {rest: true, go: [{id: E3, when: used && n > 50, to: One}]}
      Held: {rest: true, go: [{id: H1, when: used && n < 70, to: Execute}]}
      Complete: {rest: true, go: [{id: C1, when: used, to: Execute}]}
${parts.more ?? ''}interlocks:
  shut: {output: go, permit: i >= 2 && n < 60}
${parts.alarms ?? ''}`,
  );
const shut = { i: ['low 2 by shut'], n: ['high 60 by shut'] };

test('what only leads on inside Execute, to completion or back to work is no limit', () => {
  expect(limits(flowOf({}))).toEqual(shut);
});

test.each<[name: string, parts: Parameters<typeof flowOf>[0], tag: string, limit: string]>([
  [
    'an alarm',
    { alarms: 'alarms: {hot: {when: n > 40, priority: 2, text: Hot}}' },
    'n',
    'high 40 by hot',
  ],
  [
    'an alarm of what must hold',
    { alarms: 'alarms: {cold: {unless: n >= 4 && a, priority: 2, text: Cold}}' },
    'n',
    'low 4 by cold',
  ],
  [
    'the constant on the left',
    { alarms: 'alarms: {hot: {when: 40.0 <= n, priority: 2, text: Hot}}' },
    'n',
    'high 40 by hot',
  ],
  [
    'a negative constant',
    { alarms: 'alarms: {cold: {when: n < -5, priority: 2, text: Cold}}' },
    'n',
    'low -5 by cold',
  ],
  [
    'a negation',
    { alarms: 'alarms: {hot: {when: "!(n <= 40 || !a)", priority: 2, text: Hot}}' },
    'n',
    'high 40 by hot',
  ],
  [
    'lets of the number, of the bound and of the condition',
    {
      lets: '  heat: n\n  most: param.top\n  cool: heat <= most\n',
      leave: '{id: U1, unless: a && cool, to: Held}',
    },
    'n',
    'high param.top by U1',
  ],
  [
    'a transition that leaves Execute',
    { leave: '{id: U1, when: i < 1, to: Held}' },
    'i',
    'low 1 by U1',
  ],
  [
    'what leads into the state of another region for which Execute is left',
    {
      leave: "{id: U1, when: active('aux.Failed'), to: Held}",
      more: '  aux:\n    initial: Fine\n    states:\n      Fine: {rest: true, go: [{id: A1, unless: n >= 7, to: Failed}]}\n      Failed: {rest: true, go: [{id: A2, when: n > 8, to: Fine}]}\n',
    },
    'n',
    'low 7 by A1',
  ],
])('%s', (_, parts, tag, limit) => {
  const found = limits(flowOf(parts))[tag];
  expect(found).toContain(limit);
  expect(found).toHaveLength(2);
});

test.each([
  ['two inputs', 'n > i + 0.5'],
  ['a sum', 'n + 1 > 5'],
  ['an equality of conditions', '(n > 5) == a'],
])('%s compared is no limit', (_, condition) => {
  const alarms = `alarms: {x: {when: ${JSON.stringify(condition)}, priority: 2, text: X}}`;
  expect(limits(flowOf({ alarms }))).toEqual(shut);
});

test('what says the same twice is told once, and never without end', () => {
  const alarms = Array.from(
    { length: 30 },
    (_, at) => `  a${at}: {when: n > ${at % 20} || n > ${at % 20}, priority: 2, text: X}\n`,
  );
  const found = limits(flowOf({ alarms: `alarms:\n${alarms.join('')}` }))['n'] ?? [];
  expect(found).toHaveLength(8);
  expect(new Set(found).size).toBe(8);
});

test('a tag knows the kinds of note that it is written into', () => {
  const plan = cellOf(tending);
  const noted = [...notesOf(plan)].map(([tag, kinds]) => [plan.tags[tag]?.name, kinds]);
  expect(noted).toEqual([['part.code', ['part']]]);
});

test('the shapes are those of the door', () => {
  const [limit] = [...limitsOf(cellOf(tending)).values()].flat();
  const info = { name: 'n', kind: 'input', type: 'real', limits: [limit], noted: ['part'] };
  expect(TagInfo.parse(info)).toEqual(info);
});
