// The subscription's state: what is asked for and ended, what a publish says, and what a server that
// counts wrong, repeats or names what it should not makes of it.
import {
  DataChangeNotification,
  DataType,
  PublishResponse,
  StatusChangeNotification,
  StatusCodes,
} from 'node-opcua-client';
import { describe, expect, test } from 'vitest';
import { tagName } from '#contract/name.ts';
import type { TagName } from '#contract/name.ts';
import { instant, utcMs } from '#contract/time.ts';
import { statusCode } from '#contract/quality.ts';
import { OpcuaAt, OpcuaConfig, connectLimit, parseEndpoint } from '#drivers/opcua/config.ts';
import { Monitor, following } from '#drivers/opcua/monitor.ts';
import type { Point, Published } from '#drivers/opcua/monitor.ts';
import { compile } from '#drivers/opcua/points.ts';
import { rigTag } from '#test/driver/rig.ts';

const learned = { received: instant(100), time: utcMs(5000) };
const now = instant(100);

const pointOf = (name: string): Point => ({
  tag: tagName(name),
  node: `s=${name}`,
  type: 'real',
  key: name,
});
const points = (...names: string[]): Map<TagName, Point> =>
  new Map(names.map((name) => [tagName(name), pointOf(name)]));

/** A monitor whose items the server has, numbered 11, 12, ... */
function monitored(...names: string[]): { monitor: Monitor; all: Map<TagName, Point> } {
  const monitor = new Monitor(7);
  const all = points(...names);
  monitor.setPoints(all);
  const items = monitor.takeToAsk(100, now);
  for (const [i, item] of items.entries()) monitor.asked(item, 11 + i);
  return { monitor, all };
}

function publish(
  sequence: number,
  values: readonly (readonly [handle: number, value: number])[],
  over: { more?: boolean; subscription?: number } = {},
): PublishResponse {
  const monitoredItems = values.map(([clientHandle, value]) => ({
    clientHandle,
    value: { value: { dataType: DataType.Double, value } },
  }));
  const notificationData =
    values.length === 0 ? [] : [new DataChangeNotification({ monitoredItems })];
  return new PublishResponse({
    subscriptionId: over.subscription ?? 7,
    moreNotifications: over.more ?? false,
    notificationMessage: { sequenceNumber: sequence, notificationData },
  });
}

const given = (published: Published): unknown =>
  published.kind === 'data'
    ? published.batch.map(({ tag, value }) => `${tag}=${String(value)}`)
    : published.kind;

describe('a publish', () => {
  test('gives each item once, then what changed, and every sample of one that changed twice', () => {
    const { monitor } = monitored('a', 'b');
    expect(
      given(
        monitor.take(
          publish(1, [
            [1, 1],
            [2, 2],
          ]),
          learned,
        ),
      ),
    ).toEqual(['a=1', 'b=2']);
    expect(
      given(
        monitor.take(
          publish(2, [
            [1, 1],
            [2, 3],
            [2, 4],
          ]),
          learned,
        ),
      ),
    ).toEqual(['b=3', 'b=4']);
  });

  test('confirms what was given since the connection came about, by one array while that stays', () => {
    const { monitor } = monitored('a', 'b');
    expect(monitor.group).toEqual([]);
    monitor.take(publish(1, [[1, 1]]), learned);
    const group = monitor.group;
    expect(group).toEqual(['a']);
    monitor.take(publish(2, [[1, 2]]), learned);
    expect(monitor.group).toBe(group);
    monitor.take(publish(3, [[2, 2]]), learned);
    expect(monitor.group).toEqual(['a', 'b']);
  });

  test('that is not the last of its kind confirms nothing yet', () => {
    const { monitor } = monitored('a');
    expect(monitor.take(publish(1, [[1, 1]], { more: true }), learned)).toMatchObject({
      whole: false,
    });
    expect(monitor.take(publish(2, [[1, 2]]), learned)).toMatchObject({ whole: true, sequence: 2 });
  });

  test.each([
    ['the next', 2],
    ['the last', 1],
    ['none', 0],
  ])('without notifications is a keep-alive that has the number of %s', (_name, number) => {
    const { monitor } = monitored('a');
    monitor.take(publish(1, [[1, 1]]), learned);
    const alive = { kind: 'data', batch: [], sequence: undefined, whole: true };
    expect(monitor.take(publish(number, []), learned)).toEqual(alive);
    expect(given(monitor.take(publish(2, [[1, 2]]), learned))).toEqual(['a=2']);
  });

  test.each<[name: string, taken: number, second: number]>([
    ['the first was left out', 0, 2],
    ['one was left out', 1, 3],
    ['it came twice', 2, 2],
    ['it is before the last', 2, 1],
  ])('whose number shows that %s ends the connection', (_name, taken, second) => {
    const { monitor } = monitored('a');
    for (let n = 1; n <= taken; n += 1) monitor.take(publish(n, [[1, n]]), learned);
    expect(given(monitor.take(publish(second, [[1, 9]]), learned))).toBe('ended');
  });

  test.each([0, 1])('that keeps alive after %i shows that the next was left out', (taken) => {
    const { monitor } = monitored('a');
    for (let n = 1; n <= taken; n += 1) monitor.take(publish(n, [[1, n]]), learned);
    expect(given(monitor.take(publish(taken + 2, []), learned))).toBe('ended');
  });

  test('has number 1 after the last number of 32 bits', () => {
    expect([0, 1, 4_294_967_294, 4_294_967_295].map(following)).toEqual([1, 2, 4_294_967_295, 1]);
  });

  test('of another subscription, or for handles that nobody has, is not looked at', () => {
    const { monitor } = monitored('a');
    expect(given(monitor.take(publish(1, [[1, 1]], { subscription: 8 }), learned))).toBe('other');
    expect(
      given(
        monitor.take(
          publish(1, [
            [99, 1],
            [0, 1],
          ]),
          learned,
        ),
      ),
    ).toEqual([]);
  });

  test('that ends the subscription says so', () => {
    const { monitor } = monitored('a');
    const notificationData = [new StatusChangeNotification({ status: StatusCodes.BadTimeout })];
    const response = new PublishResponse({
      subscriptionId: 7,
      notificationMessage: { sequenceNumber: 1, notificationData },
    });
    expect(monitor.take(response, learned)).toMatchObject({
      kind: 'ended',
      reason: expect.stringContaining('0x800a0000'),
    });
  });

  test('with nothing where something should be is no crash', () => {
    const { monitor } = monitored('a');
    const response = new PublishResponse({
      subscriptionId: 7,
      notificationMessage: { sequenceNumber: 1, notificationData: [null, null] },
    });
    expect(given(monitor.take(response, learned))).toEqual([]);
  });
});

describe('items', () => {
  test('are asked for in chunks, and again when nobody knows what became of them', () => {
    const monitor = new Monitor(7);
    monitor.setPoints(points('a', 'b', 'c'));
    const first = monitor.takeToAsk(2, now);
    expect(first.map(({ point }) => point.tag)).toEqual(['a', 'b']);
    monitor.askAgain(first);
    expect(monitor.takeToAsk(5, now).map(({ point }) => point.tag)).toEqual(['c', 'a', 'b']);
    expect(monitor.hasWork(now)).toBe(false);
  });

  test('that were refused are given bad, once, and asked for again when it is time', () => {
    const monitor = new Monitor(7);
    monitor.setPoints(points('a'));
    const [item] = monitor.takeToAsk(1, now);
    if (item === undefined) throw new Error('an item');
    const code = statusCode(0x80340000);
    const sample = monitor.refuse(item, code, instant(1100), learned);
    expect(sample).toMatchObject({ tag: 'a', value: null, status: code });
    expect([monitor.hasWork(instant(1099)), monitor.hasWork(instant(1100))]).toEqual([false, true]);
    expect(monitor.takeToAsk(1, instant(1100))).toEqual([item]);
    expect(monitor.refuse(item, code, instant(2100), learned)).toBeUndefined();
  });

  test('that are wanted no longer are ended, and nothing is said of them from then on', () => {
    const { monitor, all } = monitored('a', 'b');
    monitor.take(
      publish(1, [
        [1, 1],
        [2, 2],
      ]),
      learned,
    );
    all.delete(tagName('a'));
    monitor.setPoints(all);
    expect(monitor.group).toEqual(['b']);
    expect(given(monitor.take(publish(2, [[1, 5]]), learned))).toEqual([]);
    expect(monitor.takeToEnd(100)).toEqual([11]);
  });

  test('that were dropped while the server was asked are ended when it has them', () => {
    const monitor = new Monitor(7);
    const all = points('a');
    monitor.setPoints(all);
    const [item] = monitor.takeToAsk(1, now);
    monitor.setPoints(new Map());
    if (item !== undefined) monitor.asked(item, 11);
    expect(monitor.takeToEnd(100)).toEqual([11]);
    monitor.setPoints(all);
    expect(monitor.takeToAsk(1, now)[0]?.handle).not.toBe(item?.handle);
  });
});

describe('the manifest', () => {
  test.each([
    's=Cnc.Running',
    's=a;b=c',
    'i=2258',
    'i=4294967295',
    'g=72962B91-FA75-4AE6-8D28-B404DC7DAF63',
    'b=M/RbKBsRVkePCePcx24oRA==',
    'nsu=urn:acme:tending;s=Cnc.Running',
  ])('takes the node %s', (node) => {
    expect(OpcuaAt.safeParse({ node }).success).toBe(true);
  });

  test.each([
    '',
    's=',
    'Cnc.Running',
    'i=-1',
    'i=4294967296',
    'nsu=urn:x;i=4294967296',
    'g=1',
    'b=!',
    'ns=2;s=a',
    'nsu=;s=a',
    `s=${'x'.repeat(4097)}`,
  ])('refuses the node %j', (node) => {
    expect(OpcuaAt.safeParse({ node }).success).toBe(false);
  });

  test.each<[text: string, host: string | undefined, port?: number]>([
    ['opc.tcp://192.168.10.10:4840', '192.168.10.10', 4840],
    ['opc.tcp://plc-7.example:4840/UA/Server', 'plc-7.example', 4840],
    ['opc.tcp://[fe80::1]:4840', 'fe80::1', 4840],
    ['opc.tcp://plc', undefined],
    ['opc.tcp://plc:0', undefined],
    ['opc.tcp://plc:65536', undefined],
    ['opc.tcp://user@plc:4840', undefined],
    ['http://plc:4840', undefined],
    ['opc.tcp://plc:4840/a b', undefined],
  ])('endpoint %s', (text, host, port) => {
    expect(parseEndpoint(text)).toEqual(host === undefined ? undefined : { host, port });
  });

  const endpoint = 'opc.tcp://plc:4840';
  const secure = { mode: 'SignAndEncrypt', policy: 'Basic256Sha256' };
  test.each([
    { endpoint, security: { mode: 'Sign' } },
    { endpoint, security: { policy: 'Basic256Sha256' } },
    { endpoint, security: { mode: 'Sign', policy: 'Basic128Rsa15' } },
    { endpoint, user: 'cell', secret: 'plc' },
    { endpoint, user: 'cell', secret: 'plc', security: { ...secure, mode: 'Sign' } },
    { endpoint, user: 'cell', security: secure },
    { endpoint, secret: 'plc', security: secure },
    { endpoint, password: 'x', user: 'cell', security: secure },
    { endpoint, publish: '5ms' },
    { endpoint, publish: '1min' },
    { endpoint, heartbeat: { at: { node: 'beat' } } },
  ])('refuses %j', (config) => {
    expect(OpcuaConfig.safeParse(config).success).toBe(false);
  });

  test('has the defaults that its page says', () => {
    const config = OpcuaConfig.parse({ endpoint });
    expect(config).toEqual({
      endpoint,
      security: { mode: 'None', policy: 'None' },
      publish: 100,
      timeout: 300,
      connect: 1000,
    });
    expect(connectLimit(config)).toBe(1000);
    expect(connectLimit(OpcuaConfig.parse({ endpoint, security: secure }))).toBe(4000);
  });

  test('a tag that cannot be served is an issue, the others are points that stay the same', () => {
    const a = rigTag('a', { node: 's=a' }, 'input', [0, 1]).tag;
    const b = rigTag('b', { node: 's=b' }, 'output', [0, 1]).tag;
    const first = compile([a, b, a, { ...b, name: tagName('c'), poll: 'fast' }], new Map());
    expect(first.issues.map(({ code, subject }) => ({ code, subject }))).toEqual([
      { code: 'E_DEVICE_TAG', subject: 'a' },
      { code: 'E_DEVICE_TAG', subject: 'c' },
    ]);
    const moved = { ...b, at: { node: 's=elsewhere' } };
    const second = compile([a, moved], first.points);
    expect(second.points.get(a.name)).toBe(first.points.get(a.name));
    expect(second.points.get(b.name)).not.toBe(first.points.get(b.name));
  });
});
