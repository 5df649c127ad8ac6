// A cell at work for a test: brought there by the commands that a person gives, watched by a witness.
import { expect } from 'vitest';
import type { World } from '#simulator/world.ts';
import { demo } from './demo.ts';
import { Witness } from './witness.ts';

export const unit = (world: World): string => world.state('unit');

/** Gives the commands one after the other, as a person would who reads what each did. */
export function give(world: World, commands: readonly string[]): string[] {
  return commands.map((command) => {
    const id = command === 'take-part' ? undefined : world.command(command);
    const refusal = id === undefined ? world.act('take-part') : undefined;
    world.run(2000);
    return `${command}: ${id === undefined ? (refusal ?? 'taken') : world.outcomes.get(id)}`;
  });
}

/** A world that has made a part and is now in the middle of this state. */
export function working(seed: number, state: string): Witness {
  const witness = new Witness(demo, (options) => demo.world(seed, options));
  const { world } = witness;
  world.run(1000);
  give(world, ['clear', 'empty', 'reset']);
  world.command('start');
  expect(produces(world), `no part: ${unit(world)}`).toBe(true);
  const reached = world.runUntil(() => unit(world) === `unit.Execute.${state}`, 60_000);
  expect(reached, `${state} is not reached from ${unit(world)}`).toBe(true);
  world.run(700);
  expect(unit(world)).toBe(`unit.Execute.${state}`);
  return witness;
}

/** Another part is made within so many ms. */
export function produces(world: World, within = 60_000): boolean {
  const made = Number(world.plant.figures()['made']);
  return world.runUntil(() => Number(world.plant.figures()['made']) > made, within);
}

/** No damage but what is told, no engine at fault, no guard satisfied by a bad tag, no wrong value taken for good; the replay is the same. */
export function unharmed(witness: Witness, told: string, broken: readonly string[] = []): void {
  const { world } = witness;
  const damage = world.plant.incidents.map(({ kind, text }) =>
    broken.includes(kind) ? kind : text,
  );
  expect(damage, told).toEqual(broken);
  expect(world.faults, told).toEqual([]);
  expect(witness.blind, told).toEqual([]);
  expect(witness.wrong, told).toEqual([]);
  expect(witness.compared, told).toBeGreaterThan(10_000);
  expect(demo.replayed(world), told).toEqual({ scans: world.scans, difference: undefined });
}
