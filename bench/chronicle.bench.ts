// The chronicle beside a bare better-sqlite3 loop with the same pragmas and sizes, in one run: entries
// one at a time, entries under load, what control's own thread pays, and verify. Needs `npm run build`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, bench, describe } from 'vitest';
import type { Draft } from '#contract/entry.ts';
import { status } from '#contract/quality.ts';
import { encodeScan, type ScanRecord } from '#contract/record.ts';
import { instant, milliseconds, utcMs, type Clock } from '#contract/time.ts';
import { Chronicle, threadAt } from '#controller/chronicle/chronicle.ts';
import { verifyChronicle } from '#controller/chronicle/verify.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-chronicle-'));
const built = new URL('../dist/controller/chronicle-writer.js', import.meta.url);
const at = 1_790_000_000_000;

const clock: Clock = {
  now: () => instant(performance.now()),
  time: () => utcMs(at),
  after: (span, run) => {
    const timer = setTimeout(run, span);
    return () => clearTimeout(timer);
  },
};

/** A scan of a moving machine: four inputs, a transition, three outputs. */
const record: ScanRecord = {
  now: 123_456,
  missed: 0,
  tags: [0, 1, 2, 3].map((tag) => ({
    tag,
    value: tag > 1 ? 21.37 : true,
    status: status.Good,
    time: utcMs(at - 3),
  })),
  held: [],
  stepped: [],
  fired: [{ flow: 0, transition: 12 }],
  outputs: [5, 6, 7].map((tag) => ({ tag, value: true })),
  trips: [],
  rolling: { high: 1, low: 2 },
};
const draft = (): Draft => ({
  scan: 1,
  at,
  kind: 'scan',
  actor: 'system',
  body: encodeScan(record, utcMs(at)),
});

let reached = { seq: Number.MAX_SAFE_INTEGER, resolve: (): void => {} };
const chronicle = await Chronicle.open(
  clock,
  threadAt(built),
  {
    path: join(folder, 'chronicle.db'),
    keys: join(folder, 'keys'),
    cell: 'bench',
    durability: 'strict',
    stall: milliseconds(10_000),
    backlog: 16_777_216,
    max: 8_000_000_000,
  },
  {
    durable: (seq) => {
      if (seq >= reached.seq) reached.resolve();
    },
    stalled: () => {},
    recovered: () => {},
  },
);

/** Appends so many and waits until the last is on disk. */
async function append(count: number): Promise<void> {
  await new Promise<void>((resolve) => {
    let seq = 0;
    for (let index = 0; index < count; index += 1) seq = chronicle.append(draft());
    reached = { seq, resolve };
  });
}

const bare = new Database(join(folder, 'bare.db'));
bare.pragma('journal_mode = WAL');
bare.pragma('synchronous = FULL');
bare.exec(
  `CREATE TABLE entry (seq INTEGER PRIMARY KEY, boot INTEGER NOT NULL, scan INTEGER,
   at INTEGER NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL, body BLOB NOT NULL,
   prev BLOB NOT NULL, hash BLOB NOT NULL) STRICT`,
);
const insert = bare.prepare('INSERT INTO entry VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)');
const hash = Buffer.alloc(32, 7);
const body = Buffer.from(draft().body);

function insertMany(): void {
  for (let index = 0; index < 1000; index += 1) {
    insert.run(1, 1, at, 'scan', 'system', body, hash, hash);
  }
}

/** Of one commit, everything that keeps control's thread busy: encoding, appending, hearing of it. */
async function busyMicros(commits: number): Promise<number> {
  const before = performance.eventLoopUtilization();
  for (let count = 0; count < commits; count += 1) await append(1);
  return (performance.eventLoopUtilization(before).active / commits) * 1000;
}

afterAll(async () => {
  const micros = await busyMicros(1000);
  process.stdout.write(`control's thread: ${micros.toFixed(1)} µs a commit (bar: 50)\n`);
  await chronicle.close(milliseconds(5000));
  bare.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('one entry at a time, each waited for until it is on disk (bar: 60 % of the bare loop)', () => {
  bench('bare better-sqlite3', () => {
    insert.run(1, 1, at, 'scan', 'system', body, hash, hash);
  });
  bench('chronicle', async () => {
    await append(1);
  });
});

describe('1,000 entries under load (bar: 5 times the entries of the bare loop)', () => {
  const few = { iterations: 3, time: 1000, warmupIterations: 1, warmupTime: 0 };
  bench('bare better-sqlite3, one commit an entry', insertMany, few);
  bench('chronicle, all that waits in one commit', () => append(1000), few);
});

describe('verify (bar: 50,000 entries/s)', () => {
  const path = join(folder, 'verified', 'chronicle.db');
  bench(
    '20,000 entries',
    () => {
      if (verifyChronicle(path).exit !== 0) throw new Error('the record does not verify');
    },
    { setup: () => writeRecord(join(folder, 'verified'), 20_000), time: 1000 },
  );
});

async function writeRecord(to: string, count: number): Promise<void> {
  const { mkdirSync, existsSync } = await import('node:fs');
  if (existsSync(to)) return;
  mkdirSync(to);
  const listener = { durable: () => {}, stalled: () => {}, recovered: () => {} };
  const written = await Chronicle.open(
    clock,
    threadAt(built),
    {
      path: join(to, 'chronicle.db'),
      keys: join(to, 'keys'),
      cell: 'bench',
      durability: 'strict',
      stall: milliseconds(10_000),
      backlog: 16_777_216,
      max: 8_000_000_000,
    },
    listener,
  );
  for (let index = 0; index < count; index += 1) written.append(draft());
  if (!(await written.close(milliseconds(30_000)))) throw new Error('not all was written');
}
