// What the sensors of a machine truly show, told change by change: nothing is left out, noise is no change, and what nobody
// asked for in time is said to be lost.
import { expect, test } from 'vitest';
import { instant, utcMs, type Clock } from '#contract/time.ts';
import type { Plant, PlantValue } from '#simulator/plant/plant.ts';
import { TruthLog } from '#simulator/truth.ts';

/** A machine with sensors that a test moves. */
function machine(shown: Record<string, PlantValue>): { log: TruthLog; at: (t: number) => void } {
  let now = 0;
  const clock: Clock = {
    now: () => instant(now),
    time: () => utcMs(now),
    after: () => () => undefined,
  };
  const sensors = new Map(Object.keys(shown).map((tag) => [tag, () => shown[tag] ?? false]));
  const none = { actuators: new Map(), incidents: [], figures: () => ({}), tick: () => undefined };
  const plant: Plant = { ...none, sensors, act: () => undefined, acting: () => false };
  const log = new TruthLog(clock, plant);
  const at = (t: number): void => {
    now = t;
    log.look();
  };
  return { log, at };
}

test('it begins with what every sensor shows, and goes on with each change', () => {
  const shown: Record<string, PlantValue> = { door: true, code: 'A1', flow: 10 };
  const { log, at } = machine(shown);
  at(5);
  const first = log.since(0);
  expect(first).toMatchObject({ now: 5, next: 3, lost: 0 });
  expect(first.changes.map(({ tag, v }) => [tag, v])).toEqual(Object.entries(shown));
  shown['door'] = false;
  shown['flow'] = 10.1;
  at(10);
  shown['flow'] = 10.3;
  at(15);
  expect(log.since(3)).toEqual({
    now: 15,
    next: 5,
    lost: 0,
    changes: [
      { t: 10, tag: 'door', v: false },
      { t: 15, tag: 'flow', v: 10.3 },
    ],
  });
  expect(log.since(5).changes).toEqual([]);
});

test('an answer is bounded, and says how far it goes; what is too old is counted', () => {
  const shown: Record<string, PlantValue> = { door: true };
  const { log, at } = machine(shown);
  log.since(0);
  for (let t = 1; t <= 2500; t += 1) {
    shown['door'] = t % 2 === 0;
    at(t);
  }
  const part = log.since(1);
  expect(part).toMatchObject({ now: 1000, next: 1001, lost: 0 });
  expect(log.since(2001)).toMatchObject({ now: 2500, next: 2501, lost: 0 });
  for (let t = 2501; t <= 30_000; t += 1) {
    shown['door'] = t % 2 === 0;
    at(t);
  }
  const late = log.since(2501);
  expect(late.lost).toBeGreaterThan(5000);
  expect(late.next - late.changes.length - 2501).toBe(late.lost);
});
