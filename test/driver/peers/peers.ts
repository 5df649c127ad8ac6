// Modbus servers that others wrote, over TCP and over a serial line, with the same tables in each: what
// the driver reads from them it did not learn from us. All end with the process.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import modbusSerial from 'modbus-serial';
import { PtyLine } from '#test/driver/pty.ts';

const places = 2000;
/** Registers and bits that look like chance and are the same in every peer and each run. */
export const words: readonly number[] = Array.from(
  { length: places },
  (_, i) => (i * 40_503 + 12_345) & 0xffff,
);
export const bits: readonly boolean[] = words.map((_, i) => (i * 7919) % 3 === 0);

export interface Peer {
  /** The device's address in a manifest. */
  readonly config: Readonly<Record<string, unknown>>;
  /** It goes at once, as a device that loses its power; its line stays. */
  kill(): Promise<void>;
  /** It is there again at the same address, its tables as at first. */
  start(): Promise<void>;
  end(): Promise<void>;
}

const folder = fileURLToPath(new URL('.', import.meta.url));
const baud = 115_200;
/** Milliseconds until libmodbus on a serial line answers for its last ten addresses. */
export const lateBy = 450;

/** The server of modbus-serial, in this process. */
export async function modbusSerialPeer(): Promise<Peer> {
  let server: InstanceType<typeof modbusSerial.ServerTCP> | undefined;
  let port = 0;
  const start = async (): Promise<void> => {
    const [coils, holdings] = [[...bits], [...words]];
    const made = new modbusSerial.ServerTCP(
      {
        getCoil: (at: number) => coils[at] ?? false,
        getDiscreteInput: (at: number) => bits[places - 1 - at] ?? false,
        getHoldingRegister: (at: number) => holdings[at] ?? 0,
        getInputRegister: (at: number) => words[places - 1 - at] ?? 0,
        setCoil: (at: number, value: boolean) => void (coils[at] = value),
        setRegister: (at: number, value: number) => void (holdings[at] = value),
      },
      { host: '127.0.0.1', port, unitID: 1 },
    );
    server = made;
    await new Promise<void>((resolve) => made.on('initialized', () => resolve()));
    ({ port } = (Reflect.get(made, '_server') as Server).address() as AddressInfo);
  };
  const kill = (): Promise<void> =>
    new Promise((resolve) => {
      if (server === undefined) return resolve();
      server.close(() => resolve());
      server = undefined;
    });
  await start();
  return { config: { tcp: `127.0.0.1:${port}` }, kill, start, end: kill };
}

let compiled: string | undefined;

/** The C server, compiled once for each process of tests. */
function libmodbus(): readonly string[] {
  if (compiled === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'rebe-peer-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    const flags = run('pkg-config', ['--cflags', '--libs', 'libmodbus']).trim().split(/\s+/);
    const [source, program] = [join(folder, 'libmodbus-server.c'), join(made, 'server')];
    run('gcc', ['-O1', '-Wall', '-Werror', '-o', program, source, ...flags]);
    compiled = program;
  }
  return [compiled];
}

/** Debian's own Python: another on the path has other packages. */
const pymodbus = (): readonly string[] => ['/usr/bin/python3', join(folder, 'pymodbus-server.py')];

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${program} failed (node test/prepare.mjs installs it): ${error ?? stderr}`);
}

async function tcpPeer(command: readonly string[]): Promise<Peer> {
  let server = await launch([...command, 'tcp', '0']);
  const { port } = server;
  const kill = (): Promise<void> => ended(server.child);
  const start = async (): Promise<void> => {
    server = await launch([...command, 'tcp', String(port)]);
  };
  return { config: { tcp: `127.0.0.1:${port}` }, kill, start, end: kill };
}

/** Two lines joined crosswise: what one end sends the other receives. */
async function rtuPeer(program: readonly string[]): Promise<Peer> {
  const [ours, theirs] = [new PtyLine(), new PtyLine()];
  ours.onData = (chunk) => theirs.write(chunk);
  theirs.onData = (chunk) => ours.write(chunk);
  for (const line of [ours, theirs]) line.plug();
  const command = [...program, 'rtu', theirs.path, String(baud), String(lateBy)];
  let server = await launch(command);
  const kill = (): Promise<void> => ended(server.child);
  return {
    config: { rtu: { port: ours.path, baud, quarantine: '300ms' } },
    kill,
    start: async () => {
      server = await launch(command);
    },
    end: async () => {
      await kill();
      for (const line of [ours, theirs]) line.unplug();
    },
  };
}

/** A process that has said `ready PORT`. */
function launch(command: readonly string[]): Promise<{ child: ChildProcess; port: number }> {
  const [program = '', ...args] = command;
  if (!existsSync(program)) throw new Error(`${program} is missing`);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  let said = '';
  let wrong = '';
  child.stderr.on('data', (chunk: Buffer) => (wrong = (wrong + String(chunk)).slice(-2000)));
  return new Promise((resolve, reject) => {
    child.once('exit', () => {
      process.off('exit', kill);
      reject(new Error(`${command.join(' ')} ended: ${wrong}`));
    });
    child.stdout.on('data', (chunk: Buffer) => {
      said += String(chunk);
      const port = /^ready (\d+)$/m.exec(said)?.[1];
      if (port !== undefined) resolve({ child, port: Number(port) });
    });
  });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

/** By name. */
export const peers: Readonly<Record<string, () => Promise<Peer>>> = {
  'modbus-serial over TCP': modbusSerialPeer,
  'libmodbus over TCP': () => tcpPeer(libmodbus()),
  'libmodbus over RTU': () => rtuPeer(libmodbus()),
  'pymodbus over TCP': () => tcpPeer(pymodbus()),
  'pymodbus over RTU': () => rtuPeer(pymodbus()),
};
