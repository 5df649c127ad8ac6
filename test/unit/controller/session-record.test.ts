// What station asks to have recorded is answered like an act: accepted, and done when it is on disk.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Done, FromControl, Receipt } from '#contract/wire.ts';
import type { WirePeer } from '#controller/wire/server.ts';
import { CellFolder, ControlRig } from './control-rig.ts';

let folder: CellFolder;
let rig: ControlRig;
let heard: FromControl[];
beforeEach(async () => {
  folder = new CellFolder();
  rig = await ControlRig.start(folder, { backlog: '64KB' });
  heard = [];
});
afterEach(() => folder[Symbol.dispose]());

function signIn(id: string): void {
  const peer: Pick<WirePeer, 'send'> = { send: (message) => void heard.push(message) };
  rig.control.message(peer as WirePeer, {
    type: 'record',
    id,
    actor: 'console:ann',
    kind: 'session',
    body: { event: 'signed-in', text: 'signed in console:ann' },
  });
}
const answers = (id: string): (Receipt | Done)[] =>
  heard.flatMap((message) =>
    (message.type === 'receipt' || message.type === 'done') && message.id === id ? message : [],
  );

test('a sign-in is done when it is on disk, not before', async () => {
  rig.disk = false;
  signIn('record-1');
  await rig.pass(20);
  expect(answers('record-1')).toEqual([{ type: 'receipt', id: 'record-1', result: 'accepted' }]);
  rig.disk = true;
  await rig.pass(20);
  rig.kill();
  const done = answers('record-1').at(-1);
  expect(done).toMatchObject({ type: 'done', outcome: 'recorded' });
  const entry = folder.entries().find(({ kind }) => kind === 'session');
  expect(entry).toMatchObject({ actor: 'console:ann' });
  expect(done).toHaveProperty('seq', entry?.seq);
});

test('a sign-in for which the record has no room is refused', async () => {
  rig.disk = false;
  for (let count = 0; count < 2000; count += 1) signIn(`record-${count}`);
  expect(answers('record-1999')).toMatchObject([{ result: 'refused', code: 'E_CHRONICLE_LOST' }]);
  rig.disk = true;
  await rig.pass(50);
  expect(answers('record-1999')).toHaveLength(1);
  rig.kill();
});
