// Faults, people and deaths of control at random moments, many at once, over the demo cell: three verdicts. Crashed: an engine failed or
// differed, or the replay did. Wrong: something would have been damaged. Stuck: it does not make parts again when the storm is over.
import { describe, expect, it } from 'vitest';
import { milliseconds, type Random } from '#contract/time.ts';
import { stream } from '#simulator/plant/random.ts';
import type { World } from '#simulator/world.ts';
import { demo, rerun, seeds } from './demo.ts';

/** What this seed's storm is made of: chances of each trouble in a round, some of them none. */
interface Storm {
  readonly random: Random;
  readonly device: number;
  readonly person: number;
  readonly command: number;
  readonly death: number;
  /** ms between rounds, at most. */
  readonly pause: number;
}

function stormOf(seed: number): Storm {
  const random = stream(seed, 'storm');
  const chance = (): number => (random() < 0.3 ? 0 : random());
  const [device, person, command, death] = [chance(), chance() / 2, chance(), chance() / 4];
  return { random, device, person, command, death, pause: 500 + random() * 15_000 };
}

const pick = <T>(random: Random, list: readonly [T, ...(readonly T[])]): T =>
  list[Math.floor(random() * list.length)] ?? list[0];

/** One round of trouble, and when it ends. */
function trouble(world: World, storm: Storm): void {
  const { random } = storm;
  const lasts = 50 + random() * random() * 9000;
  if (random() < storm.device) {
    const device = pick(random, ['io', 'plc'] as const);
    const kind = pick(random, ['hang', 'kill', 'slow'] as const);
    const by = milliseconds(Math.floor(20 + random() * 400));
    world.fault(device, kind, { lasts: milliseconds(Math.ceil(lasts)), by });
  }
  if (random() < storm.person) {
    const act = pick(random, ['estop', 'gate-open'] as const);
    world.act(act, true);
    world.after(lasts, () => world.act(act, false));
  }
  if (random() < storm.death) world.restart(lasts);
  if (random() < storm.command) {
    world.command(pick(random, ['stop', 'hold', 'abort', 'clear', 'unhold', 'reset', 'start']));
  }
}

describe('a storm', () => {
  it.each(seeds(12, 200))(
    'of seed %d leaves nothing broken, and parts are made when it is over',
    (seed) => {
      const told = rerun('storm.test.ts', seed);
      const world = demo.tended(seed);
      const storm = stormOf(seed);
      const rounds = 60;
      for (let round = 0; round < rounds; round += 1) {
        world.run(storm.random() * storm.pause);
        trouble(world, storm);
      }
      world.run(10_000);
      const made = Number(world.plant.figures()['made']);
      const again = world.runUntil(() => Number(world.plant.figures()['made']) > made, 240_000);
      expect(world.faults, `crashed; ${told}`).toEqual([]);
      const same = { scans: world.scans, difference: undefined };
      expect(demo.replayed(world), `crashed; ${told}`).toEqual(same);
      expect(world.plant.incidents, `wrong; ${told}`).toEqual([]);
      expect(again, `stuck in ${world.state('unit')}; ${told}`).toBe(true);
    },
    60_000,
  );
});
