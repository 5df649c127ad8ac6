// The two serial devices as a bare port sees them: what is asked and pushed, and each fault on the wire.
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeviceRig, fourDevices, until, wait } from './device-rig.ts';
import { Port } from './port.ts';

/** A busy machine makes each step slow, ms. */
const slow = 60_000;
let rig: DeviceRig;
let port: Port;

const begin = async (name: string): Promise<void> => {
  rig = await new DeviceRig(name).open();
  port = new Port(rig.endpoint);
};
afterEach(async () => {
  port[Symbol.dispose]();
  await rig[Symbol.asyncDispose]();
});

const question = 'P?\r\n';
/** What a driver of the gauge would take, and nothing else. */
const right = /^P=(\d+\.\d\d)\r\n$/;
const pressure = async (): Promise<number> =>
  Number(right.exec(await port.ask(question, /\n/))?.[1]);

/** Descriptors of this process that are ends of terminals. */
const terminals = (): number =>
  readdirSync('/proc/self/fd').filter((name) => {
    try {
      return /^\/dev\/(pts|ptmx)/.test(readlinkSync(`/proc/self/fd/${name}`));
    } catch {
      // It was closed meanwhile.
      return false;
    }
  }).length;

describe('a device that is asked', { timeout: slow }, () => {
  beforeEach(() => begin('gauge'));

  it('is found at a link in the data directory', () => {
    expect(rig.endpoint).toBe(`${rig.data}/dev/gauge`);
    expect(readlinkSync(rig.endpoint)).toMatch(/^\/dev\/pts\/\d+$/);
  });

  it('answers with the value that it shows then', async () => {
    expect(await pressure()).toBeCloseTo(6.2, 1);
    rig.machine.set({ 'clamp.open': true }).run(1000);
    expect(await pressure()).toBeLessThan(0.1);
  });

  it('takes the time that its baud rate needs', async () => {
    const before = performance.now();
    await port.ask(question, /\n/);
    // Four bytes and eight, ten bits each at 9600 baud; a timer may run a little early.
    expect(performance.now() - before).toBeGreaterThan(11);
  });

  it('answers a question that comes in pieces, and those that come at once', async () => {
    port.send('P');
    await wait(20);
    port.send('?\r');
    expect(await port.take(/./, 50)).toBe('');
    port.send('\nP?\r\nP?\r\n');
    expect(await port.take(/(P=.*\r\n){3}/)).toMatch(/^(P=\d\.\d\d\r\n){3}$/);
  });

  it.each([
    ['a question that is none', 'p?\r\n'],
    ['half of one', 'P\r\n'],
    ['nothing', '\r\n'],
    ['a thousand bytes', `${'x'.repeat(1000)}\r\n`],
    ['bytes that are no text', '\0\xff\r\n'],
    ['one with more before it', ' P?\r\n'],
  ])('does not know %s, and answers the next', async (_, text) => {
    expect(await port.ask(text, /\n/, 60)).toBe('');
    expect(await pressure()).toBeCloseTo(6.2, 1);
  });

  it('is there for whoever opens its port next', async () => {
    await pressure();
    port[Symbol.dispose]();
    port = new Port(rig.endpoint);
    expect(await pressure()).toBeCloseTo(6.2, 1);
  });
});

describe('an asked device with a fault', { timeout: slow }, () => {
  beforeEach(() => begin('gauge'));

  it('hang hears nothing and says nothing', async () => {
    rig.fault('hang');
    expect(await port.ask(question, /./, 100)).toBe('');
    expect(port.ended).toBeUndefined();
    rig.fault(undefined);
    expect(await port.take(/./, 50)).toBe('');
    expect(await pressure()).toBeCloseTo(6.2, 1);
  });

  it('kill ends the port and its path, and both are back when it ends', async () => {
    rig.fault('kill');
    await port.take(/./, 2000);
    expect([port.ended !== undefined, existsSync(rig.endpoint)]).toEqual([true, false]);
    rig.fault(undefined);
    await until(() => existsSync(rig.endpoint));
    port[Symbol.dispose]();
    port = new Port(rig.endpoint);
    expect(await pressure()).toBeCloseTo(6.2, 1);
  });

  it('killed and mended many times is there at last, and leaves no descriptor open', async () => {
    const before = terminals();
    for (let round = 0; round < 30; round += 1) {
      rig.fault('kill');
      // oxlint-disable-next-line no-await-in-loop -- some come before it is open again
      if (round % 3 === 0) await wait(5);
      rig.fault(undefined);
    }
    await until(() => existsSync(rig.endpoint));
    await until(() => terminals() <= before);
    port[Symbol.dispose]();
    port = new Port(rig.endpoint);
    expect(await pressure()).toBeCloseTo(6.2, 1);
  });

  it('slow answers later', async () => {
    rig.fault('slow', 100);
    const before = performance.now();
    expect(await pressure()).toBeCloseTo(6.2, 1);
    expect(performance.now() - before).toBeGreaterThan(108);
  });

  it('slow, then quick: what is on its way is not overtaken', async () => {
    rig.fault('slow', 150);
    port.send(question);
    await wait(50);
    rig.fault(undefined);
    rig.machine.set({ 'clamp.open': true }).run(1000);
    expect(await port.ask(question, /\n[^]*\n/)).toMatch(/^P=6\.\d\d\r\nP=0\.\d\d\r\n$/);
  });

  it('stuck answers with what was', async () => {
    rig.fault('stuck');
    const first = await port.ask(question, /\n/);
    rig.machine.set({ 'clamp.open': true }).run(1000);
    expect(await port.ask(question, /\n/)).toBe(first);
    rig.fault(undefined);
    expect(await pressure()).toBeLessThan(0.1);
  });

  it('range shows what no gauge can', async () => {
    rig.fault('range');
    expect(await port.ask(question, /\n/)).toBe('P=1000000000.00\r\n');
  });

  it('wrong gives nothing that could be taken for an answer', async () => {
    rig.fault('wrong');
    let said = '';
    for (let round = 0; round < 40; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const text = await port.ask(question, /[^]{8}/, 500);
      expect(text).toHaveLength(8);
      expect(text).not.toMatch(/[\x20-\x7e]/);
      said += text;
    }
    // Most come with their end, some without.
    expect(said.split('\r\n').length).toBeGreaterThan(10);
    expect(said.split('\r\n').length).toBeLessThan(40);
  });

  it('short leaves answers without their end', async () => {
    rig.fault('short');
    for (let round = 0; round < 20; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const text = await port.ask(question, /./);
      expect(text).toMatch(/^P(=(\d(\.(\d(\d\r?)?)?)?)?)?$/);
    }
  });

  it('late answers with the next question, and the last when it ends', async () => {
    rig.fault('late');
    expect(await port.ask(question, /\n/, 60)).toBe('');
    rig.machine.set({ 'clamp.open': true }).run(1000);
    expect(await port.ask(question, /\n/)).toMatch(/^P=6/);
    rig.fault(undefined);
    expect(await port.take(/\n/)).toMatch(/^P=0/);
  });
});

describe('a device that pushes', { timeout: slow }, () => {
  beforeEach(() => begin('scanner'));

  it('says each code that it reads once, and answers that it is there', async () => {
    expect(await port.take(/./, 50)).toBe('');
    rig.run(10);
    expect(await port.take(/\r/)).toBe('A1-4471\r');
    rig.run(1000);
    expect(await port.take(/./, 50)).toBe('');
    expect(await port.ask('S\r', /\r/)).toBe('OK\r');
  });

  it('stuck says that it is there and reads nothing; the code comes when it ends', async () => {
    rig.fault('stuck');
    rig.run(10);
    expect(await port.ask('S\r', /\r/)).toBe('OK\r');
    expect(await port.take(/./, 50)).toBe('');
    rig.fault(undefined);
    rig.run(10);
    expect(await port.take(/\r/)).toBe('A1-4471\r');
  });

  it('hang loses what it reads', async () => {
    rig.fault('hang');
    rig.run(10);
    rig.fault(undefined);
    expect(await port.ask('S\r', /\r/)).toBe('OK\r');
    expect(await port.take(/./, 50)).toBe('');
  });

  it('has no range, and says what it has', () => {
    expect(rig.device.kinds).toEqual(['hang', 'kill', 'slow', 'stuck', 'wrong', 'short', 'late']);
  });

  it('counts what is lost when nobody reads', async () => {
    const text = 'pushes: "{part.code}\\r"';
    const file = fourDevices(text, `pushes: "${'x'.repeat(240)}{part.code}\\r"`);
    const flood = await new DeviceRig('scanner', file).open();
    try {
      const { machine, device } = flood;
      for (let part = 0; part < 300; part += 1) {
        machine.plant.infeed.code = `A1-${part}`;
        device.tick(5);
        // oxlint-disable-next-line no-await-in-loop -- the line's own pace, made shorter by its limit
        if (part % 60 === 0) await wait(20);
      }
      await until(() => (device.status.lost ?? 0) > 10_000);
      expect(device.status.address).toBe(flood.endpoint);
    } finally {
      await flood[Symbol.asyncDispose]();
    }
  });
});
