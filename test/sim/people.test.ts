// What people do at the machine while the cell works: they take a part out in Manual, press the E-stop, open the gate.
import { describe, expect, it } from 'vitest';
import { give, produces, unit, working } from './work.ts';

describe('people', () => {
  it('take the part out in Manual, by the keys that open door and clamp', () => {
    const { world } = working(5, 'Machining');
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
      const { world } = working(3, 'Machining');
      world.act(act, true);
      world.run(100);
      expect(unit(world)).toMatch(/^unit\.Abort/);
      world.run(3000);
      expect(give(world, ['clear'])).toEqual(['clear: ignored in unit.Aborted']);
      world.act(act, false);
      world.run(500);
      give(world, ['clear', 'take-part', 'empty', 'reset', 'start']);
      expect(produces(world), unit(world)).toBe(true);
      expect(world.plant.incidents).toEqual([]);
    },
  );
});
