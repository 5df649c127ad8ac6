// Station's questions about the past: the same door as everything else, with bounded questions and codes.
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { History, Journal, LoggedTags } from '#contract/history.ts';
import { HistoryLog } from '#controller/history/log.ts';
import { localThread, tags } from '#test/unit/controller/history/local-history.ts';
import { openDoors } from './rig.ts';
import type { Doors } from './rig.ts';

// A busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 });

/** A few seconds of history in the doors' data directory; the time at which it began. */
function recorded(doors: Doors): number {
  const nobody = { failed: () => undefined, mended: () => undefined, aside: () => undefined };
  const options = { path: join(doors.data, 'history.db'), max: 1e7, tags };
  const log = new HistoryLog(doors.clock, options, nobody);
  log.sample(0, 2.5, true);
  log.state('tending', 'unit', 'unit.Execute');
  log.begin(localThread(doors.clock), 'The first start');
  const began = doors.clock.time();
  doors.clock.advance(1000);
  log.sample(0, 4, true);
  doors.clock.advance(5000);
  return began;
}

const ask = async (doors: Doors, path: string, headers: Record<string, string> = {}) => {
  const host = `127.0.0.1:${doors.port}`;
  const reply = await doors.door.app.inject({ url: path, headers: { host, ...headers } });
  return { status: reply.statusCode, body: reply.json<unknown>() };
};

const utc = (time: number): string => new Date(time).toISOString();

test('points, tags and the journal are answered without a session', async () => {
  await using doors = await openDoors();
  const began = recorded(doors);
  const window = `from=${began}&to=${began + 5000}`;
  const points = await ask(doors, `/api/history?tag=level&${window}`);
  expect(points.status).toBe(200);
  expect(History.parse(points.body)).toMatchObject({
    tag: 'level',
    tier: 'raw',
    since: began,
    points: [
      [began, 2.5, 2.5, 2.5],
      [began + 1000, 4, 4, 4],
    ],
  });
  const logged = await ask(doors, '/api/history/tags');
  expect(LoggedTags.parse(logged.body).tags.map(({ tag }) => tag)).toContain('level');
  const journal = await ask(doors, `/api/journal?${window}`);
  expect(Journal.parse(journal.body)).toEqual({
    states: [{ flow: 'tending', region: 'unit', state: 'unit.Execute', from: began, to: null }],
    alarms: [],
    gaps: [],
    more: false,
  });
});

test('the points of a tag are had as CSV, in a file of its name', async () => {
  await using doors = await openDoors();
  const began = recorded(doors);
  const host = `127.0.0.1:${doors.port}`;
  const url = `/api/history/csv?tag=level&from=${began}&to=${began + 5000}`;
  const reply = await doors.door.app.inject({ url, headers: { host } });
  expect(reply.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(reply.headers['content-disposition']).toMatch(
    /^attachment; filename="level_\d{8}T\d{6}Z_\d{8}T\d{6}Z\.csv"$/,
  );
  expect(reply.body).toBe(
    `time,min,max,last\r\n${utc(began)},2.5,2.5,2.5\r\n${utc(began + 1000)},4,4,4\r\n`,
  );
});

test('a CSV file that was sent, or failed, leaves its place to others', async () => {
  await using doors = await openDoors();
  const began = recorded(doors);
  const url = `http://127.0.0.1:${doors.port}/api/history/csv?tag=level&from=${began}&to=${began + 5000}`;
  // What fails leaves its place to others.
  for (let turn = 0; turn < 9; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect((await fetch(url.replace('level', 'nothing'))).status).toBe(400);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect((await fetch(url)).status).toBe(200);
  }
});

test.each([
  ['/api/history', 400, 'E_DOOR_FRAME'],
  ['/api/history?tag=level&from=2&to=1', 400, 'E_HISTORY_QUERY'],
  ['/api/history?tag=level&from=1&to=2&points=4001', 400, 'E_DOOR_FRAME'],
  ['/api/history?tag=level&from=1&to=1e300', 400, 'E_DOOR_FRAME'],
  ['/api/history?tag=level&from=x&to=2', 400, 'E_DOOR_FRAME'],
  ['/api/history?tag=level&tag=door&from=1&to=2', 400, 'E_DOOR_FRAME'],
  ['/api/history?tag=level&from=1&to=2&more=1', 400, 'E_DOOR_FRAME'],
  [`/api/history?tag=${'a'.repeat(500)}&from=1&to=2`, 400, 'E_DOOR_FRAME'],
  ['/api/history?tag=%27%3B--&from=1&to=2', 400, 'E_DOOR_FRAME'],
  ['/api/history?tag=nothing&from=1&to=2', 400, 'E_HISTORY_TAG'],
  ['/api/history/tags?x=1', 400, 'E_DOOR_FRAME'],
  ['/api/journal?from=1&to=2&limit=0', 400, 'E_DOOR_FRAME'],
  ['/api/journal?from=1&to=2&depth=3', 400, 'E_DOOR_FRAME'],
  ['/api/journal?from=1&to=2&least_ms=10&flow=tending', 400, 'E_HISTORY_QUERY'],
  ['/api/journal?from=1&to=9999&least_ms=1&flow=tending&region=unit', 400, 'E_HISTORY_QUERY'],
  ['/api/history/csv?tag=nothing&from=1&to=2', 400, 'E_HISTORY_TAG'],
  ['/api/history/csv?tag=level&from=2&to=1', 400, 'E_HISTORY_QUERY'],
  ['/api/history/csv?tag=level&from=1&to=2&points=9', 400, 'E_DOOR_FRAME'],
])('%s is refused: %i %s', async (path, status, code) => {
  await using doors = await openDoors();
  recorded(doors);
  expect(await ask(doors, path)).toMatchObject({ status, body: { code } });
});

test('a history that is not there, or not yet, is a code; it is found when it comes', async () => {
  await using doors = await openDoors();
  expect(await ask(doors, '/api/history/tags')).toMatchObject({
    status: 503,
    body: { code: 'E_HISTORY_OPEN' },
  });
  recorded(doors);
  expect(await ask(doors, '/api/history/tags')).toMatchObject({ status: 200 });
});

test('another site and another name of ours are refused, as everywhere', async () => {
  await using doors = await openDoors();
  recorded(doors);
  for (const headers of [{ host: 'cell.example' }, { origin: 'http://evil.example' }]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await ask(doors, '/api/history/tags', headers)).toMatchObject({
      status: 403,
      body: { code: 'E_DOOR_ORIGIN' },
    });
  }
});

test('questions have a pace', async () => {
  await using doors = await openDoors();
  recorded(doors);
  const replies = await Promise.all(
    Array.from({ length: 120 }, () => ask(doors, '/api/history/tags')),
  );
  const statuses = replies.map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(90);
  expect(statuses.filter((status) => status === 429)).toHaveLength(30);
  doors.clock.advance(1000);
  expect(await ask(doors, '/api/history/tags')).toMatchObject({ status: 200 });
});
