// A Modbus device on a serial line: as a bare port and as mbpoll, another implementation, see it.
import { execFile, spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rtuFrame } from '#simulator/device/rtu.ts';
import { DeviceRig, fourDevices } from './device-rig.ts';
import { Port } from './port.ts';

/** A busy machine makes each step slow, ms. */
const slow = 60_000;
let rig: DeviceRig;
let port: Port;

beforeEach(async () => {
  const from = 'modbus: {unit: 1, size: 1024}';
  const file = fourDevices(from, 'modbus: {unit: 1, size: 1024, rtu: {baud: 115200}}');
  rig = await new DeviceRig('io', file).open();
  port = new Port(rig.endpoint);
});
afterEach(async () => {
  port[Symbol.dispose]();
  await rig[Symbol.asyncDispose]();
});

const framed = (unit: number, hex: string): string =>
  rtuFrame(unit, Buffer.from(hex.replaceAll(' ', ''), 'hex')).toString('latin1');
const coolant = framed(1, '04 0014 0001');
/** A right answer to it has this length. */
const answered = /^[^]{7}$/;
const door = framed(1, '05 0000 ff00');

describe('a Modbus device on a serial line', { timeout: slow }, () => {
  it('has the check that the standard gives as an example', () => {
    // [Serial Line 1.02, annex B: the check of 02 07 is 12 41]
    expect(rtuFrame(2, Buffer.from([7])).toString('hex')).toBe('02074112');
  });

  it('answers a read, and moves the machine with a write', async () => {
    expect(await port.ask(framed(1, '02 0001 0001'), /^[^]{6}$/)).toBe(framed(1, '02 01 01'));
    expect(await port.ask(door, /^[^]{8}$/)).toBe(door);
    expect(rig.machine.plant.door.opening).toBe(true);
    expect(rig.received).toEqual([
      { table: 'coil', address: 0, value: true, output: 'door.open', means: true },
    ]);
  });

  it('answers a request that comes in pieces', async () => {
    port.send(coolant.slice(0, 3));
    expect(await port.take(/./, 5)).toBe('');
    expect(await port.ask(coolant.slice(3), answered)).toMatch(answered);
  });

  it.each([
    ['another unit', framed(9, '04 0014 0001')],
    ['a wrong check', `${coolant.slice(0, -1)}\0`],
    ['half a request', coolant.slice(0, 5)],
    ['noise', '\xff\0\x7f'.repeat(200)],
  ])('is silent to %s, and answers what comes after a silence', async (_, bytes) => {
    expect(await port.ask(bytes, /[^]/, 120)).toBe('');
    expect(await port.ask(coolant, answered)).toMatch(answered);
  });

  it('does what all are told, and is silent', async () => {
    expect(await port.ask(framed(0, '05 0000 ff00'), /[^]/, 60)).toBe('');
    expect(rig.machine.plant.door.opening).toBe(true);
  });

  it('wrong gives nothing that answers the question', async () => {
    rig.fault('wrong');
    for (let round = 0; round < 60; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const said = Buffer.from(await port.ask(coolant, answered, 30), 'latin1');
      const whole = said.length > 3 && said.equals(Buffer.from(again(said), 'latin1'));
      const right = whole && said.length === 7 && said[0] === 1 && said[1] === 4 && said[2] === 2;
      expect(right, said.toString('hex')).toBe(false);
    }
    rig.fault(undefined);
    expect(await port.ask(coolant, answered)).toMatch(answered);
  });

  it('short leaves out the end, late answers with the next question', async () => {
    rig.fault('short');
    expect((await port.ask(coolant, answered, 60)).length).toBeLessThan(7);
    rig.fault('late');
    expect(await port.ask(coolant, /[^]/, 60)).toBe('');
    expect(await port.ask(framed(1, '02 0001 0001'), answered)).toMatch(answered);
  });

  const found = spawnSync('mbpoll', ['-V']).error === undefined;
  it.runIf(found || process.env['CI'] === 'true')('is read and written by mbpoll', async () => {
    expect(found, 'needs: apt-get install mbpoll').toBe(true);
    expect(await mbpoll('-t', '1', '-r', '0', '-c', '2', rig.endpoint)).toMatch(/\[1\]:\s+1/);
    await mbpoll('-t', '4', '-r', '1', rig.endpoint, '2');
    expect(await mbpoll('-t', '4', '-r', '1', rig.endpoint)).toMatch(/\[1\]:\s+2/);
    expect(rig.machine.plant.figures()['beacon']).toBe('green');
  });
});

/** What it prints; the machine and the device go on meanwhile. */
const mbpoll = (...more: string[]): Promise<string> =>
  new Promise((resolve) => {
    const line = ['-m', 'rtu', '-b', '115200', '-P', 'none', '-a', '1', '-1', '-0', '-o', '5'];
    execFile('mbpoll', [...line, ...more], (error, stdout, stderr) =>
      resolve(error === null ? stdout : `${stdout}${stderr}`),
    );
  });

/** The same frame with the check that it should have. */
const again = (bytes: Buffer): string =>
  rtuFrame(bytes[0] ?? 0, bytes.subarray(1, -2)).toString('latin1');
