// Past `max` the oldest whole segments leave, in small steps, declared before; what stays verifies.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openReader } from '#controller/chronicle/reader.ts';
import { verifyChronicle } from '#controller/chronicle/verify.ts';
import { makeFolder, openLocal, readAll, type Local } from './local-chronicle.ts';
import { bootDraft, scanDraft, segmentDraft } from './sample-record.ts';

// A busy disk makes these slow, never wrong.
vi.setConfig({ testTimeout: 60_000 });

let folder: ReturnType<typeof makeFolder>;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => folder.remove());

const check = () => verifyChronicle(join(folder.path, 'chronicle.db'));

/** A segment and its scans; verified after each turn of the writer. */
function writeSegment(local: Local, scans: number): void {
  local.chronicle.append(segmentDraft('hour'));
  for (let scan = 0; scan < scans; scan += 1)
    local.chronicle.append(scanDraft(scan, local.clock.time()));
  local.clock.pass(1000);
}

test('the oldest whole segments leave, and every state between verifies', async () => {
  const local = await openLocal({ folder: folder.path, durability: 'fast', max: 100_000 });
  for (let count = 0; count < 9; count += 1) {
    writeSegment(local, 200);
    for (let turn = 0; turn < 4; turn += 1) {
      local.turn();
      expect(check()).toMatchObject({ exit: 0, findings: [] });
    }
  }
  await local.close();
  const found = check();
  expect(found).toMatchObject({ exit: 0, findings: [] });
  expect(found.first).toBeGreaterThan(600);
  expect(found.notes[0]).toBe(
    `entries 1 to ${found.first - 1} left by retention; checkpoint ${found.first} covers them`,
  );
  const rows = readAll(folder.path);
  expect(rows[0]?.kind).toBe('checkpoint');
  expect(rows[1]?.kind).toBe('segment');
  expect(rows.length).toBeGreaterThan(200);
});

test('a reader that verifies meanwhile sees one moment', async () => {
  const local = await openLocal({ folder: folder.path, durability: 'fast', max: 1 });
  for (let count = 0; count < 3; count += 1) {
    writeSegment(local, 1500);
    local.turn();
  }
  const reader = openReader(join(folder.path, 'chronicle.db'));
  const seqs = reader.atOnce(() => {
    const found: number[] = [];
    for (const row of reader.entries()) {
      found.push(row.seq);
      if (found.length !== 100) continue;
      local.write();
      local.clock.pass(60_000);
      local.write();
    }
    return found;
  });
  expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  expect(reader.range().first).toBeGreaterThan(1000);
  reader.close();
  await local.close();
});

test('the segment that runs never leaves, however small `max` is', async () => {
  const local = await openLocal({ folder: folder.path, durability: 'fast', max: 1 });
  writeSegment(local, 300);
  local.write();
  expect(check()).toMatchObject({ exit: 0, first: 1 });
  writeSegment(local, 2500);
  local.write();
  writeSegment(local, 10);
  local.write();
  local.clock.pass(60_000);
  local.write();
  const segments = readAll(folder.path).filter((row) => row.kind === 'segment');
  expect(segments).toHaveLength(1);
  await local.close();
  expect(check()).toMatchObject({ exit: 0 });
});

test('a run that ended between declaring and deleting goes on with it', async () => {
  const local = await openLocal({ folder: folder.path, durability: 'fast', max: 1_000_000_000 });
  for (let count = 0; count < 4; count += 1) writeSegment(local, 1500);
  await local.close();
  const second = await openLocal({ folder: folder.path, durability: 'fast', max: 1 });
  second.turn();
  second.chronicle.append(bootDraft('stop'));
  second.chronicle.append(segmentDraft('boot'));
  // Declared with this commit; the run ends before the next turn.
  second.turn();
  expect(check()).toMatchObject({ exit: 0, first: 1 });
  const third = await openLocal({ folder: folder.path, durability: 'fast', max: 1_000_000_000 });
  expect(third.chronicle.opened.aside).toBeUndefined();
  third.turn();
  expect(check().first).toBe(1001);
  third.write();
  expect(check()).toMatchObject({ exit: 0 });
  expect(check().first).toBeGreaterThan(1500);
  await third.close();
});
