// How a flow starts and goes on after a restart, and what is judged beside it, in both engines.
import { describe, expect, test } from 'vitest';
import { copyConfiguration, initialConfiguration, newConfiguration } from '#flows/engine/engine.ts';
import type { Configuration } from '#flows/engine/engine.ts';
import { chart } from './chart-rig.ts';

describe('a start', () => {
  const start = `
  r:
    initial: One
    states:
      One: {rest: true, go: [{id: A1, when: rise(t.a), set: {n: 3, m: 3}, to: Two}]}
      Two: {go: [{id: A2, after: 100ms, to: One}, {id: A3, when: t.a, for: 60ms, to: One}]}
`;

  test('keeps the variables that are retained, held in their range, and no others', async () => {
    const rig = await chart(start);
    rig.reset(0, { n: 4, m: 4 });
    expect([rig.ctx('n'), rig.ctx('m')]).toEqual([4, 5]);
    rig.reset(0, { n: 40 });
    expect(rig.ctx('n')).toBe(9);
    rig.reset(0, { n: 0.5 });
    expect(rig.ctx('n')).toBe(0);
    rig.reset(0, { n: Number.NaN });
    expect(rig.ctx('n')).toBe(0);
  });

  test('remembers no edge', async () => {
    const rig = await chart(start);
    rig.scan({ 't.a': false });
    rig.reset(50);
    expect(rig.scan({ 't.a': true })).toBe('nothing');
  });

  test('from a saved state goes on with its times, timers and edges', async () => {
    const rig = await chart(start);
    rig.scan({ 't.a': false }, { after: 7000 });
    rig.scan({ 't.a': true });
    rig.scan();
    const saved = newConfiguration(rig.flow);
    copyConfiguration(saved, rig.both.xstate.engine.configuration);
    const { now } = rig.both.frame;
    rig.reset(0);
    rig.restore(saved);
    rig.both.frame.now = now;
    expect([rig.states, rig.entered('r.Two'), rig.ctx('n')]).toEqual(['r.Two', 7020, 3]);
    expect(rig.scan({}, { after: 59 })).toBe('nothing');
    expect(rig.scan({}, { after: 1 })).toBe('A3');
  });

  test('from a configuration that cannot be is refused', async () => {
    const rig = await chart(start);
    const broken: [string, (of: Configuration) => void][] = [
      ['region 0 is in no leaf', ({ leaves }) => leaves.set([7])],
      ['r.One has a wrong entry time', ({ entered }) => entered.set([-1, -1])],
      ['r.Two has a wrong entry time', ({ entered }) => entered.set([0, 0])],
      ['ctx.n is 10', ({ ctx }) => ctx.set([10, 5])],
      ['ctx.m has no value', ({ ctx }) => ctx.set([0, Number.NaN])],
    ];
    for (const [text, breakIt] of broken) {
      const configuration = initialConfiguration(rig.flow, 0);
      breakIt(configuration);
      expect(() => rig.restore(configuration)).toThrow(text);
    }
    expect(() => rig.restore({ ...newConfiguration(rig.flow), ctx: new Float64Array(9) })).toThrow(
      'ctx is of another flow',
    );
  });

  test('is the same as `initialConfiguration` says, in both engines', async () => {
    const rig = await chart(start);
    rig.reset(70, { n: 4 });
    const initial = initialConfiguration(rig.flow, 70, { n: 4 });
    expect(rig.both.xstate.engine.configuration).toEqual(initial);
    expect(rig.both.table.engine.configuration).toEqual(initial);
  });
});

describe('interlocks, alarms and assumptions', () => {
  test('are judged on the device’s own values the former, as forced the others', async () => {
    const rig = await chart(
      `
  r:
    initial: One
    states: {One: {rest: true, do: {lamp: true}}}
`,
      `interlocks:
  guard: {output: lamp, permit: t.a}
alarms:
  low: {unless: t.a, priority: 2, text: a}
assume:
  never: t.a`,
    );
    const { frame, xstate, table } = rig.both;
    const judged = () => {
      rig.scan();
      expect(table.verdicts).toEqual(xstate.verdicts);
      const { interlocks, alarms, assumes } = xstate.verdicts;
      return [...interlocks, ...alarms, ...assumes];
    };
    rig.give({ 't.a': true });
    expect(judged()).toEqual([1, 1, 1]);
    // A force: the flow sees false, the device says true.
    frame.values[0] = 0;
    expect(judged()).toEqual([1, 0, 0]);
    rig.give({ 't.a': undefined });
    frame.values[0] = 1;
    expect(judged()).toEqual([2, 1, 1]);
  });

  test('of a limit are judged by its `unless`, and are never lifted without one', async () => {
    const rig = await chart(
      `
  r:
    initial: One
    states: {One: {rest: true, do: {speed: 3}}}
`,
      `interlocks:
  slow: {output: speed, limit: {max: 5}, unless: t.a}
  always: {output: speed, limit: {max: 8}}`,
    );
    const { xstate } = rig.both;
    const judged = [true, false, undefined].map((a) => {
      rig.scan({ 't.a': a });
      return [...xstate.verdicts.interlocks];
    });
    expect(judged).toEqual([
      [1, 0],
      [0, 0],
      [2, 0],
    ]);
  });
});
