// What control makes of what devices say: entries, alarms, and outputs that are told again.
import { expect, test } from 'vitest';
import { WriteBody } from '#contract/entry.ts';
import { readBody } from '#controller/chronicle/body.ts';
import { CellFolder, ControlRig } from '#test/unit/controller/control-rig.ts';

const writes = (folder: CellFolder) =>
  folder
    .entries()
    .filter(({ kind }) => kind === 'write')
    .map((entry) => WriteBody.parse(readBody(entry)));

async function busy(folder: CellFolder): Promise<ControlRig> {
  const rig = await ControlRig.start(folder);
  rig.give({ part: true });
  rig.command('start');
  await rig.pass(40);
  expect(rig.told('motor')).toBe(true);
  return rig;
}

test('a device that comes back and refuses what it had confirmed is in the record and an alarm', async () => {
  using folder = new CellFolder();
  const rig = await busy(folder);
  rig.health('backoff', 1);
  await rig.pass(20);
  rig.device.answer = 'rejected';
  rig.health('online', 2);
  await rig.pass(20);
  expect(rig.control.standing()['write.motor']).toMatchObject({ state: 'unacknowledged' });
  rig.kill();
  expect(writes(folder)).toContainEqual({ tag: 'motor', value: true, outcome: 'rejected' });
});

test('a device that answers badly is told from one that does not answer', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  const alarm = () => rig.control.standing()['device.io'];
  rig.health('degraded', 1);
  await rig.pass(4900, 100);
  expect(alarm()).toBeUndefined();
  await rig.pass(200, 100);
  expect(alarm()?.text).toBe('Device io answers badly');
  rig.act('acknowledge', { alarm: 'device.io' });
  expect(alarm()?.state).toBe('acknowledged');
  rig.health('backoff', 1);
  expect(alarm()).toMatchObject({ state: 'unacknowledged', text: 'Device io does not answer' });
  rig.kill();
});

test('one late answer is no alarm, and the device counts as there', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  rig.health('online', 1);
  rig.health('degraded', 1);
  await rig.pass(1000, 100);
  expect(rig.picture().tags['sys.device.io.ok']?.v).toBe(true);
  rig.health('online', 1);
  await rig.pass(6000, 100);
  expect(rig.control.standing()['device.io']).toBeUndefined();
  rig.health('backoff', 1);
  await rig.pass(40);
  expect(rig.picture().tags['sys.device.io.ok']?.v).toBe(false);
  rig.kill();
});

test.each(['connecting', 'backoff'] as const)(
  'a write to a device that is not there (%s) is no entry; one that is there and silent is',
  async (state) => {
    using folder = new CellFolder();
    const rig = await ControlRig.start(folder);
    const [[, health] = []] = [...rig.parts.devices.health()];
    rig.device.answer = 'unknown';
    if (health !== undefined) rig.device.sink?.health({ ...health, state });
    rig.parts.outputs.allSafe();
    await rig.pass(3000, 20);
    rig.write();
    expect(writes(folder)).toEqual([]);
    rig.health('online', 2);
    await rig.pass(20);
    rig.kill();
    expect(new Set(writes(folder).map(({ tag }) => tag)).size).toBeGreaterThan(2);
  },
);

test('a device that has yet to connect at a start does not end what was acknowledged before', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  const [[, health] = []] = [...rig.parts.devices.health()];
  rig.parts.alarms.remember(new Map([['device.io', 'console:ann']]));
  if (health !== undefined) rig.device.sink?.health({ ...health, state: 'connecting' });
  rig.health('backoff', 1);
  expect(rig.control.standing()['device.io']).toMatchObject({
    state: 'acknowledged',
    by: 'console:ann',
  });
  rig.kill();
});
