// Acts that no entry can hold: those whose entry the full backlog dropped.
import { expect, test } from 'vitest';
import { CellFolder, ControlRig } from './control-rig.ts';

test('an act whose entry was dropped is done, and says at once that it is not recorded', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder, { backlog: '256KB' });
  rig.disk = false;
  for (
    let turn = 0;
    turn < 400 && rig.control.standing()['chronicle.lost'] === undefined;
    turn += 1
  )
    // oxlint-disable-next-line no-await-in-loop -- until nothing finds room any more
    await fill(rig);
  expect(rig.control.standing()['chronicle.lost']).toBeDefined();
  const id = rig.act('parameter', { flow: 'machine', name: 'limit', value: 60 });
  await rig.pass(20);
  const expected = {
    type: 'done',
    id,
    seq: 0,
    outcome: 'done; not recorded',
    code: 'E_CHRONICLE_LOST',
  };
  expect(rig.done(id)).toEqual(expected);
  rig.act('parameter', { flow: 'machine', name: 'limit', value: 60 }, { id });
  expect(rig.answers.at(-1)).toEqual(expected);
  const own = rig.act('acknowledge', { alarm: 'chronicle.lost' });
  expect(rig.answers.slice(-2)).toMatchObject([
    { type: 'receipt', id: own, result: 'accepted' },
    { type: 'done', id: own, seq: 0, code: 'E_CHRONICLE_LOST' },
  ]);
  rig.kill();
});

async function fill(rig: ControlRig): Promise<void> {
  rig.control.refused('E_DOOR_FRAME', 'x'.repeat(3000));
  await rig.pass(5);
}
