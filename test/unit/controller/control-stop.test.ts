// What reaches control while it ends in order, and after: nothing of it is heard, nothing breaks.
import { expect, test } from 'vitest';
import type { FromControl } from '#contract/wire.ts';
import type { WirePeer } from '#controller/wire/server.ts';
import { CellFolder, ControlRig } from './control-rig.ts';

test.each(['during', 'after'])('%s an orderly end nobody is heard', async (when) => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  const sent: FromControl[] = [];
  const peer = { feed: true, send: (message: FromControl) => sent.push(message) };
  const said = (): void => {
    // The part of a peer that control uses.
    const client = peer as unknown as WirePeer;
    const { control } = rig;
    control.opened(client);
    const args = { flow: 'machine', name: 'stop' };
    const by = { id: 'act-stop-1', actor: 'console:ann', ttl_ms: 2000 };
    control.message(client, { type: 'act', verb: 'command', args, ...by });
    const body = { event: 'signed-in', text: 'ann' } as const;
    const record = { type: 'record', id: 'record-1', actor: 'console:ann' } as const;
    control.message(client, { ...record, kind: 'session', body });
    control.refused('E_DOOR_FRAME', 'not a message');
    control.closed(client);
  };
  const ended = rig.stop();
  if (when === 'during') said();
  await ended;
  if (when === 'after') said();
  expect(sent).toEqual([]);
  const kinds = folder.entries().map(({ kind }) => kind);
  expect(kinds.filter((kind) => ['act', 'session', 'fault'].includes(kind))).toEqual([]);
  expect(kinds.slice(-2)).toEqual(['stop', 'checkpoint']);
});
