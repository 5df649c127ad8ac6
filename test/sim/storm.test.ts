// Faults of every kind, people and deaths of control at random moments, many at once, over the demo cell: three verdicts.
// Crashed: an engine failed or differed, or the replay did. Wrong: control did damage, a guard was satisfied by a bad tag,
// or a value was taken for good that the machine did not have. Stuck: no parts are made when the storm is over.
import { describe, expect, it } from 'vitest';
import { CellError } from '#contract/error.ts';
import { milliseconds, type Random } from '#contract/time.ts';
import { deviceFaults } from '#simulator/faults.ts';
import { plantActNames } from '#simulator/plant/plant.ts';
import { stream } from '#simulator/plant/random.ts';
import type { World } from '#simulator/world.ts';
import { demo, rerun, seeds } from './demo.ts';
import { Witness } from './witness.ts';
import { produces } from './work.ts';

const devices = ['io', 'plc', 'gauge', 'scanner'] as const;
const commands = ['stop', 'hold', 'abort', 'clear', 'unhold', 'reset', 'start'] as const;
const rounds = 60;
/** Damage that a fault of the machine does, whatever control does: a chuck throws its part, or leaks and lets it fall. */
const byItself = ['part-thrown', 'part-slipped'];

/** What this seed's storm is made of: chances of each trouble in a round, some of them none. */
interface Storm {
  readonly random: Random;
  /** Faults of devices that it has, as `io hang`. */
  readonly faults: readonly string[];
  readonly acts: readonly string[];
  readonly device: number;
  readonly plant: number;
  readonly command: number;
  readonly death: number;
  /** ms between rounds, at most. */
  readonly pause: number;
}

function stormOf(seed: number): Storm {
  const random = stream(seed, 'storm');
  const chance = (): number => (random() < 0.3 ? 0 : random());
  const some = <T>(list: readonly T[]): T[] => list.filter(() => random() < 0.4);
  const kinds = some(deviceFaults);
  const faults = some(devices).flatMap((device) => kinds.map((kind) => `${device} ${kind}`));
  const acts = some(plantActNames);
  const [device, plant, command, death] = [chance(), chance() / 2, chance(), chance() / 4];
  return { random, faults, acts, device, plant, command, death, pause: 500 + random() * 15_000 };
}

const pick = <T>(random: Random, list: readonly T[]): T | undefined =>
  list[Math.floor(random() * list.length)];

/** One round of trouble; each ends by itself. */
function trouble(world: World, storm: Storm): void {
  const { random } = storm;
  const lasts = milliseconds(Math.ceil(50 + random() * random() * 9000));
  const by = milliseconds(Math.floor(20 + random() * 400));
  const begin = (fault: string | undefined): void => {
    const [target = '', kind = ''] = fault?.split(' ') ?? [];
    try {
      if (fault !== undefined) world.fault(target, kind, { lasts, by });
    } catch (error) {
      // No part to lose, no number to be out of range.
      if (!(error instanceof CellError)) throw error;
    }
  };
  if (random() < storm.device) begin(pick(random, storm.faults));
  const act = random() < storm.plant ? pick(random, storm.acts) : undefined;
  begin(act === undefined ? undefined : `plant ${act}`);
  if (random() < storm.death) world.restart(lasts);
  const command = random() < storm.command ? pick(random, commands) : undefined;
  if (command !== undefined) world.command(command);
}

describe('a storm', () => {
  it.each(seeds(12, 200))(
    'of seed %d leaves nothing broken, and parts are made when it is over',
    (seed) => {
      const told = rerun('storm.test.ts', seed);
      const witness = new Witness(demo, (options) => demo.tended(seed, options));
      const { world } = witness;
      const storm = stormOf(seed);
      for (let round = 0; round < rounds; round += 1) {
        world.run(storm.random() * storm.pause);
        trouble(world, storm);
      }
      world.run(10_000);
      world.clear();
      const again = produces(world, 300_000);
      expect(world.faults, `crashed; ${told}`).toEqual([]);
      const same = { scans: world.scans, difference: undefined };
      expect(demo.replayed(world), `crashed; ${told}`).toEqual(same);
      const damage = world.plant.incidents.filter(({ kind }) => !byItself.includes(kind));
      expect(damage, `wrong; ${told}`).toEqual([]);
      expect(witness.blind, `wrong; ${told}`).toEqual([]);
      expect(witness.wrong, `wrong; ${told}`).toEqual([]);
      expect(again, `stuck in ${world.state('unit')}; ${told}`).toBe(true);
    },
    120_000,
  );
});
