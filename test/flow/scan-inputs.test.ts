// language.md section 3, what a flow reads: a value, or unknown. Held through whole scans of a cell with
// both engines.
import { describe, expect, test } from 'vitest';
import { status } from '#contract/quality.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { rigOf } from './cell-rig.ts';
import type { CellText, Rig } from './cell-rig.ts';

/** A region for each condition: it goes from `No` to `Yes` in the scan in which the condition holds. */
function watching(inputs: string, conditions: Readonly<Record<string, string>>): CellText {
  const regions = Object.entries(conditions).map(
    ([name, condition], index) => `
  ${name}:
    initial: No
    states:
      No: {rest: true, go: [{id: A${index}, ${condition}, to: Yes}]}
      Yes: {rest: true, do: {seen.${name}: true}, go: [{id: B${index}, unless: "${plain(condition)}", to: No}]}`,
  );
  const outputs = Object.keys(conditions).map(
    (name) => `  seen.${name}: {type: bool, safe: false}`,
  );
  const flow = [
    'flow: watch',
    'format: cellflow/1',
    'version: 1',
    'scan: 50ms',
    `inputs:\n${inputs}`,
    `outputs:\n${outputs.join('\n')}`,
    `regions:${regions.join('')}`,
  ].join('\n');
  return { flows: { watch: flow } };
}

const plain = (condition: string): string => {
  const text = /(?:when|unless): "(.*)"/.exec(condition)?.[1] ?? '';
  return condition.startsWith('when') ? text : `!sure(${text})`;
};

/** Which conditions hold after this value has come and one more scan has passed. */
function seen(rig: Rig, v: Value, s: StatusCode = status.Good): string[] {
  rig.scan({ tags: { x: { v, s } } });
  rig.scan();
  return rig.plan.tags
    .filter((tag) => tag.kind === 'output' && rig.out(tag.name) === true)
    .map((tag) => tag.name.slice('seen.'.length));
}

const bool = {
  holds: 'when: "x"',
  not: 'when: "!x"',
  unless: 'unless: "x"',
  good: 'when: "good(x)"',
  sure: 'when: "sure(x)"',
  maybe: 'when: "maybe(x)"',
};

describe('an input', () => {
  test.each([
    ['true and good', true, status.Good, ['holds', 'good', 'sure', 'maybe']],
    ['false and good', false, status.Good, ['not', 'unless', 'good']],
    ['bad', true, status.BadDeviceFailure, ['unless', 'maybe']],
    ['stale', true, status.BadNoCommunication, ['unless', 'maybe']],
    ['uncertain', true, status.UncertainLastUsableValue, ['unless', 'maybe']],
    ['of another type', 1, status.Good, ['unless', 'maybe']],
    ['null', null, status.Good, ['unless', 'maybe']],
  ])('that is %s satisfies just what it surely is', async (_, value, code, expected) => {
    const rig = await rigOf(watching('  x: {type: bool, stale: 1s}', bool));
    expect(seen(rig, value, code)).toEqual(expected);
  });

  test('with `uncertain: good` is usable when it is uncertain, and not when it is bad', async () => {
    const rig = await rigOf(watching('  x: {type: bool, stale: 1s, uncertain: good}', bool));
    expect(seen(rig, true, status.UncertainLastUsableValue)).toContain('holds');
    expect(seen(rig, true, status.Bad)).toEqual(['unless', 'maybe']);
  });

  test('with `bad: literal` has the substitute while it has no usable value, and is not good', async () => {
    const rig = await rigOf(watching('  x: {type: bool, stale: 1s, bad: true}', bool));
    expect(seen(rig, false)).toEqual(['not', 'unless', 'good']);
    expect(seen(rig, false, status.Bad)).toEqual(['holds', 'sure', 'maybe']);
    expect(seen(rig, false, status.UncertainLastUsableValue)).toEqual(['holds', 'sure', 'maybe']);
  });

  test.each([
    [12, ['good', 'high']],
    [12.5, ['maybe']],
    [-0.5, ['maybe']],
    [Number.MAX_VALUE, ['maybe']],
    [0, ['good']],
  ])('outside its range is unknown: %d', async (value, expected) => {
    const conditions = {
      good: 'when: "good(x)"',
      high: 'when: "x > 11.0"',
      maybe: 'when: "maybe(x > 11.0) && !good(x)"',
    };
    const rig = await rigOf(watching('  x: {type: real, min: 0, max: 12, stale: 1s}', conditions));
    expect(seen(rig, value)).toEqual(expected);
  });

  test.each([
    [7n, ['good', 'seven']],
    [8, ['good']],
    [2n ** 60n, []],
    [7.5, []],
  ])('of 64 bits is read within its declared range only: %s', async (value, expected) => {
    const conditions = { good: 'when: "good(x)"', seven: 'when: "x == 7"' };
    const rig = await rigOf(
      watching('  x: {type: int, min: 0, max: 9007199254740991, stale: 1s}', conditions),
    );
    expect(seen(rig, value)).toEqual(expected);
  });

  test('of an enum is known by its names and by no other', async () => {
    const conditions = { load: 'when: "x == \'load\'"', good: 'when: "good(x)"' };
    const rig = await rigOf(
      watching('  x: {type: enum, values: [none, load], stale: 1s}', conditions),
    );
    expect(seen(rig, 'load')).toEqual(['load', 'good']);
    expect(seen(rig, 'none')).toEqual(['good']);
    expect(seen(rig, 'fetch')).toEqual([]);
    expect(seen(rig, 1)).toEqual([]);
  });

  test('that is forced has the forced value for the flow, whatever its device says', async () => {
    const rig = await rigOf(watching('  x: {type: bool, stale: 1s}', bool));
    expect(seen(rig, false, status.Bad)).toEqual(['unless', 'maybe']);
    rig.scan({ acts: [rig.force('x', true, 10_000)] });
    expect(seen(rig, false, status.Bad)).toEqual(['holds', 'good', 'sure', 'maybe']);
    expect(rig.cell.tags.value[rig.tag('x')]).toBe(false);
    rig.scan({ acts: [rig.unforce('x')] });
    expect(seen(rig, false)).toEqual(['not', 'unless', 'good']);
  });
});

describe('an edge', () => {
  const flow = `
flow: edges
format: cellflow/1
version: 1
scan: 50ms
inputs:
  x: {type: bool, stale: 1s}
outputs:
  lamp: {type: bool, safe: false}
ctx:
  rises: {type: int, min: 0, max: 100, init: 0}
  falls: {type: int, min: 0, max: 100, init: 0}
regions:
  count:
    initial: Run
    states:
      Run:
        rest: true
        do: {lamp: true}
        go:
          - {id: R1, when: rise(x), set: {rises: ctx.rises + 1}}
          - {id: R2, when: fall(x), set: {falls: ctx.falls + 1}}
`;
  test.each([
    ['is one scan long', [false, true, true, false, false], [1, 1]],
    ['is none from unknown', [null, true, null, false], [0, 0]],
    ['is none over unknown', [false, null, true], [0, 0]],
    ['is seen at every change', [false, true, false, true, false], [2, 2]],
  ])('%s', async (_, values, [rises, falls]) => {
    const rig = await rigOf({ flows: { edges: flow } });
    for (const value of values) {
      rig.scan({ tags: { x: value === null ? { v: null, s: status.Bad } : value } });
    }
    rig.scan();
    expect([...(rig.cell.flows[0]?.configuration.ctx ?? [])]).toEqual([rises, falls]);
  });
});
