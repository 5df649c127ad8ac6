// Deadlines do not drift, late polls are dropped and counted, and no class starves another.
import { describe, expect, test } from 'vitest';
import { tagName } from '#contract/name.ts';
import { instant } from '#contract/time.ts';
import type { Block } from '#drivers/modbus/plan.ts';
import { Schedule } from '#drivers/modbus/schedule.ts';

const block = (poll: string, start: number, unit = 1): Block => ({
  unit,
  table: 'holding',
  poll,
  start,
  count: 1,
  points: [],
  group: [tagName(`${poll}${start}`)],
});
const always = (): boolean => true;

/** Runs the schedule for `length` ms on a device that takes `each` ms an answer. */
function run(
  schedule: Schedule,
  { length, each }: { length: number; each: number },
): { reads: { at: number; name: string }[]; dropped: number } {
  const reads: { at: number; name: string }[] = [];
  let dropped = 0;
  let now = 0;
  schedule.restart(instant(0));
  while (now < length) {
    const next = schedule.take(instant(now), always);
    dropped += next.dropped;
    if (next.block === undefined) now = Math.max(now + 0.25, schedule.due() ?? length);
    else {
      reads.push({ at: now, name: `${next.block.poll}${next.block.start}` });
      now += each;
    }
  }
  return { reads, dropped };
}

describe('one class', () => {
  test('keeps absolute deadlines, whatever an answer takes', () => {
    const schedule = new Schedule([['fast', 10]]);
    schedule.setBlocks([block('fast', 0)]);
    const { reads, dropped } = run(schedule, { length: 1000, each: 3.7 });
    expect(reads.map(({ at }) => at)).toEqual(Array.from({ length: 100 }, (_, i) => i * 10));
    expect(dropped).toBe(0);
  });

  test('that asks for more than the device can give drops the rest and counts it', () => {
    const schedule = new Schedule([['fast', 10]]);
    schedule.setBlocks([block('fast', 0)]);
    const { reads, dropped } = run(schedule, { length: 1000, each: 25 });
    expect(reads).toHaveLength(40);
    expect(reads.length + dropped).toBeGreaterThanOrEqual(98);
    expect(reads.length + dropped).toBeLessThanOrEqual(101);
  });

  test('of 0ms is read again as soon as the device has answered', () => {
    const schedule = new Schedule([['fast', 0]]);
    schedule.setBlocks([block('fast', 0)]);
    const { reads, dropped } = run(schedule, { length: 100, each: 0.5 });
    expect(reads).toHaveLength(200);
    expect(dropped).toBe(0);
  });

  test('of 0ms whose units may not be asked does not spin', () => {
    const schedule = new Schedule([['fast', 0]]);
    schedule.setBlocks([block('fast', 0)]);
    schedule.restart(instant(0));
    expect(schedule.take(instant(0), () => false).block).toBeUndefined();
    expect(schedule.due()).toBeGreaterThan(0);
  });
});

describe('several classes', () => {
  const classes = [
    ['fast', 10],
    ['slow', 100],
  ] as const;

  test('fast blocks are read between the blocks of slow ones', () => {
    const schedule = new Schedule(classes);
    schedule.setBlocks([
      block('fast', 0),
      ...Array.from({ length: 30 }, (_, i) => block('slow', i)),
    ]);
    const { reads } = run(schedule, { length: 1000, each: 1 });
    const fast = reads.filter(({ name }) => name === 'fast0').map(({ at }) => at);
    expect(fast).toHaveLength(100);
    for (const [i, at] of fast.entries()) expect(at - i * 10).toBeLessThanOrEqual(1);
    expect(reads.filter(({ name }) => name === 'slow7')).toHaveLength(10);
  });

  test('a fast class that is always due leaves every second turn to a slow one', () => {
    const schedule = new Schedule([
      ['fast', 0],
      ['slow', 100],
    ]);
    schedule.setBlocks([
      block('fast', 0),
      ...Array.from({ length: 40 }, (_, i) => block('slow', i)),
    ]);
    const { reads } = run(schedule, { length: 1000, each: 1 });
    expect(reads.filter(({ name }) => name === 'slow39').length).toBeGreaterThanOrEqual(9);
    const fast = reads.filter(({ name }) => name === 'fast0').map(({ at }) => at);
    const waits = fast.slice(1).map((at, i) => at - (fast[i] ?? 0));
    expect(Math.max(...waits)).toBeLessThanOrEqual(2);
  });

  test('on a device that is much too slow each class still has its turn', () => {
    const schedule = new Schedule([
      ['fast', 10],
      ['middle', 20],
      ['slow', 100],
    ]);
    schedule.setBlocks([block('fast', 0), block('middle', 0), block('slow', 0)]);
    const { reads } = run(schedule, { length: 10_000, each: 40 });
    const share = (name: string): number => reads.filter((read) => read.name === name).length;
    expect(share('fast0')).toBeGreaterThan(100);
    expect(share('middle0')).toBeGreaterThan(50);
    expect(share('slow0')).toBeGreaterThan(20);
  });

  test('blocks of several units take turns', () => {
    const schedule = new Schedule(classes);
    schedule.setBlocks([block('fast', 0), block('fast', 1), block('fast', 2), block('fast', 9, 2)]);
    const { reads } = run(schedule, { length: 4, each: 1 });
    expect(reads.map(({ name }) => name)).toEqual(['fast0', 'fast9', 'fast1', 'fast2']);
  });

  test('a poll in progress goes on with what it has not read when the blocks change', () => {
    const schedule = new Schedule(classes);
    schedule.setBlocks([block('fast', 0), block('fast', 1), block('fast', 2)]);
    schedule.restart(instant(0));
    schedule.take(instant(0), always);
    schedule.setBlocks([block('fast', 0), block('fast', 1), block('fast', 2), block('fast', 3)]);
    const rest = [1, 2, 3].map(() => schedule.take(instant(1), always).block?.start);
    expect(rest).toEqual([1, 2, undefined]);
  });
});
