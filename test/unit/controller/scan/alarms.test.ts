// Alarms of the system and the times of flows' alarms: both go through the states of ISA-18.2.
import { describe, expect, test } from 'vitest';
import { utcMs } from '#contract/time.ts';
import { SystemAlarms } from '#controller/scan/alarms.ts';
import type { SystemAlarmChange } from '#controller/scan/alarms.ts';
import { Figures } from '#controller/figures.ts';
import { FlowAlarmTimes } from '#controller/scan/flow-alarm-times.ts';

type State = 'normal' | 'unacknowledged' | 'acknowledged' | 'returned';
type Event = 'raise' | 'clear' | 'acknowledge';
/** From, event, to, and what is told; nothing told: nothing changed. */
const table: readonly [State, Event, State, SystemAlarmChange['change'] | undefined][] = [
  ['normal', 'raise', 'unacknowledged', 'raised'],
  ['normal', 'clear', 'normal', undefined],
  ['normal', 'acknowledge', 'normal', undefined],
  ['unacknowledged', 'raise', 'unacknowledged', undefined],
  ['unacknowledged', 'clear', 'returned', 'cleared'],
  ['unacknowledged', 'acknowledge', 'acknowledged', 'acknowledged'],
  ['acknowledged', 'raise', 'acknowledged', undefined],
  ['acknowledged', 'clear', 'normal', 'cleared'],
  ['acknowledged', 'acknowledge', 'acknowledged', undefined],
  ['returned', 'raise', 'unacknowledged', 'raised'],
  ['returned', 'clear', 'returned', undefined],
  ['returned', 'acknowledge', 'normal', 'acknowledged'],
];
const ways: Readonly<Record<State, readonly Event[]>> = {
  normal: [],
  unacknowledged: ['raise'],
  acknowledged: ['raise', 'acknowledge'],
  returned: ['raise', 'clear'],
};
const text = { priority: 2, text: 'It does not answer', response: 'Look at it' } as const;

test.each(table)('an alarm that is %s: %s makes it %s', (from, event, to, change) => {
  const told: SystemAlarmChange[] = [];
  const alarms = new SystemAlarms((one) => void told.push(one));
  let time = 100;
  const happen = (one: Event): boolean => {
    time += 1;
    if (one === 'raise') alarms.raise('device.io', utcMs(time), text);
    if (one === 'clear') alarms.clear('device.io', utcMs(time));
    return one === 'acknowledge' && alarms.acknowledge('device.io', utcMs(time), 'console:ann');
  };
  for (const one of ways[from]) happen(one);
  const before = told.length;
  const done = happen(event);
  expect(alarms.standing.get('device.io')?.state ?? 'normal').toBe(to);
  expect(told.slice(before).map((one) => one.change)).toEqual(change === undefined ? [] : [change]);
  expect(done).toBe(change === 'acknowledged');
});

test('an alarm tells when it was raised, cleared and acknowledged, and by whom', () => {
  const told: SystemAlarmChange[] = [];
  const alarms = new SystemAlarms((one) => void told.push(one));
  alarms.set('write.lamp', true, utcMs(10), text);
  alarms.acknowledge('write.lamp', utcMs(20), 'console:ann');
  alarms.set('write.lamp', false, utcMs(30), text);
  expect(told.at(-1)).toEqual({
    id: 'write.lamp',
    change: 'cleared',
    alarm: {
      ...text,
      state: 'returned',
      raised: 10,
      acknowledged: 20,
      by: 'console:ann',
      cleared: 30,
    },
  });
  expect(alarms.standing.size).toBe(0);
});

describe('the times of a flow’s alarm', () => {
  const changes = { raise: 'raised', clear: 'cleared', acknowledge: 'acknowledged' } as const;
  test.each(table.filter(([, , , change]) => change !== undefined))(
    'of one that is %s: %s makes it %s',
    (from, event, to) => {
      const times = new FlowAlarmTimes(() => 'tending');
      let time = 100;
      for (const one of [...ways[from], event]) {
        time += 1;
        const by = one === 'acknowledge' ? { by: 'console:ann' } : {};
        const kind = { id: 'tending.coolant', priority: 2, text: 'Low', flow: 0 } as const;
        times.changed({ ...kind, change: changes[one], ...by }, time);
      }
      const standing = times.standing()['tending.coolant'];
      expect(standing?.state ?? 'normal').toBe(to);
      expect(standing?.flow ?? 'tending').toBe('tending');
    },
  );

  test('of one that control knew before its start are not made up', () => {
    const times = new FlowAlarmTimes(() => 'tending');
    times.changed({ id: 'a', change: 'cleared', priority: 1, text: 'x' }, 1);
    times.changed({ id: 'b', change: 'acknowledged', priority: 1, text: 'x' }, 1);
    expect(times.standing()).toEqual({});
  });
});

describe('figures', () => {
  test('are zeros of nothing', () => {
    expect(new Figures(4).read()).toEqual({ p50: 0, p99: 0, max: 0 });
  });

  test('are of the last so many', () => {
    const figures = new Figures(100);
    for (let value = 1000; value > 0; value -= 1) figures.add(value);
    expect(figures.read()).toEqual({ p50: 51, p99: 100, max: 100 });
    figures.add(0.126);
    expect(figures.read().max).toBe(99);
  });

  test('have two decimals', () => {
    const figures = new Figures(3);
    figures.add(0.126);
    expect(figures.read()).toEqual({ p50: 0.13, p99: 0.13, max: 0.13 });
  });
});
