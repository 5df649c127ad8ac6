// What control makes of what devices say: entries, alarms, and outputs that are told again.
import { expect, test } from 'vitest';
import { WriteBody } from '#contract/entry.ts';
import { readBody } from '#controller/chronicle/body.ts';
import { CellFolder, ControlRig } from './control-rig.ts';

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
