// Two serial devices for the tests of the driver, by hand: a station that is asked for everything it
// has and takes commands, and a scanner that sends by itself.
import type { Value } from '#contract/sample.ts';
import { serial } from '#drivers/serial/driver.ts';
import { PtyServer } from './rig-pty.ts';
import { rigTag } from './rig.ts';
import type { Rig } from './rig.ts';

/** Milliseconds. */
const rigTimeout = 200;

export interface SerialRig extends Rig {
  readonly server: PtyServer;
}

/** A request ends with CR. */
const split = (bytes: Buffer): { request: Buffer; rest: Buffer } | undefined => {
  const end = bytes.indexOf(13);
  return end < 0 ? undefined : { request: bytes.subarray(0, end), rest: bytes.subarray(end + 1) };
};

const wordOf = (value: Value | undefined): string =>
  typeof value === 'boolean' ? (value ? 'ON' : 'OFF') : String(value);

/**
 * `?` is answered with all values, `a=ON;n=3.5\r\n`; `SET a=ON` with `OK a=ON`, anything else with `ERR`.
 * It has three inputs and four outputs.
 */
export async function stationRig(): Promise<SerialRig> {
  const held = new Map<string, Value>();
  const written: { name: string; value: Value }[] = [];
  const inputs = ['a', 'b', 'n'].map((name) =>
    rigTag(name, undefined, 'input', name === 'n' ? [3.5, -1] : [true, false], {
      match: `(?:^|;)${name}=(${name === 'n' ? '[-0-9.]+' : 'ON|OFF'})(?:;|$)`,
    }),
  );
  const outputs = ['w', 'x', 'y', 'z'].map((name, i) =>
    rigTag(name, undefined, 'output', i < 2 ? [true, false] : [100 + i, i], {
      match: `(?:^|;)${name}=([^;]*)`,
      write: { send: `SET ${name}={value}\r`, expect: `^OK ${name}=(.*)$` },
    }),
  );
  for (const { name, values } of [...inputs, ...outputs]) held.set(name, values[1]);
  const server = new PtyServer({
    split,
    answer: (request) => {
      const text = request.toString('latin1');
      if (text === '?') {
        const all = [...held].map(([name, value]) => `${name}=${wordOf(value)}`);
        return Buffer.from(`${all.join(';')}\r\n`);
      }
      const [, name = '', word = ''] = /^SET (\w+)=(.*)$/.exec(text) ?? [];
      const before = held.get(name);
      if (before === undefined) return Buffer.from('ERR\r\n');
      const value = typeof before === 'boolean' ? word === '1' : Number(word);
      held.set(name, value);
      written.push({ name, value });
      return Buffer.from(`OK ${name}=${wordOf(value)}\r\n`);
    },
    garbage: () => Buffer.from([0x00, 0xff, 0xc3, 0x28, 0x41, 13, 10]),
  });
  await server.listen();
  return {
    kind: serial,
    server,
    timeout: rigTimeout,
    config: () => ({
      port: server.path,
      frame: { end: '\r\n', max: 256 },
      ask: { send: '?\r', every: '10ms', timeout: `${rigTimeout}ms` },
    }),
    inputs,
    outputs,
    badTag: rigTag('bad', undefined, 'input', [0, 1], { match: 'no group' }).tag,
    written,
    get: (name) => held.get(name) ?? null,
    set: (name, value) => void held.set(name, value),
  };
}

const bitOf = (name: string): number => (name === 'a' ? 1 : 128);

/** `!` is answered with 02, a byte of bits, a big-endian float, a 64-bit integer, 03. It takes no commands. */
export async function gaugeRig(): Promise<SerialRig> {
  const held = { bits: 0, real: -1, wide: 0n };
  const inputs = [
    rigTag('a', { offset: 1, bit: 0 }, 'input', [true, false]),
    rigTag('b', { offset: 1, bit: 7 }, 'input', [true, false]),
    rigTag('n', { offset: 2, as: 'f32' }, 'input', [3.5, -1]),
  ];
  const server = new PtyServer({
    split,
    answer: () => {
      const frame = Buffer.alloc(15, 2);
      frame[1] = held.bits;
      frame.writeFloatBE(held.real, 2);
      frame.writeBigInt64BE(held.wide, 6);
      frame[14] = 3;
      return frame;
    },
    garbage: () => Buffer.from('0203020302030203020302030203ff', 'hex'),
  });
  await server.listen();
  return {
    kind: serial,
    server,
    timeout: rigTimeout,
    config: () => ({
      port: server.path,
      frame: { start: '\u0002', length: 15, end: '\u0003' },
      ask: { send: '!\r', every: '10ms', timeout: `${rigTimeout}ms` },
    }),
    inputs,
    outputs: [],
    badTag: rigTag('bad', { offset: 14, as: 'u16' }, 'input', [0, 1]).tag,
    written: [],
    get: (name) => (name === 'n' ? held.real : (held.bits & bitOf(name)) !== 0),
    set: (name, value) => {
      if (name === 'n') held.real = Number(value);
      else held.bits = value === true ? held.bits | bitOf(name) : held.bits & ~bitOf(name);
    },
    real: {
      tag: rigTag('n', { offset: 2, as: 'f32' }, 'input', [3.5, -1]).tag,
      hold: (value) => void (held.real = Number(value)),
    },
    wide: {
      tag: { ...rigTag('wide', { offset: 6, as: 'i64' }, 'input', [1, 0]).tag, type: 'int' },
      hold: (value) => void (held.wide = BigInt(value)),
    },
  };
}

export interface ScannerRig extends SerialRig {
  /** Sends something by itself. */
  push(text: string | Uint8Array): void;
}

/** `S` is answered with `OK\r`. It sends codes, and `T` and `H` with a number, each in a frame of its own. */
export async function scannerRig(): Promise<ScannerRig> {
  const inputs = [
    rigTag('code', undefined, 'input', ['AB-1', 'AB-2'], { match: '^([A-Z0-9-]{1,64})$' }),
    rigTag('temperature', undefined, 'input', [20.5, 21], { match: '^T=(.*)$' }),
    rigTag('humidity', undefined, 'input', [40, 41], { match: '^H=(.*)$' }),
  ];
  const server = new PtyServer({
    split,
    answer: (request) => Buffer.from(request.toString('latin1') === 'S' ? 'OK\r' : '?\r'),
    garbage: () => Buffer.from([0xff, 0xfe, 13]),
  });
  await server.listen();
  return {
    kind: serial,
    server,
    timeout: rigTimeout,
    config: () => ({
      port: server.path,
      frame: { end: '\r', max: 64 },
      alive: { send: 'S\r', expect: '^OK$', every: '20ms', timeout: `${rigTimeout}ms` },
      ignore: '^#',
    }),
    inputs,
    outputs: [],
    badTag: rigTag('bad', { offset: 0 }, 'input', [0, 1]).tag,
    written: [],
    get: () => null,
    set: () => undefined,
    push: (text) => server.push(typeof text === 'string' ? Buffer.from(text, 'latin1') : text),
  };
}
