// The three-valued tables, whole, as both engines read them: every operator over every pair of
// values and over nested cases, each condition asked for in all three of its answers.
import { describe, expect, test } from 'vitest';
import { newFrame, newVerdicts } from '#flows/engine/engine.ts';
import type { FlowEngine } from '#flows/engine/engine.ts';
import { createXstateEngine } from '#flows/engine/xstate.ts';
import type { Flow } from '#flows/program.ts';
import { importTable } from './both-engines.ts';
import { flowOf } from './product-flow.ts';

type Truth = 'F' | 'T' | 'U';
const truths: readonly Truth[] = ['F', 'T', 'U'];
const valueOf = { F: 0, T: 1, U: Number.NaN } as const;

/** A flow whose alarms are the conditions, in order; a, b, c are bools, i, j ints, x, y reals. */
function flowOfConditions(conditions: readonly string[]): Flow {
  const alarms = conditions.map(
    (condition, at) => `  a${at}: {when: ${JSON.stringify(condition)}, priority: 4, text: one}`,
  );
  return flowOf(`
flow: truth
format: cellflow/1
version: 1
scan: 20ms
inputs:
  t.a: {type: bool, stale: 1s}
  t.b: {type: bool, stale: 1s}
  t.c: {type: bool, stale: 1s}
  t.i: {type: int, min: -100, max: 100, stale: 1s}
  t.j: {type: int, min: -100, max: 100, stale: 1s}
  t.x: {type: real, min: -100, max: 100, stale: 1s}
  t.y: {type: real, min: -100, max: 100, stale: 1s}
  t.e: {type: enum, values: [none, load, unload], stale: 1s}
outputs:
  lamp: {type: bool, safe: false}
regions:
  r:
    initial: S
    states:
      S: {rest: true, do: {lamp: true}, go: [{id: A1, when: rise(t.a), to: S}]}
alarms:
  used: {when: "t.a && t.b && t.c && t.i > t.j && t.x > t.y && t.e == 'load'", priority: 4, text: u}
${alarms.join('\n')}
`);
}

/** What each condition is, of both engines, for given inputs; those not given are unknown. */
async function judged(conditions: readonly string[]) {
  const flow = flowOfConditions(conditions);
  const engines = [createXstateEngine(flow), await importTable(flow)];
  return (inputs: Readonly<Record<string, number>>): Truth[][] => {
    const frame = newFrame(flow);
    for (const [name, value] of Object.entries(inputs)) {
      expect(flow.inputs.map((input) => input.name)).toContain(name);
      const index = flow.inputs.findIndex((input) => input.name === name);
      frame.values[index] = value;
      frame.good[index] = Number.isNaN(value) ? 0 : 1;
    }
    return engines.map((engine: FlowEngine) => {
      const verdicts = newVerdicts(flow);
      engine.judge(frame, verdicts);
      return Array.from(verdicts.alarms.slice(1), (verdict) => truths[verdict] ?? 'U');
    });
  };
}

/** Rows are the left operand (F, T, U), columns the right one. */
const tables = [
  { operator: '&&', rows: ['F F F', 'F T U', 'F U U'] },
  { operator: '||', rows: ['F T U', 'T T T', 'U T U'] },
  { operator: '==', rows: ['T F U', 'F T U', 'U U U'] },
  { operator: '!=', rows: ['F T U', 'T F U', 'U U U'] },
];

describe('the table of', () => {
  test.each(tables)('$operator', async ({ operator, rows }) => {
    const judge = await judged([`t.a ${operator} t.b`]);
    const seen = truths.map((a) =>
      truths.map((b) => judge({ 't.a': valueOf[a], 't.b': valueOf[b] })),
    );
    const expected = rows.map((row) => row.split(' ').map((one) => [[one], [one]]));
    expect(seen).toEqual(expected);
  });

  test.each([
    { condition: '!t.a', row: 'T F U' },
    { condition: '!!t.a', row: 'F T U' },
    { condition: 'sure(t.a)', row: 'F T F' },
    { condition: 'maybe(t.a)', row: 'F T T' },
    { condition: '!sure(t.a)', row: 'T F T' },
    { condition: '!maybe(t.a)', row: 'T F F' },
    { condition: 'good(t.a)', row: 'T T F' },
    { condition: 'sure(!t.a)', row: 'T F F' },
    { condition: 'maybe(!t.a)', row: 'T F T' },
    { condition: 't.a || !t.a', row: 'T T U' },
    { condition: 't.a && !t.a', row: 'F F U' },
  ])('$condition', async ({ condition, row }) => {
    const judge = await judged([condition]);
    const seen = truths.map((a) => judge({ 't.a': valueOf[a] }));
    expect(seen).toEqual(row.split(' ').map((one) => [[one], [one]]));
  });

  test('?: over all values of test, then and otherwise', async () => {
    const judge = await judged(['t.a ? t.b : t.c', '!(t.a ? t.b : t.c)']);
    const not = { F: 'T', T: 'F', U: 'U' } as const;
    for (const a of truths) {
      for (const b of truths) {
        for (const c of truths) {
          // An unknown test is unknown, even where both ends are the same.
          const one = a === 'U' ? 'U' : a === 'T' ? b : c;
          const seen = judge({ 't.a': valueOf[a], 't.b': valueOf[b], 't.c': valueOf[c] });
          expect(seen, `${a} ? ${b} : ${c}`).toEqual([
            [one, not[one]],
            [one, not[one]],
          ]);
        }
      }
    }
  });

  test.each(['t.i', 't.x'])('every comparison of %s with every order and unknown', async (left) => {
    const right = left === 't.i' ? 't.j' : 't.y';
    const operators = ['<', '<=', '>', '>='];
    const judge = await judged(
      operators.flatMap((o) => [`${left} ${o} ${right}`, `!(${left} ${o} ${right})`]),
    );
    const rows = [
      { pair: [1, 2], row: 'T F T F F T F T' },
      { pair: [2, 2], row: 'F T T F F T T F' },
      { pair: [3, 2], row: 'F T F T T F T F' },
      { pair: [-0, 0], row: 'F T T F F T T F' },
      { pair: [Number.NaN, 2], row: 'U U U U U U U U' },
      { pair: [2, Number.NaN], row: 'U U U U U U U U' },
      { pair: [Number.NaN, Number.NaN], row: 'U U U U U U U U' },
    ];
    for (const { pair, row } of rows) {
      const [one = 0, other = 0] = pair;
      const seen = judge({ [left]: one, [right]: other });
      expect(seen, `${one} and ${other}`).toEqual([row.split(' '), row.split(' ')]);
    }
  });

  test('== and != of enums and ints, known and unknown', async () => {
    const judge = await judged(["t.e == 'load'", "t.e != 'load'", 't.i == t.j', 't.i != t.j']);
    const seen = [0, 1, 2, Number.NaN].map((e) =>
      judge({ 't.e': e, 't.i': e, 't.j': 1 })[0]?.join(' '),
    );
    const table = [0, 1, 2, Number.NaN].map((e) =>
      judge({ 't.e': e, 't.i': e, 't.j': 1 })[1]?.join(' '),
    );
    expect(seen).toEqual(['F T F T', 'T F T F', 'F T F T', 'U U U U']);
    expect(table).toEqual(seen);
  });
});

describe('arithmetic', () => {
  test.each([
    { expression: 't.i / 2', of: 7, is: 3 },
    { expression: 't.i / 2', of: -7, is: -3 },
    { expression: 't.i / -2', of: 7, is: -3 },
    { expression: 't.i % 3', of: 7, is: 1 },
    { expression: 't.i % 3', of: -7, is: -1 },
    { expression: 't.i % -3', of: 7, is: 1 },
    { expression: '-t.i', of: 7, is: -7 },
    { expression: 't.i + t.i * 2 - 1', of: 7, is: 20 },
    { expression: 'min(t.i, 3)', of: 7, is: 3 },
    { expression: 'max(t.i, 3)', of: 7, is: 7 },
    { expression: 'abs(t.i)', of: -7, is: 7 },
    { expression: 't.i > 3 ? t.i : 0', of: 7, is: 7 },
    { expression: 't.i > 3 ? t.i : 0', of: 2, is: 0 },
  ])('$expression of $of is $is, and unknown of unknown', async ({ expression, of, is }) => {
    const judge = await judged([`(${expression}) == ${is}`, `(${expression}) != ${is}`]);
    expect(judge({ 't.i': of })).toEqual([
      ['T', 'F'],
      ['T', 'F'],
    ]);
    expect(judge({})).toEqual([
      ['U', 'U'],
      ['U', 'U'],
    ]);
  });

  test('one unknown operand makes every arithmetic result unknown', async () => {
    const both = ['t.x + t.y', 't.x - t.y', 't.x * t.y', 'min(t.x, t.y)', 'max(t.x, t.y)'];
    const judge = await judged(both.map((expression) => `${expression} >= 0.0`));
    const all = (one: Truth) => [both.map(() => one), both.map(() => one)];
    expect(judge({ 't.x': 0, 't.y': 0 })).toEqual(all('T'));
    expect(judge({ 't.x': 0 })).toEqual(all('U'));
    expect(judge({ 't.y': 0 })).toEqual(all('U'));
  });

  test('a real division keeps its fraction', async () => {
    const judge = await judged(['t.x / 2.0 > 3.4', 't.x / 2.0 < 3.6']);
    expect(judge({ 't.x': 7 })).toEqual([
      ['T', 'T'],
      ['T', 'T'],
    ]);
  });
});
