// The smallest cell in virtual time: the lamp shines in the dark after a press, and never by day.
import { expect, it } from 'vitest';
import { qualityOf, statusCode } from '#contract/quality.ts';
import { lampFiles, loadCell } from './demo.ts';

const lamp = await loadCell(lampFiles);

it('a lamp shines after a press in the dark, for thirty seconds, and never by day', () => {
  let shone = 0;
  let wrong = 0;
  const world = lamp.world(4, {
    onScan: () => {
      if (world.output('lamp') !== true) return;
      shone += 1;
      const { value, status } = world.tag('dark');
      if (value !== true || qualityOf(statusCode(status)) !== 'good') wrong += 1;
    },
  });
  world.run(10 * 60_000);
  expect(shone).toBeGreaterThan(1000);
  expect(wrong).toBe(0);
  expect(world.faults).toEqual([]);
  const ids = new Set(world.fired.map(({ id }) => id));
  expect([...ids].toSorted()).toEqual(['L1', 'L3', 'L4']);
});

it('a lamp goes out when nobody knows whether it is dark', () => {
  const world = lamp.world(4);
  expect(world.runUntil(() => world.plant.figures()['lit'] === true, 10 * 60_000)).toBe(true);
  world.fault('io', 'hang');
  world.run(6500);
  expect(world.output('lamp')).toBe(false);
  expect(world.plant.figures()['lit']).toBe(false);
});
