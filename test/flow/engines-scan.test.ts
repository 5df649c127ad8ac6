// One scan and what expressions see in it: the sentences of the language's sections 3 and 4 that
// concern a statechart, in both engines.
import { describe, expect, test } from 'vitest';
import { chart } from './chart-rig.ts';

describe('an expression', () => {
  test('sees nothing of a dead sensor: only `unless` fires', async () => {
    const rig = await chart(`
  open:
    initial: One
    states: {One: {rest: true, go: [{id: A1, when: t.a, to: Two}]}, Two: {rest: true}}
  shut:
    initial: One
    states: {One: {rest: true, go: [{id: B1, when: "!t.a", to: Two}]}, Two: {rest: true}}
  lost:
    initial: One
    states: {One: {rest: true, go: [{id: C1, unless: t.a, to: Two}]}, Two: {rest: true}}
`);
    expect(rig.scan({ 't.a': undefined })).toBe('C1');
    expect(rig.states).toBe('open.One shut.One lost.Two');
  });

  test('sees `active` in the configuration at the start of the scan', async () => {
    const rig = await chart(`
  x:
    initial: One
    states: {One: {rest: true, go: [{id: A1, when: cmd.go, to: Two}]}, Two: {rest: true}}
  y:
    initial: One
    states: {One: {rest: true, go: [{id: B1, when: active('x.Two'), to: Two}]}, Two: {rest: true}}
`);
    expect(rig.scan({}, { command: 'go' })).toBe('A1');
    expect(rig.scan()).toBe('B1');
  });

  test('sees a state around the leaf as active', async () => {
    const rig = await chart(`
  x:
    initial: Box
    states:
      Box:
        initial: In
        states: {In: {rest: true, go: [{id: A1, when: "active('x.Box') && t.a", to: x.Out}]}}
      Out: {rest: true, go: [{id: A2, when: "!active('x.Box') && t.b", to: Box}]}
`);
    expect(rig.scan({ 't.a': true, 't.b': true })).toBe('A1');
    expect(rig.scan()).toBe('A2');
  });

  test('sees a substitute as a value, and `good` that there was none', async () => {
    const rig = await chart(`
  r:
    initial: One
    states:
      One:
        rest: true
        go:
          - {id: A1, when: good(t.sub), to: Two}
          - {id: A2, when: t.sub, to: Three}
      Two: {rest: true}
      Three: {rest: true}
`);
    expect(rig.scan({ 't.sub': undefined })).toBe('A2');
    rig.reset(0);
    expect(rig.scan({ 't.sub': true })).toBe('A1');
  });

  test('sees signals of the scan before', async () => {
    const rig = await chart(`
  x:
    initial: One
    states:
      One: {rest: true, go: [{id: A1, when: cmd.go, to: Two}]}
      Two: {rest: true, do: {ready: true}}
  y:
    initial: One
    states: {One: {rest: true, go: [{id: B1, when: sig.ready, to: Two}]}, Two: {rest: true}}
`);
    expect(rig.scan({}, { command: 'go' })).toBe('A1');
    expect(rig.scan()).toBe('B1');
  });

  test('sees a signal of another flow as unknown while that flow is not stepped', async () => {
    const rig = await chart(`
  r:
    initial: One
    states:
      One:
        rest: true
        go:
          - {id: A1, when: flow.other.sig.ready, to: Two}
          - {id: A2, unless: flow.other.sig.ready || t.a, to: Three}
      Two: {rest: true}
      Three: {rest: true}
`);
    rig.both.frame.foreign[0] = Number.NaN;
    expect(rig.scan({ 't.a': true })).toBe('nothing');
    rig.both.frame.foreign[0] = 1;
    expect(rig.scan()).toBe('A1');
    rig.reset(100);
    rig.both.frame.foreign[0] = Number.NaN;
    expect(rig.scan({ 't.a': false })).toBe('A2');
  });

  test('sees `trip` of the last scan', async () => {
    const rig = await chart(
      `
  r:
    initial: One
    states:
      One: {rest: true, do: {lamp: true}, go: [{id: A1, when: trip('guard'), to: Two}]}
      Two: {rest: true}
`,
      'interlocks:\n  guard: {output: lamp, permit: t.a}',
    );
    expect(rig.scan({ 't.a': true })).toBe('nothing');
    rig.both.frame.trips[0] = 1;
    expect(rig.scan()).toBe('A1');
  });
});

describe('an edge', () => {
  const edges = `
  up:
    initial: One
    states: {One: {rest: true, go: [{id: A1, when: rise(t.a), set: {n: ctx.n + 1}}]}}
  down:
    initial: One
    states: {One: {rest: true, go: [{id: B1, when: fall(t.a), set: {m: ctx.m + 1}}]}}
`;

  test('is true now and false in the scan before, or the reverse', async () => {
    const rig = await chart(edges);
    const seen = [false, true, true, false, false, true].map((a) => rig.scan({ 't.a': a }));
    expect(seen).toEqual(['nothing', 'A1', 'nothing', 'B1', 'nothing', 'A1']);
  });

  test('is none with unknown on either side', async () => {
    const rig = await chart(edges);
    const seen = [true, undefined, false, undefined, true, undefined, true, false];
    expect(seen.map((a) => rig.scan({ 't.a': a }))).toEqual([
      ...Array.from({ length: 7 }, () => 'nothing'),
      'B1',
    ]);
  });

  test('is remembered in every scan, whether its state is active or not', async () => {
    const rig = await chart(`
  r:
    initial: One
    states:
      One: {rest: true, go: [{id: A1, when: cmd.go, to: Two}]}
      Two: {rest: true, go: [{id: A2, when: rise(t.a), to: One}]}
`);
    rig.scan({ 't.a': false });
    // The rise comes in the scan that enters Two: nothing takes it, it is gone.
    expect(rig.scan({ 't.a': true }, { command: 'go' })).toBe('A1');
    expect(rig.scan({})).toBe('nothing');
    rig.scan({ 't.a': false });
    expect(rig.scan({ 't.a': true })).toBe('A2');
  });

  test('of a condition moves with all that the condition reads', async () => {
    const rig = await chart(`
  r:
    initial: One
    states: {One: {rest: true, go: [{id: A1, when: rise(t.a && t.i > 3), to: One}]}}
`);
    expect(rig.scan({ 't.a': true, 't.i': 3 })).toBe('nothing');
    expect(rig.scan({ 't.i': 4 })).toBe('A1');
    expect(rig.scan({ 't.a': undefined })).toBe('nothing');
    expect(rig.scan({ 't.a': true })).toBe('nothing');
  });
});

describe('a `set`', () => {
  test('that is unknown disables its transition, and the next in the list fires', async () => {
    const rig = await chart(`
  r:
    initial: One
    states:
      One:
        rest: true
        go:
          - {id: A1, when: cmd.go, set: {n: t.i}, to: Two}
          - {id: A2, when: cmd.go || t.a, to: Three}
      Two: {rest: true}
      Three: {rest: true}
`);
    expect(rig.scan({ 't.i': undefined }, { command: 'go' })).toBe('A2');
    expect(rig.ctx('n')).toBe(0);
    rig.reset(100);
    expect(rig.scan({ 't.i': 4 }, { command: 'go' })).toBe('A1');
    expect(rig.ctx('n')).toBe(4);
  });

  test('outside the declared range is held at the bound, and says so for that scan', async () => {
    const rig = await chart(`
  r:
    initial: One
    states: {One: {rest: true, go: [{id: A1, when: cmd.go, set: {n: t.i}, to: One}]}}
`);
    const after = (i: number) => {
      rig.scan({ 't.i': i }, { command: 'go' });
      return [rig.ctx('n'), rig.bounded('n')];
    };
    expect([after(9), after(10), after(-10), after(-9)]).toEqual([
      [9, false],
      [9, true],
      [-9, true],
      [-9, false],
    ]);
    after(50);
    rig.scan();
    expect(rig.bounded('n')).toBe(false);
  });

  test('never gives -0', async () => {
    const rig = await chart(`
  r:
    initial: One
    states: {One: {rest: true, go: [{id: A1, when: cmd.go, set: {n: "t.i * -1"}, to: One}]}}
`);
    rig.scan({ 't.i': 0 }, { command: 'go' });
    expect(Object.is(rig.ctx('n'), 0)).toBe(true);
  });
});

describe('selection', () => {
  const outer = `
  r:
    initial: Box
    go: [{id: R1, when: t.c, to: Box}]
    states:
      Box:
        initial: In
        go: [{id: A1, when: t.a, to: Out}]
        states: {In: {rest: true, go: [{id: A2, when: t.a || t.b, to: r.Out}]}}
      Out: {rest: true, go: [{id: A3, when: t.a, to: Box}]}
`;

  test('goes from the outside in: the region, the outer state, the inner one', async () => {
    const rig = await chart(outer);
    expect(rig.scan({ 't.a': true, 't.b': true, 't.c': true })).toBe('R1');
    expect(rig.scan({ 't.c': false })).toBe('A1');
    rig.reset(100);
    expect(rig.scan({ 't.a': false })).toBe('A2');
  });

  test('takes at most one transition of a region; nothing chains', async () => {
    const rig = await chart(outer);
    const seen = Array.from({ length: 4 }, () =>
      rig.scan({ 't.a': true, 't.b': true, 't.c': false }),
    );
    expect(seen).toEqual(['A1', 'A3', 'A1', 'A3']);
  });

  test('takes one of each region, in the order of the regions', async () => {
    const rig = await chart(`
  x: {initial: One, states: {One: {rest: true, go: [{id: B1, when: cmd.go, to: One}]}}}
  y: {initial: One, states: {One: {rest: true, go: [{id: A1, when: cmd.go, to: One}]}}}
  z: {initial: One, states: {One: {rest: true, go: [{id: C1, when: cmd.go, to: One}]}}}
`);
    expect(rig.scan({}, { command: 'go' })).toBe('B1 A1 C1');
  });

  test('sees the timers of all active states moved first, whatever fires', async () => {
    const rig = await chart(`
  r:
    initial: Box
    states:
      Box:
        initial: In
        go: [{id: A1, when: cmd.go, set: {n: ctx.n + 1}}]
        states:
          In: {rest: true, go: [{id: A2, when: t.a, for: 60ms, to: r.Out}]}
      Out: {rest: true}
`);
    // The timer of In runs from the first scan, though the stay of Box fires in each.
    expect(rig.scan({ 't.a': true }, { command: 'go' })).toBe('A1');
    expect(rig.scan({}, { command: 'go', after: 59 })).toBe('A1');
    expect(rig.scan({}, { after: 1 })).toBe('A2');
  });

  test('frees a timer in the very scan in which it is long enough', async () => {
    const rig = await chart(`
  r:
    initial: One
    states:
      One: {rest: true, go: [{id: A1, when: t.a, for: 1ms, to: Two}]}
      Two: {rest: true}
`);
    expect(rig.scan({ 't.a': true }, { after: 500 })).toBe('nothing');
    expect(rig.scan({}, { after: 1 })).toBe('A1');
  });
});

describe('commit', () => {
  test('computes every `set` from the frozen state before', async () => {
    const rig = await chart(`
  r:
    initial: One
    states: {One: {rest: true, go: [{id: A1, when: cmd.go, set: {n: ctx.m, m: ctx.n}, to: One}]}}
`);
    rig.scan({}, { command: 'go' });
    expect([rig.ctx('n'), rig.ctx('m')]).toEqual([5, 0]);
  });

  test('computes every `entry` from the frozen state before, not from the `set`', async () => {
    const rig = await chart(`
  r:
    initial: One
    states:
      One: {rest: true, go: [{id: A1, when: cmd.go, set: {n: 4}, to: Two}]}
      Two: {rest: true, entry: {m: ctx.n + 1}}
`);
    rig.scan({}, { command: 'go' });
    expect([rig.ctx('n'), rig.ctx('m')]).toEqual([4, 1]);
  });

  test('of one region shows nothing to another in the same scan', async () => {
    const rig = await chart(`
  x:
    initial: One
    states: {One: {rest: true, go: [{id: A1, when: cmd.go, set: {n: ctx.n + 1}, to: One}]}}
  y:
    initial: One
    states:
      One: {rest: true, go: [{id: B1, when: cmd.go && ctx.n == 1, set: {m: ctx.n}, to: One}]}
`);
    expect(rig.scan({}, { command: 'go' })).toBe('A1');
    expect(rig.scan({}, { command: 'go' })).toBe('A1 B1');
    expect([rig.ctx('n'), rig.ctx('m')]).toEqual([2, 1]);
  });
});
