// Text that strangers send, cut to what an entry takes: what is recorded is Unicode in any case.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ActBody, SessionBody } from '#contract/entry.ts';
import { readBody } from '#controller/chronicle/body.ts';
import type { WirePeer } from '#controller/wire/server.ts';
import { CellFolder, ControlRig } from './control-rig.ts';

let folder: CellFolder;
let rig: ControlRig;
beforeEach(async () => {
  folder = new CellFolder();
  rig = await ControlRig.start(folder);
});
afterEach(() => folder[Symbol.dispose]());

/** The bodies of one kind, as they stand on the disk. */
const bodies = (kind: string) =>
  folder
    .entries()
    .filter((entry) => entry.kind === kind)
    .map((entry) => readBody(entry));

test('a refused act is cut between characters, or the half becomes U+FFFD', async () => {
  rig.act(`${'v'.repeat(79)}😀`, { text: `${'a'.repeat(4086)}😀` });
  await rig.pass(10);
  rig.kill();
  const { verb, args, reason } = ActBody.parse(bodies('act').at(-1));
  expect(verb).toBe(`${'v'.repeat(79)}\u{FFFD}`);
  expect(reason).toContain(verb);
  expect(args['cut']).toBe(`{"text":"${'a'.repeat(4086)}\u{FFFD}`);
});

test('half a character in what station tells becomes U+FFFD', async () => {
  const peer: Pick<WirePeer, 'send'> = { send: () => undefined };
  rig.control.message(peer as WirePeer, {
    type: 'record',
    id: 'record-1',
    actor: 'system',
    kind: 'session',
    body: { event: 'refused', text: 'Host: \uD83D' },
  });
  await rig.pass(10);
  rig.kill();
  expect(bodies('session').map((body) => SessionBody.parse(body).text)).toEqual(['Host: \u{FFFD}']);
});
