// From the exec of `rebe control` to the first right output on the wire; then the demo for a minute: memory
// of its processes, what its scans and commits cost, and the bytes of the page as a browser gets them.
// `node bench/start.mjs [starts] [seconds]`
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  cpuOf,
  processesOf,
  rebe,
  removeCell,
  residentOf,
  startPeer,
  startProduct,
  writeCell,
} from './product.mjs';
import { short, spread, table, tellMachine } from './report.mjs';

const [starts = 10, seconds = 60] = process.argv.slice(2).map(Number);
const sleep = (span) => new Promise((resolve) => setTimeout(resolve, span));

/** Control alone, on a device whose input is true already: ms from exec until its coil is written true. */
async function startsOf(count, again) {
  const samples = [];
  for (let index = 0; index < count; index += 1) {
    const device = await startPeer('start-device.mjs', []);
    const cell = writeCell({ port: device.ready.port, poll: '10ms' });
    if (again) await start(device, cell);
    samples.push(await start(device, cell));
    await device.stop();
    removeCell(cell);
  }
  return samples;
}

/** Both processes read the same monotonic clock of the system. */
async function start(device, cell) {
  const written = device.ask({ until: 'true' });
  const began = process.hrtime.bigint();
  const words = [rebe, 'control', cell.manifest, '--data', cell.data];
  const control = spawn(process.execPath, ['--enable-source-maps', ...words], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const gone = new Promise((resolve) => control.once('exit', resolve));
  const { at } = await written;
  await sleep(200);
  control.kill('SIGTERM');
  await gone;
  return Number(BigInt(at) - began) / 1e6;
}

/**
 * Everything that the page needs before it can show a value, as a browser unpacks it, and as gzip makes it: what its
 * HTML names, and what that imports. What is imported later (`import()`) does not count.
 */
async function firstLoad(url) {
  const page = new URL('/', url);
  const parts = new Map([[page.href, await fetchBytes(page)]]);
  for (const [from, bytes] of parts) {
    for (const name of namesIn(bytes.toString())) {
      const part = new URL(name, from);
      if (!parts.has(part.href)) parts.set(part.href, await fetchBytes(part));
    }
  }
  const all = [...parts.values()];
  return {
    sent: sum(all.map((part) => part.length)),
    packed: sum(all.map((part) => gzipSync(part, { level: 9 }).length)),
  };
}

/** `src` and `href` of HTML, static imports of a built script. */
const namesIn = (text) =>
  [...text.matchAll(/(?:\s(?:src|href)=|\bfrom|\bimport)"(\.[^"]+)"/g)].map(([, name]) => name);

const sum = (sizes) => sizes.reduce((total, size) => total + size, 0) / 1000;

async function fetchBytes(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} gave ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

async function demo() {
  const data = mkdtempSync(join(tmpdir(), 'bench-demo-'));
  const began = performance.now();
  const product = await startProduct(['demo', '--data', data]);
  const up = performance.now() - began;
  await sleep(5000);
  const before = new Map(processesOf(product.pid).map(({ pid }) => [pid, cpuOf(pid)]));
  await sleep(seconds * 1000);
  const processes = processesOf(product.pid).map(({ pid, role }) => ({
    role,
    resident: residentOf(pid),
    cpu: (cpuOf(pid) - (before.get(pid) ?? 0)) / seconds,
  }));
  const words = [rebe, 'status', '--data', data, '--json'];
  const status = JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' }));
  const page = await firstLoad(product.url);
  await product.stop();
  rmSync(data, { recursive: true, force: true });
  return { up, processes, status, page };
}

tellMachine(`start: ${starts} starts, then the demo for ${seconds} s`);
const [fresh, again] = [await startsOf(starts, false), await startsOf(starts, true)];
table([
  ['exec of control to the first right output, ms (bar: 600)', 'n', 'p50', 'p99', 'max'],
  ['empty data directory', fresh.length, ...spread(fresh)],
  ['second start', again.length, ...spread(again)],
]);
const { up, processes, status, page } = await demo();
const { scan, chronicle } = status;
table([
  ['process of the demo', 'RSS, MB', 'CPU of a core, %'],
  ...processes.map(({ role, resident, cpu }) => [role, short(resident), short(cpu * 100)]),
]);
table([
  ['figure of the demo', 'p50', 'p99', 'max'],
  ['scan, whole, ms', scan.cost.p50, scan.cost.p99, scan.cost.max],
  ['scan late on its grid, ms', scan.late.p50, scan.late.p99, scan.late.max],
  ['commit, ms', chronicle.commit.p50, chronicle.commit.p99, ''],
]);
table([
  ['the demo', 'is'],
  ['to its link, ms', Math.round(up)],
  ['scans, of them missed', `${scan.count}, ${scan.missed}`],
  ['page: first load, kB unpacked', short(page.sent)],
  ['page: first load, kB gzip (bar: 40)', short(page.packed)],
]);
