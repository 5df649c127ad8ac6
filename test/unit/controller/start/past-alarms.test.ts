// Acknowledgements of the system's alarms outlive a restart: whoever was told need not be told again.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Actor } from '#contract/actor.ts';
import { present } from '#contract/error.ts';
import { utcMs } from '#contract/time.ts';
import { SystemAlarms } from '#controller/scan/alarms.ts';
import type { SystemAlarmChange } from '#controller/scan/alarms.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import { readAcknowledged } from '#controller/start/past-alarms.ts';
import { CellFolder, ControlRig } from '#test/unit/controller/control-rig.ts';

function read(folder: CellFolder): ReadonlyMap<string, Actor> {
  const reader = openReader(join(folder.data, 'chronicle.db'));
  try {
    const segment = present(reader.readLast('segment'), 'a segment');
    return readAcknowledged(reader, segment.seq);
  } finally {
    reader.close();
  }
}

/** What happens to the alarm of the device, in order; `segment`: a new one opens. */
type Happening = 'lost' | 'back' | 'acknowledge' | 'segment';
const kept: readonly [Happening[], boolean][] = [
  [['lost'], false],
  [['lost', 'acknowledge'], true],
  [['lost', 'acknowledge', 'segment'], true],
  [['lost', 'segment', 'acknowledge'], true],
  [['lost', 'acknowledge', 'back'], false],
  [['lost', 'acknowledge', 'segment', 'back'], false],
  [['lost', 'back', 'acknowledge'], false],
  [['lost', 'back', 'segment', 'acknowledge'], false],
  [['lost', 'acknowledge', 'back', 'lost'], false],
  [['lost', 'acknowledge', 'segment', 'back', 'lost', 'acknowledge'], true],
];

test.each(kept)('after %j it is acknowledged at the next start: %s', async (happenings, holds) => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  for (const happening of happenings) {
    if (happening === 'lost') rig.health('backoff', 1);
    if (happening === 'back') rig.health('online', 2);
    if (happening === 'acknowledge') rig.act('acknowledge', { alarm: 'device.io' });
    if (happening === 'segment') rig.control.segment('hour');
  }
  await rig.pass(10);
  rig.kill();
  expect([...read(folder)]).toEqual(holds ? [['device.io', 'console:ann']] : []);
});

test('of a disk that did not answer nothing is kept: the next time is another', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  rig.control.stalled('E_CHRONICLE_STALL', 'the disk does not answer');
  rig.act('acknowledge', { alarm: 'chronicle' });
  await rig.pass(10);
  expect(rig.control.standing()['chronicle']?.state).toBe('acknowledged');
  rig.kill();
  expect(read(folder).size).toBe(0);
});

const text = { priority: 2, text: 'It does not answer', response: 'Look at it' } as const;

function remembering(): { alarms: SystemAlarms; told: SystemAlarmChange[] } {
  const told: SystemAlarmChange[] = [];
  const alarms = new SystemAlarms((change) => void told.push(change));
  alarms.remember(new Map<string, Actor>([['device.io', 'console:ann']]));
  return { alarms, told };
}

test('an alarm raised anew is acknowledged by whoever had acknowledged it, once', () => {
  const { alarms, told } = remembering();
  expect(alarms.states.get('device.io')).toEqual({ state: 'acknowledged', by: 'console:ann' });
  alarms.raise('device.io', utcMs(10), text);
  expect(told.map(({ change, by }) => [change, by])).toEqual([
    ['raised', undefined],
    ['acknowledged', 'console:ann'],
  ]);
  alarms.clear('device.io', utcMs(20));
  alarms.raise('device.io', utcMs(30), text);
  expect(alarms.standing.get('device.io')?.state).toBe('unacknowledged');
});

test('what turned out to be well is not acknowledged for later', () => {
  const { alarms } = remembering();
  alarms.clear('device.io', utcMs(10));
  expect(alarms.states.size).toBe(0);
  alarms.raise('device.io', utcMs(20), text);
  expect(alarms.standing.get('device.io')?.state).toBe('unacknowledged');
});
