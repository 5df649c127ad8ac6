// language.md section 5: each sentence about interlocks by its name, through whole scans of a cell.
import { describe, expect, test } from 'vitest';
import { status } from '#contract/quality.ts';
import { rigOf } from './cell-rig.ts';
import type { Rig } from './cell-rig.ts';

const press = (interlocks: string): string =>
  `
flow: press
format: cellflow/1
version: 1
scan: 50ms
inputs:
  guard: {type: bool, stale: 1s, bad: true, uncertain: good}
  go: {type: bool, stale: 1s}
  back: {type: bool, stale: 1s}
outputs:
  down: {type: bool, safe: false}
  up: {type: bool, safe: false}
  job: {type: enum, values: [none, load, unload], safe: none}
  belt: {type: int, min: 0, max: 9, safe: 0}
ctx:
  held: {type: int, min: 0, max: 99, init: 0}
regions:
  forth:
    initial: Rest
    states:
      Rest: {rest: true, go: [{id: F1, when: go, to: Move}]}
      Move: {rest: true, do: {down: true, job: load, belt: 9}, go: [{id: F2, unless: go, to: Rest}]}
  and:
    initial: Rest
    states:
      Rest: {rest: true, go: [{id: B1, when: back, to: Move}]}
      Move: {rest: true, do: {up: true}, go: [{id: B2, unless: back, to: Rest}]}
  seen:
    initial: Watch
    states:
      Watch: {rest: true, go: [{id: S1, when: TRIP, set: {held: ctx.held + 1}, to: Watch}]}
  mind:
    initial: Bare
    states:
      Bare: {rest: true, go: [{id: M1, when: guard, to: Kept}]}
      Kept: {rest: true, go: [{id: M2, unless: guard, to: Bare}]}
interlocks:
${interlocks}
`.replace('TRIP', `trip('${/^ *(\w+):/.exec(interlocks)?.[1]}')`);

async function pressOf(interlocks: string): Promise<Rig> {
  const rig = await rigOf({ flows: { press: press(interlocks) } });
  rig.scan({ tags: { ...rig.rest(), guard: true } });
  rig.scan();
  return rig;
}

const held = (rig: Rig): number => rig.cell.flows[0]?.configuration.ctx[0] ?? -1;

describe('`permit`', () => {
  const shut = '  shut: {output: down, permit: guard}';

  test('must surely hold for any value but safe', async () => {
    const rig = await pressOf(shut);
    rig.scan({ tags: { go: true } });
    expect(rig.out('down')).toBe(true);
    const result = rig.scan({ tags: { guard: false } });
    expect(result.outputs).toEqual([{ tag: rig.tag('down'), value: false, safe: true }]);
    expect(rig.cell.output(rig.tag('down'))).toEqual({
      value: false,
      asked: true,
      by: 'interlock',
      interlock: 'shut',
    });
  });

  test.each([
    ['bad', status.BadDeviceFailure],
    ['uncertain', status.UncertainLastUsableValue],
  ])('is not satisfied by a %s input, whatever stands in for it in the flow', async (_, s) => {
    const rig = await pressOf(shut);
    rig.scan({ tags: { go: true } });
    rig.scan({ tags: { guard: { v: true, s } } });
    expect(rig.out('down')).toBe(false);
  });

  test('is not opened by forcing its input', async () => {
    const rig = await pressOf(shut);
    rig.scan({ tags: { guard: false } });
    rig.scan({ acts: [rig.force('guard', true, 10_000)] });
    rig.scan({ tags: { go: true } });
    expect(rig.out('down')).toBe(false);
    expect(rig.state('press', 'forth')).toBe('forth.Move');
  });

  test('holds a forced output as well', async () => {
    const rig = await pressOf(shut);
    rig.scan({ tags: { guard: false }, acts: [rig.force('down', true, 10_000)] });
    expect(rig.out('down')).toBe(false);
  });

  test('with `allow` the values named need no permit', async () => {
    const rig = await pressOf('  room: {output: job, permit: guard, allow: [none, load]}');
    rig.scan({ tags: { guard: false, go: true } });
    expect(rig.out('job')).toBe('load');
    rig.scan({ acts: [rig.force('job', 'unload', 10_000)] });
    expect(rig.out('job')).toBe('none');
  });
});

describe('a trip', () => {
  const shut = '  shut: {output: down, permit: guard}';

  test('is recorded', async () => {
    const rig = await pressOf(shut);
    rig.scan({ tags: { go: true } });
    const { record } = rig.scan({ tags: { guard: false } });
    const trip = { flow: 0, interlock: 0, tag: rig.tag('down') };
    expect(record?.trips).toEqual([{ ...trip, holds: true, latched: true }]);
    rig.scan({ tags: { guard: true } });
    const let_go = rig.scan({ tags: { go: false } });
    expect(let_go.record?.trips).toEqual([{ ...trip, holds: false, latched: false }]);
  });

  test('latches: the output stays safe until the value asked of it has itself been safe in a scan', async () => {
    const rig = await pressOf(shut);
    rig.scan({ tags: { go: true } });
    rig.scan({ tags: { guard: false } });
    rig.scan({ tags: { guard: true } });
    rig.pass(500);
    expect(rig.out('down')).toBe(false);
    rig.scan({ tags: { go: false } });
    rig.scan({ tags: { go: true } });
    expect(rig.out('down')).toBe(true);
  });

  test('a value asked by a force counts as asked', async () => {
    const rig = await pressOf(shut);
    rig.scan({ tags: { go: true } });
    rig.scan({ tags: { guard: false } });
    rig.scan({ tags: { guard: true }, acts: [rig.force('down', false, 10_000)] });
    rig.scan({ acts: [rig.unforce('down')] });
    expect(rig.out('down')).toBe(true);
  });

  test('with `latch: false` it permits again by itself', async () => {
    const rig = await pressOf('  shut: {output: down, permit: guard, latch: false}');
    rig.scan({ tags: { go: true } });
    rig.scan({ tags: { guard: false } });
    expect(rig.out('down')).toBe(false);
    rig.scan({ tags: { guard: true } });
    expect(rig.out('down')).toBe(true);
  });

  test('`trip()` is true while in the scan before it held an output, latched or not', async () => {
    const rig = await pressOf(shut);
    rig.scan({ tags: { go: true } });
    rig.scan({ tags: { guard: false } });
    expect(held(rig)).toBe(0);
    rig.scan({ tags: { guard: true } });
    rig.scan();
    expect(held(rig)).toBe(2);
    rig.scan({ tags: { go: false } });
    expect(held(rig)).toBe(3);
    rig.scan();
    rig.scan();
    expect(held(rig)).toBe(3);
  });
});

describe('`exclusive`', () => {
  const one = '  oneWay: {exclusive: [down, up]}';

  test('more than one away from safe: all safe, and each latches', async () => {
    const rig = await pressOf(one);
    rig.scan({ tags: { go: true } });
    expect(rig.out('down')).toBe(true);
    const { record } = rig.scan({ tags: { back: true } });
    expect([rig.out('down'), rig.out('up')]).toEqual([false, false]);
    expect(record?.trips.map(({ tag, latched }) => [tag, latched])).toEqual([
      [rig.tag('down'), true],
      [rig.tag('up'), true],
    ]);
    rig.scan({ tags: { back: false } });
    rig.scan();
    // The other is away no more; this one has not been safe since.
    expect(rig.out('down')).toBe(false);
    rig.scan({ tags: { go: false } });
    rig.scan({ tags: { go: true } });
    expect(rig.out('down')).toBe(true);
  });

  test('with `latch: false` the one that is left moves again', async () => {
    const rig = await pressOf('  oneWay: {exclusive: [down, up], latch: false}');
    rig.scan({ tags: { go: true, back: true } });
    expect([rig.out('down'), rig.out('up')]).toEqual([false, false]);
    rig.scan({ tags: { back: false } });
    expect([rig.out('down'), rig.out('up')]).toEqual([true, false]);
  });
});

describe('`limit`', () => {
  const slow = '  slow: {output: belt, limit: {max: 4}, unless: guard}';

  test('holds a number inside the limit unless `unless` surely holds, and does not latch', async () => {
    const rig = await pressOf(slow);
    rig.scan({ tags: { go: true } });
    expect(rig.out('belt')).toBe(9);
    const { record, outputs } = rig.scan({ tags: { guard: { v: true, s: status.Bad } } });
    expect(outputs).toEqual([{ tag: rig.tag('belt'), value: 4, safe: false }]);
    expect(record?.trips).toEqual([
      { flow: 0, interlock: 0, tag: rig.tag('belt'), holds: true, latched: false },
    ]);
    rig.scan({ tags: { guard: true } });
    expect(rig.out('belt')).toBe(9);
  });

  test('without `unless` it always holds', async () => {
    const rig = await pressOf('  slow: {output: belt, limit: {max: 6}}');
    rig.scan({ tags: { go: true } });
    expect(rig.out('belt')).toBe(6);
    expect(held(rig)).toBe(0);
    rig.scan();
    expect(held(rig)).toBe(1);
  });
});

test('where several interlocks hold one output, safe wins', async () => {
  const rig = await pressOf(
    '  slow: {output: belt, limit: {max: 4}}\n  shut: {output: belt, permit: guard}',
  );
  rig.scan({ tags: { go: true } });
  expect(rig.out('belt')).toBe(4);
  rig.scan({ tags: { guard: false } });
  expect(rig.out('belt')).toBe(0);
});
