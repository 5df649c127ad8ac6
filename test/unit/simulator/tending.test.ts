// Each mechanism of the tending cell: what its terminals show while it moves.
import { describe, expect, it } from 'vitest';
import { Machine } from './machine.ts';

describe('the door', () => {
  it('takes its travel time and shows neither switch on its way', () => {
    const machine = new Machine().set({ 'door.open': true }).run(100);
    expect([machine.get('door.opened'), machine.get('door.closed')]).toEqual([false, false]);
    const took = 100 + machine.until('door.opened', true);
    expect(took).toBeGreaterThan(800);
    expect(took).toBeLessThanOrEqual(900);
  });

  it('stays where it is left', () => {
    const machine = new Machine().set({ 'door.open': true }).run(450).set({ 'door.open': false });
    const { position } = machine.plant.door;
    expect(position).toBeCloseTo(0.5, 2);
    expect(machine.run(5000).plant.door.position).toBe(position);
  });

  it('stands when it is driven both ways', () => {
    const both = { 'door.open': true, 'door.close': true };
    expect(new Machine().set(both).run(2000).plant.door.position).toBe(0);
  });
});

describe('the clamp', () => {
  it('holds with pressure as long as its valve is not driven', () => {
    const machine = new Machine().run(1000);
    expect(machine.get('clamp.opened')).toBe(false);
    expect(machine.get('clamp.pressure')).toBeGreaterThan(5.5);
  });

  it('loses its pressure before the jaws leave, and is pressed when they have met', () => {
    const machine = new Machine().set({ 'clamp.open': true });
    while (machine.plant.clamp.jaws === 0) machine.run(5);
    expect(machine.plant.clamp.pressure).toBeLessThan(1);
    machine.until('clamp.opened', true);
    machine.set({ 'clamp.open': false }).run(100);
    expect(machine.get('clamp.pressure')).toBeLessThan(1);
    expect(machine.run(600).get('clamp.pressure')).toBeGreaterThan(5.5);
  });
});

describe('the CNC', () => {
  it('runs its program, stands, and shows done until the next start', () => {
    const machine = new Machine().cutting();
    expect(machine.get('cnc.done')).toBe(false);
    machine.until('cnc.done', true);
    expect([machine.get('cnc.running'), machine.get('spindle.stopped')]).toEqual([false, true]);
    expect(machine.run(5000).get('cnc.done')).toBe(true);
    machine.set({ 'cnc.start': true }).run(10);
    expect([machine.get('cnc.running'), machine.get('cnc.done')]).toEqual([true, false]);
  });

  it('is not done after a stop, and a stop wins over a start', () => {
    const machine = new Machine().cutting().set({ 'cnc.stop': true });
    machine.until('spindle.stopped', true);
    expect([machine.get('cnc.running'), machine.get('cnc.done')]).toEqual([false, false]);
    machine.set({ 'cnc.start': true }).run(1000);
    expect(machine.get('cnc.running')).toBe(false);
  });

  it('starts on the rise of its start alone', () => {
    const machine = new Machine().cutting().set({ 'cnc.start': true });
    machine.until('cnc.done', true);
    expect(machine.run(1000).get('cnc.running')).toBe(false);
  });

  it('is warm from cutting, cooled by coolant, and hot without it', () => {
    const cooled = new Machine().cutting();
    cooled.until('cnc.done', true);
    const dry = new Machine().loaded().set({ 'cnc.start': true });
    dry.run(5).until('cnc.done', true);
    expect(cooled.get('spindle.temp')).toBeGreaterThan(23);
    expect(Number(dry.get('spindle.temp'))).toBeGreaterThan(Number(cooled.get('spindle.temp')));
    expect(cooled.run(120_000).get('spindle.temp')).toBeLessThan(22.5);
  });

  it('takes its alarm back after a stop of two seconds at rest', () => {
    const machine = new Machine().ready().set({ 'robot.enable': false, 'cnc.start': true }).run(10);
    expect([machine.get('cnc.alarm'), machine.get('cnc.ready')]).toEqual([true, false]);
    machine.set({ 'cnc.start': false, 'cnc.stop': true }).run(1900);
    expect(machine.get('cnc.alarm')).toBe(true);
    expect(machine.run(200).get('cnc.alarm')).toBe(false);
  });
});

describe('the coolant', () => {
  it('comes within a second and goes', () => {
    const machine = new Machine().set({ 'coolant.pump': true }).run(1000);
    expect(machine.get('coolant.flow')).toBeGreaterThan(8);
    expect(machine.set({ 'coolant.pump': false }).run(3000).get('coolant.flow')).toBe(0);
  });
});

describe('parts', () => {
  it('come one at a time, each with the next code', () => {
    const machine = new Machine();
    machine.until('infeed.part', true);
    expect(machine.get('part.code')).toBe('A1-4471');
    machine.ready().set({ 'robot.job': 'load' });
    machine.until('gripper.part', true);
    expect(machine.get('infeed.part')).toBe(false);
    expect(machine.get('part.code')).toBe('A1-4471');
    machine.until('infeed.part', true);
    expect(machine.get('part.code')).toBe('A1-4472');
  });

  it('fill the outfeed, which empties by itself', () => {
    const machine = new Machine();
    for (const code of 'abcdef') machine.plant.outfeed.put({ code });
    expect(machine.get('outfeed.full')).toBe(true);
    machine.until('outfeed.full', false);
    machine.run(60_000);
    expect(machine.plant.outfeed.parts).toEqual([]);
    expect(machine.plant.outfeed.delivered).toBe(6);
  });
});

describe('the safety chain', () => {
  it('stops the spindle and the drives, and holds the part', () => {
    const machine = new Machine().cutting();
    machine.plant.act('estop', true);
    machine.run(20);
    expect([machine.get('safety.estop'), machine.get('cnc.running')]).toEqual([false, false]);
    machine.until('spindle.stopped', true);
    machine.set({ 'door.open': true, 'clamp.open': true }).run(5000);
    expect([machine.get('door.closed'), machine.get('clamp.opened')]).toEqual([true, false]);
    machine.plant.act('estop', false);
    expect(machine.until('door.opened', true)).toBeGreaterThan(0);
  });

  it('is opened by the gate too', () => {
    const machine = new Machine().ready().set({ 'robot.job': 'load' }).run(100);
    machine.plant.act('gate-open', true);
    const before = [machine.run(5).plant.robot.x, machine.plant.robot.y];
    expect([machine.run(2000).plant.robot.x, machine.plant.robot.y]).toEqual(before);
    expect(machine.get('safety.gate')).toBe(false);
  });
});

describe('a person', () => {
  it('takes the part out of the chuck when the machine stands', () => {
    const machine = new Machine().cutting();
    expect(machine.plant.act('take-part', true)).toBe('the spindle turns');
    machine.set({ 'cnc.stop': true }).until('spindle.stopped', true);
    expect(machine.plant.act('take-part', true)).toBeUndefined();
    expect(machine.plant.figures()['chuck']).toBe('');
    expect(machine.plant.act('take-part', true)).toBe('there is no part in chuck or gripper');
  });

  it('takes one part that gripper and chuck hold together, once', () => {
    const machine = new Machine().ready().set({ 'robot.job': 'load' });
    machine.until('robot.done', true);
    machine.set({ 'clamp.open': false }).run(1000);
    expect(machine.plant.act('take-part', true)).toBe('the robot moves');
    machine.set({ 'robot.job': 'none' });
    expect(machine.plant.act('take-part', true)).toBeUndefined();
    expect(machine.plant.figures()).toMatchObject({ taken: 1, chuck: '', gripper: '' });
  });
});
