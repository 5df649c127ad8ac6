// The robot's four jobs, as the flow describes them at `robot.job`.
import { describe, expect, it } from 'vitest';
import { Machine } from './machine.ts';

const show = (machine: Machine): unknown[] => [
  machine.get('robot.home'),
  machine.get('robot.done'),
  machine.get('gripper.part'),
];

describe('the robot', () => {
  it('is home with empty gripper and no job done at the start', () => {
    expect(show(new Machine())).toEqual([true, false, false]);
  });

  it('load: fetches a part and holds it in the chuck, not home', () => {
    const machine = new Machine().ready().set({ 'robot.job': 'load' });
    machine.until('robot.done', true);
    expect(show(machine)).toEqual([false, true, true]);
    expect(machine.plant.robot.place).toBe('chuck');
    expect(machine.kinds).toEqual([]);
  });

  it('load: waits at an empty infeed', () => {
    const machine = new Machine().ready();
    machine.plant.infeed.take();
    machine.set({ 'robot.job': 'load' }).run(2000);
    expect(machine.plant.robot.place).toBe('infeed');
    expect(show(machine)).toEqual([false, false, false]);
    machine.until('robot.done', true);
  });

  it('leave after a load: lets go of the clamped part and comes home, job not done there', () => {
    const machine = new Machine().ready().set({ 'robot.job': 'load' });
    machine.until('robot.done', true);
    machine.set({ 'clamp.open': false }).run(1000).set({ 'robot.job': 'leave' }).run(5);
    expect(machine.get('robot.done')).toBe(false);
    machine.until('robot.home', true);
    expect(show(machine.run(1000))).toEqual([true, false, false]);
    expect(machine.plant.figures()['chuck']).toBe('A1-4471');
    expect(machine.kinds).toEqual([]);
  });

  it('unload and leave: grips the part in the chuck, carries it to the outfeed and comes home', () => {
    const machine = new Machine().loaded().set({ 'door.open': true });
    machine.until('door.opened', true);
    machine.set({ 'door.open': false, 'robot.job': 'unload' }).until('robot.done', true);
    expect(show(machine)).toEqual([false, true, true]);
    machine.set({ 'clamp.open': true }).until('clamp.opened', true);
    machine.set({ 'robot.job': 'leave' }).until('robot.home', true);
    expect(show(machine)).toEqual([true, false, false]);
    expect(machine.plant.figures()).toMatchObject({ made: 1, last: 'A1-4471', chuck: '' });
    expect(machine.kinds).toEqual([]);
  });

  it('leave waits over a full outfeed', () => {
    const machine = new Machine().loaded().set({ 'door.open': true });
    machine.until('door.opened', true);
    machine.set({ 'robot.job': 'unload', 'door.open': false }).until('robot.done', true);
    machine.set({ 'clamp.open': true }).until('clamp.opened', true);
    for (const code of 'abcdef') machine.plant.outfeed.put({ code });
    machine.set({ 'robot.job': 'leave' }).run(3000);
    expect(show(machine)).toEqual([false, false, true]);
    machine.until('robot.home', true);
    expect(machine.plant.outfeed.parts).toHaveLength(6);
  });

  const kept = [
    { job: 'none', enable: true, why: 'the job is none' },
    { job: 'load', enable: false, why: 'its drives are off' },
    { job: 'none', enable: false, why: 'its drives are off and the job is none' },
  ];
  it.each(kept)('stays where it is with a part inside the machine when $why', (row) => {
    const machine = new Machine().ready().set({ 'robot.job': 'load' });
    machine.until('robot.done', true);
    machine.set({ 'robot.job': row.job, 'robot.enable': row.enable }).run(5000);
    expect(machine.plant.robot.place).toBe('chuck');
    expect(machine.get('gripper.part')).toBe(true);
    expect(machine.get('robot.home')).toBe(false);
  });

  it('none: keeps the grip and comes home when the part is outside the machine', () => {
    const machine = new Machine().ready().set({ 'robot.job': 'load' });
    machine.until('gripper.part', true);
    machine.set({ 'robot.job': 'none' }).until('robot.home', true);
    expect(show(machine)).toEqual([true, false, true]);
    // A part that never came to the chuck does not go to the outfeed.
    machine.set({ 'robot.job': 'leave' }).run(3000);
    expect(show(machine)).toEqual([true, false, true]);
  });

  it('none: comes home out of the machine with an empty gripper', () => {
    const machine = new Machine().ready().set({ 'robot.job': 'unload' });
    machine.run(2000);
    expect(machine.plant.robot.place).toBe('chuck');
    machine.set({ 'robot.job': 'none' }).until('robot.home', true);
  });

  it('stands after a collision until the safety chain was opened', () => {
    const machine = new Machine().ready().set({ 'robot.job': 'unload' }).run(2000);
    machine.set({ 'door.close': true }).run(100);
    expect([machine.get('robot.fault'), machine.kinds]).toEqual([true, ['door-on-robot']]);
    machine.set({ 'robot.job': 'none', 'door.close': false, 'door.open': true }).run(3000);
    expect(machine.plant.robot.place).toBe('chuck');
    machine.plant.act('estop', true);
    machine.run(10).plant.act('estop', false);
    machine.until('robot.home', true);
    expect(machine.get('robot.fault')).toBe(false);
  });

  it('never makes nor loses a part, whatever it is told', () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const machine = new Machine().ready();
      let state = seed + 1;
      const seen = new Set<string>();
      for (let step = 0; step < 200; step += 1) {
        state = (state * 48_271) % 2_147_483_647;
        const job = ['none', 'load', 'unload', 'leave'][state % 4] ?? 'none';
        machine.set({ 'robot.job': job, 'clamp.open': state % 3 !== 0 }).run((state % 13) * 100);
        const { infeed, gripper, chuck, made, outfeed } = machine.plant.figures();
        const distinct = new Set([infeed, gripper, chuck].filter((code) => code !== ''));
        for (const code of distinct) seen.add(String(code));
        const dropped = machine.kinds.filter((kind) => kind === 'part-dropped').length;
        const replaced = machine.kinds.filter((kind) => kind === 'chuck-occupied').length;
        expect(distinct.size + Number(made) + dropped, `seed ${seed} step ${step}`).toBe(seen.size);
        expect(replaced).toBe(0);
        expect(outfeed).toBeLessThanOrEqual(6);
      }
    }
  });
});
