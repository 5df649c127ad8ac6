// What control shows of its cell: tags as people see them, outputs with what holds them, flows, and changes alone.
import { expect, test } from 'vitest';
import { status } from '#contract/quality.ts';
import { Hello, Snapshot } from '#contract/wire.ts';
import type { Sections } from '#contract/wire.ts';
import { machine } from '#test/flow/machine-flow.ts';
import { CellFolder, ControlRig } from '#test/unit/controller/control-rig.ts';

/** What changed since this was last asked; the feed, which would ask as well, is stopped. */
async function changesAfter(rig: ControlRig, span: number): Promise<Partial<Sections>> {
  await rig.pass(span);
  return rig.parts.view.changes() ?? {};
}

async function started(folder: CellFolder, options: Parameters<typeof ControlRig.start>[1] = {}) {
  const rig = await ControlRig.start(folder, options);
  rig.parts.feed.stop();
  rig.parts.view.changes();
  return rig;
}

test('the greeting describes every tag, with what flows hold it to and who drives it', async () => {
  using folder = new CellFolder();
  const rig = await started(folder);
  const hello = rig.parts.view.hello();
  expect(Hello.parse(JSON.parse(JSON.stringify(hello)))).toEqual(hello);
  const info = (name: string) => hello.tags.find((tag) => tag.name === name);
  expect(info('level')).toMatchObject({
    kind: 'input',
    type: 'real',
    device: 'io',
    min: 0,
    max: 100,
  });
  expect(info('speed')).toMatchObject({ kind: 'output', safe: 0, flow: 'machine' });
  expect(info('lamp')).toMatchObject({ values: ['red', 'green'], safe: 'red' });
  expect(info('part')?.place).toBe('discrete 0');
  expect(info('sys.chronicle.ok')).toMatchObject({ kind: 'system', type: 'bool' });
  expect(hello.flows.map(({ name }) => name)).toEqual(['machine', 'other']);
  const { seq } = hello;
  rig.give({ part: true });
  await rig.pass(60);
  expect(rig.parts.view.hello().seq).toBeGreaterThan(seq);
  rig.kill();
});

test('of a tag that reaches a limit or a note the greeting says which', async () => {
  using folder = new CellFolder();
  const noted = machine
    .replace(
      'U2, when: cmd.start && part, to: Busy',
      'U2, when: cmd.start && part, to: Busy, note: {work: {code: code}}',
    )
    .concat('alarms:\n  high: {when: level >= 90.5, priority: 2, text: High}\n');
  const rig = await started(folder, { machine: noted });
  const info = (name: string) => rig.parts.view.hello().tags.find((tag) => tag.name === name);
  expect(info('level')?.limits).toEqual([
    { side: 'high', flow: 'machine', value: 90.5, by: 'high' },
  ]);
  expect(info('code')?.noted).toEqual(['work']);
  expect(info('part')).not.toHaveProperty('limits');
  rig.kill();
});

test('a picture is what the door carries, with the age of each value', async () => {
  using folder = new CellFolder();
  const rig = await started(folder);
  rig.give({ level: 7 });
  await rig.pass(30);
  const picture = rig.picture();
  expect(Snapshot.parse(JSON.parse(JSON.stringify(picture)))).toEqual(picture);
  const { age_ms, ...level } = picture.tags['level'] ?? {};
  expect(level).toMatchObject({ v: 7, s: status.Good });
  expect(age_ms).toBeLessThanOrEqual(40);
  expect(Object.keys(picture.outputs).toSorted()).toEqual(['horn', 'lamp', 'motor', 'speed']);
  expect(picture.tags).not.toHaveProperty('motor');
  rig.kill();
});

test('only what changed is told, and a quiet cell tells figures once a second', async () => {
  using folder = new CellFolder();
  const rig = await started(folder);
  await changesAfter(rig, 1100);
  expect(await changesAfter(rig, 100)).toEqual({});
  rig.give({ spare: 3 });
  expect(Object.keys(await changesAfter(rig, 40))).toEqual(['tags']);
  rig.give({ spare: 4, part: true });
  const { tags } = await changesAfter(rig, 40);
  expect(Object.keys(tags ?? {}).toSorted()).toEqual(['part', 'spare']);
  expect(tags?.['spare']).not.toHaveProperty('age_ms');
  const figures = await changesAfter(rig, 1000);
  expect(Object.keys(figures).toSorted()).toEqual(['chronicle', 'scan']);
  rig.kill();
});

test('an output says what is asked, what holds it, and what the device confirmed', async () => {
  using folder = new CellFolder();
  const rig = await started(folder);
  rig.give({ part: true });
  rig.command('start');
  const begun = await changesAfter(rig, 60);
  expect(begun.outputs?.['motor']).toEqual({
    v: true,
    asked: true,
    by: 'flow',
    write: 'confirmed',
  });
  rig.act('force', { tag: 'speed', value: 5, for_ms: 60_000, reason: 'to see' });
  const forced = await changesAfter(rig, 60);
  expect(Object.keys(forced.outputs ?? {})).toEqual(['speed']);
  expect(forced.outputs?.['speed']).toMatchObject({ v: 5, asked: 3, by: 'force' });
  expect(forced.forces?.['speed']).toMatchObject({
    value: 5,
    reason: 'to see',
    actor: 'console:ann',
  });
  rig.act('unforce', { tag: 'speed' });
  const freed = await changesAfter(rig, 60);
  expect(freed.outputs?.['speed']).toMatchObject({ v: 3, by: 'flow' });
  expect(freed.forces).toEqual({ speed: null });
  rig.kill();
});

test('a force over an input is shown in place of its value, until it ends', async () => {
  using folder = new CellFolder();
  const rig = await started(folder);
  rig.give({ level: 12 });
  await changesAfter(rig, 40);
  rig.act('force', { tag: 'level', value: 3, for_ms: 200, reason: 'to see' });
  expect((await changesAfter(rig, 60)).tags?.['level']).toMatchObject({ v: 3, f: true });
  rig.give({ level: 40 });
  expect((await changesAfter(rig, 60)).tags?.['level']).toMatchObject({ v: 3, f: true });
  const ended = (await changesAfter(rig, 200)).tags?.['level'];
  expect(ended).toMatchObject({ v: 40 });
  expect(ended).not.toHaveProperty('f');
  rig.kill();
});

test('an alarm that is over is told to be gone', async () => {
  using folder = new CellFolder();
  const rig = await started(folder);
  rig.health('backoff', 1);
  const raised = await changesAfter(rig, 60);
  expect(raised.alarms?.['device.io']).toMatchObject({ state: 'unacknowledged' });
  expect(raised.devices?.['io']?.state).toBe('backoff');
  rig.act('acknowledge', { alarm: 'device.io' });
  rig.health('online', 2);
  expect((await changesAfter(rig, 60)).alarms).toEqual({ 'device.io': null });
  rig.kill();
});

test('the same entry into a state has the same UTC, however the wall clock moves meanwhile', async () => {
  using folder = new CellFolder();
  const rig = await started(folder);
  const since = () => rig.picture().flows['machine']?.regions['unit']?.sinceTime;
  const before = since();
  const time = rig.clock.time();
  rig.clock.time = () => time;
  await rig.pass(500, 50);
  expect(since()).toBe(before);
  rig.give({ part: true });
  rig.command('start');
  await rig.pass(60);
  expect(since()).not.toBe(before);
  rig.kill();
});

test('a flow that waits for a person says so, and what it waits for is not explained', async () => {
  using folder = new CellFolder();
  const first = await ControlRig.start(folder, { restart: 'ask' });
  await first.stop();
  const rig = await ControlRig.start(folder, { restart: 'ask' });
  expect(rig.picture().flows['machine']).toMatchObject({
    stepped: false,
    reason: 'control was restarted; a person resumes it',
  });
  expect(rig.parts.view.why('machine')).toEqual({ flow: 'machine', candidates: [], commands: [] });
  expect(rig.parts.view.why('none')).toBeUndefined();
  rig.act('resume', { flow: 'machine' });
  await rig.pass(100);
  expect(rig.picture().flows['machine']).toMatchObject({ stepped: true });
  expect(rig.picture().flows['machine']).not.toHaveProperty('reason');
  expect(rig.parts.view.why('machine')?.candidates.length).toBeGreaterThan(0);
  rig.kill();
});
