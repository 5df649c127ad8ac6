// Alarms in their lists: which wait, which came first, what is found.
import { describe, expect, test } from 'vitest';
import type { PastAlarm } from '#contract/history.ts';
import type { TagInfo } from '#contract/described.ts';
import type { AlarmState } from '#contract/wire.ts';
import { filtered, firstOuts, listsOf, stateOf, tagsOf } from '#hmi/feed/alarms.ts';
import { sortAlarms } from '#hmi/feed/derive.ts';

const standing = (state: AlarmState['state'], priority: number, raised: number): AlarmState => ({
  state,
  priority,
  text: 'x',
  raised,
});

test('what waits for an answer is one list, also when its cause is gone; what was answered is another', () => {
  const { active, acknowledged } = listsOf(
    sortAlarms({
      returned: standing('returned', 1, 1),
      low: standing('unacknowledged', 4, 9),
      answered: standing('acknowledged', 1, 5),
      old: standing('unacknowledged', 2, 3),
      young: standing('unacknowledged', 2, 7),
    }),
  );
  expect(active.map(({ id }) => id)).toEqual(['young', 'old', 'low', 'returned']);
  expect(acknowledged.map(({ id }) => id)).toEqual(['answered']);
});

const at = (...times: number[]): { id: string; raised: number }[] =>
  times.map((time, index) => ({ id: `a${index}`, raised: time }));

describe('the first of a burst', () => {
  test.each([
    ['one alone began nothing', at(1000), []],
    ['those that are apart began nothing', at(1000, 3001, 5002), []],
    ['is the earliest, however they are listed', at(2900, 1000, 1700), [['a1 1000', 3]]],
    [
      'each burst has its own',
      at(0, 10, 9000, 9100, 9200),
      [
        ['a0 0', 2],
        ['a2 9000', 3],
      ],
    ],
    [
      'a burst ends two seconds after it began',
      at(0, 1500, 3000, 3200),
      [
        ['a0 0', 2],
        ['a2 3000', 2],
      ],
    ],
    ['of two in one instant nobody knows', at(1000, 1000, 1500), []],
  ])('%s', (_, alarms, firsts) => {
    expect([...firstOuts(alarms)]).toEqual(firsts);
  });
});

const past = (more: Partial<PastAlarm>): PastAlarm => ({
  id: 'press.overload',
  priority: 2,
  text: { en: 'Ram overloaded', de: 'Stößel überlastet' },
  flow: 'press',
  raised: 1,
  cleared: 5,
  acknowledged: 3,
  ...more,
});

test.each([
  [null, null, 'unacknowledged'],
  [null, 3, 'acknowledged'],
  [5, null, 'returned'],
  [5, 3, 'over'],
] as const)('cleared %s and acknowledged %s is %s', (cleared, acknowledged, state) => {
  expect(stateOf(past({ cleared, acknowledged }))).toBe(state);
});

const textOf = ({ text }: PastAlarm): string =>
  typeof text === 'string' ? text : (text['de'] ?? '');

describe('of the past', () => {
  const { flow: _flow, ...lost } = past({
    id: 'd7.lost',
    priority: 4,
    text: 'Device lost',
    raised: 2,
  });
  const alarms = [past({ raised: 1 }), lost, past({ priority: 1, raised: 3 })];
  const any = { priority: undefined, flow: undefined, word: '' };
  test.each([
    ['all, the newest first', {}, [3, 2, 1]],
    ['those of a priority', { priority: 1 }, [3]],
    ['those of a flow', { flow: 'press' }, [3, 1]],
    ['those of no flow', { flow: null }, [2]],
    ['those with a word, however it is written', { word: ' ÜBERlast ' }, [3, 1]],
    ['those with a word in their id', { word: 'd7.' }, [2]],
    ['none that have no such word', { word: 'zz' }, []],
    ['those of all of these', { priority: 2, flow: 'press', word: 'stöß' }, [1]],
  ])('%s', (_, filter, found) => {
    expect(filtered(alarms, { ...any, ...filter }, textOf).map(({ raised }) => raised)).toEqual(
      found,
    );
  });
});

const tag = (name: string, by: string): TagInfo => ({
  name,
  kind: 'input',
  type: 'real',
  limits: [{ side: 'high', flow: 'press', value: 3, by }],
});

test('the numbers that an alarm watches over are those that have it as a limit', () => {
  const tags = [tag('force', 'overload'), tag('heat', 'hot')];
  expect(tagsOf('press.overload', tags)).toEqual(['force']);
  expect(tagsOf('overload', tags)).toEqual([]);
});
