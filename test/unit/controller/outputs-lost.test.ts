// Outputs of a device that was lost: what it had confirmed counts no more, and it is told again.
import { describe, expect, test } from 'vitest';
import { milliseconds } from '#contract/time.ts';
import { bench } from './outputs-bench.ts';

describe('a device that was lost', () => {
  test('is told again what it had confirmed, and a refusal is told', async () => {
    const { device, outputs, decide, ended } = bench('fast');
    decide(1, 1);
    await device.end('confirmed');
    outputs.lost('io');
    expect(outputs.stateOf(0)).toBe('unknown');
    outputs.returned('io');
    expect(device.values).toEqual([1, 1]);
    await device.end('rejected');
    expect(outputs.stateOf(0)).toBe('rejected');
    expect(ended).toEqual(['valve=1 confirmed', 'valve=1 rejected']);
  });

  test('is not refreshed while it is away, and what it answered before counts no more', async () => {
    const { clock, device, outputs, decide } = bench('fast', { refresh: milliseconds(50) });
    decide(1, 1);
    await device.end('confirmed');
    decide(2, 2);
    outputs.lost('io');
    await device.end('confirmed');
    clock.pass(60_000);
    expect(outputs.stateOf(0)).toBe('unknown');
    expect(device.values).toEqual([1, 2]);
  });

  test('is in doubt from its loss until it has confirmed its safe values anew', async () => {
    const { clock, device, outputs } = bench();
    outputs.allSafe();
    await device.end('confirmed');
    await device.end('confirmed');
    clock.pass(5000);
    outputs.lost('io');
    clock.pass(1001);
    expect(outputs.confirmedSafe([0])).toBe(false);
    expect(outputs.unsafeFor([0], milliseconds(1000))).toBe(true);
    outputs.returned('io');
    expect(outputs.unsafeFor([0], milliseconds(1000))).toBe(true);
    await device.end('confirmed');
    expect(outputs.unsafeFor([0], milliseconds(1000))).toBe(false);
  });

  test('is not told what still waits for its cause', () => {
    const { device, outputs, decide } = bench();
    decide(1, 10);
    outputs.lost('io');
    outputs.returned('io');
    expect(device.values).toEqual([]);
    outputs.durable(10);
    expect(device.values).toEqual([1]);
  });
});
