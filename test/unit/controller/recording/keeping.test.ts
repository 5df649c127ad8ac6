// How recordings are kept: packed when they have ended, within their bound, told in order while control comes and goes.
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SessionId } from '#contract/shell.ts';
import { realDisk } from '#controller/recording/disk.ts';
import type { RecordingDisk } from '#controller/recording/disk.ts';
import { inspect } from '#controller/recording/inspect.ts';
import { reserveFile } from '#controller/recording/recordings.ts';
import { bytesOf, eventsOf, RecordingRig, session, typed } from './rig.ts';

const idOf = (number: number): SessionId => `sh-${String(number).padStart(16, '0')}`;

/** A recording of chance, which no packing makes smaller; its clock is a minute on when it ends. */
async function record(rig: RecordingRig, id: SessionId, bytes: number): Promise<void> {
  const recorder = await rig.open(id);
  for (let at = 0; at < bytes; at += 50_000) {
    recorder.output(randomBytes(50_000));
    // oxlint-disable-next-line no-await-in-loop -- as a program writes
    await recorder.flush();
  }
  await recorder.end();
  await rig.recordings.tidied();
  rig.clock.pass(60_000);
}

test('what has ended is packed where that pays, and reads as before', async () => {
  await using rig = new RecordingRig();
  const recorder = await rig.open();
  for (let line = 0; line < 200; line += 1) recorder.output(Buffer.alloc(10_000, 97));
  await recorder.end();
  await rig.recordings.tidied();
  expect(readdirSync(rig.folderOf()).every((name) => name.endsWith('.rec.br'))).toBe(true);
  expect((await inspect(rig.folderOf())).problems).toEqual([]);
  expect(bytesOf(await eventsOf(rig.folderOf()), 'output')).toHaveLength(2_000_000);
  await record(rig, idOf(1), 100_000);
  expect(readdirSync(rig.folderOf(idOf(1)))).toEqual(['000000.rec']);
});

test('an open recording is never packed', async () => {
  await using rig = new RecordingRig();
  const recorder = await rig.open();
  await recorder.input(Buffer.from('x'), typed);
  rig.recordings.tidy();
  await rig.recordings.tidied();
  expect(readdirSync(rig.folderOf())).toEqual(['000000.rec']);
});

test('what packing left half-done is done again, and disturbs no reader', async () => {
  await using rig = new RecordingRig();
  let refuse = true;
  const disk: RecordingDisk = {
    ...realDisk,
    rename: async (from, to) => {
      if (refuse) throw Object.assign(new Error('EIO'), { code: 'EIO' });
      return realDisk.rename(from, to);
    },
  };
  const stubborn = new RecordingRig({ disk, data: rig.data });
  const recorder = await stubborn.open();
  recorder.output(Buffer.alloc(100_000, 97));
  await recorder.end();
  await stubborn.recordings.tidied();
  expect(readdirSync(rig.folderOf()).toSorted()).toEqual(['000000.rec', '000000.rec.br.new']);
  expect((await inspect(rig.folderOf())).problems).toEqual([]);
  refuse = false;
  // Station that starts again.
  rig.recordings.tidy();
  await rig.recordings.tidied();
  expect(readdirSync(rig.folderOf())).toEqual(['000000.rec.br']);
  expect((await inspect(rig.folderOf())).problems).toEqual([]);
});

test('past the bound the oldest whole recordings leave, and the chronicle says so before', async () => {
  await using rig = new RecordingRig({ max: 700_000 });
  for (let number = 0; number < 5; number += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await record(rig, idOf(number), 200_000);
  }
  const kept = readdirSync(join(rig.data, 'recordings')).toSorted();
  expect(kept).toEqual([idOf(2), idOf(3), idOf(4)]);
  const left = rig.told.filter(({ event }) => event === 'recording-left');
  expect(left.map((event) => event.session)).toEqual([idOf(0), idOf(1)]);
});

test('one that cannot be removed stays, is told to leave once, and keeps no other from leaving', async () => {
  const disk: RecordingDisk = {
    ...realDisk,
    remove: async (path) => {
      if (path.endsWith(idOf(0))) throw Object.assign(new Error('EBUSY: busy'), { code: 'EBUSY' });
      return realDisk.remove(path);
    },
  };
  await using rig = new RecordingRig({ max: 700_000, disk });
  for (let number = 0; number < 6; number += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await record(rig, idOf(number), 200_000);
  }
  const kept = readdirSync(join(rig.data, 'recordings')).toSorted();
  expect(kept).toEqual([idOf(0), idOf(4), idOf(5)]);
  const left = rig.told.filter(({ event }) => event === 'recording-left');
  expect(left.map((event) => event.session)).toEqual([0, 1, 2, 3].map(idOf));
  expect(rig.log.filter((line) => line.includes('EBUSY'))).toHaveLength(1);
});

test('nothing leaves while the chronicle cannot be told', async () => {
  await using rig = new RecordingRig({ max: 700_000 });
  for (let number = 0; number < 3; number += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await record(rig, idOf(number), 200_000);
  }
  rig.problem = 'E_CELL_NOT_RUNNING';
  const recorder = await rig.open(idOf(3));
  recorder.output(randomBytes(200_000));
  const ended = recorder.end();
  await rig.until(() => existsSync(join(rig.folderOf(idOf(3)), '000000.rec')), 500);
  let over = false;
  void (async () => {
    await ended;
    over = true;
  })();
  await rig.until(() => over, 500);
  expect(readdirSync(join(rig.data, 'recordings'))).toHaveLength(4);
  rig.problem = undefined;
  await rig.until(() => !existsSync(rig.folderOf(idOf(0))), 500);
  const order = rig.told.filter(({ session: id }) => id === idOf(3) || id === idOf(0));
  expect(order.at(-1)).toMatchObject({ event: 'recording-left', session: idOf(0) });
});

test('open shells alone never record more than the bound: they are told, and no further one begins', async () => {
  await using rig = new RecordingRig({ max: 300_000 });
  const recorder = await rig.open();
  for (let round = 0; round < 5 && rig.failures.length === 0; round += 1) {
    recorder.output(randomBytes(100_000));
    rig.clock.pass(1000);
    // oxlint-disable-next-line no-await-in-loop -- as a program writes
    await recorder.flush().catch(() => undefined);
  }
  expect(rig.failures).toMatchObject([{ code: 'E_RECORDING_FULL' }]);
  await expect(recorder.input(Buffer.from('x'), typed)).rejects.toMatchObject({
    code: 'E_RECORDING_FULL',
  });
  await expect(rig.open(idOf(1))).rejects.toMatchObject({ code: 'E_RECORDING_FULL' });
  await recorder.end();
  expect((await inspect(rig.folderOf())).ended).toBe(true);
});

test('segments are told again, in order, when control is back', async () => {
  await using rig = new RecordingRig();
  rig.problem = 'E_CELL_NOT_RUNNING';
  const recorder = await rig.open();
  for (let second = 0; second < 3; second += 1) {
    recorder.output(Buffer.from(`${second}`));
    rig.clock.pass(1000);
    // oxlint-disable-next-line no-await-in-loop -- as time passes
    await recorder.flush();
  }
  expect(rig.told).toEqual([]);
  rig.problem = undefined;
  await rig.until(() => rig.told.length >= 3, 500);
  expect(rig.told).toEqual(rig.segments);
  await recorder.end();
});

test('the reserve is there before the first recording, made again when it was given up', async () => {
  await using rig = new RecordingRig();
  await (await rig.open()).end();
  expect(statSync(reserveFile(rig.data)).size).toBe(1_000_000);
  writeFileSync(reserveFile(rig.data), 'less');
  await (await rig.open(idOf(1))).end();
  expect(statSync(reserveFile(rig.data)).size).toBe(1_000_000);
});

test('who asks for an end twice waits for the same one; what comes after it is not recorded', async () => {
  await using rig = new RecordingRig();
  const recorder = await rig.open();
  await Promise.all([recorder.end(), recorder.end()]);
  recorder.output(Buffer.from('late'));
  recorder.mark('mark', 'late');
  await expect(recorder.input(Buffer.from('late'), typed)).rejects.toMatchObject({
    code: 'E_RECORDING_DISK',
  });
  expect(await eventsOf(rig.folderOf(session))).toEqual([]);
  expect(rig.segments.map(({ last }) => last)).toEqual([true]);
});
