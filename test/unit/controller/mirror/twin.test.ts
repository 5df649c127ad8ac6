// Two cells of one name at one broker: one of them is silent, says why, and they do not put each other out.
import { describe, expect, test, vi } from 'vitest';
import { minutes } from '#contract/time.ts';
import { TestClock } from '#test/unit/controller/chronicle/local-chronicle.ts';
import { Rig, base } from './rig.ts';
import { VirtualBroker } from './virtual-broker.ts';

// Virtual time, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

function two(ids: { readonly first: string; readonly second: string }): [Rig, Rig] {
  const clock = new TestClock();
  const broker = new VirtualBroker(clock);
  return [new Rig({ clock, broker, id: ids.first }), new Rig({ clock, broker, id: ids.second })];
}

const stateOf = ({ mirror }: Rig) => mirror.figures.state;

describe('the second of two cells of one name', () => {
  test('finds the first alive, is silent and says so; the first goes on as if nobody had come', async () => {
    const [first, second] = two({ first: 'a', second: 'b' });
    await using one = first.start();
    one.clock.pass(5000);
    await using other = second.start();
    other.feed.change('other.tag', 1);
    one.clock.pass(minutes(3));
    expect(stateOf(one)).toBe('mirroring');
    expect(stateOf(other)).toBe('silent');
    expect(other.mirror.figures.error?.code).toBe('E_MIRROR_TWIN');
    expect(other.log.join('\n')).toContain('E_MIRROR_TWIN');
    expect(one.log.join('\n')).not.toContain('E_MIRROR');
    expect(one.broker.retained.has(`${base}/tag/other/tag`)).toBe(false);
    const offline = one.broker
      .on(`${base}/health`)
      .filter(({ payload }) => payload.includes('offline'));
    expect(offline).toEqual([]);
  });

  test('takes its place when the first is gone for good', async () => {
    const [first, second] = two({ first: 'a', second: 'b' });
    await using one = first.start();
    one.clock.pass(5000);
    await using other = second.start();
    one.clock.pass(10_000);
    await one.stop();
    one.clock.pass(minutes(3));
    expect(stateOf(other)).toBe('mirroring');
  });

  test('whose first died without a word is there six seconds later', async () => {
    const clock = new TestClock();
    const broker = new VirtualBroker(clock);
    const health = { state: 'online', cell: 'tending-1', id: 'f'.repeat(16), session: 'x' };
    const rest = { version: '1', t: 1, n: [1, 1], control: 'up', lag: { entries: 0, ms: 0 } };
    broker.publish(`${base}/health`, JSON.stringify({ ...health, ...rest }), true);
    await using rig = new Rig({ clock, broker }).start();
    clock.pass(5000);
    expect(stateOf(rig)).toBe('settling');
    clock.pass(2000);
    expect(stateOf(rig)).toBe('mirroring');
  });
});

test('of two that come back at once from an outage one goes on', async () => {
  const [first, second] = two({ first: 'a', second: 'b' });
  await using one = first.start();
  one.clock.pass(5000);
  await using other = second.start();
  one.clock.pass(10_000);
  one.broker.die();
  one.clock.pass(minutes(3));
  one.broker.mood = 'well';
  one.clock.pass(20_000);
  expect([stateOf(one), stateOf(other)].filter((state) => state === 'mirroring')).toHaveLength(1);
  expect([stateOf(one), stateOf(other)]).toContain('silent');
});

test('a copy of a data directory, which the broker takes for the same client, does not fight for its place', async () => {
  const [first, second] = two({ first: 'same', second: 'same' });
  await using one = first.start();
  one.clock.pass(20_000);
  const attempts = one.broker.attempts;
  await using other = second;
  // The same id in the same words: another run of what looks like the same cell.
  Object.assign(other, {});
  other.start();
  Object.defineProperty(other.store, 'id', { value: one.store.id });
  one.clock.pass(minutes(10));
  expect(one.broker.attempts - attempts).toBeLessThan(60);
  const logs = [...one.log, ...other.log].join('\n');
  expect(logs).toContain('E_MIRROR_TWIN');
});

test('nonsense on its own health, and its own words, disturb nothing', async () => {
  await using rig = new Rig().start();
  rig.clock.pass(1000);
  for (const payload of ['', '{', '[]', '{"state":"online"}', 'x'.repeat(100_000)])
    rig.broker.publish(`${base}/health`, payload);
  rig.clock.pass(10_000);
  expect(stateOf(rig)).toBe('mirroring');
  expect(rig.log).toEqual(['the mirror is with virtual']);
});
