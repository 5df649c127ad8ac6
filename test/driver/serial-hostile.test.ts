// A serial device that is asked, and what may come instead of its answer: late, twice, of another,
// broken, or what nobody asked for. No value is taken that the device did not say when it was asked.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { milliseconds } from '#contract/time.ts';
import { Bench, nth, pause, request, rigTag } from './rig.ts';
import type { Rig } from './rig.ts';
import { PtyServer } from './rig-pty.ts';
import { stationRig } from './rig-serial.ts';
import { serial } from '#drivers/serial/driver.ts';

/** Milliseconds. Long enough for a machine that is busy, and short for what misses many. */
const usual = 300;
const short = 60;

interface Counter extends Rig {
  readonly server: PtyServer;
  /** What is sent instead of the answer, which it is given. */
  twist: (answer: Buffer, count: number) => void;
  readonly count: number;
}

/** Answers `?` with `v=N;w=N`, N counting its answers up from 1000. */
async function counterRig(timeout: number): Promise<Counter> {
  const inputs = [
    rigTag('v', undefined, 'input', [1, 0], { match: '^v=(\\d{4});w=.{4}$' }),
    rigTag('w', undefined, 'input', [1, 0], { match: '^v=.{4};w=(\\d{4})$' }),
  ];
  let count = 1000;
  const server = new PtyServer({
    split: (bytes) => {
      const end = bytes.indexOf(13);
      return end < 0
        ? undefined
        : { request: bytes.subarray(0, end), rest: bytes.subarray(end + 1) };
    },
    answer: () => {
      count += 1;
      rig.twist(Buffer.from(`v=${count};w=${count}\r\n`), count);
      return Buffer.alloc(0);
    },
    garbage: () => Buffer.alloc(0),
  });
  await server.listen();
  const rig: Counter = {
    kind: serial,
    server,
    timeout,
    get count() {
      return count;
    },
    twist: (answer) => server.push(answer),
    config: () => ({
      port: server.path,
      frame: { end: '\r\n', max: 64 },
      ask: { send: '?\r', every: '10ms', timeout: `${timeout}ms` },
    }),
    inputs,
    outputs: [],
    badTag: rigTag('bad', { offset: 0 }, 'input', [0, 1]).tag,
    written: [],
    get: () => count,
    set: () => undefined,
  };
  return rig;
}

async function counter(timeout = usual): Promise<{ one: Bench; rig: Counter } & AsyncDisposable> {
  const rig = await counterRig(timeout);
  const one = new Bench(rig);
  await one.driver.setTags(one.tags);
  one.driver.start(one.sink);
  await one.sink.until('it counts', () => Number(one.sink.good('v')) > 1002);
  return { one, rig, [Symbol.asyncDispose]: () => one[Symbol.asyncDispose]() };
}

/** The values of one tag, in order, whatever their status. */
const valuesOf = (one: Bench, tag: string): number[] =>
  one.sink.batches.flat().flatMap((sample) => (sample.tag === tag ? [Number(sample.value)] : []));

describe('an answer', { timeout: 60_000 }, () => {
  test('that comes late is not taken for the answer to the next question', async () => {
    await using it = await counter(200);
    const { one, rig } = it;
    let late = 0;
    /** What the device answers after it: it keeps the order of its questions. */
    let behind: Buffer[] | undefined;
    rig.twist = (answer, count) => {
      if (late !== 0) {
        if (behind === undefined) rig.server.push(answer);
        else behind.push(answer);
        return;
      }
      late = count;
      behind = [];
      setTimeout(() => {
        for (const next of [answer, ...(behind ?? [])]) rig.server.push(next);
        behind = undefined;
      }, 260);
    };
    await one.sink.until('it goes on', () => late > 0 && Number(one.sink.good('v')) > late + 3);
    expect(valuesOf(one, 'v')).not.toContain(late);
    expect(one.sink.epoch).toBe(1);
  });

  test('that came late, while this process stood still, is not taken for the next', async () => {
    await using it = await counter(100);
    const { one, rig } = it;
    let late = 0;
    const comesLate = async (answer: Buffer): Promise<void> => {
      const before = one.sink.healths.at(-1)?.stale ?? 0;
      await one.sink.until('it is missed', () => (one.sink.healths.at(-1)?.stale ?? 0) > before);
      rig.server.push(answer);
      // It lies with the system until long after the line would have been silent.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    };
    rig.twist = (answer, count) => {
      if (late !== 0) return rig.server.push(answer);
      late = count;
      void comesLate(answer);
    };
    await one.sink.until('it goes on', () => late > 0 && Number(one.sink.good('v')) > late + 3);
    expect(valuesOf(one, 'v')).not.toContain(late);
    expect(one.sink.epoch).toBe(1);
  });

  test('that comes again with the next shifts no later one', async () => {
    await using it = await counter();
    const { one, rig } = it;
    let before: Buffer | undefined;
    let twice = 0;
    rig.twist = (answer, count) => {
      if (before !== undefined && twice === 0) {
        twice = count;
        rig.server.push(before);
      }
      before ??= answer;
      rig.server.push(answer);
    };
    await one.sink.until('it goes on', () => twice > 0 && Number(one.sink.good('v')) > twice + 5);
    await one.sink.until('it is in step', () => Number(one.sink.good('v')) === rig.count);
    expect(valuesOf(one, 'v')).toEqual(valuesOf(one, 'v').toSorted((a, b) => a - b));
  });

  test('in the middle of others that nobody asked for: the line is not believed for ever', async () => {
    await using it = await counter();
    const { one, rig } = it;
    const chatter = setInterval(() => rig.server.push(Buffer.from('hello\r\n')), 5);
    try {
      await one.sink.until('the line is given up', () =>
        one.sink.healths.some(({ error }) => error?.code === 'E_DEVICE_PROTOCOL'),
      );
      await one.sink.until('it is opened again', () => one.sink.epoch > 1);
    } finally {
      clearInterval(chatter);
    }
    await one.sink.until('it counts again', () => Number(one.sink.good('v')) > rig.count - 3);
    expect(one.sink.batches.flat().some(({ value }) => value === 'hello')).toBe(false);
  });

  test('with one value missing makes that one bad, and no other', async () => {
    await using it = await counter();
    const { one, rig } = it;
    rig.twist = (_answer, count) => rig.server.push(Buffer.from(`v=${count};w=----\r\n`));
    await one.sink.until('w is bad', () => one.sink.good('w') === undefined);
    const at = rig.count;
    await one.sink.until('v goes on', () => Number(one.sink.good('v')) > at + 3);
    expect(one.sink.state).toBe('online');
  });

  test('that nobody understands makes all bad, and is no sign of life', async () => {
    await using it = await counter();
    const { one, rig } = it;
    rig.twist = () => rig.server.push(Buffer.from('E03 SENSOR\r\n'));
    await one.sink.until('bad', () => one.sink.good('v') === undefined);
    expect(one.sink.state).toBe('degraded');
    expect(one.sink.healths.at(-1)?.error?.text).toBe('not understood: "E03 SENSOR"');
    one.sink.clear();
    await pause(200);
    expect(one.sink.confirmed).toEqual([]);
    rig.twist = (answer) => rig.server.push(answer);
    await one.sink.until('good again', () => one.sink.good('v') !== undefined);
  });

  test('in pieces, at whatever place it is cut, is one answer', async () => {
    // A busy machine may be late with the second piece: that is not what is tried here.
    await using it = await counter(2000);
    const { one, rig } = it;
    for (let at = 1; at < 'v=1000;w=1000\r\n'.length; at += 1) {
      rig.twist = (answer) => {
        rig.server.push(answer.subarray(0, at));
        setTimeout(() => rig.server.push(answer.subarray(at)), 4);
      };
      const from = rig.count;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await one.sink.until(`cut at ${at}`, () => Number(one.sink.good('v')) > from + 1);
    }
    expect(one.sink.healths.at(-1)?.stale).toBe(0);
  });

  test('whose line floods is dropped with its line, and found again', async () => {
    await using it = await counter();
    const { one, rig } = it;
    rig.server.push(Buffer.from('v=9999;w=9999\r\n'.repeat(2000)));
    await one.sink.until('it was given up', () => one.sink.epoch > 1);
    await one.sink.until('it counts', () => Number(one.sink.good('v')) > rig.count - 3);
    expect(valuesOf(one, 'v').filter((value) => value === 9999).length).toBeLessThanOrEqual(2);
  });
});

test(
  'hostile bytes, seeded: nothing is taken that was not a whole answer',
  { timeout: 120_000 },
  async () => {
    await using it = await counter(short);
    const { one, rig } = it;
    /** Neither a digit nor what could complete a frame. */
    const noise = fc
      .uint8Array({ minLength: 1, maxLength: 20 })
      .map((bytes) =>
        Buffer.from(bytes.map((byte) => (byte >= 48 && byte <= 57 ? byte + 100 : byte))),
      );
    const mangled = fc.oneof(
      noise.map((bytes) => () => bytes),
      fc.nat(14).map((at) => (answer: Buffer) => answer.subarray(0, at)),
      fc.nat(13).map((at) => (answer: Buffer) => answer.subarray(at + 1)),
      fc.tuple(fc.nat(14), noise).map(
        ([at, bytes]) =>
          (answer: Buffer) =>
            Buffer.concat([answer.subarray(0, at), bytes, answer.subarray(at)]),
      ),
      fc.constant((answer: Buffer) => Buffer.concat([Buffer.alloc(300, 0x41), answer])),
      fc.constant((answer: Buffer) => Buffer.concat([answer.subarray(0, 6), answer])),
      fc.constant((answer: Buffer) => Buffer.concat([Buffer.from([0xc3]), answer])),
      fc.constant(() => Buffer.alloc(5000)),
    );
    const seed = 1_123;
    const faults = fc.sample(mangled, { seed, numRuns: 250 });
    const truth = new Set<number>();
    let sent = 0;
    rig.twist = (answer, count) => {
      const fault = faults[sent];
      sent += 1;
      // Each second answer is whole, so that the line lives.
      if (sent % 2 === 0 || fault === undefined) {
        truth.add(count);
        return rig.server.push(answer);
      }
      const bytes = fault(answer);
      if (bytes.includes(answer) || answer.equals(bytes)) truth.add(count);
      return rig.server.push(bytes);
    };
    await pause(short * 2);
    one.sink.batches = [];
    const from = rig.count;
    await one.sink.until('all were sent', () => sent > faults.length, 100_000);
    await one.sink.until('it lives', () => Number(one.sink.good('v')) > rig.count - 3, 30_000);
    const good = one.sink.batches.flat().filter((sample) => sample.status === 0);
    const wrong = good.filter(({ value }) => Number(value) > from && !truth.has(Number(value)));
    expect(wrong, `seed ${seed}`).toEqual([]);
    expect(good.length).toBeGreaterThan(20);
  },
);

describe('a line', { timeout: 60_000 }, () => {
  test('that is unplugged and plugged in again is found by its path', async () => {
    await using one = new Bench(await stationRig());
    await one.online();
    for (let i = 0; i < 3; i += 1) {
      /* oxlint-disable no-await-in-loop -- one after the other */
      const { epoch } = one.sink;
      await one.rig.server.close();
      await one.sink.until('the loss is told', () => one.sink.state === 'backoff');
      await one.rig.server.listen();
      await one.sink.until('it is back', () => one.sink.epoch > epoch);
      await one.settled();
      /* oxlint-enable no-await-in-loop */
      expect(one.sink.epoch).toBeGreaterThan(epoch);
    }
  });

  test('that another holds is told, and taken when it is free', async () => {
    const rig = await stationRig();
    await using other = new Bench(rig);
    await other.online();
    const one = new Bench(rig);
    await one.driver.setTags(one.tags);
    one.driver.start(one.sink);
    await one.sink.until('it is refused', () =>
      one.sink.healths.some(({ error }) => error?.code === 'E_DEVICE_CONNECT'),
    );
    await other.driver.stop(milliseconds(1000));
    await one.settled();
    await one.driver.stop(milliseconds(1000));
    expect(one.sink.state).toBe('stopped');
  });
});

describe('a command', { timeout: 60_000 }, () => {
  test('that the device refuses in its own words is rejected', async () => {
    const rig = await stationRig();
    const first = nth(rig.outputs, 2);
    const write = { send: 'SETT y={value}\r', expect: '^OK y=(.*)$' };
    await using one = new Bench(rig);
    const wrong = { ...first.tag, options: { ...first.tag.options, write } };
    await one.driver.setTags([wrong]);
    one.driver.start(one.sink);
    await one.sink.until('it is there', () => one.sink.good(first.name) !== undefined);
    const [result] = (await one.driver.write?.([request(first, 7)])) ?? [];
    expect(result?.outcome).toBe('rejected');
    expect(rig.written).toEqual([]);
  });

  test('carries no value that could end it and begin another', async () => {
    const rig = await stationRig();
    const first = nth(rig.outputs, 2);
    await using one = new Bench(rig);
    await one.driver.setTags([{ ...first.tag, type: 'string' }]);
    one.driver.start(one.sink);
    await one.sink.until('it is there', () => one.sink.good(first.name) !== undefined);
    const hostile = ['1\rSET w=1', '1\n', '\u0000', '', '\u20ac', 'x'.repeat(500)];
    const results = (await one.driver.write?.(hostile.map((text) => request(first, text)))) ?? [];
    expect(results.map(({ outcome }) => outcome)).toEqual(hostile.map(() => 'rejected'));
    expect(rig.written).toEqual([]);
  });
});
