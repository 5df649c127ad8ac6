// Each device hangs and dies while the cell works: what turns bad and when, what the unit does at once and in the end, and
// the way back that a person takes. Waits of minutes are virtual.
import { describe, expect, it } from 'vitest';
import { present } from '#contract/error.ts';
import { milliseconds } from '#contract/time.ts';
import { demo, rerun, seeds } from './demo.ts';
import type { Witness } from './witness.ts';
import { give, produces, unharmed, unit, working } from './work.ts';

const devices = ['io', 'plc', 'gauge', 'scanner'] as const;
const states = ['Machining', 'Loading'] as const;

/** A tag is bad when it is older than its `stale`: one of the next two scans sees it, unless the processor is away. */
const seen = 2 * 20 + 60;

interface Row {
  readonly device: string;
  readonly during: 'Machining' | 'Loading';
  /** How the unit leaves its work, and within how long of the fault, ms. */
  readonly goes: string;
  readonly within: number;
  /** What it does then by itself, and when, ms. */
  readonly next?: { readonly goes: string; readonly after: number };
  /** Where it is as long as the device is away. */
  readonly stays: string;
  /** Where it rests when the device is back; default: where it is. */
  readonly rests?: string;
  readonly way: readonly string[];
}

/** From Aborted, and from Held with a part in the chuck. */
const cleared = ['clear', 'take-part', 'empty', 'reset', 'start'];
const stopped = ['take-part', 'stop', 'empty', 'reset', 'start'];

const onIo = {
  device: 'io',
  goes: 'unit.Aborting',
  within: 250 + seen,
  stays: 'unit.Aborted',
  way: cleared,
};
const onPlc = {
  device: 'plc',
  goes: 'unit.Holding',
  within: 500 + seen,
  next: { goes: 'unit.Aborting', after: 60_000 },
  // Whether it is at rest is not known as long as it is away.
  stays: 'unit.Aborting',
  rests: 'unit.Aborted',
  way: cleared,
};
const rows: readonly Row[] = [
  ...states.flatMap((during) => [
    { ...onIo, during },
    { ...onPlc, during },
  ]),
  {
    // The grip is unknown under the tool.
    device: 'gauge',
    during: 'Machining',
    goes: 'unit.Holding',
    within: 400 + seen,
    stays: 'unit.Held',
    way: stopped,
  },
  {
    // Nobody knows whether the jaws are open: the robot waits there with its part, as long as a load may take.
    device: 'gauge',
    during: 'Loading',
    goes: 'unit.Holding',
    within: 45_000,
    next: { goes: 'unit.Aborting', after: 60_000 },
    stays: 'unit.Aborted',
    way: cleared,
  },
];

/** Begins the fault, and sees every input of the device turn bad in time. The last answer came before it. */
function fails(witness: Witness, device: string, kind: string, meanwhile = () => {}): void {
  const { world } = witness;
  const since = world.now;
  world.fault(device, kind);
  meanwhile();
  const inputs = demo.plan.tags.filter((tag) => tag.kind === 'input' && tag.device === device);
  const limits = inputs.map(({ name, stale }) => [name, present(stale, name) + seen] as const);
  world.run(Math.max(0, since + Math.max(...limits.map(([, limit]) => limit)) - world.now));
  const bad = witness.badOf(device);
  const late = limits.filter(([name, limit]) => !((bad.get(name) ?? Infinity) - since <= limit));
  expect(late).toEqual([]);
}

/** Ends it: the device is back by itself, and its values are good. A scanner's is when it sends the next. */
function returns({ world, bad }: Witness, device: string): void {
  const names = demo.plan.tags.flatMap((tag) =>
    tag.kind === 'input' && tag.device === device && device !== 'scanner' ? [tag.name] : [],
  );
  world.clear(device);
  const back = (): boolean =>
    world.tag(`sys.device.${device}.ok`).value === true && !names.some((name) => bad.has(name));
  expect(world.runUntil(back, 3000), `${device} is back`).toBe(true);
}

describe.each(seeds(2, 20))('with seed %d', (seed) => {
  const told = rerun('device-faults.test.ts', seed);

  describe.each(['hang', 'kill'])('%s', (kind) => {
    it.each(rows)('of $device in $during: $goes, $stays while it is away', (row) => {
      const { device, during, goes, within, next, stays, rests = stays, way } = row;
      const witness = working(seed, during);
      const { world } = witness;
      let left = 0;
      fails(witness, device, kind, () => {
        const gone = world.runUntil(() => unit(world) === goes, within);
        expect(gone, `${unit(world)}; ${told}`).toBe(true);
        left = world.now;
      });
      const { goes: last = stays, after = 0 } = next ?? {};
      const went = world.runUntil(() => unit(world) === last, after + 5000);
      expect(went, `${unit(world)}; ${told}`).toBe(true);
      expect(world.now - left, told).toBeGreaterThan(after - seen);
      expect(world.now - left, told).toBeLessThan(after + 5000);
      world.run(5000);
      expect(unit(world), told).toBe(stays);
      returns(witness, device);
      const rested = world.runUntil(() => unit(world) === rests, 3000);
      expect(rested, `${unit(world)}; ${told}`).toBe(true);
      const outcomes = give(world, way);
      expect(produces(world), `${unit(world)} after ${outcomes.join(', ')}; ${told}`).toBe(true);
      expect(world.trips, told).toEqual([]);
      unharmed(witness, told);
    });

    it.each(states)('of the scanner in %s: parts go on, their codes noted as unknown', (during) => {
      const witness = working(seed, during);
      const { world } = witness;
      fails(witness, 'scanner', kind);
      const before = witness.notes.length;
      expect(produces(world) && produces(world) && produces(world), told).toBe(true);
      const unknown = witness.notes.slice(before);
      expect(unknown.length, told).toBeGreaterThan(1);
      expect(unknown.filter(({ good }) => good)).toEqual([]);
      returns(witness, 'scanner');
      expect(produces(world) && produces(world) && produces(world), told).toBe(true);
      const last = present(witness.notes.at(-1), 'a note');
      expect(last, told).toMatchObject({ good: true, code: last.part });
      expect(world.trips, told).toEqual([]);
      unharmed(witness, told);
    });
  });

  it.each(devices)('%s a little slow disturbs nothing', (device) => {
    const witness = working(seed, 'Machining');
    // The gauge answers in 40 ms or not at all.
    witness.world.fault(device, 'slow', { by: milliseconds(device === 'gauge' ? 5 : 80) });
    expect(produces(witness.world) && produces(witness.world), told).toBe(true);
    unharmed(witness, told);
  });

  it.each(devices)('a blip of %s shorter than every stale disturbs nothing', (device) => {
    const witness = working(seed, 'Machining');
    witness.world.fault(device, 'hang', { lasts: milliseconds(120) });
    expect(produces(witness.world), told).toBe(true);
    unharmed(witness, told);
  });

  it('a silent control leaves a machine that stands and holds its part', () => {
    const { world } = working(seed, 'Machining');
    for (const device of ['io', 'plc']) world.fault(device, 'hang');
    world.run(3000);
    const { spindle, chuck, pressure, door } = world.plant.figures();
    expect(spindle).toBe(0);
    expect(door).toBeLessThanOrEqual(0.01);
    expect(chuck).not.toBe('');
    expect(pressure).toBeGreaterThan(5);
  });
});
