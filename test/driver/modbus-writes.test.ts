// What only Modbus has, its writing half: how outputs are written and proved, and the heartbeat.
import { describe, expect, test } from 'vitest';
import type { WriteRequest } from '#contract/driver.ts';
import { status } from '#contract/quality.ts';
import { input, modbusBench, output } from './modbus-bench.ts';
import { pause } from './rig.ts';

describe('writes', { timeout: 60_000 }, () => {
  test.for([
    { name: 'a coil by function 5', at: { coil: 3 }, value: true, code: 5 },
    { name: 'a register by function 6', at: { holding: 3 }, value: 9, code: 6 },
    { name: 'two registers by function 16', at: { holding: 3, as: 'f32' }, value: 1.5, code: 16 },
    { name: 'text by function 16', at: { holding: 3, as: 'string(5)' }, value: 'abc', code: 16 },
    { name: 'a bit by function 22', at: { holding: 3, bit: 4 }, value: true, code: 22 },
  ])('$name', async ({ at, value, code }) => {
    await using one = await modbusBench();
    const tag = output('o', at);
    await one.serve([tag]);
    expect(await one.write(tag, value)).toMatchObject({ outcome: 'confirmed', readBack: value });
    const codes = one.rig.device.taken.filter((taken) => taken.code > 4).map((taken) => taken.code);
    expect(codes).toEqual([code]);
    await one.sink.until('it is seen', () => one.sink.good('o') === value);
  });

  test('functions 15 and 16 serve a device that knows no others', async () => {
    await using one = await modbusBench({ multiple: true });
    for (const code of [5, 6]) one.rig.device.unit1.unknown.add(code);
    const [coil, register] = [output('c', { coil: 3 }), output('r', { holding: 3 })];
    await one.serve([coil, register]);
    expect((await one.write(coil, true))?.outcome).toBe('confirmed');
    expect((await one.write(register, 7))?.outcome).toBe('confirmed');
  });

  test('a bit on a device without function 22 is read, changed and written; its neighbours stay', async () => {
    await using one = await modbusBench();
    one.rig.device.unit1.unknown.add(22);
    let masks = 0;
    one.rig.device.twist = (answer, frame) => {
      if (frame[7] === 22) masks += 1;
      return answer;
    };
    one.rig.device.unit1.holdings.set(3, 0x8001);
    const [low, high] = [
      output('low', { holding: 3, bit: 0 }),
      output('high', { holding: 3, bit: 4 }),
    ];
    await one.serve([low, high]);
    const results = await Promise.all([one.write(low, false), one.write(high, true)]);
    expect(results.map((result) => result?.outcome)).toEqual(['confirmed', 'confirmed']);
    expect(one.rig.device.unit1.holdings.get(3)).toBe(0x8010);
    // It is asked for once, then known to be missing.
    expect(masks).toBe(1);
  });

  test('another value in the echo is a mismatch, with what the device took', async () => {
    await using one = await modbusBench();
    one.rig.device.keeps = (value) => Math.min(value, 100);
    const tag = output('o', { holding: 3 });
    await one.serve([tag]);
    expect(await one.write(tag, 1234)).toMatchObject({ outcome: 'mismatch', readBack: 100 });
    expect(await one.write(tag, 99)).toMatchObject({ outcome: 'confirmed', readBack: 99 });
    expect(await one.write(tag, 104, { tolerance: 5 })).toMatchObject({ outcome: 'confirmed' });
  });

  test('another value in the read-back is a mismatch, though the echo was right', async () => {
    await using one = await modbusBench();
    one.rig.device.keeps = (value) => value & 0xfff0;
    const tag = output('o', { holding: 3, as: 'u32' });
    await one.serve([tag]);
    expect(await one.write(tag, 0x1234)).toMatchObject({ outcome: 'mismatch', readBack: 0x1230 });
    expect(await one.write(tag, 0x1234, { verify: 'echo' })).toMatchObject({
      outcome: 'confirmed',
    });
  });

  test('a device that shows the new value a little later confirms it', async () => {
    await using one = await modbusBench();
    const tag = output('o', { coil: 3 });
    await one.serve([tag]);
    const { coils } = one.rig.device.unit1;
    one.rig.device.onWrite = () => {
      coils.set(3, false);
      setTimeout(() => coils.set(3, true), 15);
    };
    expect((await one.write(tag, true))?.outcome).toBe('confirmed');
  });

  test('an output that the device takes back after it was confirmed is seen', async () => {
    await using one = await modbusBench({ poll: { fast: '10ms', slow: '200ms' } });
    const tag = output('o', { coil: 3 });
    await one.serve([tag]);
    expect((await one.write(tag, true))?.outcome).toBe('confirmed');
    expect(one.sink.good('o')).toBe(true);
    one.rig.device.unit1.coils.set(3, false);
    await one.sink.until('it is seen', () => one.sink.good('o') === false);
  });

  test('a refused write is rejected; a busy device is asked again', async () => {
    await using one = await modbusBench();
    const tag = output('o', { holding: 3 });
    await one.serve([tag]);
    one.rig.device.unit1.unknown.add(6);
    expect(await one.write(tag, 1)).toMatchObject({
      outcome: 'rejected',
      status: status.BadConfigurationError,
    });
    one.rig.device.unit1.unknown.clear();
    one.rig.device.unit1.exception = 6;
    setTimeout(() => (one.rig.device.unit1.exception = 0), 100);
    expect((await one.write(tag, 2))?.outcome).toBe('confirmed');
  });

  test('a safe value that the device does not take is written until it does', async () => {
    await using one = await modbusBench();
    one.rig.device.keeps = () => 7;
    const tag = output('o', { holding: 3 });
    await one.serve([tag]);
    const refused = await one.write(tag, 0, {
      safe: true,
      deadline: 200 as WriteRequest['deadline'],
    });
    expect(refused?.outcome).toBe('mismatch');
    one.rig.device.keeps = (value) => value;
    await one.sink.until('it is taken', () => one.rig.device.unit1.holdings.get(3) === 0);
    await one.sink.until('it is seen', () => one.sink.good('o') === 0);
  });
});

describe('the heartbeat', { timeout: 60_000 }, () => {
  test('counts while control lives, and stops when it does not', async () => {
    await using one = await modbusBench({ heartbeat: { at: { holding: 900 }, every: '20ms' } });
    const beats: number[] = [];
    one.rig.device.onWrite = ({ address, data }) => {
      if (address === 900) beats.push(data[0] ?? -1);
    };
    await one.serve([input('a', { holding: 0 })]);
    await one.sink.until('it beats', () => beats.length >= 5);
    expect(beats.slice(0, 5)).toEqual([1, 2, 3, 4, 5]);
    one.alive = false;
    await pause(60);
    const last = beats.length;
    await pause(200);
    expect(beats.length).toBe(last);
    one.alive = true;
    await one.sink.until('it beats again', () => beats.length > last);
    expect(beats[last]).toBe(last + 1);
  });

  test('comes once each period, not more', async () => {
    await using one = await modbusBench({ heartbeat: { at: { coil: 9 }, every: '50ms' } });
    const beats: number[] = [];
    one.rig.device.onWrite = ({ code, address, data }) => {
      if (code === 5 && address === 9) beats.push(data[0] ?? 0);
    };
    await one.serve([input('a', { holding: 0 })]);
    await pause(500);
    expect(beats.length).toBeGreaterThanOrEqual(4);
    expect(beats.length).toBeLessThanOrEqual(12);
    expect(beats.every((beat, i) => (beat !== 0) === (i % 2 === 0))).toBe(true);
  });

  test('goes on while writes fail', async () => {
    await using one = await modbusBench({ heartbeat: { at: { holding: 900 }, every: '20ms' } });
    let beats = 0;
    one.rig.device.onWrite = ({ address }) => {
      if (address === 900) beats += 1;
    };
    one.rig.device.keeps = () => 1;
    // Writing them all once takes longer than the wait before each is repeated: one is always due.
    const tags = Array.from({ length: 100 }, (_, i) => output(`o${i}`, { holding: i }));
    await one.serve(tags);
    one.rig.server.delay = 2;
    void Promise.all(tags.map((tag) => one.write(tag, 5, { safe: true })));
    const from = beats;
    const writes = one.rig.server.requests;
    await one.sink.until('it beats', () => beats - from >= 5);
    expect(one.rig.server.requests - writes).toBeGreaterThan(5);
  });
});
