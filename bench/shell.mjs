// A shell's terminal over a socket: how fast a flood comes, how soon a key's echo, how soon the prompt after Ctrl-C in a flood,
// and what a megabyte costs the server. Ours with its recording and without, base64 in JSON over the same terminal, and
// wetty from npm, which is installed into a temporary folder; in turn, one run.
// `node bench/shell.mjs [rounds] [megabytes]`
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import headless from '@xterm/headless';
import { build } from 'vite';
import { WebSocket } from 'ws';
import { cpuOf } from './product.mjs';
import { percentile, short, spread, table, tellMachine } from './report.mjs';

const [rounds = 3, megabytes = 32] = process.argv.slice(2).map(Number);
const keys = 1000;
const stops = 5;
const folder = mkdtempSync(join(tmpdir(), 'bench-shell-'));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const prompt = 'prompt:';

const clock = (nth) => `10:${String(nth % 60).padStart(2, '0')}`;
const logLine = (nth) =>
  `\u001b[32m2026-11-23 ${clock(nth)}\u001b[0m scan ${nth} \u001b[1;34mtending\u001b[0m ` +
  `door.opened=true clamp.pressure=${(nth * 7) % 997}\n`;
/** A log in colour, as `cat` of one prints it. */
const flood = join(folder, 'flood.log');
const lines = Array.from({ length: 10_000 }, (_, nth) => logLine(nth)).join('');
writeFileSync(flood, lines.repeat(Math.ceil((megabytes * 1e6) / lines.length)));

await build({
  configFile: false,
  logLevel: 'error',
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'dist/bench',
    emptyOutDir: true,
    rollupOptions: {
      input: { station: 'bench/shell-station.ts', client: 'bench/shell-client.ts' },
      output: { entryFileNames: '[name].js' },
    },
  },
});
const { attach } = await import(pathToFileURL('dist/bench/client.js').href);

/** A process that says on its first line where it is. */
async function started(words) {
  // Its recording goes with the bench's folder.
  const env = { ...process.env, TMPDIR: folder };
  const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const part of child.stdout) {
    text += part;
    if (text.includes('\n')) break;
  }
  return { child, ready: JSON.parse(text) };
}

/** Each way to serve a shell: `open` gives what types and what says how many bytes came over the wire. */
const ways = {
  recorded: (output) => ours('recorded', output),
  bare: (output) => ours('bare', output),
  json: async (output) => {
    const { child, ready } = await started(['dist/bench/station.js', 'json']);
    const socket = new WebSocket(`ws://127.0.0.1:${ready.port}/`, { perMessageDeflate: false });
    const state = { carried: 0 };
    socket.on('message', (text) => {
      state.carried += text.length;
      output(Buffer.from(JSON.parse(text).d, 'base64'), () => undefined);
    });
    await new Promise((done) => socket.once('open', done));
    const type = (text) =>
      socket.send(JSON.stringify({ t: 'i', d: Buffer.from(text).toString('base64') }));
    return { child, type, carried: () => state.carried, close: () => socket.terminate() };
  },
  wetty,
};

async function ours(way, output) {
  const { child, ready } = await started(['dist/bench/station.js', way]);
  const line = await attach(ready, output);
  return {
    child,
    type: (text) => line.type(text),
    carried: () => line.carried,
    close: () => line.close(),
  };
}

const wettyFolder = join(folder, 'wetty');
function installWetty() {
  execFileSync('mkdir', ['-p', wettyFolder]);
  writeFileSync(join(wettyFolder, 'package.json'), '{"private": true}');
  const words = ['install', '--no-audit', '--no-fund', 'wetty@3.2.0', 'socket.io-client@4'];
  execFileSync('npm', words, { cwd: wettyFolder, stdio: ['ignore', 'ignore', 'inherit'] });
  const script = join(wettyFolder, 'session.sh');
  const bash = 'exec /bin/bash --norc --noprofile --noediting -i';
  writeFileSync(script, `#!/bin/sh\nexport PS1=${prompt} TERM=xterm-256color\ncd /\n${bash}\n`);
  chmodSync(script, 0o755);
}

async function wetty(output) {
  const port = await freePort();
  const words = ['--port', port, '--host', '127.0.0.1', '--base', '/', '--log-level', 'error'];
  const main = join(wettyFolder, 'node_modules/wetty/build/main.js');
  const script = join(wettyFolder, 'session.sh');
  const child = spawn(process.execPath, [main, ...words, '--command', script], {
    cwd: wettyFolder,
    stdio: 'ignore',
  });
  await listening(port);
  const { io } = createRequire(join(wettyFolder, 'package.json'))('socket.io-client');
  const socket = io(`http://127.0.0.1:${port}`, {
    path: '/socket.io',
    transports: ['websocket'],
  });
  const state = { carried: 0, counter: 0 };
  // As wetty's own page answers: each 256 KiB, once the terminal has parsed them.
  socket.on('data', (text) => {
    const bytes = Buffer.from(text);
    state.carried += bytes.length;
    state.counter += text.length;
    const commits = state.counter >= 262_144;
    if (commits) state.counter -= 262_144;
    output(bytes, () => {
      if (commits) socket.emit('commit', 262_144);
    });
  });
  await new Promise((done) => socket.on('login', done));
  const type = (text) => socket.emit('input', text);
  return { child, type, carried: () => state.carried, close: () => socket.disconnect() };
}

async function freePort() {
  const probe = createServer();
  await new Promise((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

async function listening(port) {
  for (;;) {
    const there = await new Promise((done) => {
      const socket = connect(port, '127.0.0.1', () => done(true));
      socket.on('error', () => done(false));
      socket.on('connect', () => socket.destroy());
    });
    if (there) return;
    await sleep(50);
  }
}

/** A viewer that keeps the end of what came, and tells each piece when it is shown: at once, or when xterm has parsed it. */
async function viewer(way, parses) {
  const terminal = parses
    ? new headless.Terminal({ cols: 132, rows: 43, allowProposedApi: true })
    : undefined;
  const it = { bytes: 0, tail: '', heard: () => undefined };
  const take = (bytes, shown) => {
    it.bytes += bytes.length;
    it.tail = (it.tail + Buffer.from(bytes.slice(-64)).toString('latin1')).slice(-64);
    shown();
    it.heard();
  };
  const output = (bytes, shown) =>
    terminal === undefined ? take(bytes, shown) : terminal.write(bytes, () => take(bytes, shown));
  const line = await ways[way](output);
  const until = (is) =>
    new Promise((done) => {
      it.heard = () => {
        if (!is()) return;
        it.heard = () => undefined;
        done(performance.now());
      };
      it.heard();
    });
  const end = async () => {
    line.close();
    line.child.kill();
    await sleep(300);
  };
  await until(() => it.tail.endsWith(prompt));
  return { ...line, it, until, end };
}

async function floodOf(way) {
  const { it, type, until, child, carried, end } = await viewer(way, false);
  const [bytes, wire, cpu] = [it.bytes, carried(), cpuOf(child.pid)];
  const began = performance.now();
  type(`cat ${flood}\n`);
  const ended = await until(() => it.bytes - bytes > megabytes * 1e6 && it.tail.endsWith(prompt));
  const count = (it.bytes - bytes) / 1e6;
  // What is left to be done after the last byte costs too.
  await sleep(500);
  const cost = ((cpuOf(child.pid) - cpu) * 1000) / count;
  const weight = (carried() - wire) / (it.bytes - bytes);
  await end();
  return { speed: (count / (ended - began)) * 1000, cost, weight };
}

async function echoOf(way) {
  const { it, type, until, end } = await viewer(way, false);
  type('cat > /dev/null\n');
  await sleep(200);
  const times = [];
  for (let nth = 0; nth < keys; nth += 1) {
    if (nth % 100 === 99) {
      type('\n');
      await sleep(30);
    }
    const before = it.bytes;
    const began = performance.now();
    type('k');
    times.push((await until(() => it.bytes > before)) - began);
    await sleep(3);
  }
  await end();
  return times;
}

async function stopOf(way) {
  const { it, type, until, end } = await viewer(way, true);
  const times = [];
  for (let nth = 0; nth < stops; nth += 1) {
    const before = it.bytes;
    type(`while :; do cat ${flood}; done\n`);
    await until(() => it.bytes - before > 4e6);
    const began = performance.now();
    type('\u0003');
    times.push((await until(() => it.tail.endsWith(prompt))) - began);
    await sleep(100);
  }
  await end();
  return times;
}

tellMachine(
  `a shell over a socket: ${rounds} rounds, ${megabytes} MB, ${keys} keys, ${stops} Ctrl-C`,
);
installWetty();
const found = Object.fromEntries(
  Object.keys(ways).map((way) => [way, { floods: [], echoes: [], stops: [] }]),
);
try {
  for (let round = 0; round < rounds; round += 1) {
    for (const way of Object.keys(ways)) {
      found[way].floods.push(await floodOf(way));
      found[way].echoes.push(...(await echoOf(way)));
      found[way].stops.push(...(await stopOf(way)));
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const names = {
  recorded: 'ours, recorded to disk',
  bare: 'ours, nothing recorded',
  json: 'base64 in JSON, same terminal',
  wetty: 'wetty 3.2.0',
};
const median = (values) => percentile(values, 0.5);
table([
  ['', 'MB/s', 'CPU ms/MB', 'wire', 'echo ms p50', 'p99', 'max', 'Ctrl-C ms p50', 'max'],
  ...Object.entries(found).map(([way, { floods, echoes, stops: times }]) => [
    names[way],
    ...['speed', 'cost', 'weight'].map((figure) => short(median(floods.map((one) => one[figure])))),
    ...spread(echoes),
    short(median(times)),
    short(Math.max(...times)),
  ]),
]);
