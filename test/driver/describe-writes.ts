// The contract suite, its part on writes: one pending value, order, proof, and a device that fails.
import { expect, test } from 'vitest';
import type { WriteResult } from '#contract/driver.ts';
import { milliseconds } from '#contract/time.ts';
import { nth, pause, request } from './rig.ts';
import type { MakeBench } from './rig.ts';

export function describeWrites(bench: MakeBench): void {
  test('writes are carried out, read back, and answered in order', async () => {
    await using one = await bench();
    await one.online();
    const { outputs } = one.rig;
    const requests = outputs.map((output) => request(output, output.values[0]));
    const results = (await one.driver.write?.(requests)) ?? [];
    expect(results.map(({ id }) => id)).toEqual(requests.map(({ id }) => id));
    expect(results.map(({ outcome }) => outcome)).toEqual(outputs.map(() => 'confirmed'));
    expect(results.map(({ readBack }) => readBack)).toEqual(outputs.map((o) => o.values[0]));
    for (const output of outputs) expect(one.rig.get(output.name)).toBe(output.values[0]);
  });

  test('a write goes out once, not with every poll', async () => {
    await using one = await bench();
    await one.online();
    const output = nth(one.rig.outputs, 0);
    await one.driver.write?.([request(output, output.values[0])]);
    await pause(100);
    expect(one.rig.written).toEqual([{ name: output.name, value: output.values[0] }]);
  });

  test.for(['echo', 'none'] as const)('a write proved by %s is confirmed', async (verify) => {
    await using one = await bench();
    await one.online();
    const output = nth(one.rig.outputs, 2);
    const [result] =
      (await one.driver.write?.([request(output, output.values[0], { verify })])) ?? [];
    expect(result?.outcome).toBe('confirmed');
    expect(one.rig.get(output.name)).toBe(output.values[0]);
  });

  test('a value of another type, or for no output, is rejected and reaches nobody', async () => {
    await using one = await bench();
    await one.online();
    const requests = [
      request(nth(one.rig.outputs, 0), 'text'),
      request(nth(one.rig.inputs, 0), true),
    ];
    const results = (await one.driver.write?.(requests)) ?? [];
    expect(results.map(({ outcome }) => outcome)).toEqual(['rejected', 'rejected']);
    expect(one.rig.written).toEqual([]);
  });

  test('an output has one pending value: the newest wins, the others are superseded', async () => {
    await using one = await bench();
    await one.online();
    const output = nth(one.rig.outputs, 2);
    one.rig.server.delay = 40;
    const values = [1, 2, 3, 4, 5];
    const all: Promise<readonly WriteResult[]>[] = [];
    for (const value of values) {
      all.push(one.driver.write?.([request(output, value)]) ?? Promise.resolve([]));
    }
    const outcomes = (await Promise.all(all)).map(([result]) => result?.outcome);
    expect(outcomes).toEqual(['superseded', 'superseded', 'superseded', 'superseded', 'confirmed']);
    expect(one.rig.get(output.name)).toBe(5);
    expect(one.rig.written.map(({ value }) => value)).toEqual([5]);
  });

  test('a safe value overtakes the others', async () => {
    await using one = await bench();
    await one.online();
    one.rig.server.delay = 30;
    const [first, second, third, safe] = [0, 1, 2, 3].map((i) => nth(one.rig.outputs, i));
    const others = [first, second, third].map((o) => o && request(o, o.values[0]));
    const before = one.driver.write?.(others.filter((o) => o !== undefined));
    if (safe === undefined) throw new Error('the rig has four outputs');
    const [result] =
      (await one.driver.write?.([request(safe, safe.values[1], { safe: true })])) ?? [];
    await before;
    expect(result?.outcome).toBe('confirmed');
    const place = one.rig.written.findIndex(({ name }) => name === safe.name);
    expect(place).toBe(0);
  });
}

export function describeWritesUnderLoss(bench: MakeBench): void {
  test.for(['silence', 'cut', 'garbage', 'half'] as const)(
    'a level whose write meets %s is written again and ends at the device',
    async (fault) => {
      await using one = await bench();
      await one.online();
      const output = nth(one.rig.outputs, 2);
      one.rig.set(output.name, output.values[1]);
      one.rig.server.begin((n) => (n === 2 ? fault : undefined));
      const [result] =
        (await one.driver.write?.([request(output, output.values[0], { safe: true })])) ?? [];
      expect(['confirmed', 'unknown']).toContain(result?.outcome);
      await one.sink.until(
        'the device holds it',
        () => one.rig.get(output.name) === output.values[0],
      );
      await one.settled();
    },
  );

  test('while the device is away a write ends unknown at once, and is made when it is back', async () => {
    await using one = await bench();
    await one.online();
    await one.rig.server.close();
    await one.sink.until('the loss is told', () => one.sink.state === 'backoff');
    const output = nth(one.rig.outputs, 1);
    const asked = performance.now();
    const [result] = (await one.driver.write?.([request(output, output.values[0])])) ?? [];
    expect(result?.outcome).toBe('unknown');
    expect(performance.now() - asked).toBeLessThan(1000);
    await one.rig.server.listen();
    await one.sink.until('it is made', () => one.rig.get(output.name) === output.values[0]);
  });

  test('a write on its way when the device goes ends unknown', async () => {
    await using one = await bench();
    await one.online();
    one.rig.server.begin(() => 'silence');
    const results = one.driver.write?.(
      one.rig.outputs.map((output) => request(output, output.values[0])),
    );
    const outcomes = ((await results) ?? []).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(one.rig.outputs.map(() => 'unknown'));
  });

  test('a write that is not answered in time ends unknown at its deadline', async () => {
    await using one = await bench();
    await one.online();
    one.rig.server.begin(() => 'silence');
    const output = nth(one.rig.outputs, 0);
    const deadline = milliseconds(40);
    const asked = performance.now();
    const [result] =
      (await one.driver.write?.([request(output, output.values[0], { deadline })])) ?? [];
    expect(result?.outcome).toBe('unknown');
    expect(performance.now() - asked).toBeGreaterThanOrEqual(38);
    expect(result?.took).toBeGreaterThanOrEqual(38);
  });

  test('after a reconnect every output that was asked is written once more', async () => {
    await using one = await bench();
    await one.online();
    const { outputs } = one.rig;
    await one.driver.write?.(outputs.map((output) => request(output, output.values[0])));
    for (const output of outputs) one.rig.set(output.name, output.values[1]);
    one.rig.written.length = 0;
    one.rig.server.cut();
    await one.sink.until('all outputs are as asked', () =>
      outputs.every((output) => one.rig.get(output.name) === output.values[0]),
    );
    await one.settled();
    await pause(60);
    expect(one.rig.written.map(({ name }) => name).toSorted()).toEqual(
      outputs.map(({ name }) => name).toSorted(),
    );
  });

  test('an output that nobody asked anything of is never written', async () => {
    await using one = await bench();
    await one.online();
    one.rig.server.cut();
    await one.sink.until('it is back', () => one.sink.epoch === 2 && one.sink.state === 'online');
    await pause(50);
    expect(one.rig.written).toEqual([]);
  });
}

/** A missing optional method is a missing capability; a method that is there refuses what it cannot. */
export function describeNoOutputs(bench: MakeBench): void {
  test('a device without outputs takes no write', async () => {
    await using one = await bench();
    expect(one.rig.outputs).toEqual([]);
    await one.online();
    const results = await one.driver.write?.([request(nth(one.rig.inputs, 0), true)]);
    expect(results?.map(({ outcome }) => outcome) ?? ['rejected']).toEqual(['rejected']);
    expect(one.rig.written).toEqual([]);
  });
}
