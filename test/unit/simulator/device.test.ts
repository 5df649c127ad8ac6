// A Modbus device as a bare client sees it: each fault on the wire, and none that it cannot have.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Client } from './client.ts';
import { DeviceRig, fourDevices } from './device-rig.ts';

/** A busy machine makes each step slow, ms. */
const slow = 60_000;
let rig: DeviceRig;
let client: Client;
const open = (): Promise<Client> => Client.reach(Number(rig.endpoint.split(':')[1]));

beforeEach(async () => {
  rig = await new DeviceRig('io').open();
  client = await open();
});
afterEach(async () => {
  client[Symbol.dispose]();
  await rig[Symbol.asyncDispose]();
});

/** Coolant flow, which takes two bytes. */
const ask = (transaction: string): void => client.send(`${transaction} 0000 0006 01 04 0014 0001`);
const right = (transaction: string, value = '[0-9a-f]{4}'): RegExp =>
  new RegExp(`^${transaction}00000005010402${value}$`);
const answer = async (transaction: string, ms = 3000): Promise<string> => {
  ask(transaction);
  return client.take(11, ms);
};

describe('a Modbus device with a fault', { timeout: slow }, () => {
  it('hang is open and silent, and then answers what it was asked', async () => {
    rig.fault('hang');
    expect(await answer('0001', 100)).toBe('');
    rig.fault(undefined);
    expect(await client.take(11)).toMatch(right('0001'));
  });

  it('kill resets and refuses, and is there again at its address', async () => {
    rig.fault('kill');
    expect(await client.closed()).toBe('ECONNRESET');
    await expect(Client.open(Number(rig.endpoint.split(':')[1]))).rejects.toThrow('ECONNREFUSED');
    rig.fault(undefined);
    client = await open();
    expect(await answer('0001')).toMatch(right('0001'));
  });

  it('slow answers later', async () => {
    rig.fault('slow', 120);
    const before = performance.now();
    expect(await answer('0001')).toMatch(right('0001'));
    expect(performance.now() - before).toBeGreaterThan(115);
  });

  it('stuck answers with what was, and still drives its outputs', async () => {
    rig.fault('stuck');
    const before = (await answer('0001')).slice(-4);
    client.send('0002 0000 0006 01 05 0004 ff00');
    expect(await client.take(12)).toBe('00020000000601050004ff00');
    rig.run(2000);
    expect((await answer('0003')).slice(-4)).toBe(before);
    rig.fault(undefined);
    expect(Number.parseInt((await answer('0004')).slice(-4), 16)).toBeGreaterThan(7000);
  });

  it('range shows the most that a register can', async () => {
    rig.fault('range');
    expect(await answer('0001')).toMatch(right('0001', 'ffff'));
    client.send('0002 0000 0006 01 02 0000 000b');
    expect(await client.take(11)).toMatch(/^00020000000501020[0-9a-f]{5}$/);
  });

  it('wrong gives nothing that answers the question, and is right when it ends', async () => {
    rig.fault('wrong');
    for (let round = 0; round < 40; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await answer('0001', 20)).not.toMatch(right('0001'));
    }
    rig.fault(undefined);
    client[Symbol.dispose]();
    client = await open();
    expect(await answer('0001')).toMatch(right('0001'));
  });

  it('short leaves out the end of each answer', async () => {
    rig.fault('short');
    ask('0001');
    const got = await client.take(1);
    expect(got).toBe('00');
    expect((await client.take(11, 100)).length).toBeLessThan(20);
  });

  it('late answers with the next question', async () => {
    rig.fault('late');
    expect(await answer('0001', 100)).toBe('');
    expect(await answer('0002')).toMatch(right('0001'));
    rig.fault(undefined);
    expect(await client.take(11)).toMatch(right('0002'));
  });

  it('changes from one to another as it is told', async () => {
    for (const kind of ['hang', 'stuck', 'wrong', 'range', 'slow'] as const) rig.fault(kind);
    rig.fault('range');
    expect(await answer('0001')).toMatch(right('0001', 'ffff'));
    rig.fault('late');
    rig.fault(undefined);
    expect(await answer('0002')).not.toMatch(right('0002', 'ffff'));
  });

  it('given before it is open is there from the beginning', async () => {
    await using early = new DeviceRig('io');
    early.fault('range');
    await early.open();
    using first = await Client.open(Number(early.endpoint.split(':')[1]));
    first.send('0001 0000 0006 01 04 0014 0001');
    expect(await first.take(11)).toMatch(right('0001', 'ffff'));
  });
});

describe('the faults of a device', () => {
  it('are all but range where it shows no number', async () => {
    const file = fourDevices('      coolant.flow:', '      # coolant.flow:');
    await using bare = new DeviceRig('io', file);
    expect(rig.device.kinds).toContain('range');
    expect(bare.device.kinds).not.toContain('range');
    expect(bare.device.kinds).toHaveLength(rig.device.kinds.length - 1);
  });
});
