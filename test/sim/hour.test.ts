// The demo cell for an hour of virtual time: it makes parts, nothing is hurt, no interlock has to act, both engines agree.
import { describe, expect, it } from 'vitest';
import { qualityOf, statusCode } from '#contract/quality.ts';
import { milliseconds } from '#contract/time.ts';
import { demo, rerun, sample, seeds } from './demo.ts';
import { Witness } from './witness.ts';

const minutes = (count: number): number => count * 60_000;

/** Five minutes with a fault in them, in what can be compared. */
const outcome = (seed: number): unknown => {
  const world = demo.tended(seed);
  world.after(100_000, () => world.fault('io', 'hang', { lasts: milliseconds(4000) }));
  world.run(minutes(5));
  return [world.rolling, world.scans, world.boots[0]?.entries.length, world.plant.figures()];
};

describe('the demo cell', () => {
  const rows = seeds(4, 12).map((seed, index) => ({
    seed,
    for: index === 0 ? sample(10, 60) : 10,
  }));
  it.each(rows)(
    'makes parts for $for virtual minutes without a trip (seed $seed)',
    (row) => {
      const { seed } = row;
      const witness = new Witness(demo, (options) => demo.tended(seed, options));
      const { world } = witness;
      world.run(minutes(row.for));
      const told = rerun('hour.test.ts', seed);
      expect(world.faults, told).toEqual([]);
      expect(world.plant.incidents, told).toEqual([]);
      expect(world.trips, told).toEqual([]);
      const { made, taken } = world.plant.figures();
      expect(made, told).toBeGreaterThan(row.for * 4);
      expect(taken, told).toBe(0);
      expect(demo.replayed(world), told).toEqual({ scans: world.scans, difference: undefined });
      // Each part was noted once, under its own code, in the order of the scanner.
      const codes = witness.notes.map(({ code }) => code);
      const [first, ...others] = witness.notes;
      expect(codes.slice(1), told).toEqual(others.map((_, index) => `A1-${4472 + index}`));
      expect(others.filter(({ good, code, part }) => !good || code !== part)).toEqual([]);
      // The first lay there before anybody listened to the scanner.
      expect(first, told).toMatchObject({ code: null, good: false, part: 'A1-4471' });
      expect([witness.blind, witness.wrong], told).toEqual([[], []]);
      expect(codes.length - Number(made), told).toBeLessThanOrEqual(2);
      // 200 parts are a batch: it was finished, and the next one begun.
      const batches = Math.floor(codes.length / 200);
      expect(world.fired.filter(({ id }) => id === 'E1').length, told).toBe(batches);
      // One may be counted, and not be put down yet.
      expect([0, 1], told).toContain(world.ctx('parts') + batches * 200 - Number(made));
      expect(qualityOf(statusCode(world.tag('door.opened').status))).toBe('good');
    },
    120_000,
  );

  it('is the same to the last bit from the same seed, and another from another', () => {
    expect(outcome(7)).toEqual(outcome(7));
    expect(outcome(8)).not.toEqual(outcome(7));
  }, 60_000);

  it('takes 10 to 13 seconds for a part in quick weather', () => {
    const world = demo.tended(1);
    world.run(minutes(5));
    const ends = world.fired.filter(({ id }) => id === 'E23').map(({ now }) => now);
    const cycles = ends.slice(1).map((end, index) => end - (ends[index] ?? 0));
    expect(Math.min(...cycles)).toBeGreaterThan(10_000);
    expect(Math.max(...cycles)).toBeLessThan(13_000);
  });
});
