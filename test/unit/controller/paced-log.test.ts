// A log that a flood cannot fill, and in which a flood hides nothing that strangers cannot cause.
import { expect, test } from 'vitest';
import { pacedLog } from '#controller/paced-log.ts';
import { HandClock } from './server/rig.ts';

test('a flood of refusals is counted, and an event among them is told all the same', () => {
  const clock = new HandClock();
  const told: string[] = [];
  const log = pacedLog<string>(
    clock,
    (_level, text, event = '') => void told.push(`${text}; ${event}`),
    (event) => event !== 'refused',
    (left) => `a count of ${left}`,
  );
  for (let nth = 0; nth < 1000; nth += 1) log('warn', 'no', 'refused');
  expect(told).toHaveLength(50);
  log('info', 'user:ada signed out', 'signed-out');
  expect(told.at(-1)).toBe('user:ada signed out; signed-out');
  clock.advance(10_000);
  log('warn', 'no', 'refused');
  expect(told.slice(-2)).toEqual(['950 lines were left out; a count of 950', 'no; refused']);
});
