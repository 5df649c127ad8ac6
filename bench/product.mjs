// The product as real processes for the benchmarks: a small cell written to a folder of its own, `rebe run`
// or `rebe demo` on it, and what the system says of its processes. Needs `npm run build`.
import { fork, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const rebe = fileURLToPath(new URL('../dist/controller/main.js', import.meta.url));

/** Follows an input with an output: the least flow there is. */
const flow = `flow: follow
format: cellflow/1
version: 1
scan: 20ms
inputs:
  part: {type: bool, stale: 1s}
outputs:
  gate: {type: bool, safe: false}
regions:
  gate:
    initial: Shut
    states:
      Shut:
        rest: true
        go:
          - {id: E1, when: part, to: Open}
      Open:
        rest: true
        do: {gate: true}
        go:
          - {id: E2, unless: part, to: Shut}
`;

/**
 * Writes the cell of `flow` on the device at this port. `poll`: of the input; `more`: how many registers
 * more, each a tag that no flow reads, asked for each `every`; `others`: lines of more devices and their tags;
 * `mirror`: as the manifest says it.
 */
export function writeCell({
  port,
  poll,
  durability = 'strict',
  more = 0,
  every = '1s',
  others,
  mirror = 'none',
}) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-cell-'));
  const slow = every === poll ? 'fast' : 'slow';
  const classes = slow === 'fast' ? `{fast: ${poll}}` : `{fast: ${poll}, slow: ${every}}`;
  const tags = Array.from(
    { length: more },
    (_, index) => `  t${index}: {device: io, at: {holding: ${index}}, type: int, poll: ${slow}}\n`,
  );
  const manifest = `cell: bench
format: cell/1
path: {enterprise: acme, site: north, area: machining, line: line-1}
chronicle: {durability: ${durability}}
devices:
  io: {driver: modbus, tcp: "127.0.0.1:${port}", poll: ${classes}, heartbeat: {at: {holding: 60000}}}
${others?.devices.join('') ?? ''}tags:
  part: {device: io, at: {discrete: 0}, poll: fast}
  gate: {device: io, at: {coil: 0}}
${tags.join('')}${others?.tags.join('') ?? ''}flows:
  follow: {file: follow.flow.yaml, restart: warm}
mirror: ${mirror}
`;
  writeFileSync(join(folder, 'cell.yaml'), manifest);
  writeFileSync(join(folder, 'follow.flow.yaml'), flow);
  return { folder, manifest: join(folder, 'cell.yaml'), data: join(folder, 'data') };
}

export const removeCell = ({ folder }) => rmSync(folder, { recursive: true, force: true });

/** Starts `rebe` with these words; resolves when it printed a link or an address. */
export async function startProduct(words) {
  const child = spawn(process.execPath, ['--enable-source-maps', rebe, ...words], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const url = await new Promise((resolve, reject) => {
    let text = '';
    const hear = (chunk) => {
      text += chunk.toString();
      const found = /http:\S+/.exec(text);
      if (found !== null) resolve(found[0]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    void gone.then(() => reject(new Error(`rebe ${words[0]} ended: ${text}`)));
  });
  return {
    pid: child.pid,
    url,
    stop: async () => {
      child.kill('SIGINT');
      await gone;
    },
  };
}

/** Starts one of the programs beside this file; `ready` is its first message, if it sends any. */
export async function startPeer(file, words, { waits = true } = {}) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), words.map(String));
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const next = () =>
    new Promise((resolve, reject) => {
      child.once('message', resolve);
      void gone.then(() => reject(new Error(`${file} ended`)));
    });
  const ready = waits ? await next() : undefined;
  return {
    ready,
    pid: child.pid,
    ask: (message) => {
      const answer = next();
      child.send(message);
      return answer;
    },
    stop: async () => {
      child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), 1000);
      await gone;
      clearTimeout(timer);
    },
  };
}

/** A process and all below it, each with its role. */
export function processesOf(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const below = children === '' ? [] : children.split(' ').flatMap((one) => processesOf(one));
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  const [role = 'other'] = /\b(?:control|station|broker|simulate|demo|run)\b/.exec(words) ?? [];
  return [{ pid: Number(pid), role }, ...below];
}

/** Resident memory, MB; all of a process's threads. */
export const residentOf = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000;

/** Seconds of a core that a process has used, threads and system included; the kernel counts in 10 ms. */
export function cpuOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
