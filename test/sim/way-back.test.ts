// A person who does nothing but what `why` names as the way back brings the unit to work from every stop.
import { describe, expect, it } from 'vitest';
import { present } from '#contract/error.ts';
import { milliseconds } from '#contract/time.ts';
import { explain } from '#flows/explain.ts';
import { stream } from '#simulator/plant/random.ts';
import type { World } from '#simulator/world.ts';
import { demo, rerun, seeds } from './demo.ts';
import { produces, unit } from './work.ts';

const work = 'unit.Execute';

/** The way from here; undefined at work. */
function wayBack(world: World) {
  const run = present(world.cell.flows[0], 'the tending flow');
  const { back } = explain(world.cell.plan, 0, run.frame, run.configuration);
  expect(back === undefined, `no way from ${unit(world)}`).toBe(unit(world).startsWith(work));
  return back;
}

/** Takes the first step as long as there is one; gives what it did. */
function follow(world: World, most: number): string[] {
  const done: string[] = [];
  const end = world.now + most;
  for (let back = wayBack(world); back !== undefined && world.now < end; back = wayBack(world)) {
    const [step] = back;
    // Hands take a part away where one may be: before it is said that none is there, and where a step waits for it.
    const hands = step?.command === 'empty' || (step?.lacks.length ?? 0) > 0;
    if (hands) world.act('take-part');
    const ready = step?.lacks.length === 0;
    const id = ready && step.command !== undefined ? world.command(step.command) : undefined;
    world.run(700);
    if (id !== undefined) done.push(`${step?.command}: ${world.outcomes.get(id)}`);
  }
  return done;
}

const stops: Readonly<Record<string, (world: World) => void>> = {
  'an E-stop': (world) => {
    world.act('estop', true);
    world.run(3000);
    world.act('estop', false);
  },
  'a gate': (world) => {
    world.act('gate-open', true);
    world.run(2000);
    world.act('gate-open', false);
  },
  'a device that hangs': (world) => {
    world.fault('io', 'hang', { lasts: milliseconds(2000) });
    world.run(2500);
  },
  'coolant that is lost': (world) => {
    world.fault('plant', 'coolant-loss', { lasts: milliseconds(8000) });
    world.run(9000);
  },
  'a person who holds': (world) => {
    world.command('hold');
    world.run(1000);
  },
  'a person who aborts': (world) => {
    world.command('abort');
    world.run(1000);
  },
};

describe.each(Object.entries(stops))('after %s', (name, stop) => {
  it.each(seeds(2, 20))(
    'at any moment (seed %d)',
    (seed) => {
      const told = rerun('way-back.test.ts', seed);
      const random = stream(seed, name);
      const world = demo.world(seed);
      world.run(1000);
      follow(world, 60_000);
      expect(produces(world), `no part at first, ${unit(world)}; ${told}`).toBe(true);
      for (let turn = 0; turn < 4; turn += 1) {
        world.run(random() * 20_000);
        stop(world);
        const done = follow(world, 200_000);
        expect(unit(world), `${done.join('\n')}; ${told}`).toContain(work);
        // What is said to lack nothing is taken: a person is not sent to a button that does nothing.
        expect(
          done.filter((one) => !one.includes(': fired')),
          told,
        ).toEqual([]);
        expect(done.length, done.join('\n')).toBeLessThanOrEqual(10);
        expect(produces(world, 120_000), `no part after it, ${unit(world)}; ${told}`).toBe(true);
      }
      expect(world.faults, told).toEqual([]);
    },
    120_000,
  );
});
