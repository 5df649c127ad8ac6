// When outputs leave: never before their cause is on disk but for safe values, `fast` and a stalled disk.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WriteOutcome } from '#contract/driver.ts';
import type { Value } from '#contract/sample.ts';
import { milliseconds } from '#contract/time.ts';
import type { EarlyOutputs, Outputs } from '#controller/devices/outputs.ts';
import { settled } from '#test/unit/controller/device-double.ts';
import { bench } from '#test/unit/controller/outputs-bench.ts';

describe('a value waits for its cause', () => {
  test('and leaves when its entry is durable, not with an earlier one', () => {
    const { device, outputs, decide } = bench();
    decide(1, 10);
    outputs.durable(9);
    expect(device.values).toEqual([]);
    outputs.durable(10);
    expect(device.values).toEqual([1]);
    outputs.durable(11);
    expect(device.values).toEqual([1]);
  });

  test('but not when its entry is durable already', () => {
    const { device, outputs, decide } = bench();
    outputs.durable(10);
    decide(1, 10);
    expect(device.values).toEqual([1]);
  });

  test('and is never written once a later scan has decided another', () => {
    const { device, outputs, decide } = bench();
    decide(1, 10);
    decide(2, 12);
    outputs.durable(11);
    expect(device.values).toEqual([]);
    outputs.durable(12);
    expect(device.values).toEqual([2]);
  });

  test('a safe value leaves at once and takes the place of one that waits', () => {
    const { device, outputs, decide } = bench();
    decide(1, 10);
    decide(0, 11);
    expect(device.written).toMatchObject([{ value: 0, safe: true, tag: 'valve' }]);
    outputs.durable(11);
    expect(device.values).toEqual([0]);
  });

  test('each output waits for its own', () => {
    const { device, outputs, decide } = bench();
    decide(1, 10, 0);
    decide(5, 12, 1);
    outputs.durable(10);
    expect(device.written.map(({ tag, value }) => `${tag}=${String(value)}`)).toEqual(['valve=1']);
    outputs.durable(12);
    expect(device.written.at(-1)).toMatchObject({ tag: 'motor', value: 5 });
  });

  test('`fast` does not wait', () => {
    const { device, decide } = bench('fast');
    decide(1, 10);
    expect(device.values).toEqual([1]);
  });

  test('an answer to the value before does not let the one that waits out, however it ends', async () => {
    for (const outcome of ['confirmed', 'mismatch', 'rejected', 'unknown'] as const) {
      const { clock, device, outputs, decide, ended } = bench('strict', {
        refresh: milliseconds(50),
      });
      outputs.durable(10);
      decide(1, 10);
      decide(2, 12);
      await device.end(outcome);
      clock.pass(20_000);
      expect(device.values, outcome).toEqual([1]);
      expect(outputs.stateOf(0)).toBe('pending');
      expect(ended).toEqual([]);
      outputs.durable(12);
      expect(device.values).toEqual([1, 2]);
    }
  });
});

/** What left early, as an entry tells it that is the `seq`th. */
const told = (outputs: Outputs, seq = 1): EarlyOutputs => {
  let early: EarlyOutputs = { outputs: [], more: 0 };
  outputs.tellEarly((what) => {
    early = what;
    return seq;
  });
  return early;
};

describe('while the disk does not answer', () => {
  test('what left early is kept until an entry tells it', () => {
    const { outputs, decide } = bench();
    outputs.stall(true);
    decide(1, 10);
    expect(told(outputs, 0).outputs).toHaveLength(1);
    decide(2, 11);
    expect(told(outputs, 12).outputs.map(({ value }) => value)).toEqual([1, 2]);
    expect(told(outputs).outputs).toEqual([]);
  });

  test('the first 1,000 are kept, and the others counted', () => {
    const { outputs, decide } = bench();
    outputs.stall(true);
    for (let value = 1; value <= 1003; value += 1) decide(value, 10);
    expect(told(outputs, 0)).toMatchObject({ more: 3 });
    expect(
      told(outputs)
        .outputs.map(({ value }) => value)
        .at(-1),
    ).toBe(1000);
    decide(1, 11);
    expect(told(outputs)).toMatchObject({ outputs: [{ value: 1 }], more: 0 });
  });

  test('what waits leaves, what is decided does not wait, and both are kept for the gap', () => {
    const { device, outputs, decide } = bench();
    decide(1, 10, 0);
    outputs.stall(true);
    decide(7, 11, 1);
    decide(0, 12, 0);
    expect(device.values).toEqual([1, 7, 0]);
    const early = [
      { tag: 'valve', value: 1, scan: 1 },
      { tag: 'motor', value: 7, scan: 2 },
    ];
    expect(told(outputs)).toEqual({ outputs: early, more: 0 });
    expect(told(outputs)).toEqual({ outputs: [], more: 0 });
  });

  test('an output whose entry was dropped is one that left early', () => {
    const { device, outputs, decide } = bench();
    outputs.durable(10);
    outputs.stall(true);
    decide(1, 0);
    expect(device.values).toEqual([1]);
    expect(told(outputs).outputs).toEqual([{ tag: 'valve', value: 1, scan: 1 }]);
  });

  test('after it values wait again', () => {
    const { device, outputs, decide } = bench();
    outputs.stall(true);
    outputs.stall(false);
    decide(1, 10);
    expect(device.values).toEqual([]);
    outputs.durable(10);
    expect(device.values).toEqual([1]);
    expect(told(outputs).outputs).toEqual([]);
  });
});

describe('a level is seen confirmed', () => {
  test.each([
    ['mismatch', 1000],
    ['rejected', 5000],
    ['unknown', 1000],
  ] as const)('after %s it is written again in %i ms', async (outcome, span) => {
    const { clock, device, outputs, decide, ended } = bench('fast');
    decide(1, 1);
    await device.end(outcome);
    expect(outputs.stateOf(0)).toBe(outcome);
    clock.pass(span - 1);
    expect(device.values).toEqual([1]);
    clock.pass(1);
    expect(device.values).toEqual([1, 1]);
    expect(outputs.stateOf(0)).toBe(outcome);
    await device.end('confirmed');
    expect(outputs.stateOf(0)).toBe('confirmed');
    expect(ended).toEqual([`valve=1 ${outcome}`, 'valve=1 confirmed']);
    clock.pass(60_000);
    expect(device.values).toEqual([1, 1]);
  });

  test('a confirmed value is refreshed, and stays confirmed meanwhile', async () => {
    const { clock, device, outputs, decide } = bench('fast', { refresh: milliseconds(500) });
    decide(1, 1);
    expect(outputs.stateOf(0)).toBe('pending');
    await device.end('confirmed');
    clock.pass(500);
    expect(device.values).toEqual([1, 1]);
    expect(outputs.stateOf(0)).toBe('confirmed');
    await device.end('confirmed');
    clock.pass(500);
    expect(device.values).toEqual([1, 1, 1]);
  });

  test('a newer value ends the repeats of the one before', async () => {
    const { clock, device, decide } = bench('fast');
    decide(1, 1);
    await device.end('rejected');
    decide(2, 2);
    await device.end('confirmed');
    clock.pass(60_000);
    expect(device.values).toEqual([1, 2]);
  });

  test('a decided value is not confirmed by what the device holds of the one before', async () => {
    const { device, outputs, decide } = bench();
    outputs.durable(1);
    decide(1, 1);
    await device.end('confirmed');
    expect(outputs.stateOf(0)).toBe('confirmed');
    decide(2, 2);
    expect(outputs.stateOf(0)).toBe('pending');
  });

  test('the wire’s value is what is written, with tolerance and proof as planned', () => {
    const more = { toWire: () => 4000, verify: 'echo', tolerance: 2 } as const;
    const { device, decide } = bench('fast', more);
    decide(1.5, 1);
    expect(device.written).toMatchObject([{ value: 4000, verify: 'echo', tolerance: 2 }]);
    expect(device.written[0]?.deadline).toBe(1000);
  });
});

describe('safe', () => {
  test('at boot every output is driven there, and it is safe when all are confirmed', async () => {
    const { device, outputs } = bench();
    outputs.allSafe();
    expect(device.written).toMatchObject([
      { tag: 'valve', value: 0, safe: true },
      { tag: 'motor', value: 0, safe: true },
    ]);
    expect(outputs.confirmedSafe([0, 1])).toBe(false);
    await device.end('confirmed');
    expect(outputs.confirmedSafe([0])).toBe(true);
    expect(outputs.confirmedSafe([0, 1])).toBe(false);
    await device.end('confirmed');
    expect(outputs.confirmedSafe([0, 1])).toBe(true);
  });

  test('a value that is not safe is never confirmed safe', async () => {
    const { device, outputs, decide } = bench('fast');
    decide(1, 1);
    await device.end('confirmed');
    expect(outputs.confirmedSafe([0])).toBe(false);
    expect(outputs.unsafeFor([0], milliseconds(0))).toBe(false);
  });

  test('what is not confirmed is in doubt after the limit, counted from the doubt', async () => {
    const { clock, device, outputs } = bench('strict', { refresh: milliseconds(10_000) });
    const limit = milliseconds(1000);
    outputs.allSafe();
    clock.pass(1000);
    expect(outputs.unsafeFor([0], limit)).toBe(false);
    clock.pass(1);
    expect(outputs.unsafeFor([0], limit)).toBe(true);
    await device.end('confirmed');
    await device.end('confirmed');
    expect(outputs.unsafeFor([0, 1], limit)).toBe(false);
    clock.pass(10_000);
    expect(outputs.unsafeFor([0, 1], limit)).toBe(false);
    await device.end('unknown');
    expect(outputs.stateOf(0)).toBe('unknown');
    expect(outputs.unsafeFor([0], limit)).toBe(false);
    clock.pass(1001);
    expect(outputs.unsafeFor([0], limit)).toBe(true);
  });

  test('a withheld output is safe, and after its release follows what was decided last', () => {
    const { device, outputs, decide } = bench();
    outputs.durable(100);
    decide(1, 10);
    outputs.withhold([0]);
    decide(2, 11);
    decide(3, 101);
    expect(device.values).toEqual([1, 0]);
    outputs.release([0]);
    expect(device.values).toEqual([1, 0]);
    outputs.durable(101);
    expect(device.values).toEqual([1, 0, 3]);
  });

  test('a value that waits is not written when its output is withheld meanwhile', () => {
    const { device, outputs, decide } = bench();
    decide(1, 10);
    outputs.withhold([0, 1]);
    outputs.durable(10);
    expect(device.values).toEqual([0, 0]);
    outputs.release([0]);
    expect(device.values).toEqual([0, 0, 1]);
  });

  test('a stop drives all safe, waits for the devices and ends', async () => {
    const { clock, device, outputs, decide } = bench('fast');
    decide(1, 1);
    const stopping = outputs.stop(milliseconds(1000));
    expect(device.values).toEqual([1, 0, 0]);
    device.pending.shift();
    await device.end('confirmed');
    clock.pass(10);
    await device.end('confirmed');
    clock.pass(10);
    expect(await stopping).toBe(true);
  });

  test('a stop tells when an output was not confirmed, and writes nothing afterwards', async () => {
    const { clock, device, outputs } = bench('strict', { refresh: milliseconds(50) });
    const stopping = outputs.stop(milliseconds(1000));
    await device.end('confirmed');
    for (let turn = 0; turn < 101; turn += 1) {
      clock.pass(10);
      await settled();
    }
    expect(await stopping).toBe(false);
    const { length } = device.written;
    await device.end('mismatch');
    clock.pass(60_000);
    expect(device.written).toHaveLength(length);
  });
});

test('whatever happens, nothing but safe values leaves before its cause is on disk', async () => {
  const outcome = fc.constantFrom<WriteOutcome>('confirmed', 'mismatch', 'rejected', 'unknown');
  const step = fc.oneof(
    fc.record({ kind: fc.constant('decide' as const), tag: fc.nat(1), value: fc.nat(3) }),
    fc.record({
      kind: fc.constant('durable' as const),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    fc.record({ kind: fc.constant('stall' as const), on: fc.boolean() }),
    fc.record({ kind: fc.constant('result' as const), outcome }),
    fc.record({ kind: fc.constant('pass' as const), span: fc.nat(6000) }),
    fc.record({ kind: fc.constant('withhold' as const), on: fc.boolean() }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { clock, device, outputs, decide } = bench('strict', { refresh: milliseconds(700) });
      const newest = [0, 0];
      /** By tag: values that may leave, as their causes are durable or the disk is stalled. */
      const allowed = [new Set<Value>([0]), new Set<Value>([0])];
      const causes: { tag: number; value: number; seq: number }[] = [];
      let [seq, durable, stalled, checked] = [0, 0, false, 0];
      const check = (): void => {
        for (const { tag, value } of device.written.slice(checked)) {
          const index = tag === 'valve' ? 0 : 1;
          expect(allowed[index]?.has(value), `${tag}=${String(value)}`).toBe(true);
        }
        checked = device.written.length;
      };
      const allow = (): void => {
        for (const [index, set] of allowed.entries()) {
          const last = causes.findLast(({ tag }) => tag === index);
          set.clear();
          set.add(0);
          if (last !== undefined && (stalled || last.seq <= durable)) set.add(last.value);
        }
      };
      // A value that left may be repeated until another is decided; that is the newest decision as well.
      const left = (index: number): boolean =>
        device.written.findLast(({ tag }) => tag === (index === 0 ? 'valve' : 'motor'))?.value ===
        newest[index];
      for (const one of steps) {
        const before = [left(0), left(1)];
        if (one.kind === 'decide') {
          seq += 1;
          causes.push({ tag: one.tag, value: one.value, seq });
          newest[one.tag] = one.value;
          before[one.tag] = false;
        }
        if (one.kind === 'durable') durable += Math.round((seq - durable) * one.part);
        if (one.kind === 'stall') stalled = one.on;
        allow();
        for (const [index, was] of before.entries())
          if (was) allowed[index]?.add(newest[index] ?? 0);
        if (one.kind === 'decide') decide(one.value, seq, one.tag);
        if (one.kind === 'durable') outputs.durable(durable);
        if (one.kind === 'stall') outputs.stall(one.on);
        if (one.kind === 'withhold') outputs[one.on ? 'withhold' : 'release']([0]);
        if (one.kind === 'pass') clock.pass(one.span);
        if (one.kind === 'result' && device.pending.length > 0) await device.end(one.outcome);
        check();
      }
      outputs.release([0]);
      outputs.durable(seq);
      for (const [index, tag] of ['valve', 'motor'].entries()) {
        const last = device.written.findLast((request) => request.tag === tag);
        expect(last?.value ?? 0).toBe(newest[index]);
      }
    }),
    { seed: 20, numRuns: 1000 },
  );
});
