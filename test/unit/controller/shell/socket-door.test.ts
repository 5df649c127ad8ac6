// Who is let into a shell's socket, and what of a frame is taken: tickets that are late, used or of somebody else; frames that
// are short, long, of nobody's kind, or made of anything.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFrame } from '#contract/shell-frames.ts';
import type { FromViewer } from '#contract/shell-frames.ts';
import { socketLimit } from '#controller/shell/socket.ts';
import { HandClock } from '#test/unit/controller/server/rig.ts';
import { bash, person, rig, seated } from './socket-rig.ts';
import type { Rig, Viewer } from './socket-rig.ts';
import { until } from './until.ts';

const seed = Number(process.env['REBE_SEED'] ?? 20_261_123);
const soak = process.env['SOAK'] === '1';
const idle = bash('stty -echo; printf ready; cat; sleep 60');
const client = 'c'.repeat(32);
const hello = (ticket: string): FromViewer => ({
  type: 'ctrl',
  says: { type: 'hello', ticket, client, offset: null },
});
const odd = (length: number, type: number): Uint8Array => new Uint8Array(length).fill(type, 0, 1);
const send = (ws: { send(bytes: Uint8Array): void }, frame: FromViewer): void =>
  ws.send(encodeFrame(frame));

/** Everything that was sent before has been judged: what is not a viewer's to send is refused in order. */
async function answered(viewer: Viewer, told: number): Promise<{ reason: string }> {
  viewer.ws?.send(encodeFrame({ type: 'resize', size: { cols: 10, rows: 10 } }));
  await until(() => viewer.loop.refused().length > told || !viewer.loop.client.welcome);
  return viewer.loop.client.welcome ? { reason: 'alive' } : viewer.closed;
}

describe('a ticket', () => {
  const ann = person('ann');
  test.each<[what: string, show: (it: Rig) => Promise<{ code: number; reason: string }>]>([
    [
      'that was used',
      async (it) => {
        const { ticket } = it.tickets.issue(ann, it.session.id, 'driver');
        const first = await it.socket(ann);
        send(first.ws, hello(ticket));
        const second = await it.socket(ann);
        await until(() => it.session.places.length === 1);
        send(second.ws, hello(ticket));
        return second.closed;
      },
    ],
    [
      'of somebody else',
      async (it) => {
        const { ws, closed } = await it.socket(person('bob'));
        send(ws, hello(it.tickets.issue(ann, it.session.id, 'driver').ticket));
        return closed;
      },
    ],
    [
      'of another sign-in of the same person',
      async (it) => {
        const { ws, closed } = await it.socket({ ...ann, credential: 'another' });
        send(ws, hello(it.tickets.issue(ann, it.session.id, 'driver').ticket));
        return closed;
      },
    ],
    [
      'that was never given',
      async (it) => {
        const { ws, closed } = await it.socket(ann);
        send(ws, hello('x'.repeat(43)));
        return closed;
      },
    ],
  ])('%s lets nobody in', async (_what, show) => {
    await using it = await rig(idle);
    const { code, reason } = await show(it);
    expect({ code, reason }).toEqual({ code: 4401, reason: 'E_SHELL_TICKET' });
    expect(it.refusals.some((each) => each.endsWith('E_SHELL_TICKET'))).toBe(true);
  });

  test('is not asked of a connection of nobody: it ends at once', async () => {
    await using it = await rig(idle);
    const { ws, closed } = await it.socket(null);
    send(ws, hello(it.tickets.issue(ann, it.session.id, 'driver').ticket));
    expect(await closed).toEqual({ code: 4401, reason: 'E_NOT_SIGNED_IN' });
    expect(it.session.places).toEqual([]);
  });

  test('is kept from nobody by connections of nobody that never answer their close', async () => {
    await using it = await rig(idle);
    const silent = await Promise.all(Array.from({ length: socketLimit }, () => it.socket(null)));
    for (const { ws } of silent) ws.pause();
    expect(it.shell.refusal()).toBeUndefined();
    for (const { ws } of silent) ws.terminate();
  });

  test('older than 30 s lets nobody in', async () => {
    const clock = new HandClock();
    await using it = await rig(idle, clock);
    const { ticket } = it.tickets.issue(ann, it.session.id, 'driver');
    clock.advance(30_001);
    const { ws, closed } = await it.socket(ann);
    send(ws, hello(ticket));
    expect(await closed).toMatchObject({ reason: 'E_SHELL_TICKET' });
  });

  test('that is not shown within 5 s ends the connection', async () => {
    const clock = new HandClock();
    await using it = await rig(idle, clock);
    const { closed } = await it.socket(ann);
    clock.advance(5001);
    expect(await closed).toEqual({ code: 4408, reason: 'E_DOOR_SLOW' });
  });

  test('to a shell that is over, or a part that is not to be had, lets nobody in', async () => {
    await using it = await rig(idle);
    const gone = await it.socket(ann);
    send(gone.ws, hello(it.tickets.issue(ann, 'sh-ffffffffffffffff', 'driver').ticket));
    expect(await gone.closed).toEqual({ code: 4404, reason: 'E_SHELL_UNKNOWN' });
    const agent = await it.socket(ann);
    send(agent.ws, hello(it.tickets.issue(ann, it.session.id, 'agent').ticket));
    expect(await agent.closed).toEqual({ code: 4403, reason: 'E_SHELL_PART' });
  });

  test('is forgotten when many more are given and not used', async () => {
    await using it = await rig(idle);
    const { ticket } = it.tickets.issue(ann, it.session.id, 'driver');
    for (let nth = 0; nth < 16; nth += 1) it.tickets.issue(ann, it.session.id, 'driver');
    const { ws, closed } = await it.socket(ann);
    send(ws, hello(ticket));
    expect(await closed).toMatchObject({ reason: 'E_SHELL_TICKET' });
  });
});

describe('a frame', () => {
  test.each<[what: string, say: (viewer: Viewer) => void, code: number, reason: string]>([
    ['that is text', ({ ws }) => ws?.send('ls'), 4400, 'E_DOOR_FRAME'],
    ['that is empty', ({ ws }) => ws?.send(odd(0, 0)), 4400, 'E_DOOR_FRAME'],
    ['of station', ({ ws }) => ws?.send(odd(20, 1)), 4400, 'E_DOOR_FRAME'],
    ['that ends early', ({ ws }) => ws?.send(odd(3, 2)), 4400, 'E_DOOR_FRAME'],
    ['with too much input', ({ ws }) => ws?.send(odd(40_000, 3)), 4413, 'E_DOOR_SIZE'],
    ['larger than 64 KiB', ({ ws }) => ws?.send(odd(65_537, 3)), 1009, ''],
    [
      'that shows what was never sent',
      ({ ws }) => ws?.send(encodeFrame({ type: 'ack', offset: 1e9 })),
      4400,
      'E_DOOR_FRAME',
    ],
    [
      'of input out of its order',
      ({ ws }) => ws?.send(encodeFrame({ type: 'in', inSeq: 2, bytes: odd(1, 65) })),
      4412,
      'E_SHELL_ORDER',
    ],
    [
      'of keys that are called an answer',
      ({ ws }) => ws?.send(encodeFrame({ type: 'auto', inSeq: 1, bytes: Buffer.from('reboot\r') })),
      4400,
      'E_DOOR_FRAME',
    ],
    ['with a second ticket', ({ ws }) => ws?.send(encodeFrame(hello('x'))), 4400, 'E_DOOR_FRAME'],
    [
      'among ten thousand at once',
      ({ ws }) => {
        for (let nth = 0; nth < 12_000; nth += 1) ws?.send(encodeFrame({ type: 'ack', offset: 0 }));
      },
      4429,
      'E_DOOR_RATE',
    ],
  ])('%s ends the connection', async (_what, say, code, reason) => {
    await using it = await rig(idle);
    const viewer = await seated(it, 'ann', 'driver');
    say(viewer);
    expect(await viewer.closed).toEqual({ code, reason });
    expect(it.refusals).toHaveLength(1);
    expect(it.session.typed).toBe('');
    await until(() => it.session.places.length === 0);
  });

  test('of arbitrary bytes is taken or ends its connection with a code, and types nothing', async () => {
    await using it = await rig(idle);
    const ann = it.viewer('ann', 'observer');
    const arbitrary = fc
      .tuple(fc.integer({ min: 0, max: 12 }), fc.uint8Array({ maxLength: 40 }))
      .map(([type, rest]) => new Uint8Array([type, ...rest]));
    for (const frame of fc.sample(arbitrary, { seed, numRuns: soak ? 1000 : 60 })) {
      // oxlint-disable-next-line no-await-in-loop -- a connection may have ended
      if (!ann.loop.client.welcome) await ann.connect();
      ann.ws?.send(frame);
      const told = ann.loop.refused().length;
      ann.loop.client.beat();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const end = await Promise.race([ann.closed, answered(ann, told)]);
      expect(['alive', 'E_DOOR_FRAME', 'E_DOOR_SIZE', 'E_SHELL_PART']).toContain(end.reason);
    }
    expect(it.session).toMatchObject({ typed: '', sizes: [] });
  });

  test('before the welcome ends the connection', async () => {
    await using it = await rig(idle);
    const { ws, closed } = await it.socket(person('ann'));
    send(ws, { type: 'in', inSeq: 1, bytes: Buffer.from('x') });
    expect(await closed).toEqual({ code: 4400, reason: 'E_DOOR_FRAME' });
  });
});
