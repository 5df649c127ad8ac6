// From a Modbus input to the Modbus output through the whole product, beside a bare loop of modbus-serial
// and a bare commit loop of better-sqlite3 in the same run. The device is a process of its own which
// turns the input over at random instants and times the write. `node bench/reaction.mjs [turns] [rounds]`
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { chance } from './chance.mjs';
import { removeCell, startPeer, startProduct, writeCell } from './product.mjs';
import { percentile, short, spread, table, tellMachine } from './report.mjs';

/** Half of the turns raise the input; only those go to a value that is not the safe one, and are told. */
const [turns = 600, rounds = 2] = process.argv.slice(2).map(Number);

/** `delay`: of the device's answers, ms. A case without `durability` is the bare loop. */
const cases = [
  { name: 'bare modbus-serial loop' },
  { name: 'product, fast', poll: '0ms', durability: 'fast' },
  { name: 'product, strict', poll: '0ms', durability: 'strict' },
  { name: 'bare modbus-serial loop, timer of 1 ms', pace: 'tick' },
  { name: 'product, fast, poll 1 ms', poll: '1ms', durability: 'fast' },
  { name: 'product, strict, poll 1 ms', poll: '1ms', durability: 'strict' },
  {
    name: 'product, fast, 1,000 more tags at 4 ms',
    poll: '0ms',
    durability: 'fast',
    more: 1000,
    every: '4ms',
  },
  {
    name: 'product, fast, 10 ms an answer, 1,000 more tags at 50 ms',
    poll: '10ms',
    durability: 'fast',
    more: 1000,
    every: '50ms',
    delay: 10,
    share: 0.1,
  },
];

/** One case for so many turns. */
async function measure(one, seed) {
  const device = await startPeer('reaction-device.mjs', [one.delay ?? 0, one.more ?? 0]);
  const { port } = device.ready;
  try {
    if (one.durability === undefined) {
      const words = [port, ...(one.pace === undefined ? [] : [one.pace])];
      const loop = await startPeer('bare-loop.mjs', words, { waits: false });
      const result = await reactions(device, one, seed);
      await loop.stop();
      return result;
    }
    const cell = writeCell({ ...one, port });
    const words = ['run', cell.manifest, '--data', cell.data, '--listen', '127.0.0.1:0'];
    const product = await startProduct(words);
    const result = await reactions(device, one, seed);
    await product.stop();
    removeCell(cell);
    return result;
  } finally {
    await device.stop();
  }
}

/** Turns in quick succession after the first ones: then V8 has compiled what runs. */
const warmUp = 3000;

/** First those of a process that was just started, then as many of one that has run for a while. */
async function reactions(device, one, seed) {
  const count = Math.round(turns * (one.share ?? 1));
  await sleep(1000);
  const cold = await device.ask({ count: Math.ceil(count / 2), seed });
  await device.ask({ count: Math.ceil(warmUp * (one.share ?? 1)), seed: seed + 1, warm: true });
  return { cold: cold.rising, ...(await device.ask({ count, seed: seed + 2 })) };
}

const sleep = (span) => new Promise((resolve) => setTimeout(resolve, span));

/** Commits of one entry as the chronicle has them, one after the other or a pause apart. */
async function commits(count, seed, paced) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-commit-'));
  const database = new Database(join(folder, 'bare.db'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(
    `CREATE TABLE entry (seq INTEGER PRIMARY KEY, boot INTEGER NOT NULL, scan INTEGER,
     at INTEGER NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL, body BLOB NOT NULL,
     prev BLOB NOT NULL, hash BLOB NOT NULL) STRICT`,
  );
  const insert = database.prepare('INSERT INTO entry VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)');
  const [hash, body] = [Buffer.alloc(32, 7), Buffer.alloc(60, 1)];
  const random = chance(seed);
  const samples = [];
  for (let index = 0; index < count; index += 1) {
    if (paced) await sleep(6 + 10 * random());
    const began = performance.now();
    insert.run(1, index, 1_790_000_000_000, 'scan', 'system', body, hash, hash);
    samples.push(performance.now() - began);
  }
  database.close();
  rmSync(folder, { recursive: true, force: true });
  return samples;
}

function tellReactions(results) {
  const rows = results.map(({ name, cold, rising, lost, requests, scans, writes }) => [
    name,
    rising.length,
    ...spread(rising),
    short(percentile(cold, 0.5)),
    lost,
    Math.round(requests),
    scans === 0 ? '' : Math.round(scans),
    short(writes),
  ]);
  const head = ['reaction, ms', 'n', 'p50', 'p99', 'max', 'p50 just started', 'lost'];
  table([[...head, 'requests/s', 'full scans/s', 'writes a turn'], ...rows]);
  const strict = results.find(({ name }) => name === 'product, strict');
  table([
    ['strict, to the safe value, ms', 'n', 'p50', 'p99', 'max'],
    ['does not wait for the disk', strict.falling.length, ...spread(strict.falling)],
  ]);
}

const ratio = (what, value, bar) => [what, short(value), bar];

function tellRatios(results, back) {
  const of = (name, part) => percentile(results.find((one) => one.name === name).rising, part);
  const bare = 'bare modbus-serial loop';
  const added = (part) => of('product, strict', part) - of('product, fast', part);
  table([
    ['ratio', 'is', 'bar'],
    ratio('fast to the bare loop, p50', of('product, fast', 0.5) / of(bare, 0.5), '1.5'),
    ratio('strict adds, in bare commits, p50', added(0.5) / percentile(back, 0.5), '3'),
    ratio('strict adds, in bare commits, p99', added(0.99) / percentile(back, 0.99), '5'),
    ratio(
      'poll of 1 ms to the bare loop of 1 ms, p50',
      of('product, fast, poll 1 ms', 0.5) / of(`${bare}, timer of 1 ms`, 0.5),
      '1.25',
    ),
  ]);
}

tellMachine(`reaction: ${rounds} rounds of ${turns} turns`);
const results = cases.map((one) => ({ ...one, cold: [], rising: [], falling: [], lost: 0 }));
const [back, paced] = [[], []];
for (let round = 0; round < rounds; round += 1) {
  back.push(...(await commits(turns, round, false)));
  paced.push(...(await commits(turns / 2, round, true)));
  for (const result of results) {
    process.stderr.write(`round ${round + 1}: ${result.name}\n`);
    const { cold, rising, falling, lost, ...rates } = await measure(result, 100 * round + 7);
    result.cold.push(...cold);
    result.rising.push(...rising);
    result.falling.push(...falling);
    result.lost += lost;
    Object.assign(result, rates);
  }
}
tellReactions(results);
table([
  ['bare commit, ms', 'n', 'p50', 'p99', 'max'],
  ['one after the other', back.length, ...spread(back)],
  ['6 to 16 ms apart', paced.length, ...spread(paced)],
]);
tellRatios(results, back);
