// Circuits of several units behind one connection, and the latencies of the last requests.
import { describe, expect, test } from 'vitest';
import { instant, milliseconds } from '#contract/time.ts';
import { Breakers, Latencies } from '#drivers/breaker.ts';

describe('circuits', () => {
  const took = milliseconds(300);

  test('three timeouts open it, a probe a second later may close it', () => {
    const breakers = new Breakers();
    breakers.setUnits([1, 2]);
    for (const at of [0, 300]) breakers.timedOut(1, instant(at), took);
    expect(breakers.permits(1, instant(300))).toBe(true);
    breakers.timedOut(1, instant(600), took);
    expect(breakers.permits(1, instant(1599))).toBe(false);
    expect(breakers.permits(2, instant(1599))).toBe(true);
    expect(breakers.permits(1, instant(1600))).toBe(true);
    breakers.answered(1);
    expect([breakers.open, breakers.permits(1, instant(1601))]).toEqual([0, true]);
  });

  test('an answer between timeouts keeps it closed', () => {
    const breakers = new Breakers();
    breakers.setUnits([1, 2]);
    for (let i = 0; i < 10; i += 1) {
      breakers.timedOut(1, instant(i), took);
      breakers.timedOut(1, instant(i), took);
      breakers.answered(1);
    }
    expect(breakers.open).toBe(0);
  });

  test('the only unit of a device is always asked', () => {
    const breakers = new Breakers();
    breakers.setUnits([1]);
    for (let i = 0; i < 10; i += 1) breakers.timedOut(1, instant(i), took);
    expect([breakers.permits(1, instant(10)), breakers.open]).toEqual([true, 0]);
  });

  test('a new connection closes all when all were open, and none when one was not', () => {
    const breakers = new Breakers();
    breakers.setUnits([1, 2]);
    for (let i = 0; i < 3; i += 1) breakers.timedOut(1, instant(0), took);
    breakers.renew();
    expect(breakers.open).toBe(1);
    for (let i = 0; i < 4; i += 1) breakers.timedOut(2, instant(0), took);
    expect(breakers.open).toBe(2);
    breakers.renew();
    expect([
      breakers.open,
      breakers.permits(1, instant(0)),
      breakers.permits(2, instant(0)),
    ]).toEqual([0, true, true]);
  });

  test('probes of dead units take at most a tenth of the time, however many are dead', () => {
    const breakers = new Breakers();
    const dead = [1, 2, 3, 4, 5];
    breakers.setUnits([...dead, 6]);
    for (const unit of dead)
      for (let i = 0; i < 3; i += 1) breakers.timedOut(unit, instant(0), took);
    let lost = 0;
    const probed = new Set<number>();
    for (let at = 0; at < 60_000; at += 10) {
      const unit = dead.find((one) => breakers.permits(one, instant(at)));
      if (unit === undefined) continue;
      probed.add(unit);
      at += took;
      lost += took;
      breakers.timedOut(unit, instant(at), took);
    }
    expect(lost / 60_000).toBeLessThanOrEqual(0.1);
    expect(lost).toBeGreaterThan(0);
    expect([...probed].toSorted((a, b) => a - b)).toEqual(dead);
  });
});

test('latencies are those of the last 256 requests', () => {
  const latencies = new Latencies();
  expect(latencies.summary()).toEqual({ p50: 0, p99: 0 });
  for (let i = 0; i < 1000; i += 1) latencies.add(milliseconds(500));
  for (let i = 1; i <= 256; i += 1) latencies.add(milliseconds(i));
  expect(latencies.summary()).toEqual({ p50: 128, p99: 254 });
});
