// Every fault of every device and of the machine, as a row: what the unit does while it lasts, that control does no damage,
// that no value of a device that does not lie is taken for good wrongly, and that parts are made again after it.
import { describe, expect, it } from 'vitest';
import { deviceFaults } from '#simulator/faults.ts';
import { Operator } from '#simulator/operator.ts';
import { plantActs } from '#simulator/plant/plant.ts';
import type { World } from '#simulator/world.ts';
import { rerun, sample, seeds } from './demo.ts';
import { produces, unharmed, unit, working } from './work.ts';

/** `goes on`, or where the unit comes to rest, and within how many seconds at most. */
type Course = 'goes on' | readonly [rests: string, within: number];

const aborts: Course = ['unit.Aborted', 2];
/** Whether the machine is at rest is not known as long as the CNC is away. */
const waits: Course = ['unit.Aborting', 62];
const holds: Course = ['unit.Held', 4];
const late: Course = ['unit.Held', 15];
/** A robot that waits in the machine until a load has taken too long, and then to come home. */
const robotWaits: Course = ['unit.Aborted', 107];

type Courses = Readonly<Record<string, Course>>;
const silent = (course: Course): Courses => ({ hang: course, kill: course, short: course });

/** By state, target and fault. */
const courses: Readonly<Record<string, Readonly<Record<string, Courses>>>> = {
  Machining: {
    io: {
      ...silent(aborts),
      wrong: aborts,
      late: aborts,
      slow: 'goes on',
      stuck: late,
      range: holds,
    },
    // Stuck with a spindle that turns it is machining for twenty minutes, and then never surely at rest.
    plc: {
      ...silent(waits),
      wrong: waits,
      late: 'goes on',
      slow: 'goes on',
      stuck: ['unit.Aborting', 1265],
      range: holds,
    },
    // An answer that is 80 ms late is none: it has 40.
    gauge: {
      ...silent(holds),
      wrong: holds,
      late: holds,
      slow: holds,
      stuck: ['unit.Aborted', 80],
      range: holds,
    },
    scanner: {
      ...silent('goes on'),
      wrong: 'goes on',
      late: 'goes on',
      slow: 'goes on',
      stuck: 'goes on',
    },
    plant: {
      'door-jam': late,
      'coolant-loss': holds,
      'part-lost': ['unit.Held', 52],
      'pressure-leak': late,
    },
  },
  Loading: {
    io: {
      ...silent(aborts),
      wrong: aborts,
      late: aborts,
      slow: 'goes on',
      stuck: robotWaits,
      range: late,
    },
    plc: {
      ...silent(waits),
      wrong: waits,
      late: 'goes on',
      slow: 'goes on',
      stuck: late,
      range: late,
    },
    gauge: {
      ...silent(robotWaits),
      wrong: robotWaits,
      late: robotWaits,
      slow: robotWaits,
      stuck: ['unit.Aborted', 80],
      range: robotWaits,
    },
    scanner: {
      ...silent('goes on'),
      wrong: 'goes on',
      late: 'goes on',
      slow: 'goes on',
      stuck: 'goes on',
    },
    plant: {
      'door-jam': late,
      'coolant-loss': late,
      'part-lost': 'goes on',
      'pressure-leak': late,
    },
  },
};

const rows = Object.entries(courses).flatMap(([during, targets]) =>
  Object.entries(targets).flatMap(([target, kinds]) =>
    Object.entries(kinds).map(([kind, course]) => ({ during, target, kind, course })),
  ),
);

/** What the fault itself breaks: a chuck that turns throws its part. */
const broken = (target: string, kind: string, during: string): string[] =>
  target === 'plant' && kind === 'part-lost' && during === 'Machining' ? ['part-thrown'] : [];

it('has every fault of every device and of the machine', () => {
  const faults = Object.keys(plantActs).filter((act) => !people.includes(act));
  for (const targets of Object.values(courses)) {
    for (const [target, kinds] of Object.entries(targets)) {
      const all = target === 'plant' ? faults : deviceFaults.filter((kind) => has(target, kind));
      expect([target, Object.keys(kinds).toSorted()]).toEqual([target, all.toSorted()]);
    }
  }
});
const people = ['take-part', 'estop', 'gate-open'];
/** A scanner has no numbers. */
const has = (device: string, kind: string): boolean => device !== 'scanner' || kind !== 'range';

/** What becomes of it: three more parts, or where it came to rest in time and stayed. */
function courseOf(world: World, expected: Course): string {
  if (expected === 'goes on') {
    const made = produces(world) && produces(world) && produces(world);
    return made ? 'goes on' : `stands in ${unit(world)}`;
  }
  const [rests, within] = expected;
  const rested = world.runUntil(() => unit(world) === rests, within * 1000);
  if (!rested) return `still ${unit(world)} after ${within} s`;
  world.run(10_000);
  return unit(world);
}

describe.each(seeds(1, 10))('with seed %d', (seed) => {
  const told = rerun('fault-table.test.ts', seed);

  // Every other row: each fault in one of the two states.
  const some = rows.filter((_, row) => sample(row % 2 === seed % 2, true));
  it.each(some)('$target $kind in $during: $course', ({ during, target, kind, course }) => {
    const witness = working(seed, during);
    const { world } = witness;
    world.fault(target, kind);
    expect(courseOf(world, course), told).toBe(course === 'goes on' ? course : course[0]);
    world.clear();
    new Operator(world).start();
    expect(produces(world, 180_000), `stuck in ${unit(world)}; ${told}`).toBe(true);
    expect(world.trips, told).toEqual([]);
    unharmed(witness, told, broken(target, kind, during));
  });
});
