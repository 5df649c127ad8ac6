// `verify` names what was done to a record: a flipped bit in any column, rows deleted, swapped,
// replaced, rewritten with and without the key; and it says what a whole record says of itself.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { canonicalJson, type Json } from '#contract/canonical.ts';
import type { Draft, Entry } from '#contract/entry.ts';
import { makeCheckpoint } from '#controller/chronicle/checkpoint.ts';
import { openKey } from '#controller/chronicle/key.ts';
import { hashOf } from '#controller/chronicle/row.ts';
import { Frontier } from '#controller/chronicle/tree.ts';
import { formatVerification } from '#controller/chronicle/verdict.ts';
import { verifyChronicle } from '#controller/chronicle/verify.ts';
import {
  faultDraft,
  jsonDraft,
  makeFolder,
  openLocal,
  readAll,
  TestClock,
} from './local-chronicle.ts';
import { bootDraft, chance, segmentDraft, writeRun } from './sample-record.ts';

const seed = Number(process.env['REBE_SEED'] ?? 20_261_123);
// A busy disk makes these slow, never wrong.
vi.setConfig({ testTimeout: 60_000 });

let folder: ReturnType<typeof makeFolder>;
let original: string;
let path: string;
let rows: Entry[];
let keys: string;

beforeAll(async () => {
  folder = makeFolder();
  const clock = new TestClock();
  await writeRun(folder.path, 30, { clock, durability: 'fast' });
  await writeRun(folder.path, 12, { clock, durability: 'fast' });
  original = join(folder.path, 'chronicle.db');
  path = join(folder.path, 'copy.db');
  keys = join(folder.path, 'keys', 'cell.pub');
  rows = readAll(folder.path);
});
afterAll(() => folder.remove());

/** What verify says after `change` was done to a copy. */
function after(change: (database: Database.Database) => void) {
  copyFileSync(original, path);
  const database = new Database(path);
  database.pragma('journal_mode = OFF');
  database.pragma('synchronous = OFF');
  change(database);
  database.close();
  return verifyChronicle(path, { keys });
}
const sql = (text: string) => after((database) => database.exec(text));
const seqsOf = (found: { findings: readonly { seq: number }[] }) =>
  found.findings.map((finding) => finding.seq);

describe('a record as it was written', () => {
  test('is whole, and says what it holds', () => {
    const found = verifyChronicle(original, { keys });
    expect(found).toMatchObject({
      exit: 0,
      integrity: 'whole',
      completeness: 'complete',
      first: 1,
      last: rows.length,
      entries: rows.length,
      boots: 2,
      signed: rows.length - 1,
      findings: [],
      notes: [],
    });
    expect(found.checkpoints).toBe(rows.filter((row) => row.kind === 'checkpoint').length);
    expect(found.checkpoints).toBeGreaterThan(5);
    expect(formatVerification(found)).toContain('The record is whole.');
  });

  test('has no step back in time by its own checkpoints, however long a scan took', async () => {
    const own = makeFolder();
    const local = await openLocal({ folder: own.path, durability: 'fast' });
    const { chronicle, clock } = local;
    const at = clock.time();
    chronicle.append({ ...bootDraft('first'), at });
    clock.pass(3);
    chronicle.append({ ...segmentDraft(), at });
    for (let count = 0; count < 1100; count += 1) chronicle.append({ ...faultDraft('x'), at });
    await local.close();
    const { notes, checkpoints } = verifyChronicle(join(own.path, 'chronicle.db'));
    expect(checkpoints).toBe(3);
    expect(notes.filter((note) => note.includes('clock'))).toEqual([]);
    own.remove();
  });

  test('is not changed by being verified', () => {
    const before = readFileSync(original);
    verifyChronicle(original);
    expect(readFileSync(original).equals(before)).toBe(true);
  });

  test('without --keys it is said that the key was not compared', () => {
    expect(verifyChronicle(original).notes).toEqual([
      'the key was not held against one that you know: give --keys',
    ]);
  });

  test('a checkpoint is signed as C2SP signed-note says: another implementation would accept it', () => {
    const [name, id, encoded] = readFileSync(keys, 'utf8').trim().split('+', 3);
    expect(name).toBe('rebe-cell/tending-1');
    expect(id).toMatch(/^[0-9a-f]{8}$/);
    expect(Buffer.from(encoded ?? '', 'base64')[0]).toBe(1);
  });
});

describe('one flipped bit', () => {
  const columns = ['boot', 'scan', 'at', 'kind', 'actor', 'body', 'prev', 'hash'] as const;

  test.each(columns)(
    `in %s of any entry: verify names that entry alone (seed ${seed})`,
    (column) => {
      const random = chance(seed + columns.indexOf(column));
      for (const row of sample(random, 14)) {
        const flipped = flip(row[column], random);
        const found = after((database) => set(database, row.seq, column, flipped));
        expect({ exit: found.exit, seqs: seqsOf(found) }, `entry ${row.seq} ${column}`).toEqual({
          exit: 1,
          seqs: [row.seq],
        });
      }
    },
  );

  test(`in seq of any entry: verify names it as missing (seed ${seed})`, () => {
    const random = chance(seed + 99);
    for (const row of sample(random, 20)) {
      let seq: unknown = row.seq;
      while (rows.some((other) => BigInt(other.seq) === BigInt(seq as number))) {
        seq = flip(row.seq, random);
      }
      const found = after((database) => set(database, row.seq, 'seq', seq));
      expect(found.exit).toBe(1);
      expect(seqsOf(found), `entry ${row.seq} became ${String(seq)}`).toContain(row.seq);
    }
  });

  test(`anywhere in the file: either no row is another, or verify does not say 0 (seed ${seed})`, () => {
    const random = chance(seed + 5);
    const bytes = readFileSync(original);
    let caught = 0;
    const missed: number[] = [];
    for (let round = 0; round < 150; round += 1) {
      const copy = Buffer.from(bytes);
      const bit = Math.floor(random() * copy.length * 8);
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(path, copy);
      const found = verifyChronicle(path, { keys });
      if (found.exit !== 0) caught += 1;
      else if (!isDeepStrictEqual(readRows(path), rows)) missed.push(bit);
    }
    expect(missed).toEqual([]);
    expect(caught).toBeGreaterThan(50);
  });
});

describe('rows that are not where they were', () => {
  test('deleted in the middle: the first missing one is named', () => {
    const [from = 0] = scans().slice(4);
    const found = sql(`DELETE FROM entry WHERE seq IN (${from}, ${from + 1})`);
    expect(found.exit).toBe(1);
    expect(found.findings[0]).toMatchObject({
      seq: from,
      text: `entries ${from} to ${from + 1} are missing`,
    });
  });

  test('deleted and renumbered: the first that does not follow is named', () => {
    const [from = 0] = scans().slice(4);
    const found = sql(
      `DELETE FROM entry WHERE seq = ${from};
       UPDATE entry SET seq = seq - 1 WHERE seq > ${from}`,
    );
    expect(found.exit).toBe(1);
    expect(seqsOf(found)[0]).toBe(from);
  });

  test('swapped: both are named', () => {
    const [one = 0, two = 0] = scans().slice(4);
    const found = sql(
      `UPDATE entry SET seq = -1 WHERE seq = ${one};
       UPDATE entry SET seq = ${one} WHERE seq = ${two};
       UPDATE entry SET seq = ${two} WHERE seq = -1`,
    );
    expect(found.exit).toBe(1);
    expect(seqsOf(found)).toEqual(expect.arrayContaining([one, two]));
  });

  test('the beginning cut off, not at a checkpoint: missing', () => {
    const found = sql('DELETE FROM entry WHERE seq < 3');
    expect(found.findings[0]).toMatchObject({ seq: 1, text: 'entries 1 to 2 are missing' });
    expect(found.exit).toBe(1);
  });

  test('the beginning cut off at a checkpoint that no later one declares: missing', () => {
    const checkpoint = rows.find((row) => row.kind === 'checkpoint')?.seq ?? 0;
    const found = sql(`DELETE FROM entry WHERE seq < ${checkpoint}`);
    expect(found).toMatchObject({ exit: 1, findings: [{ seq: 1 }] });
  });

  test('the tail cut off: what is left verifies, and the note says what is not signed', () => {
    const found = sql(`DELETE FROM entry WHERE seq > ${rows.length - 2}`);
    expect(found.exit).toBe(0);
    expect(found.notes[0]).toMatch(/are chained, and not signed yet$/);
  });

  test('all gone: incomplete', () => {
    expect(sql('DELETE FROM entry')).toMatchObject({ exit: 2, completeness: 'incomplete' });
  });
});

describe('a record that was rewritten with a right chain', () => {
  test('without the key: the checkpoint that no longer fits is named, and what it covers', () => {
    const found = rechain(forge, victim());
    const checkpoint = rows.find((row) => row.kind === 'checkpoint' && row.seq > victim());
    expect(found.exit).toBe(1);
    expect(found.findings[0]?.seq).toBe(checkpoint?.seq);
    expect(found.findings[0]?.text).toContain('are not those that were signed');
  });

  test('and signed with another key: only a key that is known shows it', () => {
    const other = openKey(join(folder.path, 'other'), 'rebe-cell/tending-1');
    const sign = (frontier: Frontier) => makeCheckpoint(frontier, 1, 'rebe-cell/tending-1', other);
    const found = rechain(forge, victim(), sign);
    expect(found.exit).toBe(1);
    expect(found.findings[0]?.text).toContain('it is signed by another key');
    expect(verifyChronicle(path).exit).toBe(0);
  });
});

describe('what a record says of itself', () => {
  const gap = { why: 'backlog', from: 1_790_000_000_000, to: 1_790_000_001_000, outputs: [] };

  test('dropped entries make it incomplete', async () => {
    const found = await record(jsonDraft('gap', { ...gap, lost: 12 }));
    expect(found).toMatchObject({ exit: 2, integrity: 'whole', completeness: 'incomplete' });
    expect(found.findings[0]?.text).toContain('12 entries were dropped');
  });

  test('entries that were only late do not', async () => {
    const found = await record(jsonDraft('gap', { ...gap, lost: 0 }));
    expect(found.exit).toBe(0);
  });

  test('a record that begins because the one before was broken is incomplete', async () => {
    const found = await record(bootDraft('broken', { aside: 'x.broken.db' }));
    expect(found).toMatchObject({ exit: 2 });
    expect(found.findings[0]?.text).toContain('x.broken.db');
  });

  test.each<[string, Uint8Array]>([
    ['not JSON', Buffer.from('{')],
    ['not UTF-8', Uint8Array.of(0xff)],
    ['not canonical', Buffer.from('{"text": "x"}')],
    ['not its schema', Buffer.from(canonicalJson({ text: 'x' } satisfies Json))],
  ])('a body that is %s cannot be verified, and its entry is named', async (_, body) => {
    const found = await record({ ...faultDraft('x'), body });
    expect(found).toMatchObject({ exit: 3, integrity: 'whole', completeness: 'unknown' });
    expect(found.findings[0]?.seq).toBe(1);
  });

  test('a scan that cannot be decoded is named', async () => {
    const body = Uint8Array.of(9, 9);
    const found = await record({ ...faultDraft('x'), kind: 'scan', body });
    expect(found).toMatchObject({ exit: 3, findings: [{ kind: 'form', seq: 1 }] });
  });
});

describe('what cannot be verified', () => {
  test('a table that a trigger or another table stands beside: 3, and it is named', () => {
    const found = sql('CREATE TRIGGER t BEFORE INSERT ON entry BEGIN SELECT 1; END');
    expect(found).toMatchObject({ exit: 3 });
    expect(found.findings[0]?.text).toContain('CREATE TRIGGER t');
  });

  test.each<[string, () => void]>([
    ['a file that is no database', () => writeFileSync(path, 'no database'.repeat(999))],
    ['a database of something else', () => foreign()],
  ])('%s: 3, with the reason', (_, make) => {
    make();
    expect(verifyChronicle(path)).toMatchObject({ exit: 3, integrity: 'unknown' });
  });

  test('a file that is not there: 3', () => {
    expect(verifyChronicle(join(folder.path, 'none.db'))).toMatchObject({ exit: 3 });
  });

  test('keys that are none: 3, with the line', () => {
    writeFileSync(join(folder.path, 'bad.pub'), '# mine\nhello\n');
    const found = verifyChronicle(original, { keys: join(folder.path, 'bad.pub') });
    expect(found).toMatchObject({ exit: 3 });
    expect(found.findings[0]?.text).toContain('hello is no key');
  });
});

function sample(random: () => number, count: number): Entry[] {
  const first = rows.slice(0, 1);
  const last = rows.slice(-1);
  const checkpoint = rows.filter((row) => row.kind === 'checkpoint').slice(0, 1);
  const some = Array.from({ length: count }, () => rows[Math.floor(random() * rows.length)]);
  return [...first, ...last, ...checkpoint, ...some.filter((row) => row !== undefined)];
}

/** The value with one bit changed; a null becomes 0. */
function flip(value: Entry[keyof Entry], random: () => number): unknown {
  if (value === null) return 0;
  if (typeof value === 'number') {
    return BigInt.asIntN(64, BigInt(value) ^ (1n << BigInt(Math.floor(random() * 64))));
  }
  const bytes = Buffer.from(value);
  const bit = Math.floor(random() * bytes.length * 8);
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return bytes;
}

function set(database: Database.Database, seq: number, column: string, value: unknown): void {
  const text = column === 'kind' || column === 'actor';
  const to = text && value instanceof Uint8Array ? 'CAST(? AS TEXT)' : '?';
  const given = database
    .prepare(`UPDATE entry SET ${column} = ${to} WHERE seq = ?`)
    .run(value, seq);
  expect(given.changes).toBe(1);
}

function readRows(file: string): unknown[] {
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare('SELECT * FROM entry ORDER BY seq').all();
  } finally {
    database.close();
  }
}

const scans = () => rows.filter((row) => row.kind === 'scan').map((row) => row.seq);

/** Changes one entry and makes every later hash anew. */
function rechain(
  change: (row: Entry) => Entry,
  seq: number,
  sign?: (frontier: Frontier) => Uint8Array,
) {
  return after((database) => {
    const frontier = new Frontier();
    let prev: Uint8Array = new Uint8Array(32);
    for (const row of rows) {
      let made = { ...(row.seq === seq ? change(row) : row), prev };
      if (sign !== undefined && row.kind === 'checkpoint') made = { ...made, body: sign(frontier) };
      const hash = hashOf(made);
      set(database, row.seq, 'body', made.body);
      set(database, row.seq, 'prev', made.prev);
      set(database, row.seq, 'hash', hash);
      frontier.append(hash);
      prev = hash;
    }
  });
}

const forge = (row: Entry): Entry => ({
  ...row,
  body: Buffer.from(Buffer.from(row.body).toString().replace('"a5"', '"a6"')),
});

const victim = () => rows.find((row) => row.kind === 'act')?.seq ?? 0;

/** What verify says of a chronicle of these drafts. */
async function record(...drafts: readonly Draft[]) {
  const own = makeFolder();
  const local = await openLocal({ folder: own.path });
  for (const draft of drafts) local.chronicle.append(draft);
  await local.close();
  const found = verifyChronicle(join(own.path, 'chronicle.db'));
  own.remove();
  return found;
}

function foreign(): void {
  writeFileSync(path, '');
  const database = new Database(path);
  database.exec('CREATE TABLE thing (a)');
  database.close();
}
