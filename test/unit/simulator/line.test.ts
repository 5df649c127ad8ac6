// The server and the relay before it over real sockets: order of answers, and what each mode does to a client.
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { milliseconds } from '#contract/time.ts';
import { Line } from '#simulator/device/line.ts';
import type { Memory } from '#simulator/device/pdu.ts';
import { ModbusServer } from '#simulator/device/server.ts';
import { stream } from '#simulator/plant/random.ts';
import { systemClock } from '#simulator/clock.ts';
import { Client } from './client.ts';

const written: number[] = [];
const memory: Memory = {
  size: 100,
  bit: () => false,
  register: (_, address) => address,
  writeBits: () => true,
  writeRegisters: (_, values) => {
    written.push(...values);
    return true;
  },
};
const read = (transaction: string, address: string): string =>
  `${transaction} 0000 0006 05 03 ${address} 0001`;
const gives = (transaction: string, value: string): string =>
  `${transaction}00000005050302${value}`;

let server: ModbusServer;
let line: Line;
let port: number;
beforeEach(async () => {
  written.length = 0;
  server = new ModbusServer(stream(7, 'server'), new Map([[5, memory]]));
  line = new Line(systemClock, Math.random);
  line.lead(await server.listen());
  port = await line.open();
});
afterEach(async () => {
  await line.close();
  await server.close();
});

describe('the server', () => {
  it('answers what came at once in its order', async () => {
    using client = await Client.open(port);
    client.send(read('0001', '0007') + read('0002', '0008') + read('0003', '0009'));
    const all = await client.take(33);
    expect(all).toBe(gives('0001', '0007') + gives('0002', '0008') + gives('0003', '0009'));
  });

  it('answers a request that comes in pieces', async () => {
    using client = await Client.open(port);
    client.send('0001 0000 00');
    expect(await client.take(1, 50)).toBe('');
    client.send('06 05 03 0007 0001');
    expect(await client.take(11)).toBe(gives('0001', '0007'));
  });

  it('closes on what is not Modbus, and serves the others', async () => {
    using bad = await Client.open(port);
    using good = await Client.open(port);
    bad.send('47 45 54 20 2f 20 48');
    await bad.closed();
    good.send(read('0001', '0007'));
    expect(await good.take(11)).toBe(gives('0001', '0007'));
  });

  it('serves several units, each with its own memory', async () => {
    const second: Memory = { ...memory, register: () => 0x7777 };
    const both = new ModbusServer(
      stream(7, 'server'),
      new Map([
        [5, memory],
        [6, second],
      ]),
    );
    try {
      using client = await Client.open(await both.listen());
      client.send(`${read('0001', '0003')} 0002 0000 0006 06 03 0003 0001`);
      expect(await client.take(22)).toBe(`${gives('0001', '0003')}0002000000050603027777`);
    } finally {
      await both.close();
    }
  });

  it('answers for a unit that is not there as a gateway does', async () => {
    using client = await Client.open(port);
    client.send('0001 0000 0006 09 03 0000 0001');
    expect(await client.take(9)).toBe('00010000000309830b');
  });
});

describe('the line', () => {
  it('held: takes connections and stays silent; released, what waited is answered in order', async () => {
    using client = await Client.open(port);
    line.set({ kind: 'hold' });
    using second = await Client.open(port);
    client.send(read('0001', '0001') + read('0002', '0002'));
    second.send(read('0009', '0009'));
    expect(await client.take(1, 150)).toBe('');
    expect([client.ended, second.ended]).toEqual([undefined, undefined]);
    line.set({ kind: 'pass' });
    expect(await client.take(22)).toBe(gives('0001', '0001') + gives('0002', '0002'));
    expect(await second.take(11)).toBe(gives('0009', '0009'));
  });

  it('held: what a client sent and then left never arrives', async () => {
    const client = await Client.open(port);
    line.set({ kind: 'hold' });
    client.send('0001 0000 0006 05 06 0001 0042');
    await client.take(1, 50);
    client.socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    line.set({ kind: 'pass' });
    using next = await Client.open(port);
    next.send(read('0002', '0002'));
    expect(await next.take(11)).toBe(gives('0002', '0002'));
    expect(written).toEqual([]);
  });

  it('slow: each answer comes later, in order, also past the change back', async () => {
    using client = await Client.open(port);
    line.set({ kind: 'delay', by: milliseconds(120) });
    const before = performance.now();
    client.send(read('0001', '0001'));
    expect(await client.take(11)).toBe(gives('0001', '0001'));
    expect(performance.now() - before).toBeGreaterThan(115);
    client.send(read('0002', '0002'));
    await new Promise((resolve) => setTimeout(resolve, 30));
    line.set({ kind: 'pass' });
    client.send(read('0003', '0003'));
    expect(await client.take(22)).toBe(gives('0002', '0002') + gives('0003', '0003'));
  });

  it('held: a device that goes on sending waits, and nothing of it is lost', async () => {
    const sent = Buffer.alloc(200_000, 'abcdefg');
    const device = createServer((socket) => void socket.end(sent));
    const held = new Line(systemClock, Math.random);
    held.set({ kind: 'hold' });
    await new Promise<void>((resolve) => device.listen(0, '127.0.0.1', resolve));
    held.lead((device.address() as AddressInfo).port);
    try {
      using client = await Client.open(await held.open());
      expect(await client.take(1, 150)).toBe('');
      held.set({ kind: 'pass' });
      expect(await client.take(sent.length, 10_000)).toBe(sent.toString('hex'));
    } finally {
      await held.close();
      device.close();
    }
  });

  it('shortened: each answer begins as it should and ends too early', async () => {
    line.set({ kind: 'shorten' });
    for (let round = 0; round < 20; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      using client = await Client.open(port);
      client.send(read('0001', '0001'));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const got = await client.take(11, 60);
      expect(got.length).toBeLessThan(22);
      expect(gives('0001', '0001').startsWith(got)).toBe(true);
    }
  });

  it('kept: each answer comes when the next should, the last when it ends', async () => {
    using client = await Client.open(port);
    line.set({ kind: 'keep' });
    client.send(read('0001', '0001'));
    expect(await client.take(1, 100)).toBe('');
    client.send(read('0002', '0002'));
    expect(await client.take(11)).toBe(gives('0001', '0001'));
    expect(await client.take(1, 100)).toBe('');
    line.set({ kind: 'pass' });
    expect(await client.take(11)).toBe(gives('0002', '0002'));
  });

  it('leads nobody before it knows the device', async () => {
    const loose = new Line(systemClock, Math.random);
    const reached = Client.open(await loose.open()).then((client) => client.closed());
    expect(await reached.catch((error: NodeJS.ErrnoException) => error.code)).toBe('ECONNRESET');
    await loose.close();
  });

  it('cut: resets who is connected and refuses who comes, then takes them on the same port', async () => {
    using client = await Client.open(port);
    client.send(read('0001', '0001'));
    await client.take(11);
    line.set({ kind: 'cut' });
    expect(await client.closed()).toBe('ECONNRESET');
    await expect(Client.open(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    line.set({ kind: 'pass' });
    using again = await Client.reach(port);
    again.send(read('0002', '0002'));
    expect(await again.take(11)).toBe(gives('0002', '0002'));
  });

  it('cut and released at once, many times, ends open', async () => {
    for (let round = 0; round < 20; round += 1) {
      line.set({ kind: 'cut' });
      line.set({ kind: 'pass' });
    }
    using client = await Client.reach(port);
    client.send(read('0002', '0002'));
    expect(await client.take(11)).toBe(gives('0002', '0002'));
  });

  it('takes its port from below those that systems give to clients', () => {
    expect(port).toBeGreaterThanOrEqual(15_000);
    expect(port).toBeLessThan(30_000);
  });
});
