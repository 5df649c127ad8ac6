// What pages are told of recordings, over station's port: lists, marks, verdicts, pages of events and screens.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { expect, test, vi } from 'vitest';
import type * as z from 'zod';
import {
  exportRecording,
  listRecordings,
  pageBytes,
  readFrames,
  readRecording,
} from '#contract/recording-routes.ts';
import type { PlayedEvent } from '#contract/recording-routes.ts';
import { RecordingDoor } from '#controller/recording/door.ts';
import { Playback } from '#controller/recording/playback.ts';
import { filesOf } from '#controller/recording/reader.ts';
import type { Asked, Served, Streamed } from '#controller/server/routes.ts';
import type { Route } from '#contract/api.ts';
import { RecordingRig, session, typed } from './rig.ts';

vi.setConfig({ testTimeout: 60_000 });

type Page = z.infer<typeof readFrames.answer>;

/** Asks a route as station does once it knows that one may. */
async function ask<R extends Route & { answer: z.ZodType }>(
  served: readonly Served[],
  route: R,
  asked: { id?: string; query?: Record<string, unknown> },
): Promise<z.infer<R['answer']>> {
  const one = served.find((candidate) => candidate.route === route);
  const { params, query } = route as Route;
  const parsed = {
    params: params?.parse({ id: asked.id }),
    query: query?.parse(asked.query ?? {}),
  } as unknown as Asked<Route>;
  return route.answer.parse(await one?.answer(parsed)) as z.infer<R['answer']>;
}

const data = (event: PlayedEvent): string =>
  'data' in event ? Buffer.from(event.data, 'base64').toString() : '';

/** 300 lines of 10 kB each, one a second: several files. */
async function long(rig: RecordingRig): Promise<string> {
  const recorder = await rig.open();
  let all = '';
  for (let line = 0; line < 300; line += 1) {
    const text = `line ${line} ${'.'.repeat(10_000)}\r\n`;
    all += text;
    recorder.output(Buffer.from(text));
    if (line === 150) recorder.mark('resize', { cols: 100, rows: 30 });
    // oxlint-disable-next-line no-await-in-loop -- as time passes
    await recorder.flush();
    rig.clock.pass(1000);
  }
  await recorder.input(Buffer.from('exit\r'), typed);
  recorder.mark('exit', { code: 0 });
  await recorder.end();
  return all;
}

test('all events come in pages that are bounded, each once and in order', async () => {
  await using rig = new RecordingRig();
  const all = await long(rig);
  const { routes } = new RecordingDoor(rig.recordings, rig.data);
  const events: PlayedEvent[] = [];
  let after: number | undefined;
  for (let pages = 0; pages < 100; pages += 1) {
    const query = after === undefined ? {} : { after };
    // oxlint-disable-next-line no-await-in-loop -- as a page asks
    const page: Page = await ask(routes, readFrames, { id: session, query });
    const bytes = page.events.reduce((sum, event) => sum + data(event).length, 0);
    expect(bytes).toBeLessThanOrEqual(pageBytes + 65_536);
    events.push(...page.events);
    if (page.next === null) break;
    after = page.next;
  }
  expect(events.map(({ n }) => n)).toEqual(events.map((_, index) => index));
  const output = events.filter(({ kind }) => kind === 'output').map(data);
  expect(output.join('') === all).toBe(true);
  expect(events.at(-1)).toMatchObject({ kind: 'exit', about: { code: 0 } });
});

test('a seek gives the screen as it was and the events from there on', async () => {
  await using rig = new RecordingRig();
  await long(rig);
  const { routes } = new RecordingDoor(rig.recordings, rig.data);
  for (const second of [0, 1, 149, 151, 299, 5]) {
    const from = second * 1_000_000;
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const page: Page = await ask(routes, readFrames, { id: session, query: { from } });
    const screen = page.keyframe?.screen ?? '';
    expect(screen.includes(`line ${second - 1} ...`)).toBe(second > 0);
    expect(screen).not.toContain(`line ${second} ...`);
    expect(page.events[0]?.t_us).toBe(from);
    expect(page.keyframe?.size).toEqual(
      second > 150 ? { cols: 100, rows: 30 } : { cols: 80, rows: 24 },
    );
  }
});

test('a page of a seek ends before `to`', async () => {
  await using rig = new RecordingRig();
  await long(rig);
  const { routes } = new RecordingDoor(rig.recordings, rig.data);
  const query = { from: 3_000_000, to: 6_000_000 };
  const page: Page = await ask(routes, readFrames, { id: session, query });
  expect(page.events.map(({ t_us }) => t_us)).toEqual([3_000_000, 4_000_000, 5_000_000]);
  expect(page.next).toBeNull();
});

test('one recording tells its marks with their times, and what is in the list', async () => {
  await using rig = new RecordingRig();
  await long(rig);
  const { routes } = new RecordingDoor(rig.recordings, rig.data);
  const { recordings, more, bytes } = await ask(routes, listRecordings, {});
  expect(recordings).toMatchObject([{ session, state: 'ended', events: 303, by: 'user:ann' }]);
  expect(more).toBe(false);
  expect(bytes).toBeGreaterThan(0);
  const { recording, marks, verified } = await ask(routes, readRecording, { id: session });
  expect(recording.duration_us).toBe(300_000_000);
  expect(recording.ended - recording.began).toBe(300_000);
  expect(marks).toMatchObject([
    { kind: 'resize', n: 151, t_us: 150_000_000, at: recording.began + 150_000 },
    { kind: 'exit', t_us: 300_000_000 },
  ]);
  // Nothing stands in a chronicle here.
  expect(verified.result).toBe('untold');
});

test('a damaged recording is told as such with its code, and keeps no other from being told', async () => {
  await using rig = new RecordingRig();
  await long(rig);
  await rig.recordings.tidied();
  const other = 'sh-00000000000000bb';
  const second = await rig.open(other);
  await second.end();
  await rig.recordings.tidied();
  const { files } = await filesOf(rig.folderOf());
  const bytes = readFileSync(files[1]?.path ?? '');
  bytes.fill(0x55, 20, 200);
  writeFileSync(files[1]?.path ?? '', bytes);
  const { routes } = new RecordingDoor(rig.recordings, rig.data);
  const { recording, verified } = await ask(routes, readRecording, { id: session });
  expect(recording).toMatchObject({ state: 'damaged', problem: { code: 'E_RECORDING_DAMAGED' } });
  expect(verified.result).toBe('altered');
  const { recordings } = await ask(routes, listRecordings, {});
  expect(recordings.map(({ session: id, state }) => `${id} ${state}`).toSorted()).toEqual([
    `${session} damaged`,
    `${other} ended`,
  ]);
  const page: Page = await ask(routes, readFrames, { id: session, query: {} });
  expect(data(page.events[0] ?? ({} as PlayedEvent))).toContain('line 0 ');
  const end = page.next ?? 0;
  const rest: Page = await ask(routes, readFrames, { id: other, query: {} });
  expect(rest.events).toEqual([]);
  const playback = new Playback();
  const read = async (after: number): Promise<number> =>
    playback.page(rig.folderOf(), { after }).then(({ next }) => next ?? Infinity);
  await expect(
    (async () => {
      for (let after = end; ; after = await read(after)) expect(after).toBeLessThan(300);
    })(),
  ).rejects.toMatchObject({ code: 'E_RECORDING_DAMAGED' });
});

test('what is no recording has a code', async () => {
  await using rig = new RecordingRig();
  await rig.open();
  const { routes } = new RecordingDoor(rig.recordings, rig.data);
  for (const route of [readRecording, readFrames]) {
    // oxlint-disable-next-line no-await-in-loop -- two
    await expect(ask(routes, route, { id: 'sh-00000000000000ff' })).rejects.toMatchObject({
      code: 'E_RECORDING_NONE',
    });
  }
  // A folder of somebody else's among them disturbs nobody.
  cpSync(rig.folderOf(), join(rig.data, 'recordings', 'not-ours'), { recursive: true });
  expect((await ask(routes, listRecordings, {})).recordings).toHaveLength(1);
});

test('a recording is sent as asciicast, four at once', async () => {
  await using rig = new RecordingRig();
  const recorder = await rig.open();
  recorder.output(Buffer.from('$ '));
  await recorder.end();
  const { routes } = new RecordingDoor(rig.recordings, rig.data);
  const served = routes.find(({ route }) => route === exportRecording);
  const asked = { params: { id: session } } as unknown as Asked<Route>;
  const send = async (): Promise<Streamed> => (await served?.answer(asked)) as Streamed;
  const sent = await Promise.all([send(), send(), send(), send()]);
  await expect(send()).rejects.toMatchObject({ code: 'E_DOOR_RATE' });
  for (const { body, file } of sent) {
    expect(file).toBe(`${session}.cast`);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const lines = (await textOf(body)).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ version: 3 }, [0, 'o', '$ ']]);
  }
  await rig.until(() => sent.every(({ body }) => body.closed));
  (await send()).body.destroy();
});

test('marks that say much come in bounded answers: a part of them at once, all of them in pages', async () => {
  await using rig = new RecordingRig();
  const recorder = await rig.open();
  for (let index = 0; index < 100; index += 1)
    recorder.mark('mark', `${index} ${'x'.repeat(50_000)}`);
  recorder.mark('mark', 'y'.repeat(100_000));
  await recorder.end();
  const { routes } = new RecordingDoor(rig.recordings, rig.data);
  const { marks, more } = await ask(routes, readRecording, { id: session });
  expect(marks.length).toBeGreaterThan(10);
  expect(marks.length).toBeLessThan(30);
  expect(more).toBe(true);
  const page: Page = await ask(routes, readFrames, { id: session });
  expect(JSON.stringify(page).length).toBeLessThan(2 * pageBytes);
  const last: Page = await ask(routes, readFrames, { id: session, query: { after: 99 } });
  expect(last.events).toMatchObject([{ n: 100, about: { unreadable: 'mark', bytes: 100_002 } }]);
});
