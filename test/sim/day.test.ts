// A day of the demo cell in virtual time, with faults of its devices and its machine at random moments: parts are made all
// day, no interlock has to act but while something is broken, and the record re-executes identically with XState. The day
// itself runs on the table engine, so that each scan of it was made by one engine and is checked by the other.
import { describe, expect, it } from 'vitest';
import { CellError, present } from '#contract/error.ts';
import { milliseconds, type Random } from '#contract/time.ts';
import { deviceFaults } from '#simulator/faults.ts';
import { stream } from '#simulator/plant/random.ts';
import type { World } from '#simulator/world.ts';
import { demo, rerun, sample, seeds } from './demo.ts';
import { Witness } from './witness.ts';

const hour = 3_600_000;
/** HOURS sets another length. */
const hours = Number(process.env['HOURS'] ?? sample(2, 24));
/** What a day may take to run here, ms. */
const most = 60_000;
/** Between two faults, and how long one lasts, ms. */
const [pause, longest] = [150_000, 12_000];
/** A machine comes to rest within this after its fault is over, ms. */
const aftermath = 5000;

const devices = ['io', 'plc', 'gauge', 'scanner'];
/** Those that last; a part that is lost once is none. */
const machine = ['estop', 'gate-open', 'door-jam', 'coolant-loss', 'part-lost', 'pressure-leak'];
const kinds = [
  ...devices.flatMap((device) => deviceFaults.map((kind) => `${device} ${kind}`)),
  ...machine.flatMap((act) => [`plant ${act}`, `plant ${act}`]),
];
/** Damage that a fault of the machine does, whatever control does. */
const byItself = ['part-thrown', 'part-slipped'];

interface Trouble {
  readonly what: string;
  readonly from: number;
  readonly to: number;
}

/** Faults one after the other, as the seed has it, until the world is no longer run. */
function breakdowns(world: World, random: Random): Trouble[] {
  const troubles: Trouble[] = [];
  const next = (): void => {
    const what = present(kinds[Math.floor(random() * kinds.length)], 'a fault');
    const lasts = milliseconds(Math.ceil(20 + random() * random() * longest));
    const by = milliseconds(Math.floor(20 + random() * 400));
    const [target = '', kind = ''] = what.split(' ');
    try {
      world.fault(target, kind, { lasts, by });
      troubles.push({ what, from: world.now, to: world.now + lasts });
    } catch (error) {
      // No part to lose, no number to be out of range.
      if (!(error instanceof CellError)) throw error;
    }
    world.after(random() * pause, next);
  };
  world.after(random() * pause, next);
  return troubles;
}

describe('the demo cell with faults', () => {
  it.each(seeds(1))(
    `makes parts for ${hours} virtual hours; replayed with XState it is identical (seed %d)`,
    (seed) => {
      const told = rerun('day.test.ts', seed);
      const witness = new Witness(demo, (options) =>
        demo.tended(seed, { ...options, ...demo.quick() }),
      );
      const { world } = witness;
      const troubles = breakdowns(world, stream(seed, 'breakdowns'));
      const made: number[] = [];
      const began = process.cpuUsage();
      const since = performance.now();
      for (let count = 0; count < hours; count += 1) {
        const before = Number(world.plant.figures()['made']);
        world.run(hour);
        made.push(Number(world.plant.figures()['made']) - before);
      }
      const { user, system } = process.cpuUsage(began);
      const [took, worked] = [performance.now() - since, (user + system) / 1000];
      const outside = world.trips.filter(
        ({ now }) => !troubles.some(({ from, to }) => from <= now && now <= to + aftermath),
      );
      const replaying = performance.now();
      const replayed = demo.replayed(world, 'both');
      const figures = {
        parts: made.reduce((sum, one) => sum + one, 0),
        faults: troubles.length,
        trips: world.trips.length,
        scans: world.scans,
        compared: witness.compared,
        'run, s': Math.round(took / 100) / 10,
        'of the processor, s': Math.round(worked / 100) / 10,
        'replay with both engines, s': Math.round((performance.now() - replaying) / 100) / 10,
      };
      process.stdout.write(`${hours} virtual hours: ${JSON.stringify(figures)}\n`);
      expect(world.faults, told).toEqual([]);
      expect(outside, told).toEqual([]);
      expect(Math.min(...made), told).toBeGreaterThan(100);
      // Batches of 200 were finished, and the next ones begun.
      const finished = world.fired.filter(({ id }) => id === 'E1').length;
      expect(finished, told).toBeGreaterThan(hours / 2 - 1);
      const damage = world.plant.incidents.filter(({ kind }) => !byItself.includes(kind));
      expect(damage, told).toEqual([]);
      expect([witness.blind, witness.wrong], told).toEqual([[], []]);
      expect(replayed, told).toEqual({ scans: world.scans, difference: undefined });
      // Of the processor: another program that runs beside it is no fault of ours.
      expect(worked, told).toBeLessThan(most * Math.max(hours / 24, 0.5));
    },
    hours * 120_000,
  );
});
