// A device hangs, dies or is slow while the cell works: what the flow then does, and the way back a person takes.
import { describe, expect, it } from 'vitest';
import { milliseconds, type Duration } from '#contract/time.ts';
import type { World } from '#simulator/world.ts';
import { demo, rerun, seeds } from './demo.ts';

const slow = (by: number): { by: Duration } => ({ by: milliseconds(by) });

const unit = (world: World): string => world.state('unit');

/** Gives the commands one after the other, as a person would who reads what each did. */
function give(world: World, commands: readonly string[]): string[] {
  return commands.map((command) => {
    const id = command === 'take-part' ? undefined : world.command(command);
    const refusal = id === undefined ? world.act('take-part') : undefined;
    world.run(2000);
    return `${command}: ${id === undefined ? (refusal ?? 'taken') : world.outcomes.get(id)}`;
  });
}

/** A world that works, stopped in the middle of this state. */
function working(seed: number, state: string): World {
  const world = demo.world(seed);
  world.run(1000);
  give(world, ['clear', 'empty', 'reset']);
  world.command('start');
  const reached = world.runUntil(() => unit(world) === `unit.Execute.${state}`, 60_000);
  expect(reached, `${state} is not reached from ${unit(world)}`).toBe(true);
  world.run(700);
  expect(unit(world)).toBe(`unit.Execute.${state}`);
  return world;
}

/** The rest of the way to a part that is made. */
function produces(world: World): boolean {
  const made = Number(world.plant.figures()['made']);
  return world.runUntil(() => Number(world.plant.figures()['made']) > made, 60_000);
}

/** From Aborted, and from Held when a part of the machine has failed meanwhile. */
const cleared = ['clear', 'take-part', 'empty', 'reset', 'start'];
/** The robot stands with a part inside the machine: it comes home when somebody takes it. */
const freed = ['take-part', 'unhold'];
const rows = [
  { device: 'io', fault: 'hang', during: 'Machining', rests: 'unit.Aborted', way: cleared },
  { device: 'io', fault: 'kill', during: 'Machining', rests: 'unit.Aborted', way: cleared },
  {
    device: 'io',
    fault: 'slow',
    more: slow(280),
    during: 'Machining',
    rests: 'unit.Aborted',
    way: cleared,
  },
  { device: 'io', fault: 'hang', during: 'Loading', rests: 'unit.Aborted', way: cleared },
  { device: 'io', fault: 'kill', during: 'Loading', rests: 'unit.Aborted', way: cleared },
  {
    device: 'io',
    fault: 'slow',
    more: slow(280),
    during: 'Loading',
    rests: 'unit.Aborted',
    way: cleared,
  },
  { device: 'plc', fault: 'hang', during: 'Machining', rests: 'unit.Held', way: cleared },
  { device: 'plc', fault: 'kill', during: 'Machining', rests: 'unit.Held', way: cleared },
  { device: 'plc', fault: 'hang', during: 'Loading', rests: 'unit.Holding', way: freed },
  { device: 'plc', fault: 'kill', during: 'Loading', rests: 'unit.Holding', way: freed },
];

describe.each(seeds(2, 20))('with seed %d', (seed) => {
  it.each(rows)(
    '$device $fault in $during: $rests, and back by $way.0 and what follows',
    ({ device, fault, more, during, rests, way }) => {
      const told = rerun('device-faults.test.ts', seed);
      const world = working(seed, during);
      world.fault(device, fault, more);
      world.run(5000);
      expect(unit(world), told).not.toMatch(/^unit\.Execute/);
      world.clear(device);
      const rested = world.runUntil(() => unit(world) === rests, 10_000);
      expect(rested, `${unit(world)}; ${told}`).toBe(true);
      world.run(3000);
      const outcomes = give(world, way);
      expect(produces(world), `${unit(world)} after ${outcomes.join(', ')}; ${told}`).toBe(true);
      expect(world.plant.incidents, told).toEqual([]);
      expect(world.faults, told).toEqual([]);
    },
  );

  it.each([
    { device: 'io', fault: 'slow', more: slow(80), during: 'Machining' },
    { device: 'io', fault: 'slow', more: slow(80), during: 'Loading' },
    { device: 'plc', fault: 'slow', more: slow(80), during: 'Machining' },
  ])('$device a little slow in $during disturbs nothing', ({ device, fault, more, during }) => {
    const world = working(seed, during);
    world.fault(device, fault, more);
    const told = rerun('device-faults.test.ts', seed);
    expect(produces(world), `${unit(world)}; ${told}`).toBe(true);
    expect(world.plant.incidents, told).toEqual([]);
  });

  it('a blip shorter than every stale disturbs nothing', () => {
    const world = working(seed, 'Machining');
    world.fault('io', 'hang');
    world.run(120);
    world.clear('io');
    expect(produces(world), rerun('device-faults.test.ts', seed)).toBe(true);
  });

  it.each(['hang', 'kill'] as const)(
    'io %s: its tags are bad and the unit Aborting in time',
    (kind) => {
      const world = working(seed, 'Machining');
      world.fault('io', kind);
      // Counted from the last answer: it came before the fault. Two scan periods, and what the processor was away.
      const most = 250 + 2 * 20 + 60;
      expect(world.runUntil(() => unit(world) === 'unit.Aborting', most)).toBe(true);
      expect(world.output('cnc.stop')).toBe(true);
      expect(world.tag('door.closed').status).not.toBe(0);
    },
  );

  it('a silent control leaves a machine that stands and holds its part', () => {
    const world = working(seed, 'Machining');
    for (const device of ['io', 'plc']) world.fault(device, 'hang');
    world.run(3000);
    const { spindle, chuck, pressure, door } = world.plant.figures();
    expect(spindle).toBe(0);
    expect(door).toBeLessThanOrEqual(0.01);
    expect(chuck).not.toBe('');
    expect(pressure).toBeGreaterThan(5);
  });
});

describe('people', () => {
  it('take the part out in Manual, by the keys that open door and clamp', () => {
    const world = working(5, 'Machining');
    world.command('stop');
    world.run(5000);
    expect(unit(world)).toBe('unit.Stopped');
    const press = (key: string, span: number): unknown => {
      world.hold(key, span);
      world.run(span + 2000);
      return world.plant.figures();
    };
    expect(give(world, ['manual'])).toEqual(['manual: fired M1']);
    expect(press('jog.open', 500)).toMatchObject({ door: expect.closeTo(0.5, 0) as unknown });
    expect(press('jog.open', 2000)).toMatchObject({ door: expect.closeTo(1, 1) as unknown });
    expect(press('jog.unclamp', 500)).toMatchObject({ pressure: 0 });
    expect(world.act('take-part')).toBeUndefined();
    expect(press('jog.close', 2000)).toMatchObject({ door: expect.closeTo(0, 1) as unknown });
    give(world, ['automatic', 'empty', 'reset', 'start']);
    expect(produces(world), unit(world)).toBe(true);
    expect(world.plant.incidents).toEqual([]);
    expect(world.trips).toEqual([]);
  });

  it.each(['estop', 'gate-open'] as const)(
    '%s in Machining aborts; the way back is the same',
    (act) => {
      const world = working(3, 'Machining');
      world.act(act, true);
      world.run(100);
      expect(unit(world)).toMatch(/^unit\.Abort/);
      world.run(3000);
      expect(give(world, ['clear'])).toEqual(['clear: ignored in unit.Aborted']);
      world.act(act, false);
      world.run(500);
      give(world, cleared);
      expect(produces(world), unit(world)).toBe(true);
      expect(world.plant.incidents).toEqual([]);
    },
  );
});
