// What only Modbus has: types and addresses on the wire, exceptions, blocks, several units, the
// heartbeat, and how outputs are written and proved.
import { describe, expect, test } from 'vitest';
import type { DriverTag, WriteRequest, WriteResult } from '#contract/driver.ts';
import { status } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { ModbusMemory, modbusRig } from './rig-modbus.ts';
import type { ModbusRig } from './rig-modbus.ts';
import { Bench, pause, request, rigTag } from './rig.ts';

const input = (name: string, at: unknown, poll?: string): DriverTag => ({
  ...rigTag(name, at, 'input', [0, 1]).tag,
  ...(poll === undefined ? {} : { poll }),
});
const output = (name: string, at: unknown): DriverTag => rigTag(name, at, 'output', [0, 1]).tag;

class ModbusBench extends Bench {
  declare readonly rig: ModbusRig;
  async serve(tags: readonly DriverTag[]): Promise<this> {
    const issues = await this.driver.setTags(tags);
    if (issues.length > 0) throw new Error(issues.map((issue) => issue.text).join('; '));
    this.driver.start(this.sink);
    await this.sink.until('all tags are given', () => this.sink.counts().size === tags.length);
    return this;
  }
  async write(
    tag: DriverTag,
    value: Value,
    options: Partial<Omit<WriteRequest, 'value'>> = {},
  ): Promise<WriteResult | undefined> {
    const one = { tag, name: tag.name, values: [0, 1] as const };
    return ((await this.driver.write?.([request(one, value, options)])) ?? [])[0];
  }
}

async function bench(config: Readonly<Record<string, unknown>> = {}): Promise<ModbusBench> {
  const rig = await modbusRig();
  return new ModbusBench(rig, config);
}

describe('values', () => {
  test('come as their tags say, wherever they lie in a block', async () => {
    await using one = await bench();
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
    await using one = await bench();
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
    await using one = await bench({ base: 1 });
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
    await using one = await bench();
    const issues = await one.driver.setTags([tag]);
    expect(issues.map(({ code }) => code)).toEqual(['E_DEVICE_TAG']);
  });
});

describe('exceptions', () => {
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
    await using one = await bench();
    await one.serve([input('a', { holding: 0 })]);
    one.rig.device.unit1.exception = exception;
    await one.sink.until('it is bad', () => one.sink.latest('a')?.status === code);
    one.rig.device.unit1.exception = 0;
    await one.sink.until('it is good', () => one.sink.good('a') === 0);
    expect(one.sink.epoch).toBe(1);
  });

  test('one bad address among many costs one tag; the others stay in few blocks', async () => {
    await using one = await bench();
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
    await using one = await bench();
    one.rig.device.unit1.holes.add('input 5');
    await one.serve([input('low', { input: 0 }), input('high', { input: 10 })]);
    expect([one.sink.good('low'), one.sink.good('high')]).toEqual([0, 0]);
  });
});

describe('polls', () => {
  test('keep their periods: a fast class is read while a slow one is', async () => {
    await using one = await bench({ poll: { fast: '10ms', slow: '100ms' } });
    one.rig.server.delay = 2;
    const slow = Array.from({ length: 30 }, (_, i) => input(`s${i}`, { input: i * 300 }, 'slow'));
    await one.serve([input('fast', { discrete: 0 }), ...slow]);
    one.rig.device.taken.length = 0;
    await pause(1000);
    const count = (code: number): number =>
      one.rig.device.taken.filter((taken) => taken.code === code).length;
    expect(count(2)).toBeGreaterThan(50);
    expect(count(2)).toBeLessThanOrEqual(102);
    expect(count(4)).toBeGreaterThan(100);
  });

  test('of 0ms follow each other as soon as the device answers', async () => {
    await using one = await bench({ poll: { fast: '0ms' } });
    await one.serve([input('a', { discrete: 0 })]);
    one.rig.device.taken.length = 0;
    await pause(300);
    expect(one.rig.device.taken.length).toBeGreaterThan(300);
  });

  test('that a device cannot keep up with are dropped and counted, never queued', async () => {
    await using one = await bench({ poll: { fast: '10ms' } });
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

  test('one request is on the wire at a time', async () => {
    await using one = await bench();
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

describe('several units', () => {
  test('a dead one does not starve the others, and comes back by itself', async () => {
    await using one = await bench();
    one.rig.device.units.set(2, new ModbusMemory());
    await one.serve([
      input('here', { holding: 0 }),
      ...Array.from({ length: 5 }, (_, i) => input(`there${i}`, { holding: i * 300, unit: 2 })),
    ]);
    one.rig.device.units.delete(2);
    await one.sink.until('it is noticed', () => one.sink.state === 'degraded');
    // Three deadlines open its circuit; from there on little time is lost.
    await pause(4 * 150);
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

describe('writes', () => {
  test.for([
    { name: 'a coil by function 5', at: { coil: 3 }, value: true, code: 5 },
    { name: 'a register by function 6', at: { holding: 3 }, value: 9, code: 6 },
    { name: 'two registers by function 16', at: { holding: 3, as: 'f32' }, value: 1.5, code: 16 },
    { name: 'text by function 16', at: { holding: 3, as: 'string(5)' }, value: 'abc', code: 16 },
    { name: 'a bit by function 22', at: { holding: 3, bit: 4 }, value: true, code: 22 },
  ])('$name', async ({ at, value, code }) => {
    await using one = await bench();
    const tag = output('o', at);
    await one.serve([tag]);
    expect(await one.write(tag, value)).toMatchObject({ outcome: 'confirmed', readBack: value });
    const codes = one.rig.device.taken.filter((taken) => taken.code > 4).map((taken) => taken.code);
    expect(codes).toEqual([code]);
    await one.sink.until('it is seen', () => one.sink.good('o') === value);
  });

  test('functions 15 and 16 serve a device that knows no others', async () => {
    await using one = await bench({ multiple: true });
    for (const code of [5, 6]) one.rig.device.unit1.unknown.add(code);
    const [coil, register] = [output('c', { coil: 3 }), output('r', { holding: 3 })];
    await one.serve([coil, register]);
    expect((await one.write(coil, true))?.outcome).toBe('confirmed');
    expect((await one.write(register, 7))?.outcome).toBe('confirmed');
  });

  test('a bit on a device without function 22 is read, changed and written; its neighbours stay', async () => {
    await using one = await bench();
    one.rig.device.unit1.unknown.add(22);
    one.rig.device.unit1.holdings.set(3, 0x8001);
    const [low, high] = [
      output('low', { holding: 3, bit: 0 }),
      output('high', { holding: 3, bit: 4 }),
    ];
    await one.serve([low, high]);
    const results = await Promise.all([one.write(low, false), one.write(high, true)]);
    expect(results.map((result) => result?.outcome)).toEqual(['confirmed', 'confirmed']);
    expect(one.rig.device.unit1.holdings.get(3)).toBe(0x8010);
  });

  test('another value in the echo is a mismatch, with what the device took', async () => {
    await using one = await bench();
    one.rig.device.keeps = (value) => Math.min(value, 100);
    const tag = output('o', { holding: 3 });
    await one.serve([tag]);
    expect(await one.write(tag, 1234)).toMatchObject({ outcome: 'mismatch', readBack: 100 });
    expect(await one.write(tag, 99)).toMatchObject({ outcome: 'confirmed', readBack: 99 });
    expect(await one.write(tag, 104, { tolerance: 5 })).toMatchObject({ outcome: 'confirmed' });
  });

  test('another value in the read-back is a mismatch, though the echo was right', async () => {
    await using one = await bench();
    one.rig.device.keeps = (value) => value & 0xfff0;
    const tag = output('o', { holding: 3, as: 'u32' });
    await one.serve([tag]);
    expect(await one.write(tag, 0x1234)).toMatchObject({ outcome: 'mismatch', readBack: 0x1230 });
    expect(await one.write(tag, 0x1234, { verify: 'echo' })).toMatchObject({
      outcome: 'confirmed',
    });
  });

  test('a device that shows the new value a little later confirms it', async () => {
    await using one = await bench();
    const tag = output('o', { coil: 3 });
    await one.serve([tag]);
    const { coils } = one.rig.device.unit1;
    one.rig.device.onWrite = () => {
      coils.set(3, false);
      setTimeout(() => coils.set(3, true), 15);
    };
    expect((await one.write(tag, true))?.outcome).toBe('confirmed');
  });

  test('a refused write is rejected; a busy device is asked again', async () => {
    await using one = await bench();
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
    await using one = await bench();
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

describe('the heartbeat', () => {
  test('counts while control lives, and stops when it does not', async () => {
    await using one = await bench({ heartbeat: { at: { holding: 900 }, every: '20ms' } });
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
    await using one = await bench({ heartbeat: { at: { coil: 9 }, every: '50ms' } });
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
    await using one = await bench({ heartbeat: { at: { holding: 900 }, every: '20ms' } });
    let beats = 0;
    one.rig.device.onWrite = ({ address }) => {
      if (address === 900) beats += 1;
    };
    one.rig.device.keeps = () => 1;
    const tags = Array.from({ length: 20 }, (_, i) => output(`o${i}`, { holding: i }));
    await one.serve(tags);
    void Promise.all(tags.map((tag) => one.write(tag, 5, { safe: true })));
    const from = beats;
    await pause(400);
    expect(beats - from).toBeGreaterThan(8);
  });
});
