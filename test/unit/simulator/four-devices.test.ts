// The demo's machine behind four devices of three protocols, as the simulator's process serves it: every tag, what it
// logs, and that a fault of one device is no other's.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataType } from 'node-opcua-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { present } from '#contract/error.ts';
import { ask } from '#simulator/door.ts';
import { tablesOf, type ModbusTerminal } from '#simulator/plant/devices.ts';
import { registersOf } from '#simulator/device/wire-value.ts';
import { Client } from './client.ts';
import { fourDevices, until, within } from './device-rig.ts';
import { plantPath } from './machine.ts';
import { clientCertificates, isRight, OpcUaClient } from './opcua-client.ts';
import { Port } from './port.ts';

/** A process and its certificates take their time on a busy machine, ms. */
const slow = 60_000;
interface Served {
  readonly data: string;
  readonly child: ChildProcess;
  readonly endpoints: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

async function serve(): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'sim-four-'));
  const file = join(folder, 'endpoints.json');
  const words = ['simulate', plantPath, '--endpoints', file, '--data', folder];
  const started = spawn(process.execPath, ['dist/simulator/main.js', ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    started.stdout.on('data', (chunk: Buffer) => chunk.includes('ready') && resolve());
    started.on('exit', (code) => reject(new Error(`ended with ${code} before it was ready`)));
  });
  const endpoints = JSON.parse(readFileSync(file, 'utf8')) as Served['endpoints'];
  return { data: folder, child: started, endpoints };
}

/** Its exit code, once it has been asked to end. */
async function end({ child }: Served): Promise<unknown> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  return gone;
}

let served: Served;
let data: string;
let plc: OpcUaClient;
const address = (device: string): string => Object.values(served.endpoints[device] ?? {})[0] ?? '';
const ioPort = (): number => Number(address('io').split(':')[1]);

beforeAll(async () => {
  served = await serve();
  ({ data } = served);
  const certificates = await clientCertificates(join(data, 'client'));
  plc = await new OpcUaClient(certificates).open(address('plc'));
}, slow);
afterEach(async () => {
  await ask(data, { verb: 'clear' });
});
afterAll(async () => {
  await plc[Symbol.asyncDispose]();
  await end(served);
  rmSync(data, { recursive: true, force: true });
}, slow);

const give = (target: string, kind: string) => ask(data, { verb: 'fault', target, kind });

/** Does the device answer within a while? */
const alive: Readonly<Record<string, () => Promise<boolean>>> = {
  io: async () => {
    using client = await Client.open(ioPort());
    client.send('0001 0000 0006 01 02 0000 0001');
    return (await client.take(10, 1000)) !== '';
  },
  plc: async () => {
    const read = await within(
      1000,
      plc.read('Cnc.Ready').catch(() => undefined),
    );
    return read !== undefined && isRight(read, DataType.Boolean);
  },
  gauge: async () => {
    using port = new Port(address('gauge'));
    return /^P=\d\.\d\d\r\n$/.test(await port.ask('P?\r\n', /\n/, 1000));
  },
  scanner: async () => {
    using port = new Port(address('scanner'));
    // What was pushed meanwhile stands before it.
    return (await port.ask('S\r', /OK\r/, 1000)).endsWith('OK\r');
  },
};
const names = Object.keys(alive);
const isAlive = (name: string): Promise<boolean> => present(alive[name], name)();

const word = (value: number): string => value.toString(16).padStart(4, '0');

/** A read of a terminal, and how long its answer is. */
function readOf(terminal: ModbusTerminal): { request: string; length: number } {
  const table = tablesOf(terminal)[0] ?? 'coil';
  const code = { coil: 1, discrete: 2, holding: 3, input: 4 }[table];
  const count = code <= 2 ? 1 : registersOf(terminal.as);
  const request = `0001 0000 0006 01 0${code} ${word(terminal[table] ?? 0)} ${word(count)}`;
  return { request, length: 9 + (code <= 2 ? 1 : count * 2) };
}

describe('the four devices', { timeout: slow }, () => {
  it('are told with the field of each driver', () => {
    expect(served.endpoints).toEqual({
      io: { tcp: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string },
      plc: { endpoint: expect.stringMatching(/^opc\.tcp:\/\/127\.0\.0\.1:\d+$/) as string },
      gauge: { port: join(data, 'dev/gauge') },
      scanner: { port: join(data, 'dev/scanner') },
    });
  });

  it('serve every tag of the machine', async () => {
    const { devices } = fourDevices();
    const tags = Object.values(devices).flatMap((device) => Object.keys(device.tags));
    expect([tags.length, new Set(tags).size]).toEqual([29, 29]);
    using io = await Client.open(ioPort());
    for (const [name, device] of Object.entries(devices)) {
      if (!('modbus' in device)) continue;
      for (const [tag, terminal] of Object.entries(device.tags)) {
        const { request, length } = readOf(terminal);
        io.send(request);
        // oxlint-disable-next-line no-await-in-loop -- one question at a time
        const answer = await io.take(length);
        expect(Number.parseInt(answer.slice(14, 16), 16), `${name} ${tag}`).toBeLessThan(5);
      }
    }
    const types = { bool: DataType.Boolean, real: DataType.Double };
    for (const [node, as] of [
      ['Cnc.Ready', 'bool'],
      ['Cnc.Running', 'bool'],
      ['Cnc.Done', 'bool'],
      ['Cnc.Alarm', 'bool'],
      ['Cnc.Start', 'bool'],
      ['Cnc.Stop', 'bool'],
      ['Spindle.Stopped', 'bool'],
      ['Spindle.Temp', 'real'],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one question at a time
      expect(isRight(await plc.read(node), types[as]), node).toBe(true);
    }
    using gauge = new Port(address('gauge'));
    expect(await gauge.ask('P?\r\n', /\n/)).toMatch(/^P=\d\.\d\d\r\n$/);
    using scanner = new Port(address('scanner'));
    // What it read before anybody asked stands first.
    expect(await scanner.ask('S\r', /OK\r/)).toMatch(/^(A1-4471\r)?OK\r$/);
  });

  it('are one machine: what is written to one is seen on another', async () => {
    await plc.write('Cnc.Stop', { dataType: DataType.Boolean, value: false });
    using io = await Client.open(ioPort());
    io.send('0001 0000 0006 01 05 0002 ff00');
    await io.take(12);
    using gauge = new Port(address('gauge'));
    const shown = async (): Promise<boolean> =>
      (await gauge.ask('P?\r\n', /\n/)).startsWith('P=0.');
    await until(shown);
    expect(await shown()).toBe(true);
    io.send('0002 0000 0006 01 05 0002 0000');
    await io.take(12);
  });

  it('log what each output is sent, and no heartbeat', async () => {
    await plc.write('Cell.Heartbeat', { dataType: DataType.UInt32, value: 0 });
    await plc.write('Cnc.Start', { dataType: DataType.Boolean, value: true });
    await plc.write('Cnc.Start', { dataType: DataType.Boolean, value: false });
    const lines = readFileSync(join(data, 'simulator.log'), 'utf8').trim().split('\n');
    const written = lines.map((line) => JSON.parse(line) as { device: string; t: number });
    const [on, off] = written.slice(-2);
    const sent = { t: expect.any(Number) as number, device: 'plc', node: 's=Cnc.Start' };
    expect(on).toEqual({ ...sent, value: true, output: 'cnc.start', means: true });
    expect(off).toEqual({ ...sent, value: false, output: 'cnc.start', means: false });
  });
});

describe('a fault of one device', { timeout: slow }, () => {
  it.each(names.flatMap((name) => ['hang', 'wrong', 'short'].map((kind) => [name, kind] as const)))(
    'of %s, %s, is no other device’s, and ends',
    async (name, kind) => {
      expect(await give(name, kind)).toMatchObject({ ok: true, text: `${name} ${kind}` });
      const others = names.filter((other) => other !== name);
      expect(await Promise.all(others.map((other) => isAlive(other)))).toEqual([true, true, true]);
      expect(kind === 'hang' && (await isAlive(name))).toBe(false);
      await ask(data, { verb: 'clear' });
      // A client over TCP connects anew: what was cut short is not made good.
      if (name !== 'plc' || kind === 'hang') await until(() => isAlive(name));
    },
  );

  it('of a kind that it cannot have is refused with those that it has', async () => {
    const refused = { ok: false, code: 'E_SIMULATOR_FAULT' };
    expect(await give('scanner', 'range')).toEqual({
      ...refused,
      text: 'scanner has no fault range; it has hang, kill, slow, stuck, wrong, short, late',
    });
    expect(await give('gauge', 'range')).toMatchObject({ ok: true });
  });
});

describe('the simulator’s end', { timeout: slow }, () => {
  it('comes on a signal whatever hangs, and takes its ports away', async () => {
    const other = await serve();
    try {
      await ask(other.data, { verb: 'fault', target: 'plc', kind: 'hang' });
      await ask(other.data, { verb: 'fault', target: 'gauge', kind: 'kill' });
      expect(await end(other)).toBe(0);
      expect(readdirSync(join(other.data, 'dev'))).toEqual([]);
    } finally {
      rmSync(other.data, { recursive: true, force: true });
    }
  });
});
