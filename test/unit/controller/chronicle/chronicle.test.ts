// Control's side and the writer together: order, numbers, what is on disk, what a stall and a full
// backlog do, what a new run finds.
import { chmodSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CheckpointBody } from '#contract/entry.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import { hashOf } from '#controller/chronicle/row.ts';
import { faultDraft, jsonDraft, makeFolder, openLocal, readAll } from './local-chronicle.ts';

let folder: ReturnType<typeof makeFolder>;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => folder.remove());

const open = (options: object = {}) => openLocal({ folder: folder.path, ...options });

describe('appending', () => {
  test('entries are numbered from 1, chained, and given back as they were appended', async () => {
    const local = await open();
    const seqs = ['a', 'b', 'c'].map((text) => local.chronicle.append(faultDraft(text)));
    expect(seqs).toEqual([1, 2, 3]);
    expect(local.chronicle.durable).toBe(0);
    expect(local.write()).toBe(true);
    expect(local.durable).toEqual([3]);
    const rows = readAll(folder.path);
    expect(rows.map((row) => row.seq)).toEqual([1, 2, 3]);
    expect(rows.map((row) => row.prev)).toEqual([
      Buffer.alloc(32),
      ...rows.slice(0, 2).map((row) => row.hash),
    ]);
    expect(rows.map((row) => Buffer.from(hashOf(row)))).toEqual(rows.map((row) => row.hash));
    expect(rows.map((row) => row.boot)).toEqual([1, 1, 1]);
    await local.close();
  });

  test('in strict the writer is woken for each entry', async () => {
    const local = await open();
    for (const text of ['a', 'b']) local.chronicle.append(faultDraft(text));
    expect(local.woken()).toBe(2);
    await local.close();
  });

  test('in fast the writer is woken a moment later, once for all that came', async () => {
    const local = await open({ durability: 'fast' });
    for (const text of ['a', 'b']) local.chronicle.append(faultDraft(text));
    local.clock.pass(4);
    local.chronicle.append(faultDraft('c'));
    expect(local.woken()).toBe(0);
    local.clock.pass(1);
    expect(local.woken()).toBe(1);
    local.clock.pass(100);
    expect(local.woken()).toBe(1);
    local.chronicle.append(faultDraft('d'));
    expect(await local.close()).toBe(true);
    expect(readAll(folder.path)).toHaveLength(5);
  });

  test('nobody but the owner can read the record, its companions too', async () => {
    const local = await open();
    local.chronicle.append(faultDraft('a'));
    expect(local.write()).toBe(true);
    const files = readdirSync(folder.path).filter((name) => name.startsWith('chronicle.db'));
    expect(files.toSorted()).toEqual(['chronicle.db', 'chronicle.db-shm', 'chronicle.db-wal']);
    for (const file of files)
      expect([file, statSync(join(folder.path, file)).mode & 0o777]).toEqual([file, 0o600]);
    await local.close();
  });

  test('a draft keeps its scan, time, actor and body', async () => {
    const local = await open();
    const body = Uint8Array.of(1, 2, 0, 255);
    const draft = { scan: 7, at: 1_790_000_000_123, kind: 'scan', actor: 'system', body } as const;
    local.chronicle.append(draft);
    local.chronicle.append({ ...draft, scan: null, actor: 'agent:anna/helper-1' });
    local.write();
    const [first, second] = readAll(folder.path);
    expect(first).toMatchObject({ scan: 7, at: 1_790_000_000_123, kind: 'scan', actor: 'system' });
    expect(first?.body).toEqual(Buffer.from(body));
    expect(second).toMatchObject({ scan: null, actor: 'agent:anna/helper-1' });
    await local.close();
  });

  test('a checkpoint follows an entry that asks for it at once, and no other', async () => {
    const local = await open();
    local.chronicle.append(faultDraft('a'));
    local.chronicle.append({ ...faultDraft('b'), seal: true });
    local.chronicle.append(faultDraft('c'));
    expect(local.write()).toBe(true);
    const kinds = readAll(folder.path).map(({ kind }) => kind);
    expect(kinds).toEqual(['fault', 'fault', 'checkpoint', 'fault']);
    await local.close();
  });

  test('a checkpoint comes after 1,000 entries, after a minute, before a segment, at the end', async () => {
    const local = await open();
    for (let count = 0; count < 1000; count += 1) local.chronicle.append(faultDraft('x'));
    expect(local.chronicle.seq).toBe(1001);
    local.chronicle.append(faultDraft('x'));
    local.clock.pass(60_000);
    expect(local.chronicle.seq).toBe(1003);
    local.clock.pass(120_000);
    expect(local.chronicle.seq).toBe(1003);
    local.chronicle.append(faultDraft('x'));
    const segment = local.chronicle.append(jsonDraft('segment', {}));
    expect(segment).toBe(1006);
    expect(await local.close()).toBe(true);
    const rows = readAll(folder.path);
    const checkpoints = rows.filter((row) => row.kind === 'checkpoint');
    expect(checkpoints.map((row) => row.seq)).toEqual([1001, 1003, 1005, 1007]);
    for (const row of checkpoints) {
      const body = CheckpointBody.parse(JSON.parse(row.body.toString()));
      expect(body.size).toBe(row.seq - 1);
      expect(body.origin).toBe('rebe-cell/tending-1');
    }
  });

  test('a record that others could read is narrowed, with what a killed writer left beside it', async () => {
    const path = join(folder.path, 'chronicle.db');
    const first = await open();
    first.chronicle.append(faultDraft('a'));
    expect(first.write()).toBe(true);
    const files = [path, `${path}-wal`, `${path}-shm`];
    for (const file of files) chmodSync(file, 0o644);
    const second = await open();
    for (const file of files) expect([file, statSync(file).mode & 0o777]).toEqual([file, 0o600]);
    await second.close();
  });

  test('the key is made once, for its owner only', async () => {
    await (await open()).close();
    const path = join(folder.path, 'keys', 'cell.key');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const before = statSync(path).mtimeMs;
    await (await open()).close();
    expect(statSync(path).mtimeMs).toBe(before);
  });
});

describe('a stall', () => {
  test('past `stall` outputs stop waiting; when the disk answers a gap says from when to when', async () => {
    const local = await open();
    const first = faultDraft('x');
    local.chronicle.append(first);
    local.clock.pass(99);
    expect(local.chronicle.stalled).toBe(false);
    local.clock.pass(1);
    expect(local.chronicle.stalled).toBe(true);
    expect(local.stalls).toEqual(['E_CHRONICLE_STALL the disk does not answer']);
    expect(local.chronicle.health()).toMatchObject({ ok: false, oldest_ms: 100, lost: 0 });
    local.chronicle.append(faultDraft('y'));
    local.clock.pass(50);
    local.write();
    expect(local.chronicle.stalled).toBe(false);
    const to = local.clock.time();
    expect(local.gaps).toEqual([{ why: 'stall', from: first.at, to, lost: 0 }]);
    expect(readAll(folder.path)).toHaveLength(2);
    await local.close();
  });

  test('a disk that keeps up never stalls, however long it runs', async () => {
    const local = await open();
    for (let step = 0; step < 200; step += 1) {
      local.chronicle.append(faultDraft('x'));
      local.clock.pass(40);
      local.write();
    }
    expect(local.stalls).toEqual([]);
    await local.close();
  });

  test('past the backlog drafts are dropped whole and counted; all that was kept is in order', async () => {
    const local = await open({ backlog: 65_536 });
    const texts = Array.from({ length: 1000 }, (_, index) => `entry ${index}`);
    const seqs = texts.map((text) => local.chronicle.append(faultDraft(text)));
    const kept = seqs.filter((seq) => seq > 0).length;
    expect(kept).toBeGreaterThan(300);
    expect(kept).toBeLessThan(700);
    expect(seqs.slice(kept).every((seq) => seq === 0)).toBe(true);
    expect(local.stalls).toEqual(['E_CHRONICLE_LOST the backlog is full']);
    local.write();
    expect(local.gaps).toHaveLength(1);
    expect(local.gaps[0]).toMatchObject({ why: 'backlog', lost: 1000 - kept });
    expect(local.chronicle.append(faultDraft('after'))).toBe(kept + 1);
    local.write();
    const found = readAll(folder.path).map((row) => JSON.parse(row.body.toString()).text);
    expect(found).toEqual([...texts.slice(0, kept), 'after']);
    await local.close();
  });
});

test('an entry that the backlog can never hold is lost, and the record goes on', async () => {
  const local = await open({ backlog: 65_536 });
  const large = { ...faultDraft('x'), body: new Uint8Array(70_000) };
  expect(local.chronicle.append(large)).toBe(0);
  expect(local.chronicle.append(faultDraft('y'))).toBe(0);
  local.clock.pass(100);
  expect(local.gaps).toMatchObject([{ why: 'backlog', lost: 2 }]);
  expect(local.chronicle.append(faultDraft('z'))).toBe(1);
  await local.close();
});

describe('an orderly end', () => {
  test('leaves one file, and reading it leaves nothing beside it', async () => {
    const local = await open();
    local.chronicle.append(faultDraft('x'));
    await local.close();
    expect(readAll(folder.path)).toHaveLength(2);
    expect(readdirSync(folder.path).toSorted()).toEqual(['chronicle.db', 'keys']);
  });

  test('beside a reader that stays is as good, and the next run goes on', async () => {
    const local = await open();
    const reader = openReader(join(folder.path, 'chronicle.db'));
    local.chronicle.append(faultDraft('x'));
    local.write();
    expect(reader.range().last).toBe(1);
    await local.close();
    expect(reader.range().last).toBe(2);
    const second = await open();
    second.chronicle.append(faultDraft('y'));
    second.write();
    expect(reader.range().last).toBe(3);
    await second.close();
    reader.close();
  });
});

describe('a new run', () => {
  test('goes on where the last one ended and knows how it ended', async () => {
    const first = await open();
    expect(first.chronicle.opened).toEqual({ seq: 0, boot: 1, before: 'first' });
    first.chronicle.append(jsonDraft('stop', { reason: 'test' }));
    await first.close();
    const second = await open();
    expect(second.chronicle.opened).toEqual({ seq: 2, boot: 2, before: 'stop' });
    second.chronicle.append(faultDraft('x'));
    second.write();
    const third = await open();
    expect(third.chronicle.opened).toEqual({ seq: 3, boot: 3, before: 'crash' });
  });

  test.each([
    [
      'a file that is no database',
      () => writeFileSync(join(folder.path, 'chronicle.db'), 'x'.repeat(9000)),
    ],
    ['a database of something else', () => plant('CREATE TABLE entry (seq)')],
  ])('%s is set aside, never overwritten, and a new chronicle begins', async (_, spoil) => {
    spoil();
    const local = await open();
    const { aside } = local.chronicle.opened;
    expect(aside?.file).toMatch(/chronicle\.\d{8}T\d{6}Z\.broken\.db$/);
    expect(existsSync(aside?.file ?? '')).toBe(true);
    expect(local.chronicle.opened).toMatchObject({ seq: 0, boot: 1, before: 'first' });
    await local.close();
  });

  test('a record of a newer version is refused, and left as it is', async () => {
    const first = await open();
    await first.close();
    plant('PRAGMA user_version = 2');
    const path = join(folder.path, 'chronicle.db');
    const before = readFileSync(path);
    await expect(open()).rejects.toMatchObject({ code: 'E_CHRONICLE_NEWER' });
    expect(() => openReader(path)).toThrow('format 2');
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.broken.db'))).toEqual([]);
  });

  test('a tail that was altered is set aside with its name in the report, and the boot counts on', async () => {
    const first = await open();
    for (const text of ['a', 'b', 'c']) first.chronicle.append(faultDraft(text));
    await first.close();
    plant(`UPDATE entry SET actor = 'user:mallory' WHERE seq = 4`);
    const second = await open();
    expect(second.chronicle.opened.aside?.why).toBe('entry 4 is not as it was written');
    expect(second.chronicle.opened.boot).toBe(2);
    const third = await open();
    expect(third.chronicle.opened.aside).toBeUndefined();
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.broken.db'))).toHaveLength(1);
  });

  test('a boot checks from the last checkpoint only', async () => {
    const first = await open();
    for (const text of ['a', 'b', 'c']) first.chronicle.append(faultDraft(text));
    await first.close();
    plant(`UPDATE entry SET actor = 'user:mallory' WHERE seq = 2`);
    const second = await open();
    expect(second.chronicle.opened.aside).toBeUndefined();
  });
});

function plant(sql: string): void {
  const database = new Database(join(folder.path, 'chronicle.db'));
  database.exec(sql);
  database.close();
}
