// The disk fails at every place where it can, once or from then on: nothing that was kept is lost,
// doubled or out of order, nothing is said to be on disk that is not, and nothing crashes.
import { join } from 'node:path';
import { readdirSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CellError } from '#contract/error.ts';
import { milliseconds } from '#contract/time.ts';
import type { Storage } from '#controller/chronicle/storage.ts';
import { verifyChronicle } from '#controller/chronicle/verify.ts';
import { FailingStorage, type FaultPlan } from './failing-storage.ts';
import { faultDraft, makeFolder, openLocal, readAll, type Local } from './local-chronicle.ts';
import { writeRun } from './sample-record.ts';

let folder: ReturnType<typeof makeFolder>;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => folder.remove());

const failing = (open: () => Storage): Storage =>
  new FailingStorage(open(), { nth: 3, when: 'before', forever: true });
const texts = Array.from({ length: 5 }, (_, index) => `entry ${index}`);
const written = () =>
  readAll(folder.path)
    .filter((row) => row.kind === 'fault')
    .map((row) => String(JSON.parse(row.body.toString()).text));

describe('the n-th call of the disk fails', () => {
  test.each([
    ['once, before its work', { when: 'before', forever: false }],
    ['once, after its work', { when: 'after', forever: false }],
    ['from then on, before its work', { when: 'before', forever: true }],
    ['from then on, after its work', { when: 'after', forever: true }],
  ] as const)(
    '%s',
    async (_, how) => {
      let nth = 1;
      while (await run({ nth, ...how })) nth += 1;
      expect(nth).toBeGreaterThan(20);
    },
    60_000,
  );
});

describe('a disk that refuses', () => {
  test('is reported with what it said, tried again later and later, and reported as mended', async () => {
    const made: { disk?: FailingStorage } = {};
    const local = await openLocal({
      folder: folder.path,
      storage: (open) => {
        made.disk = new FailingStorage(open(), { nth: 3, when: 'before', forever: true });
        return made.disk;
      },
    });
    local.chronicle.append(faultDraft('x'));
    const pauses = Array.from({ length: 9 }, () => local.turn());
    expect(pauses).toEqual([10, 20, 40, 80, 160, 320, 500, 500, 500]);
    expect(local.chronicle.health().error).toEqual({
      code: 'E_CHRONICLE_WRITE',
      text: 'disk I/O error',
    });
    local.clock.pass(100);
    expect(local.stalls).toEqual(['E_CHRONICLE_STALL the disk does not answer: disk I/O error']);
    if (made.disk !== undefined) made.disk.mended = true;
    expect(local.write()).toBe(true);
    expect(local.chronicle.health()).toMatchObject({ ok: true, durable: 1 });
    expect(local.chronicle.health()).not.toHaveProperty('error');
    await local.close();
  });

  test('when the run ends meanwhile, close says that not everything is on disk', async () => {
    const local = await openLocal({ folder: folder.path, storage: failing });
    local.chronicle.append(faultDraft('x'));
    expect(await local.close()).toBe(false);
  });
});

test('a full disk: everything kept is written once there is room, and nothing is lost', async () => {
  const local = await openLocal({ folder: folder.path, pageLimit: 12 });
  const seqs = Array.from({ length: 300 }, (_, index) => {
    const seq = local.chronicle.append(faultDraft(`entry ${index} ${'x'.repeat(100)}`));
    if (index % 10 === 9) local.turn();
    return seq;
  });
  expect(seqs.every((seq) => seq > 0)).toBe(true);
  expect(local.chronicle.health().error?.text).toContain('full');
  const durable = local.chronicle.durable;
  expect(durable).toBeGreaterThan(0);
  expect(durable).toBeLessThan(300);
  expect(readAll(folder.path)).toHaveLength(durable);
  local.clock.pass(200);
  expect(local.chronicle.stalled).toBe(true);
  local.makeRoom();
  // This one still fails; then the database is opened anew.
  local.turn();
  expect(local.write()).toBe(true);
  expect(local.gaps).toMatchObject([{ why: 'stall', lost: 0 }]);
  await local.close();
  expect(written()).toHaveLength(300);
  expect(verifyChronicle(join(folder.path, 'chronicle.db'))).toMatchObject({ exit: 0 });
});

test('another program that holds the database: entries wait, then all are written', async () => {
  const local = await openLocal({ folder: folder.path });
  const other = new Database(join(folder.path, 'chronicle.db'));
  other.exec('BEGIN IMMEDIATE');
  local.chronicle.append(faultDraft('x'));
  expect(local.turn()).toBe(10);
  local.clock.pass(100);
  expect(local.chronicle.stalled).toBe(true);
  other.exec('ROLLBACK');
  other.close();
  expect(local.write()).toBe(true);
  expect(local.chronicle.stalled).toBe(false);
  expect(written()).toEqual(['x']);
  await local.close();
});

test('a database that another program wrote is not gone on from', async () => {
  const local: Local = await openLocal({ folder: folder.path, stall: milliseconds(50) });
  local.chronicle.append(faultDraft('mine'));
  local.write();
  const other = new Database(join(folder.path, 'chronicle.db'));
  other.exec(
    `INSERT INTO entry SELECT 2, boot, scan, at, kind, actor, body, prev, hash FROM entry`,
  );
  other.close();
  local.chronicle.append(faultDraft('mine too'));
  local.turn();
  expect(local.chronicle.health().error).toMatchObject({ code: 'E_CHRONICLE_CHAIN' });
  expect(local.chronicle.durable).toBe(1);
});

/** A disk that fails while the chronicle is opened: a code, and the file stays what it is. */
function refused(error: unknown): undefined {
  expect(error).toBeInstanceOf(CellError);
  expect(readdirSync(folder.path).filter((name) => name.includes('broken'))).toEqual([]);
  expect(verifyChronicle(join(folder.path, 'chronicle.db'))).toMatchObject({ exit: 0 });
  return undefined;
}

/** Appends all texts over a disk with a fault, and mends it at the end. False: no fault was reached. */
async function run(plan: FaultPlan): Promise<boolean> {
  folder.remove();
  folder = makeFolder();
  // `fast`: fewer syncs make the many rounds quick; the calls are the same.
  await writeRun(folder.path, 3, { durability: 'fast' });
  const made: { disk?: FailingStorage } = {};
  const storage = (open: () => Storage) => {
    made.disk = new FailingStorage(open(), plan);
    return made.disk;
  };
  // So much is in use that retention looks for rows to delete.
  const local = await openLocal({
    folder: folder.path,
    storage,
    max: 1,
    durability: 'fast',
  }).catch(refused);
  if (local === undefined) return true;
  for (const text of texts) {
    local.chronicle.append(faultDraft(text));
    local.turn();
    local.turn();
    const onDisk = written();
    expect(texts.slice(0, onDisk.length)).toEqual(onDisk);
    const said = local.chronicle.durable - local.chronicle.opened.seq;
    expect(onDisk.length).toBeGreaterThanOrEqual(said);
  }
  if (made.disk !== undefined) made.disk.mended = true;
  for (let turn = 0; turn < 5; turn += 1) local.turn();
  expect(await local.close()).toBe(true);
  expect(written()).toEqual(texts);
  expect(verifyChronicle(join(folder.path, 'chronicle.db'))).toMatchObject({ exit: 0 });
  return made.disk?.hit ?? false;
}
