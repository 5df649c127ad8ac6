// What a missed deadline says in virtual time: of a unit, of the line, and what it costs.
import { describe, expect, test } from 'vitest';
import { CellError } from '#contract/error.ts';
import { instant, milliseconds } from '#contract/time.ts';
import type { Outcome } from '#drivers/supervise.ts';
import { setUp } from './supervise-rig.ts';

describe('a missed deadline', () => {
  test('one unit of several that is silent is not the line; two are', async () => {
    const { clock, links, supervisor, sink, askInVain } = setUp();
    supervisor.breakers.setUnits([1, 2, 3]);
    supervisor.start(sink);
    await clock.advance(1);
    for (const unit of [1, 1, 1, 1, 2]) {
      expect(links[0]?.destroyed).toBe(false);
      void askInVain(unit);
      await clock.advance(100);
    }
    // The first is known to be dead by now: it says nothing of the line.
    expect(supervisor.breakers.isOpen(1)).toBe(true);
    expect(links[0]?.destroyed).toBe(false);
    void askInVain(3);
    await clock.advance(100);
    expect(links[0]?.destroyed).toBe(true);
  });

  test('an answer that is worth nothing ends its request as the deadline would, with its reason', async () => {
    const { clock, healths, links, supervisor, sink, ask } = setUp();
    supervisor.start(sink);
    await clock.advance(1);
    await ask();
    const garbled = new CellError('E_DEVICE_PROTOCOL', 'a wrong CRC');
    const asked = (): Promise<Outcome<string>> =>
      supervisor.request(
        1,
        milliseconds(100),
        () => Promise.resolve('?'),
        () => garbled,
      );
    expect(await asked()).toEqual({ kind: 'timeout' });
    expect(healths.at(-1)).toMatchObject({
      state: 'degraded',
      stale: 1,
      error: { code: 'E_DEVICE_PROTOCOL', text: 'a wrong CRC' },
    });
    expect(links[0]?.destroyed).toBe(false);
    await clock.advance(500);
    await asked();
    await clock.advance(1);
    expect(links[0]?.destroyed).toBe(true);
  });

  test('what a missed deadline costs beyond it counts against the unit', async () => {
    const { clock, supervisor, sink, ask, askInVain } = setUp(undefined, 400);
    supervisor.breakers.setUnits([1, 2]);
    supervisor.start(sink);
    await clock.advance(1);
    for (let i = 0; i < 4; i += 1) {
      void askInVain(1);
      await clock.advance(100);
      await ask(2);
    }
    // A probe of 100 ms and 400 ms of silence: nine times as long for the others, from its end on.
    const now = clock.now();
    expect(supervisor.breakers.permits(1, instant(now + 400 + 9 * 500 - 1))).toBe(false);
    expect(supervisor.breakers.permits(1, instant(now + 400 + 10 * 500))).toBe(true);
  });
});
