// The scan loop on a clock that the test moves: on the grid, off it, late, woken, and stopped.
import { expect, test } from 'vitest';
import { instant, utcMs } from '#contract/time.ts';
import { status } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { Loop } from '#controller/loop.ts';
import type { Scanned } from '#controller/loop.ts';
import { Grid } from '#flows/engine/grid.ts';
import { Image } from '#flows/engine/image.ts';
import { Intake } from '#flows/engine/intake.ts';
import { rigOf } from '#test/flow/cell-rig.ts';
import { machine } from '#test/flow/machine-flow.ts';
import { TestClock } from './chronicle/local-chronicle.ts';
import { settled } from './device-double.ts';

/** Counts the timers that wait. */
class CountingClock extends TestClock {
  waiting = 0;
  #away = 0;

  constructor() {
    super();
    const real = this.now;
    this.now = () => instant(real() + this.#away);
  }

  /** Time goes on and nothing runs. */
  away(span: number): void {
    this.#away += span;
  }

  override after(delay: number, run: () => void) {
    this.waiting += 1;
    let open = true;
    const end = (): void => {
      if (open) this.waiting -= 1;
      open = false;
    };
    const cancel = super.after(delay, () => {
      end();
      run();
    });
    return () => {
      end();
      cancel();
    };
  }
}

interface Heard {
  readonly scanned?: (scanned: Scanned, loop: Loop) => void;
  readonly settled?: (scanned: Scanned) => void;
}

async function loopOf(events: Heard = {}) {
  const rig = await rigOf({ flows: { machine } }, false);
  const clock = new CountingClock();
  const image = new Image(rig.plan.tags);
  const intake = new Intake(rig.plan);
  const grid = new Grid({ period: 20, min: 1, last: clock.now() });
  const scans: Scanned[] = [];
  const failures: unknown[] = [];
  const loop: Loop = new Loop(
    clock,
    { grid, image, intake, cell: rig.cell },
    {
      before: () => undefined,
      scanned: (scanned) => {
        scans.push(scanned);
        events.scanned?.(scanned, loop);
      },
      settled: (scanned) => events.settled?.(scanned),
      failed: (error) => void failures.push(error),
    },
  );
  const give = (tag: string, value: Value): void => {
    const [received, time] = [instant(clock.now()), utcMs(1)];
    image.samples([{ tag: rig.tag(tag), value, status: status.Good, time, received }]);
    loop.wake();
  };
  const times = () => scans.map(({ due }) => due.now);
  return { rig, clock, loop, intake, scans, failures, give, times };
}

test('scans run at the multiples of the period', async () => {
  const { clock, loop, times } = await loopOf();
  loop.start();
  clock.pass(100);
  expect(times()).toEqual([1020, 1040, 1060, 1080, 1100]);
  expect(loop).toMatchObject({ count: 5, now: 1100 });
  expect(clock.waiting).toBe(1);
});

test('a changed input has a scan at once, and the grid stands where it stood', async () => {
  const { clock, loop, scans, give, times } = await loopOf();
  loop.start();
  clock.pass(27);
  give('part', true);
  expect(times()).toEqual([1020]);
  await settled();
  expect(scans.at(-1)).toMatchObject({ due: { now: 1027, missed: 0, offGrid: true } });
  clock.pass(13);
  expect(times().at(-1)).toBe(1040);
});

test('there are never two scans at one time, however often it is woken', async () => {
  const { clock, loop, give, times } = await loopOf();
  loop.start();
  for (let turn = 0; turn < 200; turn += 1) {
    give('part', turn % 2 === 0);
    give('level', turn % 7);
    // oxlint-disable-next-line no-await-in-loop -- one turn after another
    await settled();
    clock.pass(turn % 3 === 0 ? 0.4 : 0.7);
  }
  const all = times();
  expect(all.length).toBeGreaterThan(50);
  expect(new Set(all).size).toBe(all.length);
  expect(all).toEqual(all.toSorted((left, right) => left - right));
  expect(clock.waiting).toBe(1);
});

test('a scan that comes late counts what it passed over, and how late it was', async () => {
  const { clock, loop, scans } = await loopOf({
    scanned: ({ scan }) => {
      // As a busy machine does: nothing else runs for a while.
      if (scan === 1) clock.away(95);
    },
  });
  loop.start();
  clock.pass(150);
  expect(scans.slice(0, 3).map(({ due }) => due)).toEqual([
    { now: 1020, missed: 0, offGrid: false },
    { now: 1100, missed: 3, offGrid: false },
    { now: 1120, missed: 0, offGrid: false },
  ]);
  expect(loop.figures()).toMatchObject({ missed: 3, late: { max: 75 } });
  expect(loop.takeWorst()).toBe(75);
  expect(loop.takeWorst()).toBe(0);
});

test('an exception in a scan ends the loop and is told once', async () => {
  const wrong = new Error('wrong');
  const { clock, loop, scans, failures, give } = await loopOf({
    scanned: ({ scan }) => {
      if (scan === 3) throw wrong;
    },
  });
  loop.start();
  clock.pass(200);
  give('part', true);
  await settled();
  clock.pass(200);
  expect(scans).toHaveLength(3);
  expect(failures).toEqual([wrong]);
  expect(clock.waiting).toBe(0);
});

test('a loop that is stopped, in a scan or beside one, leaves no timer', async () => {
  const inside = await loopOf({ scanned: (_, loop) => loop.stop() });
  inside.loop.start();
  inside.clock.pass(100);
  expect(inside.scans).toHaveLength(1);
  expect(inside.clock.waiting).toBe(0);
  const beside = await loopOf();
  beside.loop.start();
  beside.clock.pass(50);
  beside.give('part', true);
  beside.loop.stop();
  await settled();
  beside.clock.pass(100);
  expect(beside.scans).toHaveLength(2);
  expect(beside.clock.waiting).toBe(0);
});

test('an act wakes it, and is taken once', async () => {
  const { clock, loop, rig, intake, scans } = await loopOf();
  loop.start();
  clock.pass(25);
  intake.offer(rig.command('machine.stop'), clock.now());
  loop.wake();
  await settled();
  clock.pass(100);
  expect(scans.filter(({ taken }) => taken.acts.length > 0).map(({ due }) => due.now)).toEqual([
    1025,
  ]);
});

test('what may follow the outputs waits for a driver that is in the middle of its work', async () => {
  const order: string[] = [];
  const { clock, loop, give } = await loopOf({
    scanned: ({ scan }) => order.push(`scan ${scan}`),
    settled: ({ scan }) => order.push(`after ${scan}`),
  });
  loop.start();
  clock.pass(100);
  await settled();
  order.length = 0;
  clock.pass(5);
  // A driver gives what it read, and goes on with the next request in its own turn.
  const driver = async (): Promise<void> => {
    await Promise.resolve();
    give('part', true);
    await Promise.resolve();
    order.push('driver');
  };
  await driver();
  await settled();
  expect(order).toEqual(['scan 6', 'driver', 'after 6']);
});

test('what follows a scan is done before the next one, however late it is', async () => {
  const order: string[] = [];
  const { clock, loop } = await loopOf({
    scanned: ({ scan }) => order.push(`scan ${scan}`),
    settled: ({ scan }) => order.push(`after ${scan}`),
  });
  loop.start();
  clock.pass(40);
  expect(order).toEqual(['scan 1', 'after 1', 'scan 2']);
  await settled();
  expect(order.at(-1)).toBe('after 2');
});

test('what fails after a scan stops the loop as a scan does', async () => {
  const wrong = new Error('not told');
  const { clock, loop, scans, failures } = await loopOf({
    settled: () => {
      throw wrong;
    },
  });
  loop.start();
  clock.pass(20);
  await settled();
  clock.pass(200);
  expect(failures).toEqual([wrong]);
  expect(scans).toHaveLength(1);
  expect(clock.waiting).toBe(0);
});
