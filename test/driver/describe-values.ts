// The contract suite, its part on values and their times: what a value may be, when it is of, and what
// a step of the wall clock or a slow line does to it.
import { expect, test } from 'vitest';
import { utcMs } from '#contract/time.ts';
import type { Cancel, Clock, Duration, Instant, UtcMs } from '#contract/time.ts';
import { realClock } from '#controller/clock.ts';
import { Bench, nth, pause } from './rig.ts';
import type { MakeBench, MakeRig, SpecialTag } from './rig.ts';

/** A clock whose wall is put forward or back, as an operator or a time server does. */
class SteppedClock implements Clock {
  step = 0;
  readonly #real = realClock();

  now(): Instant {
    return this.#real.now();
  }

  time(): UtcMs {
    return utcMs(this.#real.time() + this.step);
  }

  after(delay: Duration, run: () => void): Cancel {
    return this.#real.after(delay, run);
  }
}

export function describeValues(bench: MakeBench, makeRig: MakeRig): void {
  test.for([3_600_000, -3_600_000])(
    'a wall clock that steps by %i ms changes no pace: `received` is monotonic',
    async (step) => {
      const rig = await makeRig();
      const clock = new SteppedClock();
      await using one = new Bench(rig, {}, { clock });
      await one.online();
      const before = clock.now();
      one.sink.clear();
      clock.step = step;
      const input = nth(rig.inputs, 0);
      await one.sink.until('it is confirmed', () => one.sink.confirmed.length > 10);
      rig.set(input.name, input.values[0]);
      await one.settled();
      const received = [
        ...one.sink.confirmed.map((call) => call.received),
        ...one.sink.batches.flat().map((sample) => sample.received),
      ];
      for (const at of received) {
        expect(at).toBeGreaterThanOrEqual(before - 1000);
        expect(at).toBeLessThanOrEqual(clock.now());
      }
      const health = one.sink.healths.at(-1);
      expect([health?.state, health?.epoch, health?.stale]).toEqual(['online', 1, 0]);
    },
  );

  test('what an answer changed is told before what it confirmed', async () => {
    await using one = await bench();
    await one.online();
    const input = nth(one.rig.inputs, 0);
    for (let i = 0; i < 20; i += 1) {
      one.rig.set(input.name, input.values[i % 2 === 0 ? 0 : 1]);
      // oxlint-disable-next-line no-await-in-loop -- a change now and then
      await pause(13);
    }
    await one.settled();
    const { heard } = one.sink;
    for (const [i, call] of heard.entries()) {
      const later = heard.slice(i + 1).filter(({ what }) => what === 'samples');
      const isLate =
        call.what === 'seen' && later.some((other) => other.received === call.received);
      expect(isLate, `call ${i}`).toBe(false);
    }
  });

  test('a real that is no number, or infinite, is bad, and keeps its last value for people', async ({
    skip,
  }) => {
    await using one = await bench();
    const { real } = one.rig;
    if (real === undefined) return skip('the protocol has no such number');
    await servedAlone(one, real, 12.5);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      /* oxlint-disable no-await-in-loop -- one after the other */
      real.hold(value);
      await one.sink.until('it is bad', () => one.sink.good(real.tag.name) === undefined);
      expect(one.sink.latest(real.tag.name)?.value).toBe(12.5);
      real.hold(12.5);
      await one.sink.until('it is good', () => one.sink.good(real.tag.name) === 12.5);
      /* oxlint-enable no-await-in-loop */
    }
    const odd = one.sink.batches
      .flat()
      .filter(({ value }) => typeof value === 'number' && !Number.isFinite(value));
    expect(odd).toEqual([]);
  });

  test('a 64-bit integer is a bigint, exactly', async ({ skip }) => {
    await using one = await bench();
    const { wide } = one.rig;
    if (wide === undefined) return skip('the protocol has no such integer');
    const values = [9_007_199_254_740_993n, -9_223_372_036_854_775_808n, -1n, 4_294_967_296n];
    await servedAlone(one, wide, values[0] ?? 0n);
    for (const value of values) {
      wide.hold(value);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await one.sink.until(`it is ${value}`, () => one.sink.good(wide.tag.name) === value);
      expect(typeof one.sink.good(wide.tag.name)).toBe('bigint');
    }
  });

  test('answers that come byte by byte are whole answers', async () => {
    await using one = await bench();
    one.rig.server.pieces = true;
    await one.online();
    const input = nth(one.rig.inputs, 0);
    one.rig.set(input.name, input.values[0]);
    await one.settled();
    const { epoch, stale } = one.sink.healths.at(-1) ?? {};
    expect([epoch, stale]).toEqual([1, 0]);
  });

  test('an answer that comes after its deadline is none', async ({ skip }) => {
    await using one = await bench();
    // Where the device itself says when a value was so, a late one is only late.
    if (one.rig.sourceTime !== undefined) return skip('values carry their own time');
    // Well before a line would have been silent for long enough: later, nobody could tell it from the next.
    one.rig.server.delay = one.rig.timeout * 1.1;
    await one.driver.setTags(one.tags);
    one.driver.start(one.sink);
    await one.sink.until('deadlines were missed', () => (one.sink.healths.at(-1)?.stale ?? 0) > 2);
    expect(one.sink.batches).toEqual([]);
    expect(one.sink.confirmed).toEqual([]);
    one.rig.server.delay = 0;
    await one.settled();
  });
}

/** Serves one special tag and waits until it is given. */
async function servedAlone(one: Bench, special: SpecialTag, value: number | bigint): Promise<void> {
  special.hold(value);
  expect(await one.driver.setTags([special.tag])).toEqual([]);
  one.driver.start(one.sink);
  await one.sink.until('it is given', () => one.sink.good(special.tag.name) === value);
}
