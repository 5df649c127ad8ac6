// The driver against servers that others wrote, over TCP and RTU: what is read in merged blocks equals
// what is read tag by tag, what is written arrives, what is refused is told, and who goes comes back.
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Driver, DriverTag, WriteRequest } from '#contract/driver.ts';
import { tagName } from '#contract/name.ts';
import { status } from '#contract/quality.ts';
import { milliseconds } from '#contract/time.ts';
import { modbus } from '#drivers/modbus/driver.ts';
import { driverDeps } from './deps.ts';
import { bits, lateBy, peers, words } from './peers/peers.ts';
import type { Peer } from './peers/peers.ts';
import { Recorder } from './recorder.ts';
import { pause, rigTag } from './rig.ts';

async function peerOf(name: string): Promise<Peer> {
  const make = peers[name];
  if (make === undefined) throw new Error(name);
  const peer = await make();
  onTestFinished(() => peer.end());
  return peer;
}

/** A driver that has given every tag. It is stopped at the end of the test, before its device ends. */
async function connect(
  peer: Peer,
  tags: readonly DriverTag[],
  config: object = {},
): Promise<{ driver: Driver; sink: Recorder }> {
  const driver = modbus.create(
    driverDeps(),
    modbus.config.parse({ ...peer.config, timeout: '2s', ...config }),
  );
  const sink = new Recorder();
  onTestFinished(() => driver.stop(milliseconds(1000)));
  expect(await driver.setTags(tags)).toEqual([]);
  driver.start(sink);
  await sink.until('all tags are given', () => sink.counts().size === tags.length);
  return { driver, sink };
}

function request(name: string, value: WriteRequest['value']): WriteRequest {
  const deadline = milliseconds(10_000);
  return { id: name, tag: tagName(name), value, deadline, verify: 'readback', safe: false };
}

const input = (name: string, at: unknown): DriverTag => rigTag(name, at, 'input', [0, 1]).tag;
const output = (name: string, at: unknown): DriverTag => rigTag(name, at, 'output', [0, 1]).tag;

const forms = ['u16', 'i16', 'u32', 'i32', 'u64', 'i64', 'f32', 'f64'];
const orders = ['ABCD', 'CDAB', 'BADC', 'DCBA'];
const many = Array.from({ length: 120 }, (_, i) => {
  const table = ['holding', 'input', 'coil', 'discrete'][i % 4] ?? 'holding';
  const start = (i * 53) % 1900;
  const form = { as: forms[(i >> 2) % 8], order: orders[(i >> 5) % 4] };
  return input(`t${i}`, i % 4 < 2 ? { [table]: start, ...form } : { [table]: start });
});

describe.for(Object.keys(peers))('%s', { timeout: 60_000 }, (name) => {
  test('values of merged blocks equal those of single reads, and the peer’s own', async () => {
    const peer = await peerOf(name);
    const merged = await connect(peer, many);
    await merged.driver.stop(milliseconds(1000));
    const single = await connect(peer, many, { gap: 0, limits: { registers: 4, bits: 1 } });
    const values = ({ sink }: { sink: Recorder }): unknown[] =>
      many.map((tag) => [tag.name, sink.latest(tag.name)?.value, sink.latest(tag.name)?.status]);
    expect(values(merged)).toEqual(values(single));
    expect(merged.sink.latest('t0')?.value).toBe(words[0]);
    expect(merged.sink.latest('t33')?.value).toBe(words[1999 - 33 * 53]);
    expect(merged.sink.latest('t2')?.value).toBe(bits[2 * 53]);
    expect(merged.sink.latest('t3')?.value).toBe(bits[1999 - 3 * 53]);
    const good = many.filter((tag) => merged.sink.latest(tag.name)?.status === 0);
    expect(good.length).toBeGreaterThan(100);
  });

  test('writes arrive and are read back', async () => {
    const peer = await peerOf(name);
    const tags = forms.map((as, i) => output(`o${i}`, { holding: 1950 + i * 4, as }));
    const coil = output('c', { coil: 1990 });
    const { driver, sink } = await connect(peer, [...tags, coil]);
    const values = [65_535, -3, 4_000_000_000, -2_000_000_000, 2n ** 63n, -5n, 0.5, -1e100];
    const results = await driver.write?.([
      ...values.map((value, i) => request(`o${i}`, value)),
      request('c', true),
    ]);
    expect(results?.map(({ outcome, readBack }) => [outcome, readBack])).toEqual(
      [...values, true].map((value) => ['confirmed', value]),
    );
    // A driver that knows nothing of it finds it there.
    await driver.stop(milliseconds(1000));
    const other = await connect(peer, [...tags, coil]);
    expect([...tags, coil].map((tag) => other.sink.good(tag.name))).toEqual([...values, true]);
    expect(sink.epoch).toBe(1);
  });

  test('one that goes is told, and is back by itself when it comes', async () => {
    const peer = await peerOf(name);
    const { sink } = await connect(peer, [input('a', { holding: 7 })], { timeout: '200ms' });
    await peer.kill();
    await sink.until('its loss is told', () => sink.state !== 'online');
    sink.clear();
    await pause(600);
    expect([sink.batches, sink.confirmed]).toEqual([[], []]);
    expect(sink.state).toBe('backoff');
    await peer.start();
    await sink.until('it is back', () => sink.state === 'online' && sink.good('a') === words[7]);
    expect(sink.epoch).toBeGreaterThan(1);
  });
});

/** modbus-serial’s server has every address. */
const strict = Object.keys(peers).filter((name) => !name.startsWith('modbus-serial'));

describe.for(strict)('%s', { timeout: 60_000 }, (name) => {
  test('an address that is not there costs its own tag, and no other', async () => {
    const peer = await peerOf(name);
    const tags = [
      input('last', { holding: 1999 }),
      input('beyond', { holding: 2000 }),
      input('bit', { discrete: 1999 }),
    ];
    const { sink } = await connect(peer, tags);
    expect(sink.latest('beyond')?.status).toBe(status.BadConfigurationError);
    expect([sink.good('last'), sink.good('bit')]).toEqual([words[1999], bits[0]]);
    expect(sink.epoch).toBe(1);
  });

  test('bits of a register are written one by one', async () => {
    const peer = await peerOf(name);
    const tags = [3, 11].map((bit) => output(`bit${bit}`, { holding: 5, bit }));
    const before = words[5] ?? 0;
    const { driver, sink } = await connect(peer, [...tags, input('word', { holding: 5 })]);
    for (const bit of [3, 11]) {
      const value = ((before >> bit) & 1) === 0;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const results = await driver.write?.([request(`bit${bit}`, value)]);
      expect(results?.map(({ outcome }) => outcome)).toEqual(['confirmed']);
    }
    const wanted = before ^ (1 << 3) ^ (1 << 11);
    await sink.until('the word holds both', () => sink.good('word') === wanted);
  });
});

test('answers that libmodbus sends after the deadline are never taken for the next', async () => {
  const peer = await peerOf('libmodbus over RTU');
  const tags = [
    input('a', { holding: 7 }),
    input('b', { holding: 700 }),
    input('bit', { coil: 9 }),
  ];
  const config = { timeout: '300ms', poll: { fast: '20ms' } };
  const { driver, sink } = await connect(peer, tags, config);
  await driver.setTags([...tags, input('slow', { holding: 1995 })]);
  await sink.until('it was late often', () => (sink.healths.at(-1)?.stale ?? 0) >= 6);
  const wanted: Record<string, unknown> = { a: words[7], b: words[700], bit: bits[9] };
  const wrong = sink.batches.flat().filter(({ tag, value }) => value !== wanted[tag]);
  expect(wrong).toEqual([]);
  expect(sink.counts().has(tagName('slow'))).toBe(false);
}, 60_000);

test('with a timeout that is long enough libmodbus is late no more', async () => {
  const peer = await peerOf('libmodbus over RTU');
  const slow = input('slow', { holding: 1995 });
  const { sink } = await connect(peer, [slow, input('a', { holding: 7 })], { timeout: '2s' });
  expect(lateBy).toBeGreaterThan(300);
  expect([sink.good('slow'), sink.good('a')]).toEqual([words[1995], words[7]]);
  expect(sink.healths.at(-1)?.stale).toBe(0);
}, 60_000);
