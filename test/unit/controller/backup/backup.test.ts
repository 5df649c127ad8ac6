// A backup of a cell at work, made while its record is written, and the cell that begins where it ends.
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import { makeBackup } from '#controller/backup/backup.ts';
import { restoreBackup } from '#controller/backup/restore.ts';
import { snapshot } from '#controller/backup/snapshot.ts';
import { verifyChronicle } from '#controller/chronicle/verify.ts';
import { findRestored } from '#controller/start/restored.ts';
import { makeFolder } from '#test/unit/controller/chronicle/local-chronicle.ts';
import { CellFolder, ControlRig } from '#test/unit/controller/control-rig.ts';

// They wait for a disk, which a busy machine has little of.
vi.setConfig({ testTimeout: 60_000 });

const time = 1_790_000_100_000;

/** A cell that has run for a while, and still runs. */
async function atWork(folder: CellFolder, restart: 'hot' | 'warm' = 'hot'): Promise<ControlRig> {
  const rig = await ControlRig.start(folder, { restart });
  rig.act('parameter', { flow: 'machine', name: 'limit', value: 71 });
  for (let turn = 0; turn < 20; turn += 1) {
    rig.give({ part: turn % 2 === 0, level: turn });
    // oxlint-disable-next-line no-await-in-loop -- one turn after another
    await rig.pass(25);
  }
  return rig;
}

const backupOf = (folder: CellFolder, more: object = {}) =>
  makeBackup({
    data: folder.data,
    file: join(dirname(folder.data), 'backup.tar.gz'),
    secrets: true,
    time,
    ...more,
  });

test('a cell at work is backed up; restored it goes on as the same cell, when a person says so', async () => {
  using folder = new CellFolder();
  const rig = await atWork(folder);
  for (const path of ['secrets/mirror', 'pki/own/private/key.pem', 'recordings/ab', 'what.txt']) {
    mkdirSync(dirname(join(folder.data, path)), { recursive: true });
    writeFileSync(join(folder.data, path), path);
  }
  const aside = ['chronicle.1.broken.db', 'history.20261123T000000Z.broken.db-wal'];
  for (const path of ['sessions.json', 'control.sock', 'recordings.reserve', ...aside]) {
    writeFileSync(join(folder.data, path), path);
  }
  const made = await backupOf(folder);
  expect(statSync(made.file).mode & 0o777).toBe(0o600);
  expect(made.unknown).toEqual(['what.txt']);
  const paths = made.contents.files.map(({ path }) => path);
  expect(paths[0]).toBe('chronicle.db');
  expect(paths).toEqual(
    expect.arrayContaining([
      'cell/cell.yaml',
      'cell/machine.flow.yaml',
      'cell/other.flow.yaml',
      'keys/cell.key',
      'pki/own/private/key.pem',
      'secrets/mirror',
      'recordings/ab',
      ...aside,
    ]),
  );
  expect(paths).not.toContain('sessions.json');
  expect(paths).not.toContain('recordings.reserve');
  // What happens from here on is lost.
  await rig.pass(500);
  const { boot, seq } = rig.parts.chronicle.opened;
  expect(boot).toBe(1);
  expect(made.contents).toMatchObject({ cell: 'rig', boot: 1, simulated: false });
  expect(made.contents.seq).toBeGreaterThan(seq);

  using other = new CellFolder();
  const restored = await restoreBackup({ file: made.file, folder: other.data, time: time + 5 });
  expect(restored).toMatchObject({
    verification: { exit: 0, last: made.contents.seq },
    missing: [],
    elsewhere: [],
  });
  for (const path of ['keys/cell.key', 'secrets/mirror', 'pki/own/private/key.pem']) {
    const [here, there] = [folder.data, other.data].map((data) => readFileSync(join(data, path)));
    expect(here?.equals(there ?? Buffer.alloc(0)), path).toBe(true);
    expect(statSync(join(other.data, path)).mode & 0o777).toBe(0o600);
  }
  expect(statSync(other.data).mode & 0o777).toBe(0o700);

  // Its flows are `hot`: after a restart they go on by themselves, and after a restore they do not.
  const life = await ControlRig.start(other, { restart: 'hot' });
  expect(life.past.restored).toMatchObject({ boot: 1, seq: made.contents.seq });
  expect(life.past.ways).toEqual(['ask', 'ask']);
  expect(life.loaded.plan.flows.map(({ name }) => name)).toEqual(['machine', 'other']);
  const machine = life.parts.cell.flows[0];
  expect(machine?.frame.params).toContain(71);
  for (const flow of ['machine', 'other']) life.act('resume', { flow }, { id: `resume-${flow}` });
  await life.pass(100);
  await life.stop();
  const after = await ControlRig.start(other, { restart: 'hot' });
  expect(after.past.restored).toBeUndefined();
  expect(after.past.ways).toEqual(['hot', 'hot']);
  await after.stop();
  const keys = join(other.data, 'keys', 'cell.pub');
  expect(verifyChronicle(join(other.data, 'chronicle.db'), { keys })).toMatchObject({
    exit: 0,
    boots: 3,
    first: 1,
  });
  await rig.stop();
});

test('without secrets the passwords stay, and the restore names those that are missing', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  await rig.stop();
  mkdirSync(join(folder.data, 'secrets'));
  writeFileSync(join(folder.data, 'secrets', 'mirror'), 'x');
  const made = await backupOf(folder, { secrets: false });
  expect(made.contents.files.filter(({ path }) => path.startsWith('secrets/'))).toEqual([]);
  expect(made.contents).toMatchObject({ secrets: false });
});

test('a backup that is interrupted leaves nothing, and nothing is overwritten', async () => {
  using folder = new CellFolder();
  const rig = await atWork(folder, 'warm');
  const home = dirname(folder.data);
  const before = readdirSync(home).toSorted();
  for (const stage of ['chronicle.db', 'pack']) {
    const interrupted = new AbortController();
    const onProgress = (what: string): void => {
      if (what === stage) interrupted.abort();
    };
    // oxlint-disable-next-line no-await-in-loop -- one stage after another
    await expect(backupOf(folder, { onProgress, signal: interrupted.signal })).rejects.toThrow(
      /abort/,
    );
    expect(readdirSync(home).toSorted()).toEqual(before);
  }
  const { file } = await backupOf(folder);
  const bytes = readFileSync(file);
  await expect(backupOf(folder)).rejects.toMatchObject({ code: 'E_FILE_EXISTS' });
  expect(readFileSync(file).equals(bytes)).toBe(true);
  await rig.stop();
});

test('a directory without a record is no cell', async () => {
  const folder = makeFolder();
  await expect(
    makeBackup({ data: folder.path, file: join(folder.path, 'b'), secrets: true, time }),
  ).rejects.toMatchObject({ code: 'E_FILE_READ' });
  expect(existsSync(join(folder.path, 'b'))).toBe(false);
  folder.remove();
});

test('a database is copied as it was in one moment, though it is written at every step', async () => {
  const folder = makeFolder();
  const path = join(folder.path, 'source.db');
  const source = new Database(path);
  source.pragma('journal_mode = WAL');
  source.exec('CREATE TABLE pair (id INTEGER PRIMARY KEY, twin INTEGER, filler BLOB)');
  const insert = source.prepare('INSERT INTO pair (twin, filler) VALUES (?, ?)');
  const addPair = source.transaction(() => {
    insert.run(1, Buffer.alloc(4000));
    insert.run(2, Buffer.alloc(4000));
  });
  for (let pair = 0; pair < 1000; pair += 1) addPair();
  const target = join(folder.path, 'target.db');
  let steps = 0;
  await snapshot(path, target, {
    onProgress: () => {
      steps += 1;
      addPair();
    },
  });
  expect(steps).toBeGreaterThan(5);
  const copy = new Database(target, { readonly: true });
  const count = copy.prepare<[], { a: number; b: number }>(
    'SELECT sum(twin = 1) AS a, sum(twin = 2) AS b FROM pair',
  );
  expect(count.get()).toEqual({ a: 1000, b: 1000 });
  expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(copy.pragma('journal_mode', { simple: true })).toBe('delete');
  copy.close();
  source.close();
  folder.remove();
});

test('a restored directory that has run since says nothing any more', async () => {
  const folder = makeFolder();
  const restored = { boot: 3, seq: 9, at: 1, made: 2, restored: 4 };
  expect(findRestored(folder.path, 1)).toBeUndefined();
  writeFileSync(join(folder.path, 'restored.json'), JSON.stringify(restored));
  expect(findRestored(folder.path, 3)).toEqual(restored);
  expect(findRestored(folder.path, 4)).toBeUndefined();
  // What cannot be read lets no flow go on by itself either.
  writeFileSync(join(folder.path, 'restored.json'), '{');
  expect(findRestored(folder.path, 4)).toBe('unreadable');
  folder.remove();
});
