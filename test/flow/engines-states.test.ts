// States and transitions: the sentences of the language's section 2, in both engines.
import { describe, expect, test } from 'vitest';
import { chart } from './chart-rig.ts';

describe('a state', () => {
  test('gives outputs and signals while it is active; the inner state wins over the outer', async () => {
    const rig = await chart(`
  r:
    initial: Out
    states:
      Out: {rest: true, go: [{id: A1, when: cmd.go, to: Box}]}
      Box:
        do: {lamp: true, speed: 3}
        initial: Slow
        states:
          Slow: {rest: true, go: [{id: A2, when: cmd.go, to: Fast}]}
          Fast: {rest: true, do: {speed: 7}}
`);
    expect([rig.output('lamp'), rig.output('speed')]).toEqual([0, 1]);
    rig.scan({}, { command: 'go' });
    expect([rig.output('lamp'), rig.output('speed')]).toEqual([1, 3]);
    rig.scan({}, { command: 'go' });
    expect([rig.output('lamp'), rig.output('speed')]).toEqual([1, 7]);
  });

  test('sets `entry` on entering, which wins over the `set` of the transition', async () => {
    const rig = await chart(`
  r:
    initial: One
    states:
      One: {rest: true, go: [{id: A1, when: cmd.go, set: {n: 2, m: 2}, to: Two}]}
      Two: {rest: true, entry: {n: 7}}
`);
    rig.scan({}, { command: 'go' });
    expect([rig.ctx('n'), rig.ctx('m')]).toEqual([7, 2]);
  });

  test('is entered after the state around it: the inner `entry` wins', async () => {
    const rig = await chart(`
  r:
    initial: One
    states:
      One: {rest: true, go: [{id: A1, when: cmd.go, to: Box}]}
      Box:
        entry: {n: 1, m: 1}
        initial: In
        states:
          In: {rest: true, entry: {n: 2}}
`);
    rig.scan({}, { command: 'go' });
    expect([rig.ctx('n'), rig.ctx('m')]).toEqual([2, 1]);
  });

  test('that is entered first runs its `entry` too, with the parameters as they are', async () => {
    const rig = await chart(`
  r:
    initial: One
    states:
      One: {rest: true, entry: {n: param.p + ctx.m}}
`);
    expect(rig.ctx('n')).toBe(8);
    rig.both.frame.params[0] = 1;
    rig.reset(40);
    expect([rig.ctx('n'), rig.entered('r.One')]).toEqual([6, 40]);
  });

  test('may be called what JavaScript calls other things', async () => {
    const rig = await chart(`
  constructor:
    initial: toString
    states:
      toString: {rest: true, go: [{id: A1, when: cmd.go, to: hasOwnProperty}]}
      hasOwnProperty:
        initial: valueOf
        states:
          valueOf: {rest: true, go: [{id: A2, when: cmd.go, to: isPrototypeOf}]}
          isPrototypeOf: {rest: true, go: [{id: A3, when: cmd.go, to: constructor.toString}]}
`);
    const seen = Array.from({ length: 3 }, () => [rig.scan({}, { command: 'go' }), rig.states]);
    expect(seen).toEqual([
      ['A1', 'constructor.hasOwnProperty.valueOf'],
      ['A2', 'constructor.hasOwnProperty.isPrototypeOf'],
      ['A3', 'constructor.toString'],
    ]);
    rig.both.exchange();
    expect(rig.scan({}, { command: 'go' })).toBe('A1');
  });
});

describe('the transitions of a state', () => {
  test('are ordered: the first that may fire, fires', async () => {
    const rig = await chart(`
  r:
    initial: One
    states:
      One:
        rest: true
        go:
          - {id: A1, when: t.a, to: Two}
          - {id: A2, when: t.a || t.b, to: Three}
      Two: {rest: true, go: [{id: A3, when: cmd.go, to: One}]}
      Three: {rest: true}
`);
    expect(rig.scan({ 't.a': true, 't.b': true })).toBe('A1');
    rig.scan({ 't.a': false }, { command: 'go' });
    expect(rig.scan()).toBe('A2');
  });

  test('combine their fields by AND', async () => {
    const rig = await chart(`
  r:
    initial: One
    states:
      One: {rest: true, go: [{id: A1, when: t.a, unless: t.b, after: 100ms, for: 40ms, to: Two}]}
      Two: {rest: true}
`);
    const both = { 't.a': true, 't.b': false };
    expect(rig.scan({ 't.a': false, 't.b': false }, { after: 100 })).toBe('nothing');
    expect(rig.scan({ 't.a': true, 't.b': true })).toBe('nothing');
    expect(rig.scan(both)).toBe('nothing');
    expect(rig.scan(both, { after: 39 })).toBe('nothing');
    expect(rig.scan(both, { after: 1 })).toBe('A1');
  });

  test('with `when` fire only on surely true, with `unless` on anything but', async () => {
    const text = `
  r:
    initial: One
    states:
      One:
        rest: true
        go:
          - {id: A1, when: t.a, to: Two}
          - {id: A2, when: "!t.a", to: Two}
          - {id: A3, unless: t.b, to: Two}
      Two: {rest: true}
`;
    const rig = await chart(text);
    expect(rig.scan({ 't.a': undefined, 't.b': true })).toBe('nothing');
    expect(rig.scan({ 't.a': undefined, 't.b': undefined })).toBe('A3');
    rig.reset(100);
    expect(rig.scan({ 't.b': false })).toBe('A3');
  });

  test('with `after` count from when their state was entered', async () => {
    const rig = await chart(`
  r:
    initial: One
    states:
      One: {rest: true, go: [{id: A1, when: cmd.go, to: Two}]}
      Two: {go: [{id: A2, after: 50ms, to: One}]}
`);
    rig.scan({}, { after: 1000 });
    rig.scan({}, { command: 'go' });
    expect(rig.scan({}, { after: 49 })).toBe('nothing');
    expect(rig.scan({}, { after: 1 })).toBe('A2');
  });

  test('with `for` count how long the condition has held without a break', async () => {
    const rig = await chart(`
  r:
    initial: One
    states:
      One: {rest: true, go: [{id: A1, when: t.a, for: 50ms, to: Two}]}
      Two: {rest: true}
`);
    rig.scan({ 't.a': true });
    rig.scan({}, { after: 49 });
    // Unknown for one scan is a break.
    expect(rig.scan({ 't.a': undefined })).toBe('nothing');
    expect(rig.scan({ 't.a': true })).toBe('nothing');
    expect(rig.scan({}, { after: 49 })).toBe('nothing');
    expect(rig.scan({}, { after: 1 })).toBe('A1');
  });

  test('with `for` count only while their state is active', async () => {
    const rig = await chart(`
  r:
    initial: One
    states:
      One: {rest: true, go: [{id: A1, when: cmd.go, to: Two}]}
      Two:
        rest: true
        go:
          - {id: A2, when: t.a, for: 50ms, to: Three}
          - {id: A3, when: cmd.go, to: Two}
      Three: {rest: true}
`);
    rig.scan({ 't.a': true }, { after: 500 });
    expect(rig.scan({}, { command: 'go' })).toBe('A1');
    expect(rig.scan()).toBe('nothing');
    // Entered again: it counts anew.
    expect(rig.scan({}, { after: 49, command: 'go' })).toBe('A3');
    expect(rig.scan({}, { after: 49 })).toBe('nothing');
    expect(rig.scan({}, { after: 49 })).toBe('nothing');
    expect(rig.scan({}, { after: 1 })).toBe('A2');
  });

  test('do not fire in the children that `except` names', async () => {
    const rig = await chart(`
  r:
    initial: One
    go:
      - {id: R1, when: cmd.halt, except: [Two], to: Two}
    states:
      One: {rest: true, go: [{id: A0, when: cmd.go, to: Box}]}
      Two: {rest: true, go: [{id: A1, when: cmd.go, to: Box}]}
      Box:
        initial: P
        go:
          - {id: A2, when: t.a, except: [P], to: Two}
        states:
          P: {rest: true, go: [{id: A3, when: cmd.go, to: Q}]}
          Q: {rest: true}
`);
    expect(rig.scan({}, { command: 'halt' })).toBe('R1');
    expect(rig.scan({}, { command: 'halt' })).toBe('nothing');
    expect(rig.scan({ 't.a': true }, { command: 'go' })).toBe('A1');
    expect(rig.scan()).toBe('nothing');
    expect(rig.scan({}, { command: 'go' })).toBe('A3');
    expect(rig.scan()).toBe('A2');
  });
});

describe('a target', () => {
  const nest = `
  r:
    initial: One
    states:
      One: {rest: true, go: [{id: A1, when: cmd.go, to: Box}]}
      Box:
        entry: {n: ctx.n + 1}
        initial: P
        go:
          - {id: A2, when: t.a, to: Box.Q}
          - {id: A3, when: t.b, to: Box}
        states:
          P: {rest: true, go: [{id: A4, when: cmd.go, to: P}]}
          Q: {rest: true, go: [{id: A5, when: cmd.go, to: r.Box}]}
`;

  test('that is composite is entered at its `initial`', async () => {
    const rig = await chart(nest);
    rig.scan({}, { command: 'go' });
    expect(rig.states).toBe('r.Box.P');
  });

  test('of its own name leaves the state and enters it again', async () => {
    const rig = await chart(nest);
    rig.scan({}, { command: 'go' });
    expect(rig.scan({}, { command: 'go' })).toBe('A4');
    expect([rig.entered('r.Box.P'), rig.entered('r.Box'), rig.ctx('n')]).toEqual([40, 20, 1]);
    expect(rig.scan({ 't.b': true })).toBe('A3');
    expect([rig.entered('r.Box.P'), rig.entered('r.Box'), rig.ctx('n')]).toEqual([60, 60, 2]);
  });

  test('inside the holder does not enter the holder again; its time goes on', async () => {
    const rig = await chart(nest);
    rig.scan({}, { command: 'go' });
    expect(rig.scan({ 't.a': true })).toBe('A2');
    expect(rig.states).toBe('r.Box.Q');
    expect([rig.entered('r.Box.Q'), rig.entered('r.Box'), rig.ctx('n')]).toEqual([40, 20, 1]);
    expect(rig.entered('r.Box.P')).toBe(-1);
  });

  test('around the holder is left and entered again', async () => {
    const rig = await chart(nest);
    rig.scan({}, { command: 'go' });
    rig.scan({ 't.a': true });
    expect(rig.scan({ 't.a': false }, { command: 'go' })).toBe('A5');
    expect([rig.states, rig.entered('r.Box'), rig.ctx('n')]).toEqual(['r.Box.P', 60, 2]);
  });
});

describe('a transition without `to`', () => {
  const stay = `
  r:
    initial: One
    states:
      One:
        rest: true
        entry: {m: 1}
        go:
          - {id: A1, when: rise(t.a), set: {n: ctx.n + 1}}
          - {id: A2, when: t.b, for: 100ms, to: Two}
          - {id: A3, after: 200ms, to: Two}
      Two: {rest: true}
`;

  test('only sets: nothing is entered, no timer starts anew', async () => {
    const rig = await chart(stay);
    rig.scan({ 't.a': false, 't.b': true });
    expect(rig.scan({ 't.a': true }, { after: 60 })).toBe('A1');
    expect([rig.ctx('n'), rig.states, rig.entered('r.One')]).toEqual([1, 'r.One', 0]);
    expect(rig.scan({ 't.a': false }, { after: 40 })).toBe('A2');
  });

  test('leaves the time of its state as it is', async () => {
    const rig = await chart(stay);
    rig.scan({ 't.a': false });
    rig.scan({ 't.a': true }, { after: 179 });
    expect(rig.scan({}, { after: 1 })).toBe('A3');
  });

  test('is the one transition of its region in that scan', async () => {
    const rig = await chart(`
  r:
    initial: Box
    states:
      Box:
        initial: P
        go: [{id: A1, when: rise(t.a), set: {n: ctx.n + 1}}]
        states:
          P: {rest: true, go: [{id: A2, when: t.b, to: Q}]}
          Q: {rest: true}
`);
    rig.scan({ 't.a': false, 't.b': false });
    expect(rig.scan({ 't.a': true, 't.b': true })).toBe('A1');
    expect(rig.scan()).toBe('A2');
  });

  test('that only notes fires too', async () => {
    const rig = await chart(`
  r:
    initial: One
    states:
      One: {rest: true, go: [{id: A1, when: cmd.go, note: {seen: {value: t.x}}}]}
`);
    expect(rig.scan({}, { command: 'go' })).toBe('A1');
    expect(rig.scan()).toBe('nothing');
  });
});
