// The driver against a server that somebody else wrote: what is read in merged blocks equals what is
// read tag by tag, and what is written arrives.
import type { AddressInfo, Server } from 'node:net';
import modbusSerial from 'modbus-serial';
import { expect, onTestFinished, test } from 'vitest';
import type { Driver, DriverTag, WriteRequest } from '#contract/driver.ts';
import { tagName } from '#contract/name.ts';
import { milliseconds } from '#contract/time.ts';
import { modbus } from '#drivers/modbus/driver.ts';
import { Recorder } from './recorder.ts';
import { rigTag } from './rig.ts';
import { driverDeps } from './deps.ts';

/** 2,000 registers and bits that look like chance and are the same in each run. */
const holdings = Array.from({ length: 2000 }, (_, i) => (i * 40_503 + 12_345) & 0xffff);
const coils = Array.from({ length: 2000 }, (_, i) => (i * 7919) % 3 === 0);

async function secondServer(): Promise<number> {
  const server = new modbusSerial.ServerTCP(
    {
      getCoil: (at: number) => coils[at] ?? false,
      getDiscreteInput: (at: number) => coils[1999 - at] ?? false,
      getHoldingRegister: (at: number) => holdings[at] ?? 0,
      getInputRegister: (at: number) => holdings[1999 - at] ?? 0,
      setCoil: (at: number, value: boolean) => void (coils[at] = value),
      setRegister: (at: number, value: number) => void (holdings[at] = value),
    },
    { host: '127.0.0.1', port: 0, unitID: 1 },
  );
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  await new Promise<void>((resolve) => server.on('initialized', () => resolve()));
  const net = Reflect.get(server, '_server') as Server;
  return (net.address() as AddressInfo).port;
}

async function connect(
  port: number,
  config: object,
  tags: DriverTag[],
): Promise<[Driver, Recorder]> {
  const driver = modbus.create(
    driverDeps(),
    modbus.config.parse({ tcp: `127.0.0.1:${port}`, timeout: '2s', ...config }),
  );
  const sink = new Recorder();
  expect(await driver.setTags(tags)).toEqual([]);
  driver.start(sink);
  onTestFinished(() => driver.stop(milliseconds(1000)));
  await sink.until('all tags are given', () => sink.counts().size === tags.length);
  return [driver, sink];
}

function request(name: string, value: WriteRequest['value']): WriteRequest {
  const deadline = milliseconds(10_000);
  return { id: name, tag: tagName(name), value, deadline, verify: 'readback', safe: false };
}

const forms = ['u16', 'i16', 'u32', 'i32', 'u64', 'i64', 'f32', 'f64'];
const orders = ['ABCD', 'CDAB', 'BADC', 'DCBA'];
const many = Array.from({ length: 160 }, (_, i) => {
  const table = ['holding', 'input', 'coil', 'discrete'][i % 4] ?? 'holding';
  const start = (i * 53) % 1900;
  const words = { as: forms[i % 8], order: orders[(i >> 3) % 4] };
  const at = i % 4 < 2 ? { [table]: start, ...words } : { [table]: start };
  return rigTag(`t${i}`, at, 'input', [0, 1]).tag;
});

test('values of merged blocks equal those of single reads', { timeout: 60_000 }, async () => {
  const port = await secondServer();
  const [, merged] = await connect(port, {}, many);
  const [, single] = await connect(port, { gap: 0, limits: { registers: 4, bits: 1 } }, many);
  const values = (sink: Recorder): unknown[] =>
    many.map(({ name }) => [name, sink.latest(name)?.value, sink.latest(name)?.status]);
  expect(values(merged)).toEqual(values(single));
  expect(merged.latest('t0')?.value).toBe(holdings[0]);
  expect(merged.latest('t1')?.status).toBe(0);
  const good = many.filter(({ name }) => merged.latest(name)?.status === 0);
  expect(good.length).toBeGreaterThan(140);
});

test('writes arrive and are read back', { timeout: 60_000 }, async () => {
  const port = await secondServer();
  const tags = forms.map(
    (as, i) => rigTag(`o${i}`, { holding: 1950 + i * 4, as }, 'output', [0, 1]).tag,
  );
  const coil = rigTag('c', { coil: 1990 }, 'output', [0, 1]).tag;
  const [driver] = await connect(port, {}, [...tags, coil]);
  const values = [65_535, -3, 4_000_000_000, -2_000_000_000, 2n ** 63n, -5n, 0.5, -1e100];
  const results = await driver.write?.([
    ...values.map((value, i) => request(`o${i}`, value)),
    request('c', true),
  ]);
  expect(results?.map(({ outcome, readBack }) => [outcome, readBack])).toEqual(
    [...values, true].map((value) => ['confirmed', value]),
  );
  expect(coils[1990]).toBe(true);
});
