// The second program as a process: what it writes, what it logs, how it is asked and how it ends.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from '#simulator/door.ts';
import { Client } from './client.ts';
import { plantPath, modbusPlantPath } from './machine.ts';

/** A process takes its time to start on a busy machine, ms. */
const processes = 30_000;
const program = 'dist/simulator/main.js';
let data: string;
let running: ChildProcess[] = [];

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'sim-'));
});
afterEach(async () => {
  await Promise.all(running.map((child) => ended(child, 'SIGKILL')));
  running = [];
  rmSync(data, { recursive: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly port: (device: string) => number;
}

async function simulate(stdin: 'ignore' | 'pipe' = 'ignore', ipc = false): Promise<Running> {
  const file = join(data, 'endpoints.json');
  const args = [
    program,
    'simulate',
    modbusPlantPath,
    '--endpoints',
    file,
    '--data',
    data,
    '--seed',
    '1',
  ];
  const stdio = ipc
    ? ([stdin, 'pipe', 'inherit', 'ipc'] as const)
    : ([stdin, 'pipe', 'inherit'] as const);
  const child = spawn(process.execPath, args, { stdio: [...stdio] });
  running.push(child);
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => chunk.includes('ready') && resolve());
    child.on('exit', (code) => reject(new Error(`ended with ${code} before it was ready`)));
  });
  const endpoints = JSON.parse(readFileSync(file, 'utf8')) as Record<string, { tcp: string }>;
  return { child, port: (device) => Number(endpoints[device]?.tcp.split(':')[1]) };
}

function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<number | null> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve(child.exitCode);
      return;
    }
    child.once('exit', (code) => resolve(code));
    if (signal !== undefined) child.kill(signal);
  });
}

function rebe(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const all = [program, ...args];
  return spawnSync(process.execPath, all, { encoding: 'utf8', timeout: 20_000 });
}
const fault = (...args: string[]) => rebe('fault', ...args, '--data', data);
const alive = (port: number): Promise<boolean> =>
  Client.open(port).then(
    (client) => {
      client.socket.destroy();
      return true;
    },
    () => false,
  );

/** Does the device answer within so many ms? */
const answers = async (client: Client, ms: number): Promise<boolean> => {
  client.send('0001 0000 0006 01 02 0000 0001');
  return (await client.take(10, ms)) !== '';
};

describe('rebe simulate', { timeout: processes }, () => {
  it('serves every device, logs what it receives but heartbeats, and ends on SIGTERM', async () => {
    const { child, port } = await simulate();
    using io = await Client.open(port('io'));
    io.send('0001 0000 0006 01 05 0000 ff00');
    expect(await io.take(12)).toBe('00010000000601050000ff00');
    io.send('0002 0000 0006 01 06 0384 0001 0003 0000 0006 01 06 0001 0002');
    await io.take(24);
    using plc = await Client.open(port('plc'));
    plc.send('0004 0000 0006 01 01 0001 0001');
    expect(await plc.take(10)).toBe('00040000000401010101');
    const lines = readFileSync(join(data, 'simulator.log'), 'utf8').trim().split('\n');
    const first = { device: 'io', table: 'coil', address: 0, value: true };
    const second = { device: 'io', table: 'holding', address: 1, value: 2 };
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { ...first, output: 'door.open', means: true },
      { ...second, output: 'beacon', means: 'green' },
    ]);
    for (const file of ['simulator.sock', 'endpoints.json'])
      expect([file, statSync(join(data, file)).mode & 0o777]).toEqual([file, 0o600]);
    expect(await ended(child, 'SIGTERM')).toBe(0);
    expect(await alive(port('io'))).toBe(false);
    expect(existsSync(join(data, 'simulator.sock'))).toBe(false);
  });

  it('loads what OPC UA and serial lines need for a plant that has them, and for no other', async () => {
    const { child } = await simulate();
    const memory = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    // With an OPC UA server in it the process takes twice as much.
    expect(Number(/VmRSS:\s+(\d+) kB/.exec(memory)?.[1])).toBeLessThan(105_000);
    expect(readFileSync(`/proc/${child.pid}/maps`, 'utf8')).not.toContain('pty.node');
    expect(readdirSync(data)).not.toContain('simulator-pki');
  });

  it.each(['SIGINT', 'SIGHUP'] as const)('ends well on %s', async (signal) => {
    const { child } = await simulate();
    expect(await ended(child, signal)).toBe(0);
  });

  it('ends when the pipe that feeds it closes', async () => {
    const { child } = await simulate('pipe');
    child.stdin?.end();
    expect(await ended(child)).toBe(0);
  });

  it('ends on a signal while its pipe is open', async () => {
    const { child } = await simulate('pipe');
    expect(await ended(child, 'SIGTERM')).toBe(0);
  });

  it('ends when the channel to its parent closes', async () => {
    const { child } = await simulate('ignore', true);
    child.disconnect();
    expect(await ended(child)).toBe(0);
  });

  it('refuses a data directory where another runs, and leaves that one alone', async () => {
    const { port } = await simulate();
    const second = rebe('simulate', modbusPlantPath, '--data', data);
    expect([second.status, second.stderr]).toEqual([
      1,
      expect.stringContaining('E_SIMULATOR_RUNNING'),
    ]);
    expect(await alive(port('io'))).toBe(true);
    expect(fault().status).toBe(0);
  });

  it('takes over the socket that a killed one left', async () => {
    const { child } = await simulate();
    await ended(child, 'SIGKILL');
    await simulate();
    expect(fault().status).toBe(0);
  });

  it('lists every mistake of a plant file and starts nothing', () => {
    const path = join(data, 'bad.plant.yaml');
    writeFileSync(path, readFileSync(modbusPlantPath, 'utf8').replace('900ms', 'soon'));
    const { status, stderr } = rebe('simulate', path, '--data', data);
    expect(status).toBe(1);
    expect(stderr).toContain(`${path}:8:13 E_PLANT_FIELD machine.door.travel`);
    expect(stderr).toContain('^');
    expect(existsSync(join(data, 'simulator.sock'))).toBe(false);
  });

  it('says what is wrong with one device, ends the others and itself', () => {
    const path = join(data, 'bad.plant.yaml');
    const text = readFileSync(plantPath, 'utf8');
    writeFileSync(path, text.replace('{node: s=Cnc.Done}', '{node: s=Cnc.Ready}'));
    const { status, stdout, stderr } = rebe('simulate', path, '--data', data);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('E_PLANT_TERMINAL cnc.done: s=Cnc.Ready is taken by cnc.ready');
    expect(readdirSync(join(data, 'dev'))).toEqual([]);
  });

  it.each([
    [[], 64],
    [['sing'], 64],
    [['simulate'], 64],
    [['simulate', 'a', 'b'], 64],
    [['simulate', '--loud', 'a'], 64],
    [['simulate', modbusPlantPath, '--seed', 'x'], 64],
    [['simulate', '/nowhere/x.yaml'], 1],
    [['simulate', modbusPlantPath, '--data', '/dev/null/data'], 1],
    [['fault', 'io'], 64],
    [['fault', 'io', 'hang', '--for', '10'], 64],
    [['--help'], 0],
    [['simulate', '--help'], 0],
    [['fault', '--help'], 0],
  ])('with %j ends with %d', (args, code) => {
    const { status, stdout, stderr } = rebe(...args);
    expect(status, stderr).toBe(code);
    expect(args.length === 0 || code === 0 ? stdout : stderr).toMatch(/Example|E_/);
  });
});

/** Asks for a fault as the program does, without starting it. */
const give = (target: string, kind: string, more: { for_ms?: number; by_ms?: number } = {}) =>
  ask(data, { verb: 'fault', target, kind, ...more });

describe('rebe fault', { timeout: processes }, () => {
  it('says so when no simulator runs', () => {
    const { status, stderr } = fault('io', 'hang');
    expect([status, stderr]).toEqual([1, expect.stringContaining('E_SIMULATOR_GONE')]);
  });

  it('makes each fault of one device alone, and clears them', async () => {
    const { port } = await simulate();
    using plc = await Client.open(port('plc'));
    using held = await Client.open(port('io'));
    expect(fault('io', 'hang').stdout).toBe('io hang\n');
    expect([await answers(held, 200), await answers(plc, 2000)]).toEqual([false, true]);
    expect(await give('io', 'kill')).toMatchObject({ ok: true, text: 'io kill' });
    expect([await alive(port('io')), await answers(plc, 2000)]).toEqual([false, true]);
    expect(fault('--clear').stdout).toBe('cleared\n');
    using late = await Client.reach(port('io'));
    expect(await answers(late, 2000)).toBe(true);
    expect(fault('io', 'slow', '--by', '300ms').status).toBe(0);
    const before = performance.now();
    expect([await answers(late, 2000), performance.now() - before > 290]).toEqual([true, true]);
  });

  it('ends by itself after its time', async () => {
    const { port } = await simulate();
    await give('io', 'kill', { for_ms: 700 });
    expect(await alive(port('io'))).toBe(false);
    using client = await Client.reach(port('io'));
    expect(await answers(client, 2000)).toBe(true);
  });

  it('does what a person does: presses and releases, opens and closes, and is refused what cannot be', async () => {
    await simulate();
    const faults = async (): Promise<unknown> => {
      const said = await ask(data, { verb: 'status' });
      return said.ok ? (said.status as { faults: unknown }).faults : said;
    };
    expect(fault('plant', 'estop').stdout).toBe('E-stop pressed\n');
    expect(await give('plant', 'gate-open')).toMatchObject({ text: 'gate opened' });
    expect(await faults()).toEqual(['plant estop', 'plant gate-open']);
    expect(await give('plant', 'estop')).toMatchObject({ text: 'E-stop released' });
    expect(await faults()).toEqual(['plant gate-open']);
    await give('io', 'hang');
    expect(fault('io', '--clear').status).toBe(0);
    expect(await faults()).toEqual(['plant gate-open']);
    const unknown = await ask(data, { verb: 'clear', target: 'oi' });
    expect(unknown).toMatchObject({ ok: false, code: 'E_SIMULATOR_FAULT' });
    expect(await ask(data, { verb: 'clear' })).toMatchObject({ ok: true });
    expect(await faults()).toEqual([]);
    const refused = fault('plant', 'take-part', '--json');
    const answer = JSON.parse(refused.stdout) as unknown;
    expect([refused.status, answer]).toMatchObject([1, { ok: false, code: 'E_SIMULATOR_FAULT' }]);
    for (const [target, kind] of [
      ['plant', 'sing'],
      ['io', 'sing'],
      ['oi', 'hang'],
    ] as const) {
      expect(await give(target, kind)).toMatchObject({ ok: false, code: 'E_SIMULATOR_FAULT' });
    }
  });
});

/** What the control socket says to this, up to the end of a line or of the connection. */
function talk(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(join(data, 'simulator.sock'), () => socket.write(text));
    let said = '';
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.endsWith('\n')) socket.destroy();
    });
    // Reset or ended: the connection is over either way.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(said));
  });
}

describe('the control socket', { timeout: processes }, () => {
  it.each([
    'no json',
    '[]',
    '{"verb":"dance"}',
    '{"verb":"fault"}',
    '{"verb":"fault","target":"io","kind":"hang","for_ms":-1}',
    '{"verb":"clear","more":1}',
  ])('answers %s with a code', async (line) => {
    await simulate();
    expect(JSON.parse(await talk(`${line}\n`))).toMatchObject({ ok: false, code: 'E_DOOR_FRAME' });
    expect(JSON.parse(await talk('{"verb":"status"}\n'))).toMatchObject({ ok: true });
  });

  it('closes on a line without end, and serves the next', async () => {
    await simulate();
    expect(await talk('x'.repeat(300_000))).toBe('');
    expect(JSON.parse(await talk('{"verb":"status"}\n'))).toMatchObject({ ok: true });
  });
});

describe('mbpoll, another implementation', { timeout: processes }, () => {
  const found = spawnSync('mbpoll', ['-V']).error === undefined;
  it.runIf(found || process.env['CI'] === 'true')('reads and writes every table', async () => {
    expect(found, 'needs: apt-get install mbpoll').toBe(true);
    const { port } = await simulate();
    const mbpoll = (...args: string[]): string => {
      const all = ['-m', 'tcp', '-a', '1', '-1', '-0', '-p', String(port('io')), ...args];
      const { status, stdout, stderr } = spawnSync('mbpoll', all, { encoding: 'utf8' });
      expect(status, stdout + stderr).toBe(0);
      return stdout;
    };
    expect(mbpoll('-t', '1', '-r', '0', '-c', '5', '127.0.0.1')).toMatch(/\[1\]:\s+1/);
    mbpoll('-t', '0', '-r', '0', '127.0.0.1', '1', '0', '0', '1');
    expect(mbpoll('-t', '0', '-r', '0', '-c', '4', '127.0.0.1')).toMatch(
      /\[0\]:\s+1\s+\[1\]:\s+0\s+\[2\]:\s+0\s+\[3\]:\s+1/,
    );
    mbpoll('-t', '4', '-r', '0', '127.0.0.1', '2', '3');
    expect(mbpoll('-t', '4', '-r', '0', '-c', '2', '127.0.0.1')).toMatch(/\[0\]:\s+2\s+\[1\]:\s+3/);
    mbpoll('-t', '4', '-r', '500', '127.0.0.1', '777');
    expect(mbpoll('-t', '4', '-r', '500', '127.0.0.1')).toMatch(/\[500\]:\s+777/);
    expect(
      Number(/\[22\]:\s+(\d+)/.exec(mbpoll('-t', '3', '-r', '22', '127.0.0.1'))?.[1]),
    ).toBeGreaterThan(14_000);
    const args = [
      '-m',
      'tcp',
      '-a',
      '1',
      '-1',
      '-0',
      '-p',
      String(port('plc')),
      '-t',
      '3:float',
      '-B',
    ];
    const { stdout } = spawnSync('mbpoll', [...args, '-r', '0', '127.0.0.1'], { encoding: 'utf8' });
    expect(stdout).toMatch(/\[0\]:\s+22/);
  });
});
