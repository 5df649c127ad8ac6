// What control makes of what station says of the mirror: `sys.mirror.ok`, an alarm, what people see.
import { expect, test } from 'vitest';
import type { MirrorFigures } from '#contract/wire.ts';
import { SystemAlarms } from '#controller/scan/alarms.ts';
import { MirrorWatch } from '#controller/scan/mirror-watch.ts';
import { TestClock } from '#test/unit/controller/chronicle/local-chronicle.ts';

const figures = (ok: boolean): MirrorFigures => ({
  state: ok ? 'mirroring' : 'waiting',
  ok,
  since: 0,
  broker: 'mqtt://plant',
  topic: 'cell',
  lag: { entries: 0, ms: 0 },
  rate: 3,
  inflight: 0,
  waiting: 0,
  cursor: [1, 1],
  gaps: 0,
});

function watch(configured: boolean) {
  const clock = new TestClock();
  const oks: boolean[] = [];
  const changes: string[] = [];
  const alarms = new SystemAlarms(({ id, change }) => changes.push(`${id} ${change}`));
  const systemTags = { mirror: (ok: boolean) => oks.push(ok) };
  const made = new MirrorWatch(clock, configured, { systemTags, alarms });
  made.start();
  return { clock, made, changes, ok: () => oks.at(-1) };
}

/** Station speaks each second for so long. */
function speak({ clock, made }: ReturnType<typeof watch>, seconds: number, ok: boolean): void {
  for (let second = 0; second < seconds; second += 1) {
    made.heard(figures(ok));
    clock.pass(1000);
  }
}

test('a mirror is ok from when station says so, and no longer when it says so', () => {
  const cell = watch(true);
  cell.clock.pass(2000);
  expect(cell.ok()).toBe(false);
  speak(cell, 2, true);
  expect(cell.ok()).toBe(true);
  expect(cell.made.section().mirror?.ok).toBe(true);
  speak(cell, 1, false);
  expect(cell.ok()).toBe(false);
});

test('an outage of a minute raises an alarm of low priority, and its end clears it', () => {
  const cell = watch(true);
  speak(cell, 5, true);
  speak(cell, 59, false);
  expect(cell.changes).toEqual([]);
  speak(cell, 4, false);
  expect(cell.changes).toEqual(['mirror raised']);
  speak(cell, 1, true);
  expect(cell.changes).toEqual(['mirror raised', 'mirror cleared']);
});

test('a station that says nothing is no mirror, and people are told so', () => {
  const cell = watch(true);
  speak(cell, 2, true);
  cell.clock.pass(8000);
  expect(cell.ok()).toBe(false);
  expect(cell.made.section().mirror).toMatchObject({
    ok: false,
    state: 'waiting',
    rate: 0,
    error: { code: 'E_CELL_NOT_RUNNING' },
  });
  cell.clock.pass(60_000);
  expect(cell.changes).toEqual(['mirror raised']);
});

test('a cell without a mirror has no alarm of one, whoever says what', () => {
  const cell = watch(false);
  cell.made.heard(figures(false));
  cell.clock.pass(200_000);
  expect(cell.changes).toEqual([]);
  expect(cell.ok()).toBeUndefined();
  expect(cell.made.section()).toEqual({});
});
