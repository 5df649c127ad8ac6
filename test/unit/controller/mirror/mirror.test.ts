// The mirror in virtual time: what the broker has after outages of every kind, and when.
import { describe, expect, test, vi } from 'vitest';
import { hours, minutes } from '#contract/time.ts';
import { Rig, base, bootBody, once } from './rig.ts';

// Virtual time, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('a broker that is there', () => {
  test('is told how the cell is, what happens in it, and that the mirror lives', async () => {
    await using rig = new Rig();
    rig.feed.tags.set('door.opened', { v: true, s: 0, t: 5 });
    rig.start();
    rig.record.note(7);
    rig.clock.pass(1000);
    const { retained } = rig.broker;
    expect(JSON.parse(retained.get(`${base}/tag/door/opened`) ?? '')).toEqual({
      v: true,
      q: 'good',
      s: 0,
      t: 5,
      n: [1, 1],
    });
    expect(rig.events.map(({ n, kind }) => [...n, kind])).toEqual([
      [1, 1, 'boot'],
      [1, 2, 'note'],
    ]);
    expect(rig.health).toMatchObject({ state: 'online', control: 'up', n: [1, 2] });
    const before = rig.broker.on(`${base}/health`).length;
    rig.clock.pass(20_000);
    expect(rig.broker.on(`${base}/health`).length - before).toBe(10);
    expect(rig.mirror.figures).toMatchObject({ ok: true, cursor: [1, 2], lag: { entries: 0 } });
  });

  test('is told of a change once, and of the newest only where changes come faster than it takes them', async () => {
    await using rig = new Rig();
    rig.broker.delay = 100;
    rig.start();
    for (const name of range(200)) rig.feed.change(`t.n${name}`, 0);
    rig.clock.pass(2000);
    for (const value of range(50))
      for (const name of range(200)) rig.feed.change(`t.n${name}`, value);
    rig.clock.pass(2000);
    const told = rig.broker.on(`${base}/tag/t/n199`).map(({ payload }) => JSON.parse(payload).v);
    expect(told[0]).toBe(0);
    expect(told.at(-1)).toBe(49);
    expect(told.length).toBeLessThan(10);
    expect(rig.broker.mostFlying).toBeLessThanOrEqual(250);
  });

  test('is told that an alarm is gone by an empty payload, also when it went while the broker was away', async () => {
    await using rig = new Rig();
    rig.start();
    const alarm = { state: 'unacknowledged', priority: 2, text: 'Door', raised: 1 } as const;
    rig.feed.alarm('device.io', alarm);
    rig.feed.alarm('tending.door', alarm);
    rig.clock.pass(1000);
    expect(rig.broker.retained.has(`${base}/alarm/device/io`)).toBe(true);
    rig.feed.alarm('device.io', null);
    rig.clock.pass(1000);
    expect(rig.broker.retained.has(`${base}/alarm/device/io`)).toBe(false);
    rig.broker.mood = 'deaf';
    rig.clock.pass(10_000);
    rig.feed.alarm('tending.door', null);
    rig.broker.mood = 'well';
    rig.clock.pass(10_000);
    expect(rig.broker.retained.has(`${base}/alarm/tending/door`)).toBe(false);
  });

  test('no longer has a tag that a new manifest has not', async () => {
    await using rig = new Rig();
    rig.feed.tags.set('old.tag', { v: 1, s: 0, t: 1 });
    rig.feed.tags.set('new.tag', { v: 1, s: 0, t: 1 });
    rig.start();
    rig.clock.pass(1000);
    await rig.stop();
    expect(rig.broker.retained.has(`${base}/tag/old/tag`)).toBe(true);
    rig.feed.tags.delete('old.tag');
    rig.start();
    rig.clock.pass(1000);
    expect(rig.broker.retained.has(`${base}/tag/old/tag`)).toBe(false);
    expect(rig.broker.retained.has(`${base}/tag/new/tag`)).toBe(true);
  });

  test('hears a goodbye at an orderly end, and the next run goes on behind it', async () => {
    await using rig = new Rig();
    rig.start();
    rig.record.notes(0, 5);
    rig.clock.pass(1000);
    await rig.stop();
    expect(rig.health.state).toBe('offline');
    rig.record.notes(5, 5);
    rig.start();
    rig.clock.pass(1000);
    expect(rig.counts).toEqual(range(10));
    expect(rig.health.state).toBe('online');
  });
});

describe('an outage', () => {
  test('of an hour loses nothing: state within a second of the return, then every event in order', async () => {
    await using rig = new Rig();
    rig.feed.tags.set('door.opened', { v: true, s: 0, t: 5 });
    rig.start();
    rig.clock.pass(1000);
    rig.broker.die();
    let count = 0;
    for (let second = 0; second < hours(1) / 1000; second += 10) {
      rig.record.notes(count, 20);
      rig.record.scan();
      count += 20;
      rig.clock.pass(10_000);
    }
    expect(rig.mirror.figures).toMatchObject({ ok: false, error: { code: 'E_MIRROR_BROKER' } });
    expect(rig.mirror.figures.lag.entries).toBeGreaterThan(7000);
    rig.feed.change('door.opened', false);
    const taken = rig.broker.taken.length;
    rig.broker.mood = 'well';
    rig.clock.pass(1000);
    expect(JSON.parse(rig.broker.retained.get(`${base}/tag/door/opened`) ?? '').v).toBe(false);
    const [first] = rig.broker.taken.slice(taken);
    expect(first?.topic).toBe(`${base}/health`);

    // While the backlog drains, at its pace, what is live does not wait behind it.
    const drained = rig.events.length;
    rig.clock.pass(5000);
    expect(rig.events.length - drained).toBeGreaterThan(2000);
    expect(rig.events.length - drained).toBeLessThan(2700);
    rig.feed.change('door.opened', true);
    const told = rig.clock.now();
    rig.clock.pass(1000);
    const live = rig.broker.on(`${base}/tag/door/opened`).at(-1);
    expect(JSON.parse(live?.payload ?? '').v).toBe(true);
    expect((live?.at ?? 0) - told).toBeLessThan(20);

    rig.clock.pass(20_000);
    expect(rig.counts).toEqual(range(count));
    expect(rig.mirror.figures).toMatchObject({ ok: true, lag: { entries: 0, ms: 0 } });
  });

  test('in the middle of the backlog repeats what was not acknowledged, and nothing else', async () => {
    await using rig = new Rig();
    rig.start();
    rig.record.notes(0, 3000);
    for (const turn of range(5)) {
      rig.clock.pass(900 + turn);
      rig.broker.die();
      rig.clock.pass(3000);
      rig.broker.mood = 'well';
    }
    rig.clock.pass(20_000);
    const notes = once(rig.events).filter(({ kind }) => kind === 'note');
    expect(notes).toHaveLength(3000);
    expect(notes.map(({ n }) => n[1])).toEqual(range(3000).map((index) => index + 2));
    expect(rig.events.length).toBeLessThanOrEqual(3001 + 5 * 50);
  });

  test('of a broker that takes all and acknowledges nothing is noticed, and all is sent again', async () => {
    await using rig = new Rig();
    rig.start();
    rig.clock.pass(1000);
    rig.broker.mood = 'deaf';
    rig.record.notes(0, 10);
    rig.clock.pass(8000);
    expect(rig.log.join('\n')).toContain('E_MIRROR_SILENT');
    expect(rig.mirror.figures.ok).toBe(false);
    rig.broker.mood = 'well';
    rig.clock.pass(15_000);
    expect(rig.counts).toEqual(range(10));
  });

  test('of a broker that takes a connection and says nothing ends that connection', async () => {
    await using rig = new Rig();
    rig.broker.mood = 'silent';
    rig.start();
    rig.clock.pass(60_000);
    expect(rig.broker.attempts).toBeGreaterThan(9);
    expect(rig.broker.attempts).toBeLessThan(14);
    rig.broker.mood = 'well';
    rig.clock.pass(6000);
    expect(rig.mirror.figures.ok).toBe(true);
  });

  test('of a broker that drops each connection is met ever more seldom', async () => {
    await using rig = new Rig();
    rig.broker.mood = 'drops';
    rig.start();
    rig.clock.pass(minutes(10));
    expect(rig.broker.attempts).toBeLessThan(120);
    expect(rig.broker.attempts).toBeGreaterThan(50);
    rig.broker.mood = 'well';
    rig.clock.pass(11_000);
    expect(rig.mirror.figures.ok).toBe(true);
  });

  test('of a broker that is not there is met with an attempt every half a second at most', async () => {
    await using rig = new Rig();
    rig.broker.mood = 'away';
    rig.start();
    rig.clock.pass(minutes(10));
    expect(rig.broker.attempts).toBeGreaterThan(1000);
    expect(rig.broker.attempts).toBeLessThan(2500);
  });

  test('that ends with an empty broker in its place: it knows everything within a second', async () => {
    await using rig = new Rig();
    for (const name of range(2000)) rig.feed.tags.set(`t.n${name}`, { v: name, s: 0, t: 1 });
    rig.start();
    rig.clock.pass(2000);
    const had = new Map(rig.broker.retained);
    rig.broker.die();
    rig.clock.pass(100);
    rig.broker.mood = 'well';
    rig.clock.pass(1000);
    expect([...rig.broker.retained.keys()].toSorted()).toEqual([...had.keys()].toSorted());
  });
});

describe('control that is away', () => {
  test('is told by health at once; what it wrote is told all the same', async () => {
    await using rig = new Rig();
    rig.start();
    rig.clock.pass(500);
    rig.mirror.controlLost();
    rig.clock.pass(100);
    expect(rig.health.control).toBe('down');
    rig.record.note(1);
    rig.clock.pass(200);
    expect(rig.counts).toEqual([1]);
  });

  test('and comes back with another boot is told with it', async () => {
    await using rig = new Rig();
    rig.feed.tags.set('door.opened', { v: true, s: 0, t: 5 });
    rig.start();
    rig.clock.pass(500);
    rig.mirror.controlLost();
    rig.record.boot = 2;
    rig.record.append('boot', bootBody);
    rig.feed.greet();
    rig.feed.change('door.opened', false);
    rig.clock.pass(500);
    expect(rig.events.map(({ n }) => n)).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(JSON.parse(rig.broker.retained.get(`${base}/tag/door/opened`) ?? '').n).toEqual([2, 2]);
    expect(JSON.parse(rig.broker.retained.get(`${base}/meta`) ?? '').boot).toBe(2);
  });
});
