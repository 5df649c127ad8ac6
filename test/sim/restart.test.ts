// Control dies at any moment and comes back: nothing is broken, the flow goes on as `restart` says, parts are made again.
import { describe, expect, it } from 'vitest';
import { stream } from '#simulator/plant/random.ts';
import type { World } from '#simulator/world.ts';
import { demo, rerun, seeds } from './demo.ts';

const made = (world: World): number => Number(world.plant.figures()['made']);

describe('control that dies', () => {
  it.each(seeds(6, 60))(
    'again and again at random moments leaves nothing broken (seed %d)',
    (seed) => {
      const told = rerun('restart.test.ts', seed);
      const random = stream(seed, 'deaths');
      const world = demo.tended(seed);
      for (let death = 0; death < 12; death += 1) {
        world.run(500 + random() * 30_000);
        world.restart(50 + random() * random() * 20_000, random() < 0.8 ? 'hot' : 'warm');
      }
      world.run(20_000);
      const before = made(world);
      const again = world.runUntil(() => made(world) > before, 240_000);
      expect(world.faults, `crashed; ${told}`).toEqual([]);
      expect(world.plant.incidents, `wrong; ${told}`).toEqual([]);
      expect(again, `stuck in ${world.state('unit')}; ${told}`).toBe(true);
      // Fewer than deaths: some found it dead.
      expect(world.boots.length, told).toBeGreaterThan(6);
      expect(demo.replayed(world), told).toEqual({ scans: world.scans, difference: undefined });
    },
    120_000,
  );

  it('in Machining and comes back hot is Aborted, and remembers the part', () => {
    const world = demo.tended(1);
    expect(world.runUntil(() => world.state('unit') === 'unit.Execute.Machining', 60_000)).toBe(
      true,
    );
    world.run(1500);
    world.restart(3000, 'hot');
    world.run(2900);
    const { spindle, flow } = world.plant.figures();
    expect([spindle, Math.round(Number(flow))]).toEqual([0, 0]);
    const aborted = world.runUntil(() => world.state('unit') === 'unit.Aborted', 2000);
    expect(aborted, world.state('unit')).toBe(true);
    expect(world.ctx('loaded')).toBe(1);
  });

  it('and comes back with ask waits for a person', () => {
    const world = demo.world(2);
    world.run(2000);
    world.restart(1000, 'ask');
    world.run(3000);
    expect(world.cell.flows[0]?.stepped).toBe(false);
    const id = world.ask({ kind: 'resume', flow: 0 });
    world.run(500);
    expect([world.outcomes.get(id), world.cell.flows[0]?.stepped]).toEqual(['done', true]);
  });
});
