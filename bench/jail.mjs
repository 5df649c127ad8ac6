// What a confined shell that does its worst costs control's scans, beside the same cell in peace; and what the jail itself
// costs: its first prompt, freezing, the kill. Needs root, bubblewrap, and `npm run build`.
// `node bench/jail.mjs [seconds of each attack, 65] [launches]`
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';
import { rebe, startProduct } from './product.mjs';
import { percentile, short, spread, table, tellMachine } from './report.mjs';

const [seconds = 65, launches = 20] = process.argv.slice(2).map(Number);
const sleep = (span) => new Promise((resolve) => setTimeout(resolve, span));
const root = fileURLToPath(new URL('..', import.meta.url));
/** Loads the product's own modules, of which the built files export none. */
const vite = await createServer({
  root,
  configFile: false,
  appType: 'custom',
  server: { middlewareMode: true, watch: null, ws: false },
  optimizeDeps: { noDiscovery: true },
});
const load = (path) => vite.ssrLoadModule(`/${path}`);
const { realClock } = await load('controller/clock.ts');
const { HostJailer } = await load('controller/shell/jail/jailer.ts');
const { loadTerminals } = await load('controller/shell/terminal.ts');

const clock = realClock();
const open = await loadTerminals(clock);
const size = { cols: 80, rows: 24 };

/** A shell at a terminal, in a jail or without one. */
async function shell(launch, jail) {
  let read = 0;
  let text = '';
  const heard = new Set();
  const began = performance.now();
  const terminal = open(launch, size, {
    output: (bytes) => {
      read += bytes.length;
      text = `${text}${bytes.toString('latin1')}`.slice(-200);
      for (const hear of heard) hear();
    },
    exited: () => {},
  });
  await jail?.started(terminal.pid);
  return {
    type: (line) => terminal.write(Buffer.from(line)),
    /** ms from the launch until the shell said it. */
    said: (word) =>
      new Promise((resolve) => {
        const hear = () => {
          if (!text.includes(word)) return;
          heard.delete(hear);
          resolve(performance.now() - began);
        };
        heard.add(hear);
        hear();
      }),
    read: () => read,
    close: () => terminal.close(),
  };
}

/** `lateness` and cost of scans over the last minute, as the cell tells them. */
const scansOf = (data) =>
  JSON.parse(
    execFileSync(process.execPath, [rebe, 'status', '--data', data, '--json'], {
      encoding: 'utf8',
    }),
  ).scan;

const attacks = {
  'in peace': undefined,
  'in a jail: fork bomb': ':(){ :|:& };:\n',
  'in a jail: fills its memory': 'while :; do head -c 600M /dev/zero | tail >/dev/null; done\n',
  'in a jail: floods its terminal': 'yes "a flood that nobody asked for"\n',
  'in a jail: all at once':
    'yes flood & (while :; do head -c 600M /dev/zero | tail >/dev/null; done) & :(){ :|:& };:\n',
};

async function scansUnder(jailer, data, attack, index) {
  const before = scansOf(data);
  const shown = { read: () => 0, end: async () => {} };
  if (attack !== undefined) {
    const jail = await jailer.prepare(`sh-${String(index).padStart(16, '0')}`, 'T2', () => {});
    const one = await shell(jail.launch, jail);
    one.type(attack);
    shown.read = one.read;
    shown.end = async () => {
      await jail.kill();
      one.close();
      await jail.close();
    };
  }
  await sleep(seconds * 1000);
  const after = scansOf(data);
  await shown.end();
  return {
    after,
    missed: after.missed - before.missed,
    count: after.count - before.count,
    read: shown.read(),
  };
}

async function launchesOf(jailer) {
  const figures = { plain: [], jailed: [], freeze: [], kill: [] };
  for (let index = 0; index < launches; index += 1) {
    const env = { TERM: 'xterm-256color', PATH: '/usr/bin:/bin', HOME: '/', PS1: '@@ready ' };
    const plain = await shell({ file: '/bin/bash', args: ['--norc'], env, cwd: '/' });
    figures.plain.push(await plain.said('@@ready'));
    plain.type('exit\n');
    const jail = await jailer.prepare(`sh-${String(index).padStart(16, 'a')}`, 'T2', () => {});
    const jailed = await shell(jail.launch, jail);
    figures.jailed.push(await jailed.said('$ '));
    jailed.type('for i in 1 2 3; do (setsid nohup sleep 1000 &); done; echo @@"there"\n');
    await jailed.said('@@there');
    const times = [performance.now()];
    await jail.freeze();
    times.push(performance.now());
    await jail.thaw();
    times.push(performance.now());
    await jail.kill();
    times.push(performance.now());
    figures.freeze.push(times[1] - times[0]);
    figures.kill.push(times[3] - times[2]);
    jailed.close();
    await jail.close();
    await sleep(50);
    plain.close();
  }
  return figures;
}

tellMachine(`jail: ${seconds} s of each attack, ${launches} launches`);
const data = mkdtempSync(join(tmpdir(), 'bench-jail-'));
const jailer = new HostJailer(clock, { data });
const missing = (await jailer.layers()).filter(({ there }) => !there);
if (missing.length > 0) throw new Error(`not here: ${missing.map(({ name }) => name).join(' ')}`);

const { plain, jailed, freeze, kill } = await launchesOf(jailer);
table([
  ['ms', 'n', 'p50', 'p99', 'max'],
  ['a plain bash, to its prompt', plain.length, ...spread(plain)],
  ['a confined one, to its prompt', jailed.length, ...spread(jailed)],
  ['freeze', freeze.length, ...spread(freeze)],
  ['kill with what clings, until nothing is left (bar: 250)', kill.length, ...spread(kill)],
]);
process.stdout.write(`prompt: ${short(percentile(jailed, 0.5) / percentile(plain, 0.5))} times\n`);

const cell = mkdtempSync(join(tmpdir(), 'bench-demo-'));
const product = await startProduct(['demo', '--data', cell]);
await sleep(Math.max(seconds, 5) * 1000);
const rows = [];
let peace;
for (const [index, [name, attack]] of Object.entries(attacks).entries()) {
  const { after, missed, count, read } = await scansUnder(jailer, cell, attack, index);
  peace ??= after;
  const ratio = short(after.late.p99 / peace.late.p99);
  const cost = short(after.cost.p99 / peace.cost.p99);
  rows.push([
    name,
    after.late.p50,
    after.late.p99,
    ratio,
    after.cost.p99,
    cost,
    `${missed} of ${count + missed}`,
  ]);
  rows.at(-1).push(short(read / 1e6));
}
await product.stop();
await jailer.close();
await vite.close();
rmSync(data, { recursive: true, force: true });
rmSync(cell, { recursive: true, force: true });
table([
  [
    'the demo’s scans, ms',
    'late p50',
    'late p99',
    'to peace',
    'cost p99',
    'to peace',
    'missed',
    'read, MB',
  ],
  ...rows,
]);
