// The feed to pages over real sockets: what they are told, in which order, how fast, and what their acts become.
import { describe, expect, test } from 'vitest';
import type { FromBrowser } from '#contract/live.ts';
import { Pages } from '#contract/pages.ts';
import type { Why } from '#contract/wire.ts';
import { delta, good, hello, snapshot } from '#test/unit/hmi/messages.ts';
import { openDoors } from './rig.ts';
import type { Doors } from './rig.ts';

/** Control has come and shown the cell. */
function begin(doors: Doors, boot = 1): void {
  doors.live.take(hello(boot));
  doors.live.take(snapshot(1));
}

const act = (id: string, name: string, verb = 'command'): FromBrowser => ({
  type: 'act',
  id: id.padEnd(8, '0'),
  verb,
  args: { flow: 'press', name },
});
const acts = (doors: Doors) => doors.sent.filter(({ type }) => type === 'act');

describe('a page', () => {
  test('is told how old the picture is before it gets one', async () => {
    await using doors = await openDoors();
    begin(doors);
    const page = await doors.page();
    await page.hear('snapshot');
    expect(page.heard.map(({ type }) => type)).toEqual(['link', 'hello', 'snapshot']);
    expect(page.heard[0]).toMatchObject({ control: 'up', actor: null, panel: true });
  });

  test('is not told where the mirror’s broker is, and as whom the cell speaks to it', async () => {
    await using doors = await openDoors();
    const to = { url: 'mqtts://plant:8883', user: 'cell-7', secret: 'mirror', commands: false };
    doors.live.take({ ...hello(), mirror: { topic: 'press', to } });
    doors.live.take(snapshot(1));
    const page = await doors.page();
    await page.hear('snapshot');
    expect(JSON.stringify(page.heard)).not.toContain('plant:8883');
    expect(page.heard[1]).toMatchObject({ type: 'hello', cell: hello().cell });
  });

  test('that opens while control is away sees the last picture and its age', async () => {
    await using doors = await openDoors();
    begin(doors);
    const seen = doors.clock.time();
    doors.live.lost(undefined);
    doors.clock.advance(5000);
    const page = await doors.page();
    await page.hear('snapshot');
    expect(page.heard[0]).toMatchObject({ control: 'down', lastFrame: seen, time: seen + 5000 });
  });
  test('gets what happens within 50 ms as one delta', async () => {
    await using doors = await openDoors();
    begin(doors);
    const page = await doors.page();
    await page.hear('snapshot');
    doors.clock.advance(100);
    doors.live.take(delta(2, { tags: { force: good(1) } }));
    doors.clock.advance(0);
    await page.hear('delta');
    page.say({ type: 'ack', frame: 2 });
    await page.settle();
    for (let frame = 3; frame < 8; frame += 1) {
      doors.live.take(delta(frame, { tags: { force: good(frame) } }));
    }
    doors.clock.advance(49);
    await page.settle();
    expect(page.heard.filter(({ type }) => type === 'delta')).toHaveLength(1);
    doors.clock.advance(1);
    const second = await page.hear('delta', ({ frame }) => frame === 7);
    expect(second).toMatchObject({ from: 3, tags: { force: good(7) } });
  });

  test('that does not paint gets no more than two frames, and then all of it as one', async () => {
    await using doors = await openDoors();
    begin(doors);
    const page = await doors.page();
    await page.hear('snapshot');
    for (let frame = 2; frame <= 100; frame += 1) {
      doors.live.take(delta(frame, { tags: { [`t${frame % 3}`]: good(frame) } }));
      doors.clock.advance(50);
    }
    await page.settle();
    expect(page.heard.filter(({ type }) => type === 'delta')).toHaveLength(1);
    page.say({ type: 'ack', frame: 2 });
    const merged = await page.hear('delta', ({ frame }) => frame === 100);
    expect(merged).toMatchObject({ from: 3 });
    expect(Object.keys(merged.tags ?? {}).toSorted()).toEqual(['t0', 't1', 't2']);
  });

  test('is shown a cell of 20,000 tags, however slowly it reads, and what happened meanwhile after it', async () => {
    await using doors = await openDoors();
    const names = Array.from({ length: 20_000 }, (_, index) => `t${index}`);
    const infos = names.map(
      (name) => ({ name, kind: 'input', type: 'int', title: name.repeat(9) }) as const,
    );
    const tags = Object.fromEntries(names.map((name, index) => [name, good(index)]));
    doors.live.take({ ...hello(), tags: infos });
    doors.live.take(snapshot(1, { tags }));
    const pages = new Pages();
    const page = await doors.page();
    page.socket.pause();
    for (let frame = 2; frame < 8; frame += 1) {
      doors.live.take(delta(frame, { tags: { t5: good(frame) } }));
      doors.clock.advance(50);
    }
    page.socket.resume();
    await page.hear('delta', ({ frame, more }) => frame >= 2 && more === undefined);
    page.say({ type: 'ack', frame: 6 });
    await page.hear('delta', ({ frame }) => frame === 7);
    const whole = page.heard.flatMap((message) => pages.take(message) ?? []);
    const told = whole.filter(({ type }) => type !== 'link');
    expect(told[0]).toEqual({ ...hello(), tags: infos });
    expect(told[1]).toEqual(snapshot(1, { tags }));
    const deltas = told.slice(2).flatMap((message) => (message.type === 'delta' ? [message] : []));
    expect(deltas.map(({ from }) => from)).toEqual([
      2,
      ...deltas.slice(0, -1).map((one) => one.frame + 1),
    ]);
    expect(deltas.at(-1)).toMatchObject({ frame: 7, tags: { t5: good(7) } });
    expect(page.heard.length).toBeGreaterThan(10);
  });

  test('that is slow does not slow another', async () => {
    await using doors = await openDoors();
    begin(doors);
    const slow = await doors.page();
    const quick = await doors.page();
    await quick.hear('snapshot');
    for (let frame = 2; frame < 20; frame += 1) {
      doors.live.take(delta(frame));
      doors.clock.advance(50);
      await quick.hear('delta', (message) => message.frame === frame);
      quick.say({ type: 'ack', frame });
      await quick.settle();
    }
    expect(slow.heard.filter(({ type }) => type === 'delta').length).toBeLessThan(3);
  });

  test('hears at least every 500 ms how old the picture is, whatever it paints', async () => {
    await using doors = await openDoors();
    begin(doors);
    const page = await doors.page();
    const before = page.heard.length;
    doors.clock.advance(500);
    await page.settle();
    expect(page.heard.slice(before).map(({ type }) => type)).toContain('link');
  });

  test('that says nothing for 6 s is gone; one that pings stays', async () => {
    await using doors = await openDoors();
    const silent = await doors.page();
    const alive = await doors.page();
    for (let turn = 0; turn < 4; turn += 1) {
      doors.clock.advance(1900);
      alive.say({ type: 'ping' });
      await alive.settle();
    }
    expect(await silent.closed).toEqual({ code: 4408, reason: 'E_DOOR_SLOW' });
    expect(alive.socket.readyState).toBe(1);
  });

  test('gets a whole new picture when control was restarted, and when it asks', async () => {
    await using doors = await openDoors();
    begin(doors);
    const page = await doors.page();
    await page.hear('snapshot');
    doors.live.lost(undefined);
    await page.hear('link', ({ control }) => control === 'down');
    begin(doors, 2);
    await page.hear('hello', ({ boot }) => boot === 2);
    const before = page.heard.length;
    page.say({ type: 'resync' });
    await page.settle();
    expect(page.heard.slice(before).map(({ type }) => type)).toContain('snapshot');
  });

  test('is not told that control is back before there is a picture', async () => {
    await using doors = await openDoors();
    begin(doors);
    const page = await doors.page();
    doors.live.lost(undefined);
    doors.clock.advance(5000);
    doors.live.take(hello(2));
    doors.clock.advance(250);
    await page.settle();
    expect(page.heard.findLast(({ type }) => type === 'link')).toMatchObject({ control: 'down' });
  });

  test('asks for reasons; control is asked once for all pages, and again when it comes back', async () => {
    await using doors = await openDoors();
    begin(doors);
    const page = await doors.page();
    const other = await doors.page();
    page.say({ type: 'watch', flows: ['press', 'nothing'] });
    await page.settle();
    expect(doors.sent.at(-1)).toEqual({ type: 'watch', flows: ['press'] });
    const why: Why = { type: 'why', flow: 'press', frame: 1, candidates: [], commands: [] };
    doors.live.take(why);
    doors.clock.advance(50);
    expect(await page.hear('why')).toEqual(why);
    await other.settle();
    expect(other.heard.some(({ type }) => type === 'why')).toBe(false);
    doors.sent.length = 0;
    begin(doors, 2);
    expect(doors.sent).toEqual([{ type: 'watch', flows: ['press'] }]);
  });

  test('of which there are too many is refused with a code', async () => {
    await using doors = await openDoors();
    for (let count = 0; count < 64; count += 1) await doors.page();
    await expect(doors.page()).rejects.toThrow('503');
    expect(doors.log.at(-1)).toContain('E_DOOR_FULL');
  });

  test.each([
    [{ origin: 'http://evil.example' }, '403'],
    [{ origin: undefined }, '403'],
    [{ host: 'evil.example' }, '403'],
    [{ host: '127.0.0.1:1', origin: 'http://127.0.0.1:1' }, '403'],
    [{ protocol: 'other.v1' }, '426'],
  ])('with %j is refused', async (options, status) => {
    await using doors = await openDoors();
    await expect(doors.page(options)).rejects.toThrow(status);
  });

  test('missing frames from control are asked for anew', async () => {
    await using doors = await openDoors();
    begin(doors);
    doors.live.take(delta(5));
    expect(doors.sent.at(-1)).toEqual({ type: 'resync' });
  });
});

describe('an act', () => {
  test('of someone who is signed in goes to control with the actor and 2 s to live', async () => {
    await using doors = await openDoors();
    begin(doors);
    const page = await doors.page({ cookie: await doors.signIn() });
    page.say({ ...act('a1', 'start'), expect: { flow: 'press', seq: 4 } } as FromBrowser);
    await page.settle();
    expect(acts(doors)).toEqual([
      {
        type: 'act',
        id: 'a1000000',
        actor: expect.stringMatching(/^console:(?!panel$)/),
        verb: 'command',
        args: { flow: 'press', name: 'start' },
        expect: { flow: 'press', seq: 4 },
        ttl_ms: 2000,
      },
    ]);
  });

  test('gets its receipt and its end on the page that gave it, and no other', async () => {
    await using doors = await openDoors();
    begin(doors);
    const page = await doors.page({ cookie: await doors.signIn() });
    const other = await doors.page();
    page.say(act('a1', 'start'));
    await page.settle();
    doors.live.take({ type: 'receipt', id: 'a1000000', result: 'accepted' });
    doors.live.take({ type: 'done', id: 'a1000000', seq: 4, outcome: 'fired U1' });
    await page.hear('done');
    await other.settle();
    expect(other.heard.some(({ type }) => type === 'receipt' || type === 'done')).toBe(false);
  });

  test('of nobody goes to control as the panel, which may stop and nothing else', async () => {
    await using doors = await openDoors();
    begin(doors);
    const page = await doors.page();
    page.say(act('a1', 'stop'));
    page.say(act('a2', 'start'));
    await page.settle();
    const actors = acts(doors).map((message) => 'actor' in message && message.actor);
    expect(actors).toEqual(['console:panel', 'console:panel']);
  });

  test('that asks everybody for a reason is not given without one', async () => {
    await using doors = await openDoors();
    begin(doors);
    const page = await doors.page({ cookie: await doors.signIn() });
    page.say(act('a1', 'batch', 'parameter'));
    expect(await page.hear('receipt')).toMatchObject({ code: 'E_ACT_REASON' });
  });

  test('too many are refused; a stop never is', async () => {
    await using doors = await openDoors();
    begin(doors);
    const page = await doors.page({ cookie: await doors.signIn() });
    for (let count = 0; count < 12; count += 1) page.say(act(`a${count}`, 'start'));
    for (let count = 0; count < 30; count += 1) page.say(act(`s${count}`, 'stop'));
    await page.settle();
    const names = acts(doors).map((message) => 'args' in message && message.args['name']);
    expect(names.filter((name) => name === 'start')).toHaveLength(10);
    expect(names.filter((name) => name === 'stop')).toHaveLength(30);
    expect(await page.hear('receipt')).toMatchObject({ result: 'refused', code: 'E_ACT_RATE' });
  });

  test('a stop goes on without what the page expected', async () => {
    await using doors = await openDoors();
    begin(doors);
    const page = await doors.page();
    page.say({ ...act('s1', 'stop'), expect: { flow: 'press', seq: 1 } } as FromBrowser);
    await page.settle();
    expect(acts(doors)[0]).not.toHaveProperty('expect');
  });

  test('while control is away is refused at once and never sent later', async () => {
    const up = { control: true };
    await using doors = await openDoors(up);
    begin(doors);
    const page = await doors.page({ cookie: await doors.signIn() });
    up.control = false;
    doors.live.lost(undefined);
    page.say(act('a1', 'start'));
    page.say(act('s1', 'stop'));
    await page.hear('receipt', ({ id }) => id === 's1000000');
    up.control = true;
    begin(doors, 2);
    await page.settle();
    expect(acts(doors)).toEqual([]);
    const codes = page.heard.flatMap((message) => ('code' in message ? [message.code] : []));
    expect(codes).toEqual(['E_CELL_NOT_RUNNING', 'E_CELL_NOT_RUNNING']);
  });
});

describe('hostile words', () => {
  const hostile: [name: string, word: string | Buffer, code: number, reason: string][] = [
    ['no JSON', '{', 4400, 'E_DOOR_FRAME'],
    ['another type', '{"type":"hello"}', 4400, 'E_DOOR_FRAME'],
    ['a field too many', '{"type":"ack","frame":1,"x":1}', 4400, 'E_DOOR_FRAME'],
    ['a frame that is no number', '{"type":"ack","frame":"1"}', 4400, 'E_DOOR_FRAME'],
    ['an array', '[]', 4400, 'E_DOOR_FRAME'],
    ['null', 'null', 4400, 'E_DOOR_FRAME'],
    ['bytes', Buffer.from([0, 1, 2]), 4400, 'E_DOOR_FRAME'],
    [
      'an id that is too short',
      JSON.stringify({ ...act('x', 'y'), id: 'x' }),
      4400,
      'E_DOOR_FRAME',
    ],
    [
      'an actor of its own',
      JSON.stringify({ ...act('x', 'y'), actor: 'system' }),
      4400,
      'E_DOOR_FRAME',
    ],
    ['__proto__', '{"__proto__":{"type":"ping"}}', 4400, 'E_DOOR_FRAME'],
    ['too much', JSON.stringify({ type: 'ping', pad: 'x'.repeat(20_000) }), 4413, 'E_DOOR_SIZE'],
    ['far too much', 'x'.repeat(100_000), 1009, ''],
  ];
  test.each(hostile)('%s close the socket with a code', async (_, word, code, reason) => {
    await using doors = await openDoors();
    begin(doors);
    const bystander = await doors.page();
    const page = await doors.page();
    page.socket.send(word, { binary: typeof word !== 'string' });
    expect(await page.closed).toEqual({ code, reason });
    await bystander.settle();
    expect(bystander.socket.readyState).toBe(1);
    expect(acts(doors)).toEqual([]);
  });

  test('a flood closes the socket with a code', async () => {
    await using doors = await openDoors();
    const page = await doors.page();
    for (let count = 0; count < 400; count += 1) page.say({ type: 'ping' });
    expect(await page.closed).toEqual({ code: 4429, reason: 'E_ACT_RATE' });
  });

  test('3,000 broken frames reach nobody, and a page is served after them', async () => {
    await using doors = await openDoors();
    begin(doors);
    const seed = 77;
    let state = seed;
    const chance = (below: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((state / 2_147_483_648) * below);
    };
    const whole = JSON.stringify(act('f1', 'stop'));
    for (let page = 0; page < 60; page += 1) {
      const each = await doors.page();
      for (let count = 0; count < 50; count += 1) {
        const bytes = Buffer.from(whole);
        bytes[chance(bytes.length)] = chance(256);
        const cut = bytes.subarray(0, chance(bytes.length));
        each.socket.send(chance(2) === 0 ? cut : cut.toString('utf8'), { binary: chance(2) === 0 });
      }
      await each.closed;
    }
    expect(acts(doors), `seed ${seed}`).toEqual([]);
    const page = await doors.page();
    await page.hear('snapshot');
  });
});
