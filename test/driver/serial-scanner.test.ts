// A device that sends by itself: what it sent last, as long as it answers; and what it cannot have said.
import { describe, expect, test } from 'vitest';
import { status, statusText } from '#contract/quality.ts';
import { Bench, nth, pause } from './rig.ts';
import { scannerRig } from './rig-serial.ts';
import type { ScannerRig } from './rig-serial.ts';

interface Scanner {
  readonly one: Bench;
  readonly rig: ScannerRig;
  /** Value and status as the sink has them now. */
  readonly now: (tag: string) => string;
  /** Pushes it and waits until the tag has this value, good. */
  readonly scan: (text: string, tag: string, value: unknown) => Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function scanner(): Promise<Scanner> {
  const rig = await scannerRig();
  const one = new Bench(rig);
  expect(await one.driver.setTags(one.tags)).toEqual([]);
  one.driver.start(one.sink);
  const isGiven = (): boolean =>
    rig.inputs.every(({ name }) => one.sink.latest(name) !== undefined);
  await one.sink.until('it is there', () => one.sink.state === 'online' && isGiven());
  return {
    one,
    rig,
    now: (tag) => {
      const sample = one.sink.latest(tag);
      return sample === undefined ? 'nothing' : `${sample.value} ${statusText(sample.status)}`;
    },
    scan: async (text, tag, value) => {
      rig.push(text);
      await one.sink.until(`${tag} is ${String(value)}`, () => one.sink.good(tag) === value);
    },
    [Symbol.asyncDispose]: () => one[Symbol.asyncDispose](),
  };
}

describe('a scanner', { timeout: 60_000 }, () => {
  test('that has sent nothing yet is there, and its tags wait for their first value', async () => {
    await using it = await scanner();
    expect(it.now('code')).toBe('null BadWaitingForInitialData');
    expect(it.one.driver.write === undefined).toBe(true);
    await it.one.sink.until('it is confirmed', () => it.one.sink.confirmed.length > 3);
  });

  test('gives each frame to the tag that it is for, with the time at which it came', async () => {
    await using it = await scanner();
    const before = Date.now();
    await it.scan('AB-1\r', 'code', 'AB-1');
    expect(it.one.sink.latest('code')?.time).toBeGreaterThanOrEqual(before);
    expect(it.one.sink.latest('code')?.time).toBeLessThanOrEqual(Date.now());
    await it.scan('T= 20.5\r', 'temperature', 20.5);
    await it.scan('H=41\r', 'humidity', 41);
    expect(it.now('code')).toBe('AB-1 Good');
  });

  test('that sends the same once more confirms it', async () => {
    await using it = await scanner();
    await it.scan('AB-1\r', 'code', 'AB-1');
    it.one.sink.clear();
    it.rig.push('AB-1\r');
    await it.one.sink.until('the code alone is confirmed', () =>
      it.one.sink.confirmed.some(({ group }) => group.join() === 'code'),
    );
    expect(it.one.sink.batches).toEqual([]);
  });

  test('that answers confirms all of its tags; one that is silent never looks alive', async () => {
    await using it = await scanner();
    it.rig.server.begin(() => 'silence');
    await it.one.sink.until('it is not online', () => it.one.sink.state !== 'online');
    it.one.sink.clear();
    await pause(it.rig.timeout * 3);
    expect(it.one.sink.confirmed).toEqual([]);
    expect(it.one.sink.batches).toEqual([]);
    it.rig.server.begin(() => undefined);
    await it.one.sink.until('it is back', () => it.one.sink.state === 'online');
    await it.one.sink.until('all are confirmed', () =>
      it.one.sink.confirmed.some(({ group }) => group.length === 3),
    );
  });

  test('the answer is never a code, though the pattern would take it', async () => {
    await using it = await scanner();
    await it.scan('AB-1\r', 'code', 'AB-1');
    it.one.sink.clear();
    for (let i = 0; i < 20; i += 1) {
      it.rig.push('OK\r');
      await pause(7);
    }
    expect(it.one.sink.batches).toEqual([]);
    expect(it.one.sink.state).toBe('online');
  });

  test('a code that comes while an answer is awaited is a code, and the answer an answer', async () => {
    await using it = await scanner();
    it.rig.server.delay = 30;
    for (let i = 0; i < 12; i += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await it.scan(`PART-${i}\r`, 'code', `PART-${i}`);
    }
    expect(it.one.sink.healths.at(-1)?.stale).toBe(0);
    expect(it.one.sink.state).toBe('online');
  });

  test('bytes in pieces are one frame', async () => {
    await using it = await scanner();
    // A device does not answer in the middle of what it sends.
    it.rig.server.begin(() => 'silence');
    for (const byte of Buffer.from('AB-1234567')) {
      it.rig.push(Buffer.from([byte]));
      // oxlint-disable-next-line no-await-in-loop -- one byte after the other
      await pause(1);
    }
    await it.scan('8\r', 'code', 'AB-12345678');
    expect(it.now('code')).toBe('AB-12345678 Good');
  });

  test('what comes before the first answer is not believed: it may have begun before', async () => {
    const rig = await scannerRig();
    rig.server.begin((n) => (n === 1 ? 'silence' : undefined));
    await using one = new Bench(rig);
    await one.driver.setTags(one.tags);
    one.driver.start(one.sink);
    await one.sink.until('it is asked', () => rig.server.requests > 0);
    rig.push('34-CODE\r');
    await one.sink.until('it answers', () => one.sink.state === 'online');
    await one.sink.until('given', () => one.sink.latest('code') !== undefined);
    expect(one.sink.batches.flat().map(({ value }) => value)).toEqual([null, null, null]);
  });

  test('a frame that nobody understands makes its tags bad: it may have been theirs', async () => {
    await using it = await scanner();
    await it.scan('AB-1\r', 'code', 'AB-1');
    it.rig.push('what is this?\r');
    await it.one.sink.until('bad', () => it.one.sink.good('code') === undefined);
    expect(it.now('code')).toBe('AB-1 BadCommunicationError');
    expect(it.one.sink.healths.at(-1)?.error).toEqual({
      code: 'E_DEVICE_PROTOCOL',
      text: 'not understood: "what is this?"',
    });
    await it.scan('AB-2\r', 'code', 'AB-2');
  });

  test('a value that is none makes its own tag bad, and no other', async () => {
    await using it = await scanner();
    await it.scan('AB-1\r', 'code', 'AB-1');
    await it.scan('T=20\r', 'temperature', 20);
    it.rig.push('T=--.-\r');
    await it.one.sink.until('bad', () => it.one.sink.good('temperature') === undefined);
    expect(it.now('temperature')).toBe('20 BadOutOfRange');
    expect(it.now('code')).toBe('AB-1 Good');
  });

  test('frames that are to be ignored disturb nothing', async () => {
    await using it = await scanner();
    await it.scan('AB-1\r', 'code', 'AB-1');
    it.one.sink.clear();
    it.rig.push('# ready\r#\r');
    await pause(60);
    expect(it.one.sink.batches).toEqual([]);
    expect(it.one.sink.state).toBe('online');
  });

  const damage: [what: string, bytes: string][] = [
    ['too long', `${'A'.repeat(200)}\r`],
    ['no text', 'AB\u00c3(\r'],
    ['half a character', 'AB\u00c3\r'],
    ['a NUL in it', 'AB\u0000-1\r'],
    ['empty', '\r'],
    ['a tail of another', '1\n\r'],
  ];
  test.for(damage)('a frame that is %s is no code, and the next one is', async ([, bytes]) => {
    await using it = await scanner();
    await it.scan('AB-1\r', 'code', 'AB-1');
    it.rig.push(bytes);
    await it.one.sink.until('bad', () => it.one.sink.good('code') === undefined);
    await it.scan('AB-2\r', 'code', 'AB-2');
    const good = it.one.sink.batches.flat().filter((sample) => sample.status === status.Good);
    expect(good.map(({ value }) => value)).toEqual(['AB-1', 'AB-2']);
  });

  test('plugged in again it is found, and nobody knows what it would say', async () => {
    await using it = await scanner();
    await it.scan('AB-1\r', 'code', 'AB-1');
    it.rig.server.cut();
    await it.one.sink.until(
      'it waits for its first value again',
      () =>
        it.one.sink.batches.flat().some((sample) => sample.value === 'AB-1') &&
        it.one.sink.epoch === 2 &&
        it.one.sink.good('code') === undefined,
    );
    await it.scan('AB-2\r', 'code', 'AB-2');
    expect(it.now('temperature')).toBe('null BadWaitingForInitialData');
  });
});

describe('a scanner that floods', { timeout: 60_000 }, () => {
  test('is told, costs little, and its newest code is the one that is known', async () => {
    await using it = await scanner();
    await it.scan('AB-1\r', 'code', 'AB-1');
    it.one.sink.clear();
    const calls = it.one.sink.calls;
    const memory = process.memoryUsage().rss;
    const began = performance.now();
    let sent = 0;
    while (performance.now() - began < 1500) {
      const codes = Array.from({ length: 100 }, () => `C${(sent += 1) % 100_000}\r`);
      it.rig.push(codes.join(''));
      // oxlint-disable-next-line no-await-in-loop -- as fast as the line takes it
      await pause(3);
    }
    const turns = (performance.now() - began) / 20;
    it.rig.push('LAST-1\r');
    await it.one.sink.until('it is calm', () => it.one.sink.good('code') === 'LAST-1');
    expect(it.one.sink.epoch).toBe(1);
    expect(it.one.sink.healths.some(({ error }) => error?.code === 'E_DEVICE_FLOOD')).toBe(true);
    expect(it.one.sink.healths.some(({ state }) => state === 'degraded')).toBe(true);
    // 32 as they come and 32 of the newest in each turn, and a call that says what is not known.
    expect(it.one.sink.calls - calls).toBeLessThan((turns + 100) * 70);
    expect(process.memoryUsage().rss - memory).toBeLessThan(150e6);
    await it.one.sink.until('the count is told', () => {
      const late = it.one.sink.healths.at(-1)?.late ?? 0;
      return late > sent / 4;
    });
    await it.one.sink.until('it is well again', () => it.one.sink.state === 'online');
  });

  test('leaves no tag good whose frame may have been among those left out', async () => {
    await using it = await scanner();
    await it.scan('AB-1\r', 'code', 'AB-1');
    await it.scan('T=20\r', 'temperature', 20);
    it.rig.push('AB-1\r'.repeat(400));
    await it.one.sink.until('it is a flood', () =>
      it.one.sink.healths.some(({ error }) => error?.code === 'E_DEVICE_FLOOD'),
    );
    await it.one.sink.until('the code is known', () => it.one.sink.good('code') === 'AB-1');
    expect(it.now('temperature')).toBe('20 BadCommunicationError');
    await it.scan('T=21\r', 'temperature', 21);
  });

  test('without an end of frame is told too', async () => {
    await using it = await scanner();
    await it.scan('AB-1\r', 'code', 'AB-1');
    for (let i = 0; i < 50; i += 1) it.rig.push('x'.repeat(2000));
    await it.one.sink.until('bad', () => it.one.sink.good('code') === undefined);
    it.rig.push('\r');
    await it.scan('AB-2\r', 'code', 'AB-2');
    expect(nth(it.rig.inputs, 0).name).toBe('code');
  });
});
