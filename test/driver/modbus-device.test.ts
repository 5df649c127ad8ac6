// What only Modbus has, its reading half: types and addresses on the wire, exceptions, blocks,
// polls, several units.
import { describe, expect, test } from 'vitest';
import type { DriverTag } from '#contract/driver.ts';
import { status } from '#contract/quality.ts';
import { input, modbusBench, output } from './modbus-bench.ts';
import { ModbusMemory, rigTimeout } from './rig-modbus.ts';
import { pause } from './rig.ts';

describe('values', { timeout: 60_000 }, () => {
  test('come as their tags say, wherever they lie in a block', async () => {
    await using one = await modbusBench();
    const { holdings, inputs } = one.rig.device.unit1;
    for (const [at, word] of [0x3fc0, 0x0000, 0xffff, 0xfffe, 0x4142, 0x4300].entries()) {
      holdings.set(100 + at, word);
    }
    inputs.set(7, 0x8001);
    await one.serve([
      input('f', { holding: 100, as: 'f32' }),
      input('f.swapped', { holding: 100, as: 'f32', order: 'CDAB' }),
      input('i', { holding: 102, as: 'i32' }),
      input('text', { holding: 104, as: 'string(3)' }),
      input('bit.low', { input: 7, bit: 0 }),
      input('bit.one', { input: 7, bit: 1 }),
      input('word', { input: 7 }),
    ]);
    expect(one.sink.good('f')).toBe(1.5);
    expect(one.sink.good('f.swapped')).toBeCloseTo(2.27e-41, 42);
    expect(one.sink.good('i')).toBe(-2);
    expect(one.sink.good('text')).toBe('ABC');
    expect(one.sink.good('bit.low')).toBe(true);
    expect(one.sink.good('bit.one')).toBe(false);
    expect(one.sink.good('word')).toBe(0x8001);
    expect(new Set(one.rig.device.taken.map(({ code }) => code))).toEqual(new Set([3, 4]));
  });

  test('NaN is bad and keeps the last value for people; a good value heals it', async () => {
    await using one = await modbusBench();
    const { holdings } = one.rig.device.unit1;
    holdings.set(0, 0x3fc0);
    await one.serve([input('f', { holding: 0, as: 'f32' })]);
    holdings.set(0, 0x7fc0);
    await one.sink.until('it is bad', () => one.sink.latest('f')?.status !== status.Good);
    expect(one.sink.latest('f')).toMatchObject({ value: 1.5, status: status.BadOutOfRange });
    holdings.set(0, 0x4000);
    await one.sink.until('it is good', () => one.sink.good('f') === 2);
  });

  test('addresses of a device with base 1 are one less on the wire', async () => {
    await using one = await modbusBench({ base: 1 });
    one.rig.device.unit1.holdings.set(0, 77);
    const tags = [input('first', { holding: 1 })];
    await one.serve(tags);
    expect(one.sink.good('first')).toBe(77);
    const issues = await one.driver.setTags([...tags, input('none', { holding: 0 })]);
    expect(issues.map(({ subject }) => subject)).toEqual(['none']);
  });

  const wrong: { what: string; tag: DriverTag }[] = [
    { what: 'two tables', tag: input('x', { holding: 1, coil: 1 }) },
    { what: 'no table', tag: input('x', { as: 'u16' }) },
    { what: 'an unknown type', tag: input('x', { holding: 1, as: 'u8' }) },
    { what: 'a type of a bit', tag: input('x', { coil: 1, as: 'u16' }) },
    { what: 'a bit of a 32-bit value', tag: input('x', { holding: 1, as: 'u32', bit: 3 }) },
    { what: 'an end outside the table', tag: input('x', { holding: 65535, as: 'u32' }) },
    { what: 'an unknown poll class', tag: input('x', { holding: 1 }, 'never') },
    { what: 'an output that cannot be written', tag: output('x', { discrete: 1 }) },
    { what: 'an unknown field', tag: input('x', { holding: 1, bits: 3 }) },
  ];
  test.for(wrong)('a tag with $what is an issue', async ({ tag }) => {
    await using one = await modbusBench();
    const issues = await one.driver.setTags([tag]);
    expect(issues.map(({ code }) => code)).toEqual(['E_DEVICE_TAG']);
  });
});

describe('exceptions', { timeout: 60_000 }, () => {
  test.for([
    [1, status.BadConfigurationError],
    [2, status.BadConfigurationError],
    [3, status.BadConfigurationError],
    [4, status.BadDeviceFailure],
    [5, status.BadTimeout],
    [6, status.BadTimeout],
    [10, status.BadNoCommunication],
    [11, status.BadNoCommunication],
    [9, status.Bad],
  ] as const)('exception %i makes a tag bad as 0x%x, and it heals', async ([exception, code]) => {
    await using one = await modbusBench();
    await one.serve([input('a', { holding: 0 })]);
    one.rig.device.unit1.exception = exception;
    await one.sink.until('it is bad', () => one.sink.latest('a')?.status === code);
    one.rig.device.unit1.exception = 0;
    await one.sink.until('it is good', () => one.sink.good('a') === 0);
    expect(one.sink.epoch).toBe(1);
  });

  test('one bad address among many costs one tag; the others stay in few blocks', async () => {
    await using one = await modbusBench();
    one.rig.device.unit1.holes.add('holding 41');
    const tags = Array.from({ length: 90 }, (_, i) => input(`t${i}`, { holding: i }));
    await one.serve(tags);
    const bad = [...one.sink.counts().keys()].filter((tag) => one.sink.good(tag) === undefined);
    expect(bad).toEqual(['t41']);
    one.rig.device.taken.length = 0;
    await pause(300);
    const reads = new Set(one.rig.device.taken.map(({ address, data }) => `${address}+${data[0]}`));
    for (const read of reads) expect(['0+41', '42+48', '41+1']).toContain(read);
    const alone = one.rig.device.taken.filter(({ address }) => address === 41);
    expect(alone.length).toBeLessThanOrEqual(1);
    one.rig.device.unit1.holes.clear();
    await one.sink.until('it is good', () => one.sink.good('t41') === 0);
  });

  test('a hole between two tags costs none of them', async () => {
    await using one = await modbusBench();
    one.rig.device.unit1.holes.add('input 5');
    await one.serve([input('low', { input: 0 }), input('high', { input: 10 })]);
    expect([one.sink.good('low'), one.sink.good('high')]).toEqual([0, 0]);
  });
});

describe('polls', { timeout: 60_000 }, () => {
  test('keep their periods: a fast class is read while a slow one is', async () => {
    await using one = await modbusBench({ poll: { fast: '10ms', slow: '100ms' } });
    one.rig.server.delay = 2;
    const slow = Array.from({ length: 30 }, (_, i) => input(`s${i}`, { input: i * 300 }, 'slow'));
    await one.serve([input('fast', { discrete: 0 }), ...slow]);
    one.rig.device.taken.length = 0;
    const began = performance.now();
    await one.sink.until('the slow ones are read thrice', () => taken(4) > 90);
    // In 10 ms the device gives at most five slow answers, each taking 2 ms.
    let run = 0;
    let longest = 0;
    for (const { code } of one.rig.device.taken) {
      run = code === 2 ? 0 : run + 1;
      longest = Math.max(longest, run);
    }
    expect(longest).toBeLessThanOrEqual(7);
    expect(taken(2)).toBeLessThanOrEqual((performance.now() - began) / 10 + 2);
    function taken(code: number): number {
      return one.rig.device.taken.filter((read) => read.code === code).length;
    }
  });

  test('of 0ms follow each other as soon as the device answers', async () => {
    await using one = await modbusBench({ poll: { fast: '0ms' } });
    await one.serve([input('a', { discrete: 0 })]);
    one.sink.clear();
    await one.sink.until('a thousand polls have answered', () => one.sink.confirmed.length > 1000);
    const times = one.sink.confirmed.map(({ received }) => received);
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    // No timer of a millisecond stands between two of them.
    expect(gaps.toSorted((a, b) => a - b)[100]).toBeLessThan(0.9);
    expect(one.sink.healths.at(-1)?.late).toBe(0);
  });

  test('that a device cannot keep up with are dropped and counted, never queued', async () => {
    await using one = await modbusBench({ poll: { fast: '10ms' } });
    one.rig.server.delay = 50;
    await one.serve([input('a', { discrete: 0 })]);
    const before = one.rig.server.requests;
    await one.sink.until('they are counted', () => (one.sink.healths.at(-1)?.late ?? 0) > 40);
    expect(one.rig.server.requests - before).toBeLessThan(60);
    one.rig.server.delay = 0;
    const after = one.rig.server.requests;
    await pause(100);
    expect(one.rig.server.requests - after).toBeLessThanOrEqual(15);
  });

  test('on the wire while the tags change are made again, however long the period is', async () => {
    await using one = await modbusBench({ poll: { rare: '10min' } });
    one.rig.server.delay = 30;
    const [a, b] = [input('a', { holding: 0 }), input('b', { holding: 1 })];
    await one.driver.setTags([a, b]);
    one.driver.start(one.sink);
    await one.sink.until('it is asked', () => one.rig.server.requests === 1);
    await one.driver.setTags([a]);
    await one.sink.until('it is given', () => one.sink.good('a') === 0);
    expect(one.sink.counts().has('b')).toBe(false);
  });

  test('one request is on the wire at a time', async () => {
    await using one = await modbusBench();
    one.rig.server.delay = 5;
    let most = 0;
    let begun = 0;
    one.rig.device.twist = (answer) => {
      begun += 1;
      most = Math.max(most, begun);
      setTimeout(() => (begun -= 1), 5);
      return answer;
    };
    const tag = output('speed', { holding: 1 });
    const inputs = Array.from({ length: 10 }, (_, i) =>
      input(`t${i}`, { holding: 1000 + i * 300 }),
    );
    await one.serve([tag, ...inputs]);
    const all = [1, 2, 3, 4, 5].map((value) => one.write(tag, value));
    await Promise.all(all);
    expect(most).toBe(1);
  });
});

describe('several units', { timeout: 60_000 }, () => {
  test('a dead one does not starve the others, and comes back by itself', async () => {
    await using one = await modbusBench();
    one.rig.device.units.set(2, new ModbusMemory());
    await one.serve([
      input('here', { holding: 0 }),
      ...Array.from({ length: 5 }, (_, i) => input(`there${i}`, { holding: i * 300, unit: 2 })),
    ]);
    one.rig.device.units.delete(2);
    await one.sink.until('it is noticed', () => one.sink.state === 'degraded');
    // Three deadlines open its circuit; from there on little time is lost.
    await pause(4 * rigTimeout);
    one.sink.clear();
    await pause(1000);
    const confirmed = one.sink.confirmed.filter(({ group }) => group.join() === 'here');
    expect(confirmed.length).toBeGreaterThan(50);
    expect(one.sink.state).toBe('degraded');
    expect(one.rig.server.connections).toBe(1);
    const memory = new ModbusMemory();
    memory.holdings.set(0, 5);
    one.rig.device.units.set(2, memory);
    await one.sink.until('it is back', () => one.sink.good('there0') === 5);
    await one.sink.until('all is well', () => one.sink.state === 'online');
  });
});
