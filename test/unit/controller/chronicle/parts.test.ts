// The parts of the chronicle one by one: the tree, the ring, the reader, the key, lines for people.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Draft, Entry } from '#contract/entry.ts';
import { present } from '#contract/error.ts';
import { readCheckpoint } from '#controller/chronicle/checkpoint.ts';
import { formatEntry, namesOfSegment, noNames, plainEntry } from '#controller/chronicle/format.ts';
import { openKey, verifyText } from '#controller/chronicle/key.ts';
import { openReader, type Reader } from '#controller/chronicle/reader.ts';
import { makeRing, RingSink, RingSource, type NumberedDraft } from '#controller/chronicle/ring.ts';
import { verifyChronicle } from '#controller/chronicle/verify.ts';
import { Frontier } from '#controller/chronicle/tree.ts';
import { faultDraft, makeFolder, openLocal, TestClock } from './local-chronicle.ts';
import { at, chance, writeRun } from './sample-record.ts';

const seed = Number(process.env['REBE_SEED'] ?? 20_261_123);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

// A busy disk makes these slow, never wrong.
vi.setConfig({ testTimeout: 60_000 });

let folder: ReturnType<typeof makeFolder>;
let path: string;
beforeAll(async () => {
  folder = makeFolder();
  path = join(folder.path, 'chronicle.db');
  const clock = new TestClock();
  await writeRun(folder.path, 2100, { clock, durability: 'fast' });
  await writeRun(folder.path, 5, { clock });
});
afterAll(() => folder.remove());

describe('the tree', () => {
  test('has the roots of RFC 6962 for every size, and goes on from its frontier', () => {
    const leaves = Array.from({ length: 70 }, (_, index) => sha(Buffer.from(`${index}`)));
    let frontier = new Frontier();
    expect(hex(frontier.root())).toBe(hex(sha(Buffer.alloc(0))));
    for (const [index, leaf] of leaves.entries()) {
      frontier.append(leaf);
      expect(hex(frontier.root())).toBe(hex(treeRoot(leaves.slice(0, index + 1))));
      frontier = Frontier.decode(frontier.encode(), frontier.size);
    }
  });

  test.each([
    ['of another size', Buffer.alloc(32).toString('base64'), 3],
    ['that is no base64', '****', 1],
    ['cut short', Buffer.alloc(31).toString('base64'), 1],
  ])('a frontier %s is refused', (_, text, size) => {
    expect(() => Frontier.decode(text, size)).toThrow(
      expect.objectContaining({ code: 'E_CHRONICLE_FORMAT' }),
    );
  });
});

describe('the ring', () => {
  test(`gives every draft that it took, as it was and in order, however full it runs (seed ${seed})`, () => {
    const step = fc.record({
      push: fc.array(fc.nat({ max: 9000 }), { maxLength: 12 }),
      take: fc.nat({ max: 9 }),
    });
    const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const ring = makeRing(65_536);
      const source = new RingSource(ring);
      const sink = new RingSink(ring);
      const pushed: string[] = [];
      const taken: string[] = [];
      let seq = 0;
      let now = 0;
      const take = (count: number): void => {
        const drafts = sink.peek(count, 1_000_000);
        sink.release(drafts.length, 1);
        taken.push(...drafts.map((draft) => plain(draft)));
        expect(source.durable()).toBe(taken.length);
      };
      for (const { push, take: count } of steps) {
        for (const size of push) {
          now += 1;
          const draft = {
            ...faultDraft('x'),
            scan: seq % 3 === 0 ? null : seq,
            seq: seq + 1,
            body: new Uint8Array(size).fill(seq),
          };
          if (!source.push(draft, now)) continue;
          seq += 1;
          pushed.push(plain(draft));
        }
        expect(source.oldest() === undefined).toBe(taken.length === pushed.length);
        if (count > 0) take(count);
      }
      take(1000);
      expect(taken).toEqual(pushed);
      expect(sink.empty).toBe(true);
    });
    fc.assert(property, { seed, numRuns: 200 });
  });

  test('takes nothing that does not fit, and the oldest stays known', () => {
    const source = new RingSource(makeRing(65_536));
    expect(source.push({ ...faultDraft('x'), seq: 1, body: new Uint8Array(70_000) }, 5)).toBe(
      false,
    );
    expect(source.push({ ...faultDraft('x'), seq: 1 }, 7)).toBe(true);
    expect(source.push({ ...faultDraft('y'), seq: 2 }, 9)).toBe(true);
    expect(source.oldest()).toEqual({ appended: 7, at });
  });

  test('counts what is on disk past 32 bits', () => {
    const ring = makeRing(65_536);
    const source = new RingSource(ring);
    const counter = new Int32Array(ring.words);
    for (const [add, expected] of [
      [0x7fffffff, 2_147_483_647],
      [0x7fffffff, 4_294_967_294],
      [5, 4_294_967_299],
    ] as const) {
      Atomics.add(counter, 3, add);
      expect(source.durable()).toBe(expected);
    }
  });
});

describe('the reader', () => {
  let reader: Reader;
  let rows: Entry[];
  beforeAll(() => {
    reader = openReader(path);
    rows = [...reader.entries()];
  });
  afterAll(() => reader.close());

  test('gives all entries in order, over several pages', () => {
    const { first, last } = reader.range();
    expect([first, last]).toEqual([1, rows.length]);
    expect(rows.length).toBeGreaterThan(2500);
    expect(rows.map((row) => row.seq)).toEqual(rows.map((_, index) => index + 1));
    expect([...reader.backwards()].map((row) => row.seq).toReversed()).toEqual(
      rows.map((row) => row.seq),
    );
  });

  test(`selects as a filter over all rows would (seed ${seed})`, () => {
    const random = chance(seed);
    const pick = (): number => Math.floor(random() * rows.length);
    for (let round = 0; round < 60; round += 1) {
      const [from, to] = [pick() + 1, pick() + 1].toSorted((left, right) => left - right);
      const since = rows[pick()]?.at ?? 0;
      const until = since + Math.floor(random() * 400_000);
      const given = { from: from ?? 0, to: to ?? 0, since, until };
      const kinds = random() < 0.5 ? (['act', 'segment'] as const) : undefined;
      const selection = kinds === undefined ? given : { ...given, kinds };
      const expected = rows.filter(
        (row) =>
          row.seq >= given.from &&
          row.seq <= given.to &&
          row.at >= since &&
          row.at < until &&
          (kinds === undefined || row.kind === 'act' || row.kind === 'segment'),
      );
      const seqs = expected.map((row) => row.seq);
      expect([...reader.entries(selection)].map((row) => row.seq)).toEqual(seqs);
      expect([...reader.backwards(selection)].map((row) => row.seq)).toEqual(seqs.toReversed());
    }
  });

  test('finds the newest of a kind, the tail, and the acts of the last minute', () => {
    const segments = rows.filter((row) => row.kind === 'segment');
    expect(reader.readLast('segment')?.seq).toBe(segments[1]?.seq);
    expect(reader.readLast('segment', 2000)?.seq).toBe(segments[0]?.seq);
    expect(reader.readLast('gap')).toBeUndefined();
    expect(reader.readTail(3)).toEqual(rows.slice(-3));
    expect(reader.readTail(2, { kinds: ['act'] })).toEqual(
      rows.filter((row) => row.kind === 'act').slice(-2),
    );
    const since = present(rows.at(-1), 'a last row').at - 60_000;
    const acts = rows.filter((row) => row.kind === 'act' && row.at >= since).toReversed();
    expect([...reader.backwards({ kinds: ['act'], since })]).toEqual(acts);
    expect(acts.length).toBeGreaterThan(0);
  });

  test('a file that is damaged further on is an operating error when it is reached', () => {
    const damaged = join(folder.path, 'damaged.db');
    const bytes = readFileSync(path);
    bytes.fill(0xff, 40_960, 200_000);
    writeFileSync(damaged, bytes);
    const over = openReader(damaged);
    expect(() => [...over.entries()]).toThrow(
      expect.objectContaining({ code: 'E_CHRONICLE_OPEN' }),
    );
    expect(() => [...over.backwards()]).toThrow(
      expect.objectContaining({ code: 'E_CHRONICLE_OPEN' }),
    );
    over.close();
    expect(verifyChronicle(damaged)).toMatchObject({ exit: 1, integrity: 'broken' });
  });

  test('sees what the writer has written, while it runs, and cannot write', async () => {
    const own = makeFolder();
    const local = await openLocal({ folder: own.path });
    const beside = openReader(join(own.path, 'chronicle.db'));
    expect(beside.range()).toEqual({ first: 0, last: 0 });
    local.chronicle.append(faultDraft('x'));
    expect(beside.range().last).toBe(0);
    local.write();
    expect(beside.range().last).toBe(1);
    expect(beside.entry(1)?.kind).toBe('fault');
    expect(beside.entry(2)).toBeUndefined();
    beside.close();
    await local.close();
    own.remove();
  });
});

describe('the key', () => {
  test('signs what another implementation of Ed25519 accepts, over the note of the checkpoint', () => {
    const reader = openReader(path);
    const row = present(reader.readLast('checkpoint'), 'a checkpoint');
    reader.close();
    const checkpoint = readCheckpoint(row.body);
    const note = `rebe-cell/tending-1\n${row.seq - 1}\n${checkpoint.root}\nfirst 1\n`;
    const raw = Buffer.from(checkpoint.key.split('+').slice(2).join('+'), 'base64').subarray(1);
    const x = raw.toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    const signature = Buffer.from(checkpoint.signature, 'base64').subarray(4);
    expect(verify(null, Buffer.from(note), key, signature)).toBe(true);
    expect(readFileSync(join(folder.path, 'keys', 'cell.pub'), 'utf8').trim()).toBe(checkpoint.key);
    expect(statSync(join(folder.path, 'keys', 'cell.key')).mode & 0o777).toBe(0o600);
  });

  test.each<[string, (key: string) => string]>([
    ['of another name', (key) => key.replace('tending', 'other')],
    ['of another algorithm', (key) => key.replace(/^([^+]+\+\w{8}\+)../, '$1Ag')],
    ['without its parts', () => 'hello'],
  ])('%s accepts nothing', (_, change) => {
    const signer = openKey(join(folder.path, 'keys'), 'rebe-cell/tending-1');
    const signature = signer.sign('text');
    expect(verifyText(signer.key, 'text', signature)).toBe(true);
    expect(verifyText(signer.key, 'texts', signature)).toBe(false);
    expect(verifyText(change(signer.key), 'text', signature)).toBe(false);
  });

  test('that is damaged is said, not replaced', async () => {
    const own = makeFolder();
    openKey(join(own.path, 'keys'), 'x');
    writeFileSync(join(own.path, 'keys', 'cell.key'), 'nothing');
    await expect(openLocal({ folder: own.path })).rejects.toThrow(
      expect.objectContaining({ code: 'E_CHRONICLE_OPEN' }),
    );
    own.remove();
  });
});

describe('entries as lines', () => {
  test('a scan is told with the names of its segment', () => {
    const reader = openReader(path);
    const names = namesOfSegment(present(reader.readLast('segment'), 'a segment'));
    const scan = present(reader.readLast('scan'), 'a scan');
    reader.close();
    const flow = {
      name: 'tending',
      commands: [],
      transitions: ['E1', 'E2', 'E3', 'E7'],
      interlocks: [],
    };
    expect(formatEntry(scan, { ...names, flows: [flow] })).toMatch(
      /^\d{4}-\S+Z +\d+ scan {7}system scan 5: now 100, door.opened=false, fired tending E7, door.open:=true$/,
    );
    expect(formatEntry(scan, noNames)).toContain(
      'tag 0=false, fired flow 0 transition 3, tag 1:=true',
    );
  });

  test('a body that cannot be read is said to be, and control characters reach no terminal', () => {
    const broken = entry({ ...faultDraft('x'), body: Buffer.from('{') });
    expect(formatEntry(broken, noNames)).toContain('(not readable: a body that is not JSON)');
    expect(plainEntry(broken)).toMatchObject({ error: 'a body that is not JSON', unread: 'ew==' });
    const nasty = formatEntry(entry(faultDraft('\u001b[2Jgone\nover')), noNames);
    expect(nasty).toContain('E_DEVICE_TIMEOUT ?[2Jgone?over');
  });

  test('every kind that is written has a line, and a form for JSON', () => {
    const reader = openReader(path);
    const kinds = ['boot', 'stop', 'segment', 'scan', 'act', 'checkpoint'] as const;
    for (const kind of kinds) {
      const row = present(reader.readLast(kind), kind);
      expect(formatEntry(row, noNames)).toContain(` ${kind} `);
      expect(JSON.parse(JSON.stringify(plainEntry(row)))).toMatchObject({ seq: row.seq, kind });
    }
    reader.close();
  });
});

const plain = (draft: NumberedDraft): string =>
  JSON.stringify([draft.seq, draft.scan, draft.at, draft.kind, draft.actor, hex(draft.body)]);

const entry = (draft: Draft): Entry => ({
  ...draft,
  seq: 12,
  boot: 1,
  prev: new Uint8Array(32),
  hash: new Uint8Array(32),
});

const sha = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

/** RFC 6962 section 2.1, as it is written there. */
function treeRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return sha(Buffer.alloc(0));
  if (leaves.length === 1) return sha(Buffer.concat([Uint8Array.of(0), only]));
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const parts = [leaves.slice(0, split), leaves.slice(split)].map((half) => treeRoot(half));
  return sha(Buffer.concat([Uint8Array.of(1), ...parts]));
}
