// Hostile requests into the simulator's Modbus server over real sockets, seeded: it answers what is whole,
// byte for byte as its PDU layer says, ends what is not Modbus, and serves the next client all the same.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answer } from '#simulator/device/pdu.ts';
import type { Memory } from '#simulator/device/pdu.ts';
import { ModbusServer } from '#simulator/device/server.ts';
import { stream } from '#simulator/plant/random.ts';

/** A memory of 200 of each, and how often it was written. */
class Plain implements Memory {
  readonly size = 200;
  readonly coils = Array.from({ length: 200 }, (_, i) => i % 3 === 0);
  readonly holdings = Array.from({ length: 200 }, (_, i) => i);
  bit(table: 'coil' | 'discrete', address: number): boolean {
    return table === 'coil' ? this.coils[address] === true : address % 2 === 1;
  }
  register(table: 'input' | 'holding', address: number): number {
    return table === 'input' ? 0x1000 + address : (this.holdings[address] ?? 0);
  }
  writeBits(address: number, values: readonly boolean[]): boolean {
    this.coils.splice(address, values.length, ...values);
    return true;
  }
  writeRegisters(address: number, values: readonly number[]): boolean {
    this.holdings.splice(address, values.length, ...values);
    return true;
  }
}

let memory = new Plain();
let server = new ModbusServer(stream(1, 'wrong'), new Map());
let port = 0;
beforeEach(async () => {
  memory = new Plain();
  server = new ModbusServer(stream(1, 'wrong'), new Map([[1, memory]]));
  port = await server.listen();
});
afterEach(() => server.close());

/** A client that keeps what it hears. */
class Client {
  heard: Buffer = Buffer.alloc(0);
  readonly socket: Socket;
  isEnded = false;

  constructor() {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => (this.heard = Buffer.concat([this.heard, chunk])));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.isEnded = true));
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    const end = performance.now() + 15_000;
    while (!condition()) {
      if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
      // oxlint-disable-next-line no-await-in-loop -- it waits
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

const frame = (transaction: number, unit: number, pdu: Buffer): Buffer => {
  const head = Buffer.alloc(7);
  head.writeUInt16BE(transaction, 0);
  head.writeUInt16BE(pdu.length + 1, 4);
  head[6] = unit;
  return Buffer.concat([head, pdu]);
};

/** A request near the functions and addresses that exist, often wrong in a byte or its length. */
function request(random: () => number): Buffer {
  const pick = (count: number): number => Math.floor(random() * count);
  const codes = [1, 2, 3, 4, 5, 6, 15, 16, 22, 23, 43, 0, 0x83, 99];
  const length = 1 + pick(random() < 0.1 ? 253 : 14);
  const pdu = Buffer.from(Array.from({ length }, () => (random() < 0.5 ? 0 : pick(256))));
  pdu[0] = codes[pick(codes.length)] ?? 0;
  return pdu;
}

/** It serves a client that does nothing wrong. */
async function serves(): Promise<void> {
  const client = new Client();
  client.socket.write(frame(7, 1, Buffer.from([4, 0, 9, 0, 1])));
  await client.until('it is answered', () => client.heard.length === 11);
  expect(client.heard.toString('hex')).toBe('0007000000050104021009');
  client.socket.destroy();
}

describe('hostile requests', { timeout: 60_000 }, () => {
  test.for([1, 2, 3])(
    'in frames, in any pieces, seed %i: each is answered as it should',
    async (seed) => {
      const random = stream(seed, 'requests');
      const twin = new Plain();
      const client = new Client();
      const said: Buffer[] = [];
      const wanted: Buffer[] = [];
      for (let i = 0; i < 2000; i += 1) {
        const [unit, pdu] = [random() < 0.9 ? 1 : 9, request(random)];
        said.push(frame(i, unit, pdu));
        wanted.push(frame(i, unit, answer(unit === 1 ? twin : undefined, pdu)));
      }
      let rest = Buffer.concat(said);
      while (rest.length > 0) {
        const piece = rest.subarray(0, 1 + Math.floor(random() * 3000));
        client.socket.write(piece);
        rest = rest.subarray(piece.length);
        // oxlint-disable-next-line no-await-in-loop -- one piece after the other
        await new Promise((resolve) => setImmediate(resolve));
      }
      const all = Buffer.concat(wanted);
      await client.until('all are answered', () => client.heard.length >= all.length);
      expect(client.heard.equals(all), `seed ${seed}`).toBe(true);
      expect([memory.coils, memory.holdings], `seed ${seed}`).toEqual([twin.coils, twin.holdings]);
      client.socket.destroy();
    },
  );

  test.for([1, 2, 3])(
    'of noise and broken frames, seed %i: the next client is served',
    async (seed) => {
      const random = stream(seed, 'noise');
      const pick = (count: number): number => Math.floor(random() * count);
      for (let i = 0; i < 60; i += 1) {
        const client = new Client();
        const whole = frame(i, 1, request(random));
        if (i % 3 === 0) whole[2 + pick(4)] = pick(256);
        const noise = Buffer.from(Array.from({ length: pick(400) }, () => pick(256)));
        client.socket.write(i % 2 === 0 ? noise : Buffer.concat([whole, noise]));
        if (i % 5 === 0) client.socket.resetAndDestroy();
        else client.socket.end();
        // oxlint-disable-next-line no-await-in-loop -- one client after the other
        await client.until(`client ${i} of seed ${seed} is gone`, () => client.isEnded);
      }
      await serves();
      expect(memory.coils.length + memory.holdings.length).toBe(400);
    },
  );

  test('without end and without reading the answers: the connection is ended, memory is not', async () => {
    const client = new Client();
    client.socket.pause();
    const many = Buffer.concat(
      Array.from({ length: 2000 }, (_, i) => frame(i, 1, Buffer.from([3, 0, 0, 0, 125]))),
    );
    const before = process.memoryUsage().rss;
    const push = (): void => {
      while (!client.isEnded && client.socket.write(many));
    };
    client.socket.on('drain', push);
    push();
    await client.until('it is ended', () => client.isEnded);
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(150);
    await serves();
  });

  test('of a frame that never comes whole: nobody waits for it', async () => {
    const clients = Array.from({ length: 40 }, () => new Client());
    for (const client of clients) client.socket.write(Buffer.from([0, 1, 0, 0, 0, 254, 1]));
    await serves();
    expect(clients.filter(({ isEnded }) => isEnded)).toEqual([]);
    for (const client of clients) client.socket.destroy();
  });
});
