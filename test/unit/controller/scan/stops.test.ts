// What stopped a unit: the transition that left Execute or Suspended for anything but work and
// completion, and what decided it.
import { expect, test } from 'vitest';
import { status } from '#contract/quality.ts';
import { Stopped } from '#contract/wire.ts';
import type { FromControl } from '#contract/wire.ts';
import type { WirePeer } from '#controller/wire/server.ts';
import { CellFolder, ControlRig } from '#test/unit/controller/control-rig.ts';

const machine = `
flow: machine
format: cellflow/1
version: 1
scan: 50ms
inputs:
  part: {type: bool, stale: 1s}
  level: {type: real, min: 0, max: 100, stale: 1s}
commands:
  start: {role: operator, class: start}
  stop: {role: anyone, class: stop}
outputs:
  motor: {type: bool, safe: false}
  speed: {type: int, min: 0, max: 9, safe: 0}
  lamp: {type: enum, values: [red, green], safe: red}
signals:
  want: {type: bool, idle: false}
params:
  limit: {type: real, init: 50, min: 10, max: 90}
regions:
  unit:
    initial: Idle
    go:
      - {id: U1, unless: part, except: [Idle, Aborted], to: Aborted, why: The part is gone}
    states:
      Idle:
        rest: true
        go:
          - {id: U2, when: cmd.start && part, to: Execute}
      Execute:
        initial: One
        do: {motor: true, speed: 3, lamp: green, want: true}
        go:
          - {id: U3, when: cmd.stop, to: Idle}
        states:
          One:
            rest: true
            go:
              - {id: E1, when: level > 20, to: Two}
              - {id: E4, after: 2s, to: unit.Suspended, why: Nothing to do}
          Two:
            rest: true
            go:
              - {id: E2, when: level > param.limit, to: unit.Complete}
              - {id: E3, when: level < 10 && part, to: unit.Held, why: {en: Too little, de: Zu wenig}}
      Suspended:
        initial: Soon
        go:
          - {id: U7, when: cmd.stop, to: Held}
          - {id: U8, when: level > 80, to: Complete}
          - {id: U9, when: level > 17, to: Execute}
        states:
          Soon: {rest: true, go: [{id: S1, after: 1s, to: Late}]}
          Late: {rest: true}
      Held: {rest: true, go: [{id: U4, when: cmd.start, to: Execute}]}
      Complete: {rest: true, go: [{id: U5, when: cmd.start, to: Execute}]}
      Aborted: {rest: true, go: [{id: U6, when: cmd.start, to: Idle}]}
`;

/** A machine at work, and a client that watches it. */
async function atWork(folder: CellFolder): Promise<{ rig: ControlRig; heard: FromControl[] }> {
  const rig = await ControlRig.start(folder, { machine });
  const heard = watching(rig);
  rig.give({ part: true, level: 15 });
  rig.command('start');
  await rig.pass(60);
  expect(rig.state('unit')).toBe('unit.Execute.One');
  return { rig, heard };
}

function watching(rig: ControlRig): FromControl[] {
  const heard: FromControl[] = [];
  const peer = { feed: true, waiting: 0, send: (message: FromControl) => heard.push(message) };
  // The part of a peer that the feed uses.
  rig.control.opened(peer as unknown as WirePeer);
  return heard;
}

const stopsOf = (heard: readonly FromControl[]): Stopped[] =>
  heard.flatMap((message) => (message.type === 'stopped' ? [message] : []));

test('tells the transition, why, and the values that decided it, at once', async () => {
  using folder = new CellFolder();
  const { rig, heard } = await atWork(folder);
  rig.give({ level: 30 });
  await rig.pass(60);
  rig.give({ level: 9 });
  await rig.pass(60);
  const [stop, ...more] = stopsOf(heard);
  expect(more).toEqual([]);
  expect(Stopped.parse(stop)).toEqual(stop);
  expect(stop).toMatchObject({
    flow: 'machine',
    transition: 'E3',
    from: 'unit.Execute.Two',
    to: 'unit.Held',
    why: { en: 'Too little', de: 'Zu wenig' },
    values: { level: { v: 9, s: status.Good }, part: { v: true } },
  });
  expect(stop?.terms[0]?.of?.map(({ text, truth }) => [text, truth])).toEqual([
    ['level < 10', 'true'],
    ['part', 'true'],
  ]);
  rig.give({ level: 70 });
  await rig.pass(60);
  expect(stopsOf(heard)).toHaveLength(1);
  expect(rig.parts.stops.last).toEqual([stop]);
  rig.kill();
});

test('steps within Execute, completion and a start are no stops', async () => {
  using folder = new CellFolder();
  const { rig, heard } = await atWork(folder);
  rig.give({ level: 30 });
  await rig.pass(60);
  rig.give({ level: 60 });
  await rig.pass(60);
  expect(rig.state('unit')).toBe('unit.Complete');
  rig.give({ level: 15 });
  rig.command('start');
  await rig.pass(60);
  expect(rig.state('unit')).toBe('unit.Execute.One');
  expect(stopsOf(heard)).toEqual([]);
  rig.kill();
});

test('what suspends it is a stop, and nothing of it is still waited for', async () => {
  using folder = new CellFolder();
  const { rig, heard } = await atWork(folder);
  await rig.pass(2100);
  expect(rig.state('unit')).toBe('unit.Suspended.Soon');
  const [stop, ...more] = stopsOf(heard);
  expect(more).toEqual([]);
  expect(Stopped.parse(stop)).toEqual(stop);
  expect(stop).toMatchObject({ transition: 'E4', to: 'unit.Suspended', why: 'Nothing to do' });
  expect(stop?.terms[0]?.of).toEqual([{ kind: 'after', truth: 'true', text: 'after 2s' }]);
  rig.kill();
});

test('a person who holds what is suspended is the newer reason', async () => {
  using folder = new CellFolder();
  const { rig, heard } = await atWork(folder);
  await rig.pass(3500);
  expect(rig.state('unit')).toBe('unit.Suspended.Late');
  expect(stopsOf(heard).map(({ transition }) => transition)).toEqual(['E4']);
  rig.command('stop');
  await rig.pass(60);
  expect(rig.state('unit')).toBe('unit.Held');
  expect(rig.parts.stops.last).toMatchObject([
    { transition: 'U7', from: 'unit.Suspended.Late', to: 'unit.Held' },
  ]);
  rig.kill();
});

test.each([
  { level: 18, to: 'unit.Execute.One', what: 'back to work' },
  { level: 90, to: 'unit.Complete', what: 'to completion' },
])('from Suspended $what is no stop', async ({ level, to }) => {
  using folder = new CellFolder();
  const { rig, heard } = await atWork(folder);
  await rig.pass(2100);
  rig.give({ level });
  await rig.pass(60);
  expect(rig.state('unit')).toBe(to);
  expect(stopsOf(heard).map(({ transition }) => transition)).toEqual(['E4']);
  rig.kill();
});

test('a person who stops it is the reason, and no tag is', async () => {
  using folder = new CellFolder();
  const { rig, heard } = await atWork(folder);
  rig.command('stop');
  await rig.pass(60);
  expect(stopsOf(heard)).toMatchObject([{ transition: 'U3', to: 'unit.Idle', values: {} }]);
  expect(stopsOf(heard)[0]?.terms[0]?.of).toMatchObject([{ kind: 'command', text: 'cmd.stop' }]);
  rig.kill();
});

test('a value that was lost is told as it was then, with its status', async () => {
  using folder = new CellFolder();
  const { rig, heard } = await atWork(folder);
  rig.give({ part: true }, status.BadSensorFailure);
  await rig.pass(60);
  const [stop] = stopsOf(heard);
  expect(stop).toMatchObject({
    transition: 'U1',
    why: 'The part is gone',
    values: { part: { s: status.BadSensorFailure } },
  });
  expect(stop?.terms[0]?.of?.[0]?.of).toMatchObject([{ text: 'part', truth: 'unknown' }]);
  rig.give({ part: false });
  await rig.pass(60);
  expect(rig.parts.stops.last).toEqual([stop]);
  rig.kill();
});

test('a value that a person forced says so', async () => {
  using folder = new CellFolder();
  const { rig, heard } = await atWork(folder);
  rig.act('force', { tag: 'part', value: false, for_ms: 60_000, reason: 'to see' });
  await rig.pass(60);
  expect(stopsOf(heard)).toMatchObject([{ values: { part: { v: false, f: true } } }]);
  rig.kill();
});

test('of each flow the newest is kept, for whoever comes later', async () => {
  using folder = new CellFolder();
  const { rig } = await atWork(folder);
  rig.command('stop');
  await rig.pass(60);
  rig.command('start');
  await rig.pass(60);
  rig.give({ part: false });
  await rig.pass(60);
  const late = watching(rig);
  expect(late.map(({ type }) => type)).toEqual(['hello', 'snapshot', 'stopped']);
  expect(stopsOf(late)).toMatchObject([{ transition: 'U1', to: 'unit.Aborted' }]);
  rig.kill();
});
