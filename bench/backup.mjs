// What a backup costs the cell that it is made of: the demo cell with a record of so many megabytes runs for a minute, then for
// another in which one backup follows the other; scans and commits of both are printed. Usage: node bench/backup.mjs [MB]
import { createHash, randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { rebe, startProduct } from './product.mjs';

const megabytes = Number(process.argv[2] ?? 300);
const minute = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'bench-backup-'));
const data = join(folder, 'data');

const call = (...words) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [rebe, ...words], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`rebe ${words.join(' ')}: ${stdout}${stderr}`);
  return stdout;
};
const say = (text) => process.stdout.write(`${text}\n`);
const wait = (span) => new Promise((done) => setTimeout(done, span));

/** Entries behind the last, each chained to the one before, as control would have written them. */
function fill() {
  const database = new Database(join(data, 'chronicle.db'));
  const last = database.prepare('SELECT * FROM entry ORDER BY seq DESC LIMIT 1').get();
  const insert = database.prepare('INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  let { seq, hash: prev } = last;
  const kind = Buffer.from('fault');
  const actor = Buffer.from('system');
  database.transaction(() => {
    for (let bytes = 0; bytes < megabytes * 1e6; bytes += 1100) {
      seq += 1;
      const text = randomBytes(500).toString('hex');
      const body = Buffer.from(`{"code":"E_DEVICE_TIMEOUT","context":{},"text":"${text}"}`);
      const input = [integer(seq), integer(last.boot), Buffer.alloc(4), integer(last.at)];
      const parts = [...input, ...[kind, actor, body, prev].map(column)];
      const hash = createHash('sha256').update(Buffer.concat(parts)).digest();
      insert.run(seq, last.boot, null, last.at, 'fault', 'system', body, prev, hash);
      prev = hash;
    }
  })();
  database.close();
}

function integer(value) {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(8);
  bytes.writeBigUInt64BE(BigInt(value), 4);
  return bytes;
}

function column(bytes) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

async function figures(what) {
  const { scan, chronicle } = await readStatus();
  const { late, cost } = scan;
  say(
    `${what}: scan late p50 ${late.p50} p99 ${late.p99} max ${late.max} ms, ` +
      `cost p50 ${cost.p50} p99 ${cost.p99} ms; commit p50 ${chronicle.commit.p50} p99 ${chronicle.commit.p99} ms`,
  );
}

/** A machine that is too busy may need another try. */
async function readStatus(tries = 5) {
  try {
    return JSON.parse(call('status', '--json', '--data', data));
  } catch (error) {
    if (tries === 0) throw error;
    await wait(1000);
    return readStatus(tries - 1);
  }
}

let cell = await startProduct(['demo', '--data', data]);
await wait(3000);
await cell.stop();
fill();
say(`record of ${(statSync(join(data, 'chronicle.db')).size / 1e6).toFixed(0)} MB`);
cell = await startProduct(['demo', '--data', data]);
try {
  await wait(minute + 10_000);
  await figures('alone');
  const until = Date.now() + minute;
  let count = 0;
  let took = 0;
  while (Date.now() < until) {
    const file = join(folder, `${count}.tar.gz`);
    const began = Date.now();
    call('backup', file, '--data', data);
    took += Date.now() - began;
    count += 1;
    say(`  backup of ${(statSync(file).size / 1e6).toFixed(0)} MB`);
    rmSync(file);
  }
  await figures('beside backups');
  say(`${count} backups, ${(took / count / 1000).toFixed(1)} s each`);
} finally {
  await cell.stop();
  rmSync(folder, { recursive: true, force: true });
}
