// What only OPC UA has: types and statuses, nodes and namespaces that come and go, sessions and
// subscriptions that a server ends, restarts and hangs by the clock, the heartbeat.
import {
  DataType,
  DataValue,
  ServerState,
  StatusCodes,
  Variant,
  VariantArrayType,
} from 'node-opcua';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DriverTag } from '#contract/driver.ts';
import { qualityOf, status } from '#contract/quality.ts';
import type { TagType, Value } from '#contract/sample.ts';
import { milliseconds } from '#contract/time.ts';
import { OpcuaRigServer, opcuaRig } from './rig-opcua.ts';
import type { OpcuaRig, RigNode } from './rig-opcua.ts';
import { Bench, nth, pause, request, rigTag } from './rig.ts';

const server = new OpcuaRigServer();
beforeAll(() => server.start(), 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

class OpcuaBench extends Bench {
  declare readonly rig: OpcuaRig;
  readonly #further: DriverTag[] = [];

  override get tags(): DriverTag[] {
    return [...super.tags, ...this.#further];
  }

  node(name: string): RigNode {
    const node = this.rig.nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }

  /** Serves a further node beside those of the rig. */
  async tag(
    name: string,
    dataType: DataType,
    value: unknown,
    type: TagType,
    direction: 'input' | 'output' = 'input',
    typeNode?: string,
  ): Promise<DriverTag> {
    const node = this.rig.add(name, dataType, value, typeNode);
    const tag = { ...rigTag(name, { node }, direction, [0, 1]).tag, type };
    this.#further.push(tag);
    await this.driver.setTags(this.tags);
    return tag;
  }
}

const bench = async (config: object = {}): Promise<OpcuaBench> =>
  new OpcuaBench(await opcuaRig(server), { ...config });

describe('values', { timeout: 60_000 }, () => {
  test.for<[name: string, DataType, raw: unknown, TagType, Value]>([
    ['sbyte', DataType.SByte, -128, 'int', -128],
    ['byte', DataType.Byte, 255, 'int', 255],
    ['int16', DataType.Int16, -32_768, 'int', -32_768],
    ['uint32', DataType.UInt32, 4_294_967_295, 'int', 4_294_967_295],
    ['int64', DataType.Int64, [0x80000000, 1], 'int', -(2n ** 63n) + 1n],
    ['minus', DataType.Int64, [0xffffffff, 0xffffffff], 'int', -1n],
    ['uint64', DataType.UInt64, [0xffffffff, 0xffffffff], 'int', 2n ** 64n - 1n],
    ['beyond', DataType.UInt64, [0x00200000, 1], 'int', 2n ** 53n + 1n],
    ['float', DataType.Float, 0.1, 'real', Math.fround(0.1)],
    ['double', DataType.Double, 5e-324, 'real', 5e-324],
    ['text', DataType.String, 'Grüße \u{1F600}', 'string', 'Grüße \u{1F600}'],
    ['none', DataType.String, '', 'string', ''],
  ])('%s is given exactly', async ([name, type, raw, tagType, value]) => {
    await using one = await bench();
    await one.tag(name, type, raw, tagType);
    one.driver.start(one.sink);
    await one.sink.until('it is good', () => one.sink.good(name) !== undefined);
    expect(one.sink.good(name)).toBe(value);
  });

  test.for<[name: string, Variant, code: number]>([
    [
      'an array',
      new Variant({ dataType: DataType.Double, arrayType: VariantArrayType.Array, value: [1, 2] }),
      0x80740000,
    ],
    ['nothing', new Variant({ dataType: DataType.Null }), 0x80740000],
    ['a date', new Variant({ dataType: DataType.DateTime, value: new Date() }), 0x80740000],
    ['bytes', new Variant({ dataType: DataType.ByteString, value: Buffer.from('x') }), 0x80740000],
    ['a name', new Variant({ dataType: DataType.LocalizedText, value: { text: 'x' } }), 0x80740000],
    ['NaN', new Variant({ dataType: DataType.Double, value: Number.NaN }), 0x803c0000],
    ['infinity', new Variant({ dataType: DataType.Double, value: -Infinity }), 0x803c0000],
    ['no text', new Variant({ dataType: DataType.String, value: null }), 0x80740000],
    [
      'endless text',
      new Variant({ dataType: DataType.String, value: 'x'.repeat(5000) }),
      0x803c0000,
    ],
  ])('%s is bad, and the last value stays', async ([, value, code]) => {
    await using one = await bench();
    await one.tag('odd', DataType.Double, 7.5, 'real', 'input', 'BaseDataType');
    await one.online();
    await one.sink.until('it is good', () => one.sink.good('odd') === 7.5);
    one.node('odd').give(new DataValue({ value }));
    await one.sink.until('it is bad', () => one.sink.good('odd') === undefined);
    expect(one.sink.latest('odd')).toMatchObject({ value: 7.5, status: code });
  });

  test.for<[name: string, Parameters<RigNode['set']>[2], code: number, Value]>([
    ['good with overflow stays good', StatusCodes.GoodWithOverflowBit, 0x480, 2],
    ['uncertain stays uncertain', StatusCodes.UncertainLastUsableValue, 0x40900000, 2],
    ['bad keeps the last value', StatusCodes.BadSensorFailure, 0x808c0000, 1],
  ])('a status: %s', async ([, code, given, value]) => {
    await using one = await bench();
    await one.tag('n', DataType.Double, 1, 'real');
    await one.online();
    await one.sink.until('it is good', () => one.sink.good('n') === 1);
    one.node('n').set(DataType.Double, 2, code);
    await one.sink.until('its status comes', () => one.sink.latest('n')?.status !== status.Good);
    expect(one.sink.latest('n')).toMatchObject({ value, status: given });
  });
});

describe('writes', { timeout: 60_000 }, () => {
  test.for<[name: string, DataType, from: unknown, TagType, Value, held: unknown]>([
    ['sbyte', DataType.SByte, 0, 'int', -128, -128],
    ['uint32', DataType.UInt32, 0, 'int', 4_294_967_295, 4_294_967_295],
    ['int64', DataType.Int64, [0, 0], 'int', -5n, [0xffffffff, 0xfffffffb]],
    ['uint64', DataType.UInt64, [0, 0], 'int', 2n ** 63n, [0x80000000, 0]],
    ['whole64', DataType.Int64, [0, 0], 'int', 7, [0, 7]],
    ['float', DataType.Float, 0, 'real', 0.1, Math.fround(0.1)],
    ['double', DataType.Double, 0, 'real', 0.1, 0.1],
    ['text', DataType.String, '', 'string', 'Grüße', 'Grüße'],
    ['rounded', DataType.Int16, 0, 'real', 12.6, 13],
    ['switch', DataType.Byte, 0, 'bool', true, 1],
  ])(
    '%s is written in its own type and confirmed',
    async ([name, type, from, tagType, value, held]) => {
      await using one = await bench();
      const tag = await one.tag(name, type, from, tagType, 'output');
      one.driver.start(one.sink);
      await one.sink.until('it is there', () => one.sink.good(name) !== undefined);
      const [result] =
        (await one.driver.write?.([request({ tag, name, values: [0, 1] }, value)])) ?? [];
      expect(result?.outcome).toBe('confirmed');
      expect(one.node(name).value.value.dataType).toBe(type);
      expect(one.node(name).value.value.value).toEqual(held);
    },
  );

  test.for<[name: string, DataType, from: unknown, TagType, Value]>([
    ['too large', DataType.Byte, 0, 'int', 256],
    ['negative', DataType.UInt16, 0, 'int', -1],
    ['not whole', DataType.Int32, 0, 'int', 1.5],
    ['beyond 64 bits', DataType.Int64, [0, 0], 'int', 2n ** 63n],
    ['too large for a float', DataType.Float, 0, 'real', 1e300],
    ['a number on a Boolean', DataType.Boolean, false, 'int', 1],
    ['text on a number', DataType.Double, 0, 'string', '1'],
    ['endless text', DataType.String, '', 'string', 'x'.repeat(5000)],
    ['a date', DataType.DateTime, new Date(), 'real', 1],
  ])('%s is rejected and reaches nobody', async ([, type, from, tagType, value]) => {
    await using one = await bench();
    const tag = await one.tag('odd', type, from, tagType, 'output');
    one.driver.start(one.sink);
    await one.sink.until('it is there', () => one.sink.latest('odd') !== undefined);
    const [result] =
      (await one.driver.write?.([request({ tag, name: 'odd', values: [0, 1] }, value)])) ?? [];
    expect(result).toMatchObject({ outcome: 'rejected', status: status.BadTypeMismatch });
    expect(one.rig.written).toEqual([]);
  });

  test('a node of a type that was derived is written in the built-in one', async () => {
    await using one = await bench();
    const tag = await one.tag('span', DataType.Double, 0, 'real', 'output', 'Duration');
    one.driver.start(one.sink);
    await one.sink.until('it is there', () => one.sink.good('span') === 0);
    const written = await one.driver.write?.([request({ tag, name: 'span', values: [0, 1] }, 2.5)]);
    expect(written?.[0]?.outcome).toBe('confirmed');
  });

  test('a value that the device refuses is rejected with its status', async () => {
    await using one = await bench();
    await one.online();
    one.node('speed').refusal = StatusCodes.BadOutOfRange;
    const speed = nth(one.rig.outputs, 2);
    const [result] = (await one.driver.write?.([request(speed, 1200)])) ?? [];
    expect(result).toMatchObject({ outcome: 'rejected', status: status.BadOutOfRange });
  });

  test('a value that the device cannot take yet is written again until it does', async () => {
    await using one = await bench();
    await one.online();
    one.node('speed').refusal = StatusCodes.BadOutOfService;
    const speed = nth(one.rig.outputs, 2);
    const result = one.driver.write?.([request(speed, 1200)]);
    await pause(200);
    one.node('speed').refusal = undefined;
    expect((await result)?.[0]?.outcome).toBe('confirmed');
  });

  test('a value that the device changes is a mismatch, with what it holds', async () => {
    await using one = await bench();
    await one.online();
    one.node('speed').keeps = () => new Variant({ dataType: DataType.UInt16, value: 1000 });
    const speed = nth(one.rig.outputs, 2);
    const [result] = (await one.driver.write?.([request(speed, 1200)])) ?? [];
    expect(result).toMatchObject({ outcome: 'mismatch', readBack: 1000 });
  });
});

describe('nodes and namespaces', { timeout: 60_000 }, () => {
  test('a node that is not there is bad, and good when it comes, without a new connection', async () => {
    await using one = await bench();
    const present = await one.tag('present', DataType.Double, 1, 'real');
    const node = (present.at as { node: string }).node.replace('present', 'later');
    const later = rigTag('later', { node }, 'input', [0, 1]).tag;
    await one.driver.setTags([present, later]);
    one.driver.start(one.sink);
    await one.sink.until('it is bad', () => one.sink.latest('later') !== undefined);
    expect(one.sink.latest('later')).toMatchObject({ value: null, status: 0x80340000 });
    expect(one.log.filter((line) => line.includes('later'))).toHaveLength(1);
    one.rig.add('later', DataType.Double, 4.5);
    await one.sink.until('it comes', () => one.sink.good('later') === 4.5);
    expect(one.sink.epoch).toBe(1);
    expect(one.log.filter((line) => line.includes('later'))).toHaveLength(1);
  });

  test('a node of another namespace is found by its URI', async () => {
    await using one = await bench();
    const at = { node: 'nsu=http://opcfoundation.org/UA/;i=2259' };
    const absent = { node: 'nsu=urn:nobody;s=x' };
    await one.driver.setTags([
      rigTag('state', at, 'input', [0, 1]).tag,
      rigTag('absent', absent, 'input', [0, 1]).tag,
    ]);
    one.driver.start(one.sink);
    await one.sink.until('both are given', () => one.sink.counts().size === 2);
    expect(one.sink.good('state')).toBe(0);
    expect(qualityOf(one.sink.latest('absent')?.status ?? status.Good)).toBe('bad');
  });

  test('a namespace that the server does not have is said', async () => {
    await using one = await bench({ namespace: 'urn:nobody' });
    await one.driver.setTags(one.tags);
    one.driver.start(one.sink);
    await one.sink.until('it is said', () => one.sink.healths.at(-1)?.error !== undefined);
    expect(one.sink.healths.at(-1)?.error?.text).toContain('no namespace urn:nobody');
    expect(one.sink.epoch).toBe(0);
  });

  test('more tags than fit one publish are given once each, and confirmed together', async () => {
    await using one = await bench({ timeout: '2s', connect: '5s' });
    const tags = Array.from({ length: 5200 }, (_, i) => {
      const name = `many.n${i}`;
      return rigTag(name, { node: one.rig.add(name, DataType.Double, i) }, 'input', [0, 1]).tag;
    });
    await one.driver.setTags(tags);
    one.driver.start(one.sink);
    await one.sink.until(
      'all are confirmed',
      () => one.sink.confirmed.at(-1)?.group.length === 5200,
      40_000,
    );
    expect([...new Set(one.sink.counts().values())]).toEqual([1]);
    expect(tags.every(({ name }, i) => one.sink.good(name) === i)).toBe(true);
    expect(one.sink.epoch).toBe(1);
  });
});

describe('a connection that ends', { timeout: 60_000 }, () => {
  test('a hang is noticed well within a second, and the device is back within three of its release', async () => {
    await using one = await bench();
    await one.online();
    await pause(500);
    one.rig.server.begin(() => 'silence');
    const hung = performance.now();
    await one.sink.until('it is noticed', () => one.sink.state !== 'online');
    expect(performance.now() - hung).toBeLessThan(1000);
    await one.sink.until('it is given up', () => one.sink.state === 'backoff');
    await pause(2500);
    one.rig.server.begin(() => undefined);
    const released = performance.now();
    await one.settled();
    expect(performance.now() - released).toBeLessThan(3000);
  });

  test('a session that the server closes is made anew, and every tag is given again', async () => {
    await using one = await bench();
    await one.online();
    one.sink.clear();
    server.closeSessions();
    await one.sink.until('it is back', () => one.sink.epoch === 2 && one.sink.state === 'online');
    await one.settled();
    expect([...new Set(one.sink.counts().values())]).toEqual([1]);
  });

  test('a subscription that the server ends is made anew', async () => {
    await using one = await bench();
    await one.online();
    server.endSubscriptions();
    await one.sink.until('it is back', () => one.sink.epoch === 2 && one.sink.state === 'online');
    await one.settled();
    expect(one.sink.healths.filter(({ state }) => state === 'backoff').length).toBeGreaterThan(0);
  });

  test('keep-alives confirm within three publishes while nothing changes', async () => {
    await using one = await bench();
    await one.online();
    one.sink.clear();
    await one.sink.until('many came', () => one.sink.confirmed.length > 20);
    const at = one.sink.confirmed.map(({ received }) => received);
    const gaps = at.slice(1).map((time, i) => time - (at[i] ?? time));
    expect(gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)]).toBeLessThan(3 * 50);
  });

  test('a server that says that it is not running is shown as degraded', async () => {
    await using one = await bench();
    await one.online();
    server.setState(ServerState.Suspended);
    await one.sink.until('it is degraded', () => one.sink.state === 'degraded');
    expect(one.sink.healths.at(-1)?.error?.text).toContain('Suspended');
    server.setState(ServerState.Running);
    await one.sink.until('it is online', () => one.sink.state === 'online');
    expect(one.sink.epoch).toBe(1);
  });

  test('the library speaks to the log, in short lines', async () => {
    await using one = await bench();
    await one.online();
    one.rig.server.begin(() => 'garbage');
    await one.sink.until('it is lost', () => one.sink.state === 'backoff');
    await pause(500);
    expect(one.log.every((line) => line.length <= 400 && !line.includes('\n'))).toBe(true);
  });
});

describe('the heartbeat', { timeout: 60_000 }, () => {
  test.for<[type: DataType, from: unknown]>([
    [DataType.UInt16, 0],
    [DataType.SByte, 0],
    [DataType.Boolean, false],
    [DataType.UInt64, [0, 0]],
  ])(
    'beats on a node of type %s while control is alive, and stops with it',
    async ([type, from]) => {
      const rig = await opcuaRig(server);
      const node = rig.add('beat', type, from);
      await using one = new OpcuaBench(rig, { heartbeat: { at: { node }, every: '20ms' } });
      const seen: unknown[] = [];
      one.node('beat').onWrite = ({ value }) => void seen.push(value);
      await one.online();
      await one.sink.until('it beats', () => seen.length > 6);
      expect(seen.every((beat, i) => i === 0 || String(beat) !== String(seen[i - 1]))).toBe(true);
      one.alive = false;
      await pause(100);
      const beats = seen.length;
      await pause(200);
      expect(seen.length).toBe(beats);
      expect(rig.written).toEqual([]);
    },
  );

  test('a node that cannot count is said, and the rest goes on', async () => {
    const rig = await opcuaRig(server);
    const node = rig.add('beat', DataType.String, '');
    await using one = new OpcuaBench(rig, { heartbeat: { at: { node }, every: '20ms' } });
    await one.online();
    await one.sink.until('it is said', () => one.sink.state === 'degraded');
    expect(one.sink.healths.at(-1)?.error?.text).toContain('heartbeat');
    expect(one.sink.epoch).toBe(1);
  });
});

describe('a server that restarts', { timeout: 60_000 }, () => {
  test('is found by itself within three seconds, with its namespaces numbered anew', async () => {
    await using other = new OpcuaRigServer();
    await other.start();
    const rig = await opcuaRig(other);
    await using one = new OpcuaBench(rig);
    await one.online();
    const held = [...rig.nodes].map(([name, { value }]) => [name, value.value] as const);
    await other.stop();
    await one.sink.until('it is lost', () => one.sink.state === 'backoff');
    await other.start({}, undefined, ['urn:something-new']);
    const started = performance.now();
    rig.restore(held);
    await one.sink.until('it is back', () => one.sink.state === 'online');
    await one.settled();
    expect(performance.now() - started).toBeLessThan(3000 + 1000);
    await one.driver.stop(milliseconds(1000));
  });
});
