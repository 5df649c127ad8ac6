// Control's door against clients that are wrong, slow, many or gone: each is its own trouble alone.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CellError } from '#contract/error.ts';
import { instant, milliseconds } from '#contract/time.ts';
import type { FromControl } from '#contract/wire.ts';
import { queueLimit } from '#contract/wire.ts';
import { WireClient, WireLink } from '#controller/wire/client.ts';
import { realClock } from '#controller/clock.ts';
import { WireServer } from '#controller/wire/server.ts';
import { TestClock } from '#test/unit/controller/chronicle/local-chronicle.ts';
import { HandClock } from '#test/unit/controller/server/rig.ts';
import { Handlers, hello, openDoor, until } from './door-rig.ts';

const act = {
  type: 'act',
  id: 'act-00000001',
  actor: 'console:ann',
  verb: 'command',
  args: { flow: 'lamp', name: 'stop' },
  ttl_ms: 2000,
};
const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
};
const deepText = (depth: number): Buffer => {
  const body = Buffer.from(
    `{"type":"act","id":"act-00000001","actor":"console:ann","verb":"command","args":{"a":${'['.repeat(depth)}${']'.repeat(depth)}},"ttl_ms":2000}`,
  );
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
};

describe('a client', () => {
  test('says hello, is greeted, and is heard', async () => {
    await using rig = await openDoor();
    const client = rig.client().greet().say(act);
    await until('it is heard', () => rig.handlers.messages.length === 1);
    await until('it is greeted', () => client.heard.length === 1);
    expect(client.heard).toEqual([hello]);
    expect(rig.handlers.messages).toEqual([act]);
    client.socket.destroy();
    await until('it is gone', () => rig.handlers.gone === 1);
    expect(rig.handlers.refusals).toEqual([]);
  });

  test('says with hello whether it wants the feed', async () => {
    await using rig = await openDoor();
    rig.client().greet(true);
    await until('it is greeted', () => rig.handlers.peers.length === 1);
    expect(rig.handlers.peers[0]?.feed).toBe(true);
  });

  const greeting = { type: 'hello', protocol: 1, client: 'cli', feed: false };
  test.each([
    ['an act before hello', [act], 'E_DOOR_FRAME'],
    ['hello twice', [greeting, greeting], 'E_DOOR_FRAME'],
    ['another protocol', [{ ...greeting, protocol: 2 }], 'E_DOOR_PROTOCOL'],
    ['hello with more in it', [{ ...greeting, role: 'admin' }], 'E_DOOR_FRAME'],
    ['a message of no type', [greeting, { id: 1 }], 'E_DOOR_FRAME'],
    ['a message of control’s own', [greeting, hello], 'E_DOOR_FRAME'],
    ['no object', [greeting, 'act'], 'E_DOOR_FRAME'],
    ['null', [greeting, null], 'E_DOOR_FRAME'],
    ['an act with a field too many', [greeting, { ...act, sudo: true }], 'E_DOOR_FRAME'],
    ['an act with a short id', [greeting, { ...act, id: 'a' }], 'E_DOOR_FRAME'],
    ['half a character in an id', [greeting, { ...act, id: 'act-0001\uD83D' }], 'E_DOOR_FRAME'],
    ['half a character in a verb', [greeting, { ...act, verb: '\uDE00' }], 'E_DOOR_FRAME'],
    [
      'half a character in an argument',
      [greeting, { ...act, args: { tag: 'a', reason: 'x\uD83D' } }],
      'E_DOOR_FRAME',
    ],
    ['half a character in a name', [greeting, { ...act, args: { '\uDE00': 1 } }], 'E_DOOR_FRAME'],
    ['an act that lives too long', [greeting, { ...act, ttl_ms: 60_001 }], 'E_DOOR_FRAME'],
    [
      'arguments in arguments in arguments',
      [greeting, { ...act, args: { a: nested(50) } }],
      'E_DOOR_FRAME',
    ],
    [
      'more flows than there can be',
      [greeting, { type: 'watch', flows: Array.from({ length: 65 }, () => 'a') }],
      'E_DOOR_FRAME',
    ],
  ])('that says %s is told so and ended', async (_what, messages, code) => {
    await using rig = await openDoor();
    const well = rig.client().greet();
    const client = rig.client();
    for (const message of messages) client.say(message);
    await until('it is ended', () => client.ended);
    expect(client.bye).toBe(code);
    expect(rig.handlers.refusals).toHaveLength(1);
    expect(rig.handlers.refusals[0]).toContain(code);
    expect(rig.handlers.messages).toEqual([]);
    well.say(act);
    await until('the other is heard', () => rig.handlers.messages.length === 1);
    expect(well.ended).toBe(false);
  });

  test.each([
    ['noise', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'E_DOOR_SIZE'],
    ['no JSON', Buffer.from([0, 0, 0, 2, 0x7b, 0x7b]), 'E_DOOR_FRAME'],
    ['nests without end', deepText(500_000), 'E_DOOR_FRAME'],
    ['nests as deep as a stack may bear', deepText(2000), 'E_DOOR_FRAME'],
  ])('that sends what %s is told so and ended', async (_what, bytes, code) => {
    await using rig = await openDoor();
    const client = rig.client().greet().bytes(bytes);
    await until('it is ended', () => client.ended);
    expect(client.bye).toBe(code);
    expect(rig.handlers.refusals).toHaveLength(1);
  });

  test('that was refused is heard no more, though more of it has arrived', async () => {
    await using rig = await openDoor();
    const client = rig.client().greet().say({ type: 'nonsense' }).say(act);
    await until('it is ended', () => client.ended);
    expect(rig.handlers.messages).toEqual([]);
  });

  test('that floods is heard whole and in order, in turns', async () => {
    await using rig = await openDoor();
    const client = rig.client().greet();
    for (let index = 0; index < 1000; index += 1)
      client.say({ ...act, id: `act-${10_000 + index}` });
    await until('all is heard', () => rig.handlers.messages.length === 1000);
    const ids = rig.handlers.messages.map((message) => (message.type === 'act' ? message.id : ''));
    expect(ids).toEqual(ids.toSorted());
  });

  test('that does not read is ended beyond its queue, and control never waited', async () => {
    await using rig = await openDoor();
    const slow = rig.client().greet();
    await until('it is greeted', () => slow.heard.length === 1);
    slow.socket.pause();
    const [peer] = rig.handlers.peers;
    const large: FromControl = { type: 'bye', code: 'x'.repeat(500_000), reason: '' };
    let sent = 0;
    while (rig.handlers.refusals.length === 0 && sent < 100) {
      peer?.send(large);
      sent += 1;
    }
    expect(rig.handlers.refusals[0]).toContain('E_DOOR_SLOW');
    expect(sent).toBeLessThanOrEqual(Math.ceil(queueLimit / 500_000) + 2);
    slow.socket.resume();
    await until('it is ended', () => slow.ended);
    peer?.send(hello);
  });

  test('to whom something too large would go is ended, and whoever sends goes on', async () => {
    await using rig = await openDoor();
    const client = rig.client().greet();
    await until('it is greeted', () => client.heard.length === 1);
    const large: FromControl = { type: 'bye', code: 'x'.repeat(1_100_000), reason: '' };
    expect(() => rig.handlers.peers[0]?.send(large)).not.toThrow();
    await until('it is ended', () => client.ended);
    expect(client.bye).toBe('E_DOOR_SIZE');
    expect(rig.handlers.refusals[0]).toContain('E_DOOR_SIZE');
  });

  test('that never says hello is ended after five seconds, and one that says it is not', async () => {
    const clock = new HandClock();
    await using rig = await openDoor(clock);
    const silent = rig.client();
    const trickling = rig.client().bytes(Buffer.from([0, 0]));
    const polite = rig.client().greet();
    await until('all are there', () => clock.waiting === 2 && rig.handlers.peers.length === 1);
    clock.advance(4999);
    await until('the other is heard', () => polite.heard.length === 1);
    expect([silent.ended, trickling.ended]).toEqual([false, false]);
    clock.advance(1);
    await until('both are ended', () => silent.ended && trickling.ended);
    expect([silent.bye, trickling.bye]).toEqual(['E_DOOR_HELLO', 'E_DOOR_HELLO']);
    expect(polite.say(act).ended).toBe(false);
    await until('it is heard', () => rig.handlers.messages.length === 1);
    expect(clock.waiting).toBe(0);
  });

  test('that reads what waited for it is told of', async () => {
    await using rig = await openDoor();
    const client = rig.client().greet();
    await until('it is greeted', () => client.heard.length === 1);
    client.socket.pause();
    rig.handlers.peers[0]?.send({ type: 'bye', code: 'x'.repeat(900_000), reason: '' });
    expect(rig.handlers.drains).toBe(0);
    client.socket.resume();
    await until('it has read', () => rig.handlers.drains === 1);
  });

  test('beyond the most that control has is told so, and there is room again when one goes', async () => {
    await using rig = await openDoor();
    const all = Array.from({ length: 32 }, () => rig.client().greet());
    await until('all are greeted', () => rig.handlers.peers.length === 32);
    const late = rig.client().greet();
    await until('it is ended', () => late.ended);
    expect(late.bye).toBe('E_DOOR_FULL');
    all[0]?.socket.destroy();
    await until('one is gone', () => rig.handlers.gone === 1);
    rig.client().greet();
    await until('another is greeted', () => rig.handlers.peers.length === 33);
  });
});

describe('the socket', () => {
  test('is for its owner alone, and the mask of the process is as before', async () => {
    const mask = process.umask();
    await using rig = await openDoor();
    expect(statSync(rig.path).mode & 0o777).toBe(0o600);
    expect(process.umask()).toBe(mask);
  });

  test('that a dead process left is replaced', async () => {
    await using rig = await openDoor();
    const path = join(rig.folder, 'left.sock');
    writeFileSync(path, '');
    const server = new WireServer(realClock(), new Handlers());
    await server.listen(path);
    expect(statSync(path).isSocket()).toBe(true);
    await server.close();
  });

  test('has a path of 107 bytes at most, or it is refused by its code', async () => {
    await using rig = await openDoor();
    const folder = join(rig.folder, 'ä'.repeat(40));
    mkdirSync(folder);
    const fill = (bytes: number): string =>
      join(folder, 'x'.repeat(bytes - Buffer.byteLength(folder) - 1));
    const long = new WireServer(realClock(), new Handlers());
    await expect(long.listen(fill(108))).rejects.toMatchObject({ code: 'E_DOOR_PATH' });
    const server = new WireServer(realClock(), new Handlers());
    await server.listen(fill(107));
    expect(statSync(fill(107)).isSocket()).toBe(true);
    await server.close();
  });
});

const options = (path: string) => ({ path, client: 'cli', feed: false }) as const;

describe('the product’s client', () => {
  test('says hello by itself and hears what control says', async () => {
    await using rig = await openDoor();
    const heard: FromControl[] = [];
    const client = new WireClient(options(rig.path), {
      message: (message) => heard.push(message),
      closed: () => undefined,
    });
    await until('it is greeted', () => heard.length === 1);
    expect(heard).toEqual([hello]);
    client.close();
  });

  test.each([
    ['another protocol', { ...hello, protocol: 2 }, 'E_DOOR_PROTOCOL'],
    [
      'what the protocol does not know',
      { type: 'receipt', id: 'a', result: 'maybe' },
      'E_DOOR_FRAME',
    ],
    ['goodbye', { type: 'bye', code: 'E_DOOR_FULL', reason: 'full' }, 'E_DOOR_FRAME'],
  ])('of a control that says %s is closed with a code', async (_what, message, code) => {
    await using rig = await openDoor();
    const ends: (CellError | undefined)[] = [];
    const client = new WireClient(options(rig.path), {
      message: (heard) => {
        if (heard.type === 'hello') rig.handlers.peers[0]?.send(message as FromControl);
        if (heard.type === 'bye') rig.handlers.peers[0]?.refuse('E_DOOR_FULL', 'full');
      },
      closed: (error) => ends.push(error),
    });
    await until('it is closed', () => ends.length === 1);
    expect(ends[0]).toMatchObject({ code });
    client.close();
  });

  test('where nothing listens is closed with the code of a cell that does not run', async () => {
    await using rig = await openDoor();
    const ends: (CellError | undefined)[] = [];
    const nowhere = new WireClient(options(join(rig.folder, 'none.sock')), {
      message: () => undefined,
      closed: (error) => ends.push(error),
    });
    await until('it is closed', () => ends.length === 1);
    expect(ends[0]).toMatchObject({ code: 'E_CELL_NOT_RUNNING', retry: 'later' });
    nowhere.close();
  });

  test('comes back by itself 100 to 200 ms later, until it is stopped', async () => {
    await using rig = await openDoor();
    const clock = new TestClock();
    const ends: unknown[] = [];
    const link = new WireLink(clock, () => 0.5, options(rig.path), {
      message: () => undefined,
      closed: (error) => ends.push(error),
    });
    link.start();
    await until('it is greeted', () => rig.handlers.peers.length === 1);
    expect(link.send({ type: 'resync' })).toBe(true);
    rig.handlers.peers[0]?.refuse('E_DOOR_FULL', 'full');
    await until('it is closed', () => ends.length === 1);
    expect(link.send({ type: 'resync' })).toBe(false);
    clock.pass(149);
    expect(rig.handlers.peers).toHaveLength(1);
    clock.pass(1);
    await until('it is back', () => rig.handlers.peers.length === 2);
    link.stop();
    await until('it is gone', () => rig.handlers.gone === 2);
    clock.pass(10_000);
    expect(rig.handlers.peers).toHaveLength(2);
    expect(clock.now()).toBeGreaterThan(instant(milliseconds(10_000)));
  });
});
