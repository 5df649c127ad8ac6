// What breaks in the machine by itself: what its terminals show of each fault, and where it does damage.
import { describe, expect, it } from 'vitest';
import { plantActNames, plantActs, type PlantAct } from '#simulator/plant/plant.ts';
import { Machine } from './machine.ts';

const begin = (machine: Machine, act: PlantAct): Machine => {
  expect(machine.plant.act(act, true)).toBeUndefined();
  return machine;
};
const ends = (machine: Machine): unknown => [
  machine.get('door.opened'),
  machine.get('door.closed'),
];

/** One program from its start to its end. */
function cut(machine: Machine): Machine {
  machine.set({ 'cnc.start': true }).run(5).until('cnc.done', true);
  return machine.set({ 'cnc.start': false }).run(10);
}

describe('a jammed door', () => {
  it('stops between its ends, from either side, and can be driven back', () => {
    const machine = begin(new Machine(), 'door-jam').set({ 'door.open': true }).run(5000);
    expect(ends(machine)).toEqual([false, false]);
    machine.set({ 'door.open': false, 'door.close': true });
    expect(machine.until('door.closed', true)).toBeLessThan(900);
    const open = begin(new Machine().ready(), 'door-jam').set({ 'door.close': true }).run(5000);
    expect(ends(open)).toEqual([false, false]);
    open.set({ 'door.close': false, 'door.open': true });
    expect(open.until('door.opened', true)).toBeLessThan(900);
  });

  it('stands where it is when it jams on its way', () => {
    const machine = new Machine().set({ 'door.open': true }).run(300);
    const { position } = begin(machine, 'door-jam').plant.door;
    expect(machine.run(3000).plant.door.position).toBe(position);
    machine.set({ 'door.open': false, 'door.close': true }).run(450);
    expect(machine.get('door.closed')).toBe(true);
  });

  it('moves again when it is free', () => {
    const machine = begin(new Machine(), 'door-jam').set({ 'door.open': true }).run(3000);
    expect(machine.plant.acting('door-jam')).toBe(true);
    machine.plant.act('door-jam', false);
    expect(machine.plant.acting('door-jam')).toBe(false);
    expect(machine.until('door.opened', true)).toBeLessThan(900);
  });
});

describe('a loss of coolant', () => {
  it('lets the flow fall though the pump runs, and it comes back', () => {
    const machine = begin(new Machine().cutting(), 'coolant-loss').run(100);
    expect(machine.get('coolant.flow')).toBeGreaterThan(8);
    expect(machine.run(900).get('coolant.flow')).toBeLessThan(6);
    expect(machine.run(9000).get('coolant.flow')).toBe(0);
    machine.plant.act('coolant-loss', false);
    expect(machine.run(1000).get('coolant.flow')).toBeGreaterThan(8);
  });

  it('burns the tool of a machine that goes on to cut, and not of one that stops in time', () => {
    const dry = begin(new Machine().loaded().set({ 'coolant.pump': true }), 'coolant-loss');
    expect(cut(dry).kinds).toEqual([]);
    expect(cut(dry).kinds).toEqual(['tool-burnt']);
    const wet = begin(new Machine().loaded().set({ 'coolant.pump': true }), 'coolant-loss');
    cut(wet).plant.act('coolant-loss', false);
    expect(cut(cut(wet.run(2000))).kinds).toEqual([]);
  });
});

describe('a part', () => {
  it('falls from the gripper, and the robot fetches the next', () => {
    const machine = new Machine().ready().set({ 'robot.job': 'load' });
    machine.until('gripper.part', true);
    begin(machine.run(100), 'part-lost').run(5);
    expect(machine.get('gripper.part')).toBe(false);
    machine.until('robot.done', true);
    expect(machine.plant.figures()).toMatchObject({ gripper: 'A1-4472', lost: 1 });
    expect(machine.kinds).toEqual([]);
  });

  it('falls from the chuck, and the robot waits there for one', () => {
    const machine = begin(new Machine().loaded(), 'part-lost').set({ 'door.open': true });
    machine.until('door.opened', true);
    machine.set({ 'door.open': false, 'robot.job': 'unload' }).run(5000);
    expect([machine.get('gripper.part'), machine.plant.robot.place]).toEqual([false, 'chuck']);
    expect(machine.kinds).toEqual([]);
  });

  it('that gripper and chuck hold together is lost by both', () => {
    const machine = new Machine().ready().set({ 'robot.job': 'load' });
    machine.until('robot.done', true);
    begin(machine.set({ 'clamp.open': false }).run(1000), 'part-lost');
    expect(machine.plant.figures()).toMatchObject({ gripper: '', chuck: '', lost: 1 });
    expect(machine.plant.act('part-lost', true)).toBe('there is no part in chuck or gripper');
  });

  it('thrown by a turning chuck is an incident', () => {
    const machine = begin(new Machine().cutting(), 'part-lost').run(500);
    expect(machine.kinds).toEqual(['part-thrown']);
  });
});

describe('a leak', () => {
  it('lets the pressure sink slowly while the clamp is closed, from full at each closing', () => {
    const machine = begin(new Machine().loaded(), 'pressure-leak').run(2000);
    expect(machine.get('clamp.pressure')).toBeCloseTo(5.7, 1);
    expect(machine.run(4000).get('clamp.pressure')).toBeCloseTo(4.7, 1);
    machine.set({ 'robot.enable': false, 'clamp.open': true }).run(1000);
    machine.set({ 'clamp.open': false }).run(1000);
    expect(machine.get('clamp.pressure')).toBeGreaterThan(5.5);
  });

  it('loses the part when nobody reacts, and holds it again when the clamp is tight', () => {
    const machine = begin(new Machine().loaded(), 'pressure-leak').run(10_000);
    expect(machine.kinds).toEqual([]);
    machine.plant.act('pressure-leak', false);
    expect(machine.run(500).get('clamp.pressure')).toBeGreaterThan(6);
    begin(machine, 'pressure-leak').run(15_000);
    expect(machine.kinds).toEqual(['part-slipped']);
    expect(machine.plant.figures()['chuck']).toBe('');
  });

  it('under a turning spindle is an incident once the clamp is loose', () => {
    const machine = new Machine().loaded();
    begin(machine, 'pressure-leak').run(10_000);
    machine.set({ 'cnc.start': true }).run(4000);
    expect(machine.kinds).toContain('loose-while-turning');
  });
});

describe('what is done to the plant', () => {
  it.each(plantActNames)('%s lasts until it is ended, or happens once', (act) => {
    const { plant } = new Machine().loaded().set({ 'robot.job': 'none', 'robot.enable': false });
    expect(plant.act(act, true)).toBeUndefined();
    expect(plant.acting(act)).toBe('ended' in plantActs[act]);
    expect(plant.act(act, false)).toBeUndefined();
    expect(plant.acting(act)).toBe(false);
  });
});
