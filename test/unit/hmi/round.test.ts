// How often station is asked for what waits: once where there is news, and at a pace however much of it comes.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AlarmState } from '#contract/wire.ts';
import { connected, store } from '#hmi/feed/cell.ts';
import { round, startWork } from '#hmi/feed/work.ts';
import { link } from './messages.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', { visibilityState: 'visible', addEventListener: () => undefined });
  vi.stubGlobal('fetch', async () =>
    Response.json(
      { rules: null, sessions: [] },
      { headers: { 'content-type': 'application/json' } },
    ),
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('lists are asked anew for news and for break-glass that comes or goes, never faster than at their pace', async () => {
  let news = 0;
  const tell = (): void => void (store.link.value = link({ news: (news += 1) }));
  tell();
  connected.value = true;
  startWork();
  await vi.advanceTimersByTimeAsync(1000);
  const quiet = round.value;
  await vi.advanceTimersByTimeAsync(5000);
  expect(round.value).toBe(quiet);

  const before = round.value;
  for (let each = 0; each < 20; each += 1) {
    tell();
    await vi.advanceTimersByTimeAsync(100);
  }
  await vi.advanceTimersByTimeAsync(1000);
  expect(round.value - before).toBeGreaterThanOrEqual(3);
  expect(round.value - before).toBeLessThanOrEqual(6);

  const alarm: AlarmState = {
    state: 'unacknowledged',
    priority: 1,
    text: 'Break-glass',
    raised: 7,
  };
  for (const alarms of [
    { 'shell.break-glass': alarm },
    { 'shell.break-glass': { ...alarm, raised: 9 } },
    {},
  ]) {
    const known = round.value;
    store.alarms.value = alarms;
    await vi.advanceTimersByTimeAsync(1000);
    expect(round.value - known).toBe(1);
  }
});
