// What a recorder has on disk, and when.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Json } from '#contract/canonical.ts';
import { noHash } from '#contract/recording.ts';
import { realDisk } from '#controller/recording/disk.ts';
import type { RecordingDisk } from '#controller/recording/disk.ts';
import { inspect } from '#controller/recording/inspect.ts';
import { filesOf } from '#controller/recording/reader.ts';
import { ann, bytesOf, eventsOf, RecordingRig, session, typed } from './rig.ts';

const text = (value: string): Buffer => Buffer.from(value);

test('what was typed, shown and marked is read as it was, in order', async () => {
  await using rig = new RecordingRig();
  const recorder = await rig.open();
  await recorder.input(text('ls\r'), typed);
  rig.clock.pass(20);
  recorder.output(Buffer.from([0x61, 0x00, 0xff, 0xfe, 0x0a]));
  recorder.mark('resize', { cols: 100, rows: 30 });
  recorder.mark('state', { to: 'Paused' });
  await recorder.input(text('\u001B[0n'), { ...typed, auto: true });
  recorder.mark('exit', { code: 3 });
  await recorder.end();
  expect(await eventsOf(rig.folderOf())).toEqual([
    { kind: 'input', t: 0, by: ann, auto: false, bytes: text('ls\r') },
    { kind: 'output', t: 20_000, bytes: Buffer.from([0x61, 0x00, 0xff, 0xfe, 0x0a]) },
    { kind: 'resize', t: 20_000, about: { cols: 100, rows: 30 } },
    { kind: 'state', t: 20_000, about: { to: 'Paused' } },
    { kind: 'input', t: 20_000, by: ann, auto: true, bytes: text('\u001B[0n') },
    { kind: 'exit', t: 20_000, about: { code: 3 } },
  ]);
  const read = await inspect(rig.folderOf());
  expect(read).toMatchObject({ ended: true, torn: 0, unsealed: 0, problems: [], events: 6 });
  expect(read.marks.map(({ n }) => n)).toEqual([2, 3, 5]);
  expect(rig.failures).toEqual([]);
});

test('input is in its file when its promise resolves, and output within a second', async () => {
  await using rig = new RecordingRig();
  const recorder = await rig.open();
  const path = join(rig.folderOf(), '000000.rec');
  await recorder.input(text('whoami\r'), typed);
  expect(readFileSync(path).includes('whoami')).toBe(true);
  recorder.output(text('ann of the night shift'));
  await rig.until(() => true);
  expect(readFileSync(path).includes('night')).toBe(false);
  rig.clock.pass(1000);
  await rig.until(() => readFileSync(path).includes('night shift'));
  await rig.until(() => rig.segments.length === 1);
  expect(rig.told).toEqual(rig.segments);
});

test('many keystrokes share one sync', async () => {
  let syncs = 0;
  const disk: RecordingDisk = {
    ...realDisk,
    create: async (path) => {
      const file = await realDisk.create(path);
      return {
        write: async (bytes, position) => file.write(bytes, position),
        sync: async () => {
          syncs += 1;
          return file.sync();
        },
        close: async () => file.close(),
      };
    },
  };
  await using rig = new RecordingRig({ disk });
  const recorder = await rig.open();
  const before = syncs;
  await Promise.all(Array.from({ length: 200 }, async () => recorder.input(text('x'), typed)));
  expect(syncs - before).toBeLessThanOrEqual(3);
  await recorder.end();
  expect(bytesOf(await eventsOf(rig.folderOf()), 'input').toString()).toBe('x'.repeat(200));
});

test('segments are chained from zeros to the last, across files, and the chronicle hears of each', async () => {
  await using rig = new RecordingRig();
  const recorder = await rig.open();
  const all: Buffer[] = [];
  for (let round = 0; round < 60; round += 1) {
    const bytes = randomBytes(70_000);
    all.push(bytes);
    recorder.output(bytes);
    rig.clock.pass(round % 7 === 0 ? 1100 : 120);
    // oxlint-disable-next-line no-await-in-loop -- as a program writes
    await recorder.flush();
  }
  await recorder.end();
  await rig.recordings.tidied();
  const { files } = await filesOf(rig.folderOf());
  expect(files.length).toBeGreaterThan(3);
  const read = await inspect(rig.folderOf());
  expect(read.problems).toEqual([]);
  expect(bytesOf(await eventsOf(rig.folderOf()), 'output').equals(Buffer.concat(all))).toBe(true);
  expect(rig.told).toEqual(rig.segments);
  expect(rig.segments.map(({ segment }) => segment)).toEqual(rig.segments.map((_, index) => index));
  const hashes = rig.segments.map(({ hash }) => hash);
  expect(rig.segments.map(({ previous }) => previous)).toEqual([noHash, ...hashes.slice(0, -1)]);
  expect(rig.segments.map(({ last }) => last).indexOf(true)).toBe(rig.segments.length - 1);
  expect(read.segments.map(({ hash, bytes }) => ({ hash, bytes }))).toEqual(
    rig.segments.map(({ hash, bytes }) => ({ hash, bytes })),
  );
});

test('an idle shell makes no segments', async () => {
  await using rig = new RecordingRig();
  const recorder = await rig.open();
  rig.clock.pass(1000);
  await rig.until(() => rig.segments.length === 1);
  rig.clock.pass(3_600_000);
  await recorder.flush();
  expect(rig.segments).toHaveLength(1);
});

test('what is typed while nothing is shown is kept as its length and a keyed hash that repeats nothing', async () => {
  await using rig = new RecordingRig();
  const recorder = await rig.open();
  await recorder.input(text('aa'), { ...typed, secret: true });
  rig.clock.pass(1);
  await recorder.input(text('aa'), { ...typed, secret: true });
  await recorder.end();
  const events = await eventsOf(rig.folderOf());
  expect(events).toMatchObject([
    { kind: 'secret', by: ann, length: 2 },
    { kind: 'secret', by: ann, length: 2 },
  ]);
  const proofs = events.map((event) => (event.kind === 'secret' ? event.proof : undefined));
  expect(proofs[0]).not.toEqual(proofs[1]);
  await rig.recordings.tidied();
  for (const { path } of (await filesOf(rig.folderOf())).files)
    expect(readFileSync(path).includes('aa')).toBe(false);
});

test('a site may have it recorded as it was typed', async () => {
  await using rig = new RecordingRig({ secrets: 'keep' });
  const recorder = await rig.open();
  await recorder.input(text('geheim'), { ...typed, secret: true });
  await recorder.end();
  expect(bytesOf(await eventsOf(rig.folderOf()), 'input').toString()).toBe('geheim');
});

test('a disk that is slower than a terminal holds the terminal, and lets it go on', async () => {
  const open: (() => void)[] = [];
  const gate = new Promise<void>((resolve) => void open.push(resolve));
  let slow = false;
  const disk: RecordingDisk = {
    ...realDisk,
    create: async (path) => {
      const file = await realDisk.create(path);
      return {
        write: async (bytes, position) => file.write(bytes, position),
        sync: async () => (slow ? gate.then(async () => file.sync()) : file.sync()),
        close: async () => file.close(),
      };
    },
  };
  await using rig = new RecordingRig({ disk });
  const recorder = await rig.open();
  slow = true;
  for (let chunk = 0; chunk < 20; chunk += 1) recorder.output(Buffer.alloc(65_536, chunk));
  expect(rig.flow).toEqual(['full']);
  open[0]?.();
  await rig.until(() => rig.flow.length === 2);
  expect(rig.flow).toEqual(['full', 'drained']);
  await recorder.end();
  expect(bytesOf(await eventsOf(rig.folderOf()), 'output')).toHaveLength(20 * 65_536);
  expect(rig.failures).toEqual([]);
});

test('a mark that no reader would take is named instead of making what follows unreadable', async () => {
  await using rig = new RecordingRig();
  const recorder = await rig.open();
  let deep: Json = 1;
  for (let level = 0; level < 100; level += 1) deep = [deep];
  recorder.mark('mark', deep);
  recorder.mark('resize', { cols: 100_000, rows: 2 });
  recorder.mark('exit', { code: 'gone' });
  recorder.mark('mark', 'after');
  await recorder.end();
  const events = await eventsOf(rig.folderOf());
  expect(events.map((event) => ('about' in event ? event.about : undefined))).toMatchObject([
    { unreadable: 'mark' },
    { unreadable: 'resize' },
    { unreadable: 'exit' },
    'after',
  ]);
});

test('a disk that does not answer has failed after 10 s; the end comes all the same', async () => {
  let silent = false;
  const never = new Promise<void>(() => undefined);
  const disk: RecordingDisk = {
    ...realDisk,
    create: async (path) => {
      const file = await realDisk.create(path);
      return {
        write: async (bytes, position) => file.write(bytes, position),
        sync: async () => (silent ? never : file.sync()),
        close: async () => file.close(),
      };
    },
  };
  await using rig = new RecordingRig({ disk });
  const recorder = await rig.open();
  silent = true;
  const typing = recorder.input(text('x'), typed);
  rig.clock.pass(9000);
  expect(rig.failures).toEqual([]);
  rig.clock.pass(1000);
  expect(rig.failures).toMatchObject([{ code: 'E_RECORDING_DISK' }]);
  await expect(typing).rejects.toMatchObject({ code: 'E_RECORDING_DISK' });
  // Whoever does not heed `full` loses what is beyond the bound, and memory stays bounded.
  for (let chunk = 0; chunk < 400; chunk += 1) recorder.output(Buffer.alloc(65_536));
  expect(recorder.bytes).toBeLessThan(20_000_000);
  let over = false;
  void (async () => {
    await recorder.end();
    over = true;
  })();
  await rig.until(() => over, 1000);
  expect(rig.failures).toHaveLength(1);
});

test('output that came faster than any disk is missed where it was lost', async () => {
  await using rig = new RecordingRig();
  const recorder = await rig.open();
  recorder.output(Buffer.alloc(17_000_000));
  expect(rig.failures).toMatchObject([{ code: 'E_RECORDING_DISK' }]);
  recorder.output(text('after'));
  await recorder.end();
  const events = await eventsOf(rig.folderOf());
  expect(events).toMatchObject([
    { kind: 'mark', about: { failed: 'E_RECORDING_DISK' } },
    { kind: 'mark', about: { lost_bytes: 17_000_000 } },
    { kind: 'output' },
  ]);
});

test('a session that has a recording gets no second one', async () => {
  await using rig = new RecordingRig();
  await rig.open();
  await expect(rig.open()).rejects.toMatchObject({ code: 'E_RECORDING_DISK' });
  expect(session).toMatch(/^sh-/);
});
