// What only a serial line has: silence before a request, quarantine after a missing answer, noise,
// units that share it, and a port that goes and comes back.
import { describe, expect, test } from 'vitest';
import { milliseconds } from '#contract/time.ts';
import { input, ModbusBench, output } from './modbus-bench.ts';
import { ModbusMemory } from './rig-modbus.ts';
import { adu, rigQuarantine, rtuRig } from './rig-rtu.ts';
import type { RtuRig } from './rig-rtu.ts';
import { pause } from './rig.ts';

class LineBench extends ModbusBench {
  declare readonly rig: RtuRig;
}

async function lineBench(
  config: Readonly<Record<string, unknown>> = {},
  line: object = {},
): Promise<LineBench> {
  const rig = await rtuRig();
  const rtu = { ...(rig.config()['rtu'] as object), ...line };
  return new LineBench(rig, { ...config, rtu });
}

/** The values of an answer inverted, its CRC right: whoever takes it takes wrong ones. */
const poisoned = (answer: Buffer): Buffer =>
  adu(answer[0] ?? 0, Buffer.from([...answer.subarray(1, 3), ...answer.subarray(3, -2).map(flip)]));
const flip = (byte: number): number => byte ^ 0xff;

describe('a serial line', { timeout: 60_000 }, () => {
  test('carries every kind of read and write', async () => {
    await using one = await lineBench();
    const { holdings, inputs, discretes } = one.rig.device.unit1;
    inputs.set(7, 0x8001);
    discretes.set(1999, true);
    for (let i = 0; i < 125; i += 1) holdings.set(100 + i, 0xa500 + i);
    const tags = [
      input('word', { input: 7 }),
      input('far', { discrete: 1999 }),
      ...Array.from({ length: 125 }, (_, i) => input(`t${i}`, { holding: 100 + i })),
      output('coil', { coil: 3 }),
      output('register', { holding: 3 }),
      output('wide', { holding: 4, as: 'f64' }),
      output('bit', { holding: 9, bit: 4 }),
    ];
    await one.serve(tags);
    expect([one.sink.good('word'), one.sink.good('far')]).toEqual([0x8001, true]);
    expect(one.sink.good('t124')).toBe(0xa500 + 124);
    const wanted = { coil: true, register: 9, wide: 1.25, bit: true };
    for (const [name, value] of Object.entries(wanted)) {
      const tag = tags.find((made) => made.name === name);
      if (tag === undefined) throw new Error(name);
      expect((await one.write(tag, value))?.outcome).toBe('confirmed');
    }
    const codes = one.rig.device.taken.map(({ code }) => code).filter((code) => code > 4);
    expect(codes).toEqual([5, 6, 16, 22]);
    expect(one.rig.framing.broken).toBe(0);
  });

  test('is silent between an answer and the next request for as long as it needs', async () => {
    await using one = await lineBench({ poll: { fast: '0ms' } }, { delay: '12ms' });
    const asked: number[] = [];
    one.rig.device.twist = (answer) => {
      asked.push(performance.now());
      return answer;
    };
    await one.serve([input('a', { holding: 0 })]);
    await one.sink.until('it is asked often', () => asked.length > 20);
    const gaps = asked.slice(1).map((at, i) => at - (asked[i] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(12);
  });

  test('may take as long for an answer as its bytes need, beside the timeout', async () => {
    // 250 bytes at 1200 baud take 2.5 s; the device here takes 400 ms.
    await using one = await lineBench({ timeout: '50ms' }, { baud: 1200 });
    one.rig.server.delay = 400;
    const tags = Array.from({ length: 125 }, (_, i) => input(`t${i}`, { holding: i }));
    await one.serve(tags);
    expect(one.sink.healths.at(-1)?.stale).toBe(0);
  });

  test('answers that come byte by byte are put together', async () => {
    await using one = await lineBench({ timeout: '5s' });
    one.rig.line.pieces = true;
    await one.online();
    expect(one.sink.healths.at(-1)?.stale).toBe(0);
  });
});

describe('what nobody asked for', { timeout: 60_000 }, () => {
  test('an answer after its deadline is dropped, and never taken for the next', async () => {
    await using one = await lineBench({ timeout: '40ms', poll: { fast: '5ms' } });
    await one.serve([input('a', { holding: 0 }), input('b', { holding: 300 })]);
    let late = 0;
    for (let i = 0; i < 15; i += 1) {
      const taken = one.rig.device.taken.length;
      one.rig.device.twist = (answer) => {
        const bytes = poisoned(answer);
        const asked = performance.now();
        setTimeout(() => {
          // Later than the quarantine lasts nobody could tell it: not even this test.
          if (performance.now() - asked > 40 + rigQuarantine - 20) return;
          one.rig.line.push(bytes);
          late += 1;
        }, 50);
        one.rig.device.twist = (right) => right;
        return undefined;
      };
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await one.sink.until('it goes on', () => one.rig.device.taken.length > taken + 4);
    }
    expect(late).toBeGreaterThan(5);
    const wrong = one.sink.batches.flat().filter(({ value }) => value !== 0);
    expect(wrong).toEqual([]);
  });

  test('one lost answer does not end the connection; the line is silent before the next', async () => {
    await using one = await lineBench({ timeout: '50ms' }, { quarantine: '800ms' });
    await one.serve([input('a', { holding: 0 })]);
    const asked: number[] = [];
    one.rig.device.twist = (answer) => {
      asked.push(performance.now());
      return asked.length === 1 ? undefined : answer;
    };
    await one.sink.until('it is asked again', () => asked.length > 1);
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(600);
    expect(one.sink.epoch).toBe(1);
  });

  const noise: [what: string, twist: (answer: Buffer) => Buffer][] = [
    ['a wrong CRC', (answer) => Buffer.from([...answer.subarray(0, -1), flip(answer.at(-1) ?? 0)])],
    ['an answer of another unit', (answer) => adu(7, answer.subarray(1, -2))],
    [
      'an answer to another function',
      (answer) => adu(1, Buffer.from([4, ...answer.subarray(2, -2)])),
    ],
    ['an exception of another unit', (answer) => adu(7, Buffer.from([(answer[1] ?? 0) | 0x80, 2]))],
    ['an answer to a longer request', () => adu(1, Buffer.from([3, 4, 0xff, 0xff, 0xff, 0xff]))],
    ['bytes before the answer', (answer) => Buffer.concat([Buffer.from([0]), answer])],
    ['two answers at once', (answer) => Buffer.concat([poisoned(answer), answer])],
    ['half an answer', (answer) => answer.subarray(0, 4)],
    ['nothing', () => Buffer.alloc(0)],
  ];
  test.for(noise)('%s is as if nothing had come: no sample, asked again', async ([, twist]) => {
    await using one = await lineBench();
    await one.serve([input('a', { holding: 0 })]);
    one.sink.clear();
    let met = 0;
    one.rig.device.twist = (answer) => {
      met += 1;
      return met === 1 ? twist(answer) : answer;
    };
    await one.sink.until('it is asked again', () => met > 2);
    await one.sink.until('it is counted', () => (one.sink.healths.at(-1)?.stale ?? 0) >= 1);
    expect(one.sink.batches).toEqual([]);
    expect(one.sink.epoch).toBe(1);
    expect(one.sink.good('a')).toBe(0);
  });

  test('a byte of noise after an answer disturbs nothing', async () => {
    await using one = await lineBench();
    one.rig.device.twist = (answer) => Buffer.concat([answer, Buffer.from([0])]);
    await one.online();
    await one.sink.until('it is confirmed', () => one.sink.confirmed.length > 20);
    expect(one.sink.healths.at(-1)?.stale).toBe(0);
  });

  test('a line that is never silent is given up with its reason, and tried again', async () => {
    await using one = await lineBench();
    const babble = setInterval(() => one.rig.line.push(Buffer.alloc(16, 0x55)), 5);
    try {
      await one.driver.setTags([input('a', { holding: 0 })]);
      one.driver.start(one.sink);
      await one.sink.until('it is given up', () =>
        one.sink.healths.some(({ error }) => error?.text === 'the line is never silent'),
      );
    } finally {
      clearInterval(babble);
    }
    await one.sink.until('it is right', () => one.sink.good('a') === 0);
    expect(one.sink.healths.map(({ error }) => error?.code)).toContain('E_DEVICE_PROTOCOL');
  });
});

describe('several units on a line', { timeout: 60_000 }, () => {
  const dead = 2;
  const tags = [
    input('here', { holding: 0 }),
    ...Array.from({ length: 3 }, (_, i) => input(`there${i}`, { holding: i * 300, unit: dead })),
  ];

  test('a dead one costs the others at most a tenth of the time, and comes back by itself', async () => {
    await using one = await lineBench({ timeout: '120ms' }, { quarantine: '50ms' });
    const { units } = one.rig.device;
    units.set(dead, new ModbusMemory());
    const there = output('there', { coil: 1, unit: dead });
    await one.serve([...tags, there]);
    // An output of it is wanted all the time: writes are urgent, but not for the dead.
    let asked = 0;
    one.rig.device.twist = (answer) => {
      if (answer[0] !== dead) return answer;
      asked += 1;
      return undefined;
    };
    void one.write(there, true, { safe: true, deadline: milliseconds(60_000) });
    await one.sink.until('it is left out', () => asked >= 3);
    await pause(500);
    const [before, from] = [asked, performance.now()];
    one.sink.clear();
    await pause(4000);
    // Each time it is asked costs a deadline and a quarantine.
    const lost = (asked - before) * (120 + 50);
    expect(lost / (performance.now() - from)).toBeLessThanOrEqual(0.1);
    const times = one.sink.confirmed
      .filter(({ group }) => group.join() === 'here')
      .map(({ received }) => received);
    expect(times.length).toBeGreaterThan(60);
    expect(one.rig.server.connections).toBe(1);
    expect(one.sink.state).toBe('degraded');
    units.set(dead, new ModbusMemory());
    one.rig.device.twist = (answer) => answer;
    await one.sink.until('its output is written', () => units.get(dead)?.coils.get(1) === true);
    await one.sink.until('all is well', () => one.sink.state === 'online');
  });

  test('a heartbeat to a dead one does not take the line from the others', async () => {
    await using one = await lineBench(
      { timeout: '120ms', heartbeat: { at: { holding: 900, unit: dead }, every: '20ms' } },
      { quarantine: '50ms' },
    );
    one.rig.device.units.set(dead, new ModbusMemory());
    await one.serve(tags);
    one.rig.device.units.delete(dead);
    await one.sink.until('it is left out', () => (one.sink.healths.at(-1)?.stale ?? 0) >= 3);
    one.sink.clear();
    await one.sink.until(
      'the other is read',
      () => one.sink.confirmed.filter(({ group }) => group.join() === 'here').length > 100,
    );
    expect(one.rig.server.connections).toBe(1);
  });

  test('when all are dead it is the line, and all come back', async () => {
    await using one = await lineBench({ timeout: '50ms' }, { quarantine: '50ms' });
    one.rig.device.units.set(dead, new ModbusMemory());
    await one.serve(tags);
    one.rig.server.begin(() => 'silence');
    await one.sink.until('it is lost', () => one.sink.state === 'backoff');
    one.rig.server.begin(() => undefined);
    one.rig.device.units.get(dead)?.holdings.set(600, 7);
    await one.sink.until('it is back', () => one.sink.good('there2') === 7);
    await one.sink.until('all is well', () => one.sink.state === 'online');
    expect(one.sink.epoch).toBeGreaterThan(1);
  });

  test.for([0, 248])('unit %i is none that could answer', async (unit) => {
    await using one = await lineBench();
    const issues = await one.driver.setTags([input('a', { holding: 0, unit })]);
    expect(issues.map(({ code, text }) => `${code} ${text}`)).toEqual([
      'E_DEVICE_TAG a unit on a serial line is 1 to 247',
    ]);
  });
});

describe('a port', { timeout: 60_000 }, () => {
  test('that another has is refused, and taken when it is free', async () => {
    const rig = await rtuRig();
    await using one = new LineBench(rig);
    await using two = new LineBench(rig);
    await one.online();
    await two.driver.setTags(two.tags);
    two.driver.start(two.sink);
    await two.sink.until('it is refused', () => two.sink.state === 'backoff');
    expect(two.sink.healths.at(-1)?.error?.code).toBe('E_DEVICE_CONNECT');
    await one.driver.stop(milliseconds(1000));
    await two.settled();
  });

  test.for(['even', 'odd', 'none'] as const)('with parity %s opens', async (parity) => {
    await using one = await lineBench({}, { parity, stop: 2, baud: 38_400 });
    await one.online();
    expect(one.sink.epoch).toBe(1);
  });
});
