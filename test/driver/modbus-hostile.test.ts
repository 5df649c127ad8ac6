// Answers as no device should give them, from a seed: the driver neither crashes nor hangs, and no
// value that the device did not hold is ever taken for good.
import { describe, expect, test } from 'vitest';
import { qualityOf, status } from '#contract/quality.ts';
import { modbusRig } from './rig-modbus.ts';
import { Bench, nth, pause, request } from './rig.ts';

/** mulberry32: small, seeded, the same on every machine. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Twist = (answer: Buffer, random: () => number) => Buffer;

const changed = (answer: Buffer, at: number, byte: number): Buffer => {
  const copy = Buffer.from(answer);
  copy[at] = byte;
  return copy;
};
/** Inverts the values of an answer, so that whoever takes it takes wrong ones. */
const poisoned = (answer: Buffer): Buffer => {
  const copy = Buffer.from(answer);
  for (let i = 9; i < copy.length; i += 1) copy[i] = (copy[i] ?? 0) ^ 0xff;
  return copy;
};
const resized = (answer: Buffer, length: number): Buffer => {
  const copy = Buffer.alloc(Math.max(7, 6 + length), 0xff);
  answer.copy(copy);
  copy.writeUInt16BE(length & 0xffff, 4);
  return copy;
};

const exceptionFrame = (answer: Buffer, unit: number, body: number[], code?: number): Buffer => {
  const pdu = [unit, code ?? (answer[7] ?? 0) | 0x80, ...body];
  return Buffer.concat([answer.subarray(0, 4), Buffer.from([0, pdu.length, ...pdu])]);
};

const twists: Readonly<Record<string, Twist>> = {
  'another transaction': (answer, random) => {
    const copy = poisoned(answer);
    copy.writeUInt16BE((copy.readUInt16BE(0) + 1 + Math.floor(random() * 65_534)) & 0xffff, 0);
    return copy;
  },
  'another unit': (answer) => changed(poisoned(answer), 6, 77),
  'an exception of another unit': (answer) => exceptionFrame(answer, 77, [2]),
  'another function': (answer) => changed(poisoned(answer), 7, ((answer[7] ?? 0) % 4) + 1),
  'another protocol': (answer) => changed(poisoned(answer), 3, 1),
  'a byte count that is too large': (answer) => changed(poisoned(answer), 8, (answer[8] ?? 0) + 2),
  'a byte count that is too small': (answer) => changed(poisoned(answer), 8, 0),
  'a PDU that is too short': (answer) => resized(poisoned(answer), answer.length - 6 - 2),
  'a PDU that is too long': (answer) => resized(poisoned(answer), answer.length - 6 + 2),
  'a frame cut short': (answer, random) => answer.subarray(0, Math.floor(random() * answer.length)),
  'a garbage length': (answer) => {
    const copy = poisoned(answer);
    copy.writeUInt16BE(0xffff, 4);
    return copy;
  },
  'a length of nothing': (answer) => {
    const copy = poisoned(answer);
    copy.writeUInt16BE(0, 4);
    return copy;
  },
  noise: (_, random) =>
    Buffer.from(Array.from({ length: 1 + Math.floor(random() * 300) }, () => random() * 256)),
  'a huge answer': (answer) => Buffer.concat([answer, Buffer.alloc(70_000, 0xa5)]),
  'twice the same': (answer) => Buffer.concat([answer, poisoned(answer)]),
  'the wrong one first': (answer) => {
    const stray = poisoned(answer);
    stray.writeUInt16BE((stray.readUInt16BE(0) + 0x8000) & 0xffff, 0);
    return Buffer.concat([stray, answer]);
  },
};

const seeds = [1, 2, 3];
const cases = Object.keys(twists).flatMap((what) => seeds.map((seed) => ({ what, seed })));

describe('a hostile device', { timeout: 60_000 }, () => {
  test.concurrent.for(cases)(
    '$what, seed $seed: no wrong value, and it recovers',
    async ({ what, seed }) => {
      const random = seeded(seed);
      const rig = await modbusRig();
      await using one = new Bench(rig, { timeout: '60ms' });
      for (const input of rig.inputs) rig.set(input.name, true);
      rig.set('speed', 1200);
      await one.online();
      const twist = twists[what];
      if (twist === undefined) throw new Error(what);
      rig.device.twist = (answer) => (random() < 0.3 ? twist(answer, random) : answer);
      const output = nth(rig.outputs, 2);
      for (let i = 0; i < 20; i += 1) {
        void one.driver.write?.([request(output, 1200)]);
        await pause(Math.floor(random() * 30));
      }
      rig.device.twist = (answer) => answer;
      await one.settled();
      const wrong = one.sink.batches.flat().filter((sample) => {
        if (qualityOf(sample.status) !== 'good') return false;
        return sample.value !== rig.get(sample.tag);
      });
      expect(wrong, `seed ${seed}`).toEqual([]);
    },
  );

  const refusals: { what: string; twist: (answer: Buffer) => Buffer }[] = [
    { what: 'of another unit', twist: (answer) => exceptionFrame(answer, 77, [2]) },
    { what: 'that is too long', twist: (answer) => exceptionFrame(answer, 1, [2, 2]) },
    { what: 'of another function', twist: (answer) => exceptionFrame(answer, 1, [2], 0x90) },
  ];
  test.for(refusals)('an exception $what is not what the device says', async ({ twist }) => {
    const rig = await modbusRig();
    await using one = new Bench(rig);
    await one.online();
    rig.device.twist = twist;
    await one.sink.until('it is noticed', () => one.sink.latest('door.opened')?.status !== 0);
    await pause(50);
    rig.device.twist = (answer) => answer;
    await one.settled();
    const bad = one.sink.batches.flat().filter((sample) => qualityOf(sample.status) === 'bad');
    expect(bad.length).toBeGreaterThan(0);
    expect([...new Set(bad.map((sample) => sample.status))]).toEqual([
      status.BadCommunicationError,
    ]);
  });

  test('answers that come in pieces are put together', async () => {
    const rig = await modbusRig();
    await using one = new Bench(rig, { timeout: '10s' });
    rig.server.pieces = true;
    await one.online();
    expect(one.sink.epoch).toBe(1);
    expect(one.sink.healths.at(-1)?.stale).toBe(0);
  });

  test('a garbage length does not wait for 64 KiB: the connection is made anew at once', async () => {
    const rig = await modbusRig();
    await using one = new Bench(rig, { timeout: '5s' });
    await one.online();
    const began = performance.now();
    rig.device.twist = (answer) => changed(changed(answer, 4, 0xff), 5, 0xff);
    await one.sink.until('it is noticed', () => one.sink.state === 'backoff');
    expect(performance.now() - began).toBeLessThan(2500);
    expect(one.sink.healths.at(-1)?.error?.code).toBe('E_DEVICE_PROTOCOL');
    rig.device.twist = (answer) => answer;
    await one.settled();
  });

  test('a reset with a request on the wire is told at once, not after its deadline', async () => {
    const rig = await modbusRig();
    await using one = new Bench(rig, { timeout: '5s' });
    await one.online();
    rig.server.begin(() => 'silence');
    await pause(30);
    const began = performance.now();
    rig.server.cut();
    await one.sink.until('it is noticed', () => one.sink.state === 'backoff');
    expect(performance.now() - began).toBeLessThan(2000);
  });

  test('an answer later than its deadline is never taken for the next one', async () => {
    const rig = await modbusRig();
    await using one = new Bench(rig, { timeout: '40ms', poll: { fast: '5ms' } });
    await one.online();
    let i = 0;
    const late: Buffer[] = [];
    rig.device.twist = (answer) => {
      i += 1;
      // Every third answer is kept back and comes, poisoned, before the answer of the next request.
      if (i % 3 === 0) {
        late.push(poisoned(answer));
        return undefined;
      }
      const frames = Buffer.concat([...late.splice(0), answer]);
      return frames;
    };
    await pause(1500);
    rig.device.twist = (answer) => answer;
    await one.settled();
    const wrong = one.sink.batches.flat().filter((sample) => sample.value !== rig.get(sample.tag));
    expect(wrong).toEqual([]);
    expect(rig.server.connections).toBe(1);
  });
});
