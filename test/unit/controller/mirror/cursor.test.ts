// The place in the record: kept over runs, known again in another record, and told of where it was lost.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test, vi } from 'vitest';
import { EventMessage } from '#contract/mirror.ts';
import { utcMs } from '#contract/time.ts';
import { MirrorStore } from '#controller/mirror/store.ts';
import { Rig, base, bootBody } from './rig.ts';

// Virtual time, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const gaps = (rig: Rig): unknown[] =>
  rig.events.flatMap(({ n, kind, body }) => (kind === 'gap' ? [{ n, ...(body as object) }] : []));

test('a mirror that begins on an old record begins with this start of control', async () => {
  await using rig = new Rig();
  rig.record.notes(0, 100);
  rig.record.boot = 2;
  rig.record.append('boot', bootBody);
  rig.record.notes(100, 5);
  rig.start();
  rig.clock.pass(1000);
  expect(rig.events[0]).toMatchObject({ kind: 'boot', n: [2, 102] });
  expect(rig.counts).toEqual([100, 101, 102, 103, 104]);
  expect(gaps(rig)).toEqual([]);
});

test('every event is of its schema, and scans are told only where something happened in them', async () => {
  await using rig = new Rig();
  rig.start();
  rig.record.scan();
  rig.record.scan({ tags: [], fired: [{ flow: 0, transition: 3 }] });
  rig.record.scan({ stepped: [{ flow: 0, stepped: false }] });
  rig.record.scan({ trips: [{ flow: 0, interlock: 1, tag: 2, holds: true, latched: true }] });
  rig.record.append('alarm', { id: 'a', change: 'raised', priority: 1, text: 'x' });
  rig.record.append('checkpoint', {});
  rig.record.append('device', { device: 'io', state: 7 });
  rig.clock.pass(1000);
  for (const event of rig.events) expect(EventMessage.safeParse(event).error).toBeUndefined();
  expect(rig.events.map(({ n, kind }) => `${n[1]} ${kind}`)).toEqual([
    '1 boot',
    '3 transitions',
    '4 transitions',
    '5 transitions',
    '6 alarm',
    // An entry that is not in its kind's form is told of, and holds nothing up.
    '8 fault',
  ]);
  expect(rig.events[1]?.body).toEqual({
    fired: [{ flow: 'flow 0', transition: 'transition 3' }],
    stepped: [],
    trips: [],
  });
});

test('retention that passed the cursor is one gap with its counts', async () => {
  await using rig = new Rig();
  rig.start();
  rig.record.notes(0, 10);
  rig.clock.pass(1000);
  rig.broker.die();
  rig.clock.pass(1000);
  rig.record.notes(10, 1000);
  rig.record.removeBefore(511);
  rig.clock.pass(1000);
  rig.broker.mood = 'well';
  rig.clock.pass(10_000);
  expect(gaps(rig)).toMatchObject([{ n: [1, 510], why: 'retention', lost: 499 }]);
  expect(rig.counts.slice(10, 12)).toEqual([509, 510]);
  expect(rig.counts.at(-1)).toBe(1009);
  expect(rig.mirror.figures).toMatchObject({ gaps: 1, cursor: [1, 1011], lag: { entries: 0 } });
});

test('retention that passes the cursor between two runs is the same gap', async () => {
  await using rig = new Rig();
  rig.start();
  rig.record.notes(0, 10);
  rig.clock.pass(1000);
  await rig.stop();
  rig.record.notes(10, 50);
  rig.record.removeBefore(31);
  rig.start();
  rig.clock.pass(1000);
  expect(gaps(rig)).toMatchObject([{ why: 'retention', lost: 19 }]);
  expect(rig.counts.slice(-31)).toEqual(Array.from({ length: 31 }, (_, index) => index + 29));
});

describe('another record in the place of the one that was mirrored', () => {
  test('is known, told as a gap, and mirrored from its beginning', async () => {
    await using rig = new Rig();
    rig.start();
    rig.record.notes(0, 10);
    rig.clock.pass(1000);
    await rig.stop();
    rig.record.replace(0);
    rig.record.boot = 2;
    rig.record.append('boot', { ...bootBody, before: 'broken' });
    rig.record.notes(100, 20);
    rig.start();
    rig.clock.pass(1000);
    expect(gaps(rig)).toMatchObject([{ n: [2, 0], why: 'record', lost: 0 }]);
    expect(rig.counts.slice(10)).toEqual(Array.from({ length: 20 }, (_, index) => index + 100));
    await rig.stop();
    rig.record.notes(120, 1);
    rig.start();
    rig.clock.pass(1000);
    expect(gaps(rig)).toHaveLength(1);
    expect(rig.counts.at(-1)).toBe(120);
  });

  test('that is an older state of the same is mirrored on from what the two have in common', async () => {
    await using rig = new Rig();
    rig.start();
    rig.record.notes(0, 10);
    rig.clock.pass(1000);
    await rig.stop();
    rig.record.boot = 2;
    rig.record.append('boot', bootBody);
    rig.record.notes(10, 10);
    rig.start();
    rig.clock.pass(1000);
    await rig.stop();
    // A backup of the first run is put back; then control starts again, and writes other entries.
    rig.record.replace(11);
    rig.record.boot = 2;
    rig.record.append('boot', bootBody);
    rig.record.notes(500, 3);
    rig.start();
    rig.clock.pass(1000);
    expect(gaps(rig)).toMatchObject([{ why: 'record' }]);
    expect(rig.counts.slice(20)).toEqual([500, 501, 502]);
  });

  test('while station runs is known at the next greeting of control', async () => {
    await using rig = new Rig();
    rig.start();
    rig.record.notes(0, 10);
    rig.clock.pass(1000);
    rig.mirror.controlLost();
    rig.record.replace(0);
    rig.record.boot = 2;
    rig.record.append('boot', bootBody);
    rig.feed.greet();
    rig.clock.pass(1000);
    expect(gaps(rig)).toMatchObject([{ why: 'record' }]);
    expect(rig.events.at(-1)).toMatchObject({ kind: 'boot', n: [2, 1] });
  });
});

test('a station.db that cannot be read is set aside, and what was not mirrored by it is a gap', async () => {
  await using rig = new Rig();
  rig.start();
  rig.record.notes(0, 10);
  rig.clock.pass(1000);
  await rig.stop();
  rig.record.boot = 2;
  rig.record.append('boot', bootBody);
  writeFileSync(join(rig.record.folder, 'station.db'), Buffer.alloc(8192, 'no database '));
  rig.start();
  rig.clock.pass(1000);
  expect(gaps(rig)).toMatchObject([{ n: [2, 11], why: 'cursor', lost: 11 }]);
  expect(rig.events.at(-1)).toMatchObject({ kind: 'boot', n: [2, 12] });
});

test('a record that is not there yet is waited for, and told of', async () => {
  await using rig = new Rig();
  rig.record.replace(0);
  rig.start();
  rig.clock.pass(5000);
  expect(rig.mirror.figures.ok).toBe(true);
  rig.record.append('boot', bootBody);
  rig.clock.pass(2000);
  expect(rig.events).toMatchObject([{ kind: 'boot' }]);
});

test('a disk that refuses what the mirror keeps is said, and keeps nothing from the broker', async () => {
  await using rig = new Rig();
  rig.start();
  rig.clock.pass(1000);
  const other = new Database(join(rig.record.folder, 'station.db'));
  other.exec('DROP TABLE mirror_topic; DROP TABLE mirror_cursor;');
  other.close();
  rig.record.notes(0, 10);
  rig.feed.change('door.opened', true);
  rig.feed.alarm('a', { state: 'unacknowledged', priority: 2, text: 'Door', raised: 1 });
  rig.clock.pass(1000);
  rig.feed.alarm('a', null);
  rig.clock.pass(1000);
  expect(rig.counts).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(rig.broker.retained.has(`${base}/tag/door/opened`)).toBe(true);
  expect(rig.broker.retained.has(`${base}/alarm/a`)).toBe(false);
  expect(rig.mirror.figures).toMatchObject({ ok: true, error: { code: 'E_MIRROR_STORE' } });
});

test('wall clocks that jump lose nothing and repeat nothing', async () => {
  await using rig = new Rig();
  rig.start();
  const real = rig.clock.time;
  for (const jump of [3_600_000, -86_400_000, 0]) {
    rig.clock.time = () => utcMs(real() + jump);
    rig.record.notes(0, 5);
    rig.clock.pass(5000);
  }
  expect(rig.counts).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
  expect(rig.events).toHaveLength(16);
  expect(rig.mirror.figures).toMatchObject({ ok: true, lag: { entries: 0, ms: 0 } });
});

test('the store keeps one cursor for each boot, the newest of them, and forgets the oldest', () => {
  using folder = new Rig().record;
  const store = MirrorStore.open(join(folder.folder, 'station.db'), 0);
  const hash = new Uint8Array(32);
  for (let boot = 1; boot <= 100; boot += 1) {
    store.keepCursor({ boot, seq: boot * 10, hash, at: 1 });
    store.keepCursor({ boot, seq: boot * 10 + 1, hash, at: 1 });
  }
  const cursors = store.cursors();
  expect(cursors).toHaveLength(64);
  expect(cursors[0]).toMatchObject({ boot: 100, seq: 1001 });
  const first = store.beginSession();
  for (let count = 0; count < 40; count += 1) store.beginSession();
  const { id } = store;
  store.close();
  const again = MirrorStore.open(join(folder.folder, 'station.db'), 0);
  expect(again.id).toBe(id);
  expect(again.isOwn(first)).toBe(false);
  again.close();
});
