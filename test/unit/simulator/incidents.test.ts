// What would have been damage: each kind has one way to it here, and the way beside it that is harmless.
import { describe, expect, it } from 'vitest';
import { Machine } from './machine.ts';

/** At the chuck with a part, the clamp open. */
const atChuck = (): Machine => {
  const machine = new Machine().ready().set({ 'robot.job': 'load' });
  machine.until('robot.done', true);
  return machine;
};
/** Gripping the clamped part to unload it. */
const unloading = (): Machine => {
  const machine = new Machine().loaded().set({ 'door.open': true });
  machine.until('door.opened', true);
  machine.set({ 'door.open': false, 'robot.job': 'unload' }).until('robot.done', true);
  return machine;
};

const rows: { kind: string; when: string; harm: () => Machine; harmless: () => Machine }[] = [
  {
    kind: 'door-on-robot',
    when: 'the door closes on the robot',
    harm: () => atChuck().set({ 'door.close': true }).run(200),
    harmless: () => new Machine().ready().set({ 'door.close': true }).run(2000),
  },
  {
    kind: 'door-on-robot',
    when: 'the robot moves into a door that is not open',
    harm: () => new Machine().set({ 'robot.enable': true, 'robot.job': 'unload' }).run(2000),
    harmless: () => new Machine().set({ 'robot.enable': true, 'robot.job': 'leave' }).run(2000),
  },
  {
    kind: 'start-unfit',
    when: 'the CNC is started with the door open',
    harm: () =>
      new Machine()
        .loaded()
        .set({ 'door.open': true })
        .run(2000)
        .set({ 'cnc.start': true })
        .run(20),
    harmless: () => new Machine().cutting(),
  },
  {
    kind: 'start-unfit',
    when: 'the CNC is started with the clamp open',
    harm: () =>
      new Machine().set({ 'clamp.open': true }).run(1000).set({ 'cnc.start': true }).run(20),
    harmless: () => new Machine().cutting().run(1000),
  },
  {
    kind: 'open-while-turning',
    when: 'the door opens while the spindle turns',
    harm: () => new Machine().cutting().set({ 'door.open': true }).run(100),
    harmless: () => new Machine().cutting().set({ 'door.close': true }).run(100),
  },
  {
    kind: 'loose-while-turning',
    when: 'the clamp opens while the spindle turns',
    harm: () => new Machine().cutting().set({ 'clamp.open': true }).run(500),
    harmless: () => new Machine().cutting().run(500),
  },
  {
    kind: 'part-dropped',
    when: 'the robot lets go in an open chuck',
    harm: () => atChuck().set({ 'robot.job': 'leave' }).run(500),
    harmless: () => atChuck().set({ 'robot.job': 'none' }).run(500),
  },
  {
    kind: 'part-dropped',
    when: 'the clamp opens on a part that nobody holds',
    harm: () => new Machine().loaded().set({ 'clamp.open': true }).run(500),
    harmless: () =>
      new Machine().loaded().set({ 'robot.enable': false, 'clamp.open': true }).run(500),
  },
  {
    kind: 'part-torn',
    when: 'the robot pulls at a clamped part',
    harm: () => unloading().set({ 'robot.job': 'leave' }).run(500),
    harmless: () =>
      unloading().set({ 'clamp.open': true }).run(500).set({ 'robot.job': 'leave' }).run(500),
  },
  {
    kind: 'jaws-closed',
    when: 'a part is pushed against closed jaws',
    harm: () => new Machine().ready().set({ 'clamp.open': false, 'robot.job': 'load' }).run(3000),
    harmless: () => new Machine().ready().set({ 'robot.job': 'load' }).run(3000),
  },
  {
    kind: 'chuck-occupied',
    when: 'a part is pushed against another',
    harm: () => {
      const machine = new Machine().loaded().set({ 'door.open': true });
      machine.until('door.opened', true);
      return machine.set({ 'robot.job': 'load' }).run(12_000);
    },
    harmless: () => atChuck().run(12_000),
  },
];

describe('an incident', () => {
  it.each(rows)('$kind is recorded when $when', ({ kind, harm, harmless }) => {
    expect(harm().kinds.filter((one) => one === kind)).toHaveLength(1);
    expect(harmless().kinds).toEqual([]);
  });

  it('says when it happened, and once for as long as it lasts', () => {
    const machine = new Machine().cutting().set({ 'door.open': true }).run(800);
    const [first] = machine.plant.incidents;
    expect(first?.at).toBeGreaterThan(3000);
    expect(machine.kinds.filter((kind) => kind === 'open-while-turning')).toHaveLength(1);
  });
});
