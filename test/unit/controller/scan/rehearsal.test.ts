// The cell that rehearses a reaction: after a start, and while polls come in quick succession.
import { expect, test, vi } from 'vitest';
import { Rehearsal } from '#controller/scan/rehearsal.ts';
import { TestClock } from '#test/unit/controller/chronicle/local-chronicle.ts';
import { settled } from '#test/unit/controller/device-double.ts';

/** After its first reactions. */
async function rehearsed() {
  const clock = new TestClock();
  const failures: unknown[] = [];
  const rehearsal = new Rehearsal(clock, (error) => failures.push(error));
  rehearsal.start();
  await settled();
  expect(rehearsal.count).toBe(0);
  clock.pass(100);
  await vi.waitFor(() => expect(rehearsal.count).toBe(3000), 10_000);
  const polls = async (period: number, count: number): Promise<number> => {
    const before = rehearsal.count;
    for (let poll = 0; poll < count; poll += 1) {
      clock.pass(period);
      rehearsal.polled();
      // oxlint-disable-next-line no-await-in-loop -- polls come one after the other
      await settled();
    }
    return rehearsal.count - before;
  };
  return { clock, rehearsal, failures, polls };
}

test('after a start its output follows its input some thousand times', async () => {
  const { clock, rehearsal, failures } = await rehearsed();
  clock.pass(60_000);
  await settled();
  expect(rehearsal.count).toBe(3000);
  expect(failures).toEqual([]);
});

test('while polls come quickly it reacts every 4 ms, and not where they are rare', async () => {
  const { polls, failures } = await rehearsed();
  expect(await polls(1, 100)).toBe(25);
  expect(await polls(4, 25)).toBe(25);
  expect(await polls(5, 100)).toBe(0);
  expect(failures).toEqual([]);
});

test('a poll before it is ready does nothing', async () => {
  const rehearsal = new Rehearsal(new TestClock(), () => expect.unreachable());
  rehearsal.polled();
  rehearsal.polled();
  await settled();
  expect(rehearsal.count).toBe(0);
});
