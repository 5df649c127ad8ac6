// language.md section 4, one scan: each sentence by its name, through whole scans of a cell. Faults have
// a file of their own.
import { describe, expect, test } from 'vitest';
import { status } from '#contract/quality.ts';
import { rigOf } from './cell-rig.ts';
import type { Rig } from './cell-rig.ts';
import { busy, machine, other, running } from './machine-flow.ts';

describe('commands', () => {
  test('a command is true for one scan, and the receipt says what it fired', async () => {
    const rig = await running();
    const result = rig.scan({ tags: { part: true }, command: 'machine.start' });
    expect(result.outcomes).toEqual([{ id: 'act-1', outcome: 'fired U2' }]);
    expect(rig.fired(result)).toEqual(['machine.U2']);
    expect(rig.fired(rig.scan())).not.toContain('machine.U2');
  });

  test('a command that no transition takes is ignored, in the state where it was', async () => {
    const rig = await running();
    const result = rig.scan({ command: 'machine.start' });
    expect(result.outcomes).toEqual([{ id: 'act-1', outcome: 'ignored in unit.Idle' }]);
    // It is gone: what it waited for comes too late.
    expect(rig.fired(rig.scan({ tags: { part: true } }))).toEqual([]);
  });

  test('a held command is true from its begin to its end', async () => {
    const rig = await running();
    expect(rig.fired(rig.scan({ held: { 'machine.jog': true } }))).toEqual(['machine.H1']);
    rig.pass(400);
    expect(rig.state('machine', 'hand')).toBe('hand.Down');
    expect(rig.fired(rig.scan({ held: { 'machine.jog': false } }))).toEqual(['machine.H2']);
  });

  test('a command of a flow that is not stepped is ignored', async () => {
    const rig = await rigOf({ flows: { machine } });
    const result = rig.scan({ command: 'machine.stop' });
    expect(result.outcomes[0]?.outcome).toBe('ignored: the flow is not stepped');
    const later = rig.scan({ tags: rig.rest() });
    expect(rig.fired(later)).toEqual([]);
  });
});

describe('select and commit', () => {
  test('at most one transition fires in a region, the outer first', async () => {
    const rig = await busy();
    const result = rig.scan({ tags: { level: 80 }, command: 'machine.stop' });
    expect(rig.fired(result)).toEqual(['machine.U1', 'machine.F1']);
  });

  test('every `set` reads the frozen state before', async () => {
    const rig = await busy();
    rig.scan({ tags: { level: 80 } });
    const { ctx } = rig.cell.flows[0]?.configuration ?? { ctx: [] };
    expect([...ctx]).toEqual([1, 0]);
  });

  test('nothing chains: a region reads the signals of the scan before', async () => {
    const rig = await busy();
    expect(rig.state('machine', 'follower')).toBe('follower.None');
    rig.scan();
    expect(rig.state('machine', 'follower')).toBe('follower.First');
    rig.scan();
    expect(rig.state('machine', 'follower')).toBe('follower.Second');
  });

  test('`after` counts from the entry, `for` without a break', async () => {
    const rig = await busy();
    rig.pass(980);
    expect(rig.state('machine', 'unit')).toBe('unit.Busy');
    expect(rig.fired(rig.scan())).toEqual(['machine.U4']);
    rig.scan({ command: 'machine.start' });
    rig.scan({ tags: { level: 80 } });
    rig.pass(60);
    rig.scan({ tags: { part: false } });
    rig.scan({ tags: { part: true } });
    rig.pass(80);
    expect(rig.state('machine', 'unit')).toBe('unit.Done');
    expect(rig.fired(rig.scan())).toEqual(['machine.U5']);
  });

  test('a parameter is read from the scan that takes it, and only inside its range', async () => {
    const rig = await busy();
    rig.scan({ tags: { level: 40 } });
    const refused = rig.scan({ acts: [rig.parameter('machine', 'limit', 5)] });
    expect(refused.outcomes[0]?.outcome).toBe('ignored: outside its range');
    const result = rig.scan({ acts: [rig.parameter('machine', 'limit', 30)] });
    expect(result.outcomes[0]?.outcome).toBe('done');
    expect(rig.fired(result)).toEqual(['machine.U3']);
  });
});

describe('outputs', () => {
  test('come from the new configuration, as people and devices know them', async () => {
    const rig = await running();
    const { outputs } = rig.scan({ tags: { part: true }, command: 'machine.start' });
    expect(outputs).toEqual([
      { tag: rig.tag('motor'), value: true, safe: false },
      { tag: rig.tag('speed'), value: 3, safe: false },
      { tag: rig.tag('lamp'), value: 'green', safe: false },
    ]);
    expect(rig.scan().outputs).toEqual([]);
    expect(rig.scan({ command: 'machine.stop' }).outputs).toContainEqual({
      tag: rig.tag('motor'),
      value: false,
      safe: true,
    });
  });

  test('a force stands over what the flow asks, and ends by itself as an act of the system', async () => {
    const rig = await running();
    const forced = rig.scan({ acts: [rig.force('speed', 7, 200)] });
    expect(forced.outputs).toEqual([{ tag: rig.tag('speed'), value: 7, safe: false }]);
    expect(rig.cell.output(rig.tag('speed'))).toEqual({ value: 7, asked: 0, by: 'force' });
    rig.pass(160);
    expect(rig.out('speed')).toBe(7);
    const ended = rig.scan();
    expect(ended.ended).toMatchObject([
      { kind: 'unforce', actor: 'system', tag: rig.tag('speed') },
    ]);
    expect(rig.out('speed')).toBe(0);
    expect(ended.record).toBeDefined();
  });
});

describe('then at once again', () => {
  test('after a transition with a `to` or a changed signal another scan follows', async () => {
    const rig = await running();
    const moved = rig.scan({ tags: { part: true }, command: 'machine.start' });
    expect(moved.followUp).toBe(true);
    expect(rig.scan().followUp).toBe(true);
    expect(rig.scan().followUp).toBe(true);
    expect(rig.scan().followUp).toBe(false);
  });

  test('a scan that only sets ctx is not followed', async () => {
    const note = `
flow: tally
format: cellflow/1
version: 1
scan: 50ms
inputs:
  x: {type: bool, stale: 1s}
ctx:
  n: {type: int, min: 0, max: 9, init: 0}
outputs:
  lamp: {type: bool, safe: false}
regions:
  r:
    initial: A
    states:
      A: {rest: true, do: {lamp: true}, go: [{id: A1, when: rise(x), set: {n: ctx.n + 1}}]}
`;
    const rig = await rigOf({ flows: { tally: note } });
    rig.scan({ tags: { x: false } });
    rig.scan();
    const result = rig.scan({ tags: { x: true } });
    expect(rig.fired(result)).toEqual(['tally.A1']);
    expect(result.followUp).toBe(false);
  });
});

describe('first scan', () => {
  test('a flow is first stepped when each of its inputs has had an answer; its outputs are safe until then', async () => {
    const rig = await rigOf({ flows: { machine } });
    const first = rig.scan({ tags: { part: true } });
    expect(first.outputs.every(({ safe }) => safe)).toBe(true);
    expect(first.outputs.map(({ tag }) => rig.plan.tags[tag]?.name)).toEqual([
      'motor',
      'speed',
      'lamp',
    ]);
    rig.pass(400);
    expect(rig.cell.flows[0]?.stepped).toBe(false);
    // The device's error is an answer too.
    const answered = rig.scan({ tags: { level: { v: null, s: status.BadDeviceFailure } } });
    expect(answered.record?.stepped).toEqual([{ flow: 0, stepped: true }]);
  });

  test('or after `settle`', async () => {
    const rig = await rigOf({ flows: { machine }, manifest: { scan: { settle: '500ms' } } });
    rig.pass(480);
    expect(rig.cell.flows[0]?.stepped).toBe(false);
    expect(rig.scan().record?.stepped).toEqual([{ flow: 0, stepped: true }]);
  });

  test('`sys.restarted` is true in that scan and in no other, and signals are idle in it', async () => {
    const text = `
flow: fresh
format: cellflow/1
version: 1
scan: 50ms
inputs:
  x: {type: bool, stale: 1s}
outputs:
  lamp: {type: bool, safe: false}
signals:
  on: {type: bool, idle: false}
ctx:
  firsts: {type: int, min: 0, max: 9, init: 0}
  idles: {type: int, min: 0, max: 9, init: 0}
regions:
  r:
    initial: A
    states:
      A:
        rest: true
        do: {on: true, lamp: true}
        go:
          - {id: A1, when: sys.restarted && !sig.on && x, set: {firsts: ctx.firsts + 1}, to: A}
          - {id: A2, when: "!sig.on", set: {idles: ctx.idles + 1}, to: A}
`
      .replace('on: {type', 'lit: {type')
      .replaceAll('sig.on', 'sig.lit')
      .replace('{on: true', '{lit: true');
    const rig = await rigOf({ flows: { fresh: text } });
    rig.scan({ tags: { x: true } });
    rig.pass(200);
    expect([...(rig.cell.flows[0]?.configuration.ctx ?? [])]).toEqual([1, 0]);
  });

  test('a changed system tag makes no flow wait for it', async () => {
    const rig = await rigOf({
      flows: {
        machine: machine.replace('cmd.start && part', 'cmd.start && part && sys.chronicle.ok'),
      },
    });
    rig.scan({ tags: rig.rest() });
    expect(rig.cell.flows[0]?.stepped).toBe(true);
  });
});

describe('several flows', () => {
  test('each sees the signals of the others of the scan before, unknown while one is not stepped', async () => {
    const rig = await rigOf({ flows: { machine, other } });
    rig.scan({ tags: { gate: false } });
    expect(rig.cell.flows[1]?.stepped).toBe(true);
    expect(rig.cell.flows[1]?.frame.foreign[0]).toBeNaN();
    rig.scan({ tags: { part: true, level: 0 } });
    expect(rig.cell.flows[1]?.frame.foreign[0]).toBe(0);
    rig.scan({ command: 'machine.start' });
    expect(rig.out('horn')).toBe(false);
    rig.scan();
    expect(rig.out('horn')).toBe(true);
  });

  test('their order does not matter', async () => {
    const one = script(await rigOf({ flows: { machine, other } }));
    const two = script(await rigOf({ flows: { other, machine } }));
    expect(one).toEqual(two);
  });
});

describe('what is recorded', () => {
  test('a scan on the grid in which nothing changed makes nothing at all', async () => {
    const rig = await running();
    expect(rig.scan()).toBe(rig.scan());
    expect(rig.scan().record).toBeUndefined();
  });

  test.each([
    ['ran off the grid', { offGrid: true }],
    ['missed deadlines', { missed: 2 }],
    ['took a changed tag', { tags: { level: 3 } }],
    ['took a held command', { held: { 'machine.jog': true } }],
    ['took a command', { command: 'machine.stop' }],
  ])('a scan is recorded when it %s', async (_, taking) => {
    const rig = await running();
    expect(rig.scan(taking).record).toBeDefined();
  });

  test('a scan is recorded when a timer fired in it', async () => {
    const rig = await busy();
    rig.pass(980);
    expect(rig.scan().record?.fired).toHaveLength(1);
  });

  test('the record has the device`s own value beneath a force', async () => {
    const rig = await running();
    rig.scan({ acts: [rig.force('level', 90, 10_000)] });
    const { record } = rig.scan({ tags: { level: 12 } });
    expect(record?.tags).toMatchObject([{ tag: rig.tag('level'), value: 12 }]);
  });

  test('a tag with `record: false` is kept out, and makes no entry', async () => {
    const rig = await rigOf({
      flows: { machine },
      tags: { 'oil.temp': { type: 'real', stale: '1s', record: false } },
    });
    rig.scan({ tags: rig.rest() });
    rig.scan();
    expect(rig.scan({ tags: { 'oil.temp': 40 } }).record).toBeUndefined();
    const { record } = rig.scan({ tags: { 'oil.temp': 41, level: 3 } });
    expect(record?.tags).toHaveLength(1);
    expect(rig.cell.tags.value[rig.tag('oil.temp')]).toBe(41);
  });
});

const script = (rig: Rig): string[] => {
  const seen: string[] = [];
  rig.scan({ tags: rig.rest() });
  for (let scan = 0; scan < 60; scan += 1) {
    const taking = scan === 5 ? { tags: { part: true }, command: 'machine.start' } : {};
    const result = rig.scan(taking);
    seen.push(`${rig.fired(result).toSorted().join(' ')} ${rig.out('horn')}`);
  }
  return seen;
};

describe('a note', () => {
  const noting = `
flow: noting
format: cellflow/1
version: 1
scan: 50ms
inputs:
  part: {type: bool, stale: 1s}
outputs:
  lamp: {type: bool, safe: false}
regions:
  r:
    initial: Wait
    states:
      Wait: {rest: true, go: [{id: N1, when: part, note: {part: {code: part.code, there: part}}, to: Seen}]}
      Seen: {rest: true, do: {lamp: true}, go: [{id: N2, unless: part, to: Wait}]}
`;
  const tags = { 'part.code': { type: 'string', stale: '1s' } };

  test('has the values that its tags have in the scan in which it fires, strings too', async () => {
    const rig = await rigOf({ flows: { noting }, tags });
    rig.scan({ tags: rig.rest() });
    rig.scan({ tags: { 'part.code': 'A-17' } });
    const { notes, record } = rig.scan({ tags: { part: true } });
    expect(notes).toEqual([
      {
        flow: 0,
        transition: 0,
        kind: 'part',
        values: { code: { v: 'A-17', s: status.Good }, there: { v: true, s: status.Good } },
      },
    ]);
    expect(record?.fired).toHaveLength(1);
    expect(rig.scan().notes).toEqual([]);
  });

  test('has a bad value with its status, and a forced one as such', async () => {
    const rig = await rigOf({ flows: { noting }, tags });
    rig.scan({ tags: rig.rest() });
    rig.scan({ tags: { 'part.code': { v: 'A-17', s: status.BadNoCommunication } } });
    const { notes } = rig.scan({ acts: [rig.force('part', true, 5_000)] });
    expect(notes[0]?.values).toEqual({
      code: { v: 'A-17', s: status.BadNoCommunication },
      there: { v: true, s: 0x00960000 },
    });
  });
});
