// A whole cell whose disk is full, or stands still: the machine goes on, people are told, and the record
// goes on when the disk does, with a gap that says what happened. In `strict` nothing but a safe value leaves
// before its cause is on disk, as long as outputs wait.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FreezingDisk, SmallDisk } from './disk.ts';
import { RawClient, newId } from './raw-client.ts';
import { entriesOf, receivedBy } from './record.ts';
import type { PlainEntry, Received } from './record.ts';
import { TestCell, until } from './test-cell.ts';

let images: string;
beforeEach(() => {
  images = mkdtempSync(join(tmpdir(), 'rebe-disk-'));
});
afterEach(() => rmSync(images, { recursive: true, force: true }));

const within = (chronicle: string) => (text: string) =>
  text.replace(/^scan:/m, `chronicle: ${chronicle}\nscan:`);

/** A cell on a disk of its own; the disk goes after everything that is on it. */
async function cellOn<D extends Disposable>(
  make: (path: string) => D,
  chronicle: string,
): Promise<{ cell: TestCell; disk: D } & AsyncDisposable> {
  const made: { disk?: D } = {};
  const cell = await TestCell.start({
    disk: (path) => {
      made.disk = make(path);
    },
    calm: { hasty: true },
    edit: within(chronicle),
  });
  const { disk } = made;
  if (disk === undefined) throw new Error('the disk was made');
  return {
    cell,
    disk,
    [Symbol.asyncDispose]: async () => {
      await cell.stopCell();
      disk[Symbol.dispose]();
      await cell[Symbol.asyncDispose]();
    },
  };
}

/** The newest value of a tag that a watching client was told. */
function toldOf(watcher: RawClient, tag: string): unknown {
  for (const { tags } of watcher.heard.toReversed()) {
    const told = (tags as Record<string, { v: unknown }> | undefined)?.[tag];
    if (told !== undefined) return told.v;
  }
  return undefined;
}

/** An alarm as a watching client was told of it last. */
function alarmOf(watcher: RawClient, id: string): unknown {
  for (const { alarms } of watcher.heard.toReversed()) {
    const told = (alarms as Record<string, unknown> | undefined)?.[id];
    if (told !== undefined) return told;
  }
  return undefined;
}

const raised = (watcher: RawClient, id: string): Promise<unknown> =>
  until(`alarm ${id} is raised`, 10_000, () => alarmOf(watcher, id));

/** The gap in which an output left early; a busy disk may have made others. */
const gapOf = (cell: TestCell): Promise<PlainEntry> =>
  until('the gap is declared', 5_000, () =>
    entriesOf(cell.data, 'gap').find(({ body }) => (body['outputs'] as unknown[]).length > 0),
  );

/** When a value reached the machine, at or after `since`; else what the client was told meanwhile. */
const arrival = (
  cell: TestCell,
  watcher: RawClient,
  expected: { readonly output: string; readonly value: unknown; readonly since: number },
): Promise<Received> =>
  until(
    () => {
      const told = watcher.heard.map(({ type: _type, ...message }) => message);
      return `${JSON.stringify(expected)} reaches the machine: ${JSON.stringify(told.slice(1)).slice(-6000)}`;
    },
    5_000,
    () =>
      receivedBy(cell.machine).find(
        ({ output, means, t }) =>
          output === expected.output && means === expected.value && t >= expected.since,
      ),
  );

/** Gives a command; when, less what two processes' clocks may differ by. */
function send(client: RawClient, name: string): number {
  const began = Date.now() - 5;
  const args = { flow: 'tending', name };
  client.send({ type: 'act', id: newId(), actor: 'console:test', verb: 'command', args });
  return began;
}

const stateOf = (watcher: RawClient): string => {
  for (const { flows } of watcher.heard.toReversed()) {
    const told = (flows as Record<string, { regions: { unit: { state: string } } }> | undefined)?.[
      'tending'
    ];
    if (told !== undefined) return told.regions.unit.state;
  }
  return '';
};
const reaches = (watcher: RawClient, state: string): Promise<true> =>
  until(`unit is ${state}`, 10_000, () => (stateOf(watcher).startsWith(state) ? true : undefined));

/** The scans' own lateness, worst of the last minute. */
function latest(watcher: RawClient): number {
  const figures = watcher.heard.findLast(({ scan }) => scan !== undefined)?.['scan'];
  return (figures as { late: { max: number } }).late.max;
}

function expectRecord(cell: TestCell, exit: number): void {
  const verified = cell.rebe('verify', '--keys', join(cell.data, 'keys', 'cell.pub'));
  expect(verified.stdout).toContain('integrity     whole');
  expect(verified.code).toBe(exit);
  expect(cell.rebe('replay').stdout).toContain('identical at every scan');
}

/** Unit tests have both in virtual time; SOAK=1 on a real disk too. */
const soak = process.env['SOAK'] === '1';

test('a full disk: the cell goes on and says so; when there is room the record does, with its gap', async () => {
  await using on = await cellOn((path) => new SmallDisk(path, '16m'), '{stall: 100ms}');
  const { cell, disk } = on;
  await cell.command('clear', 'unit.Aborted', 'unit.Stopped');
  cell.rebe('command', 'tending', 'empty');
  using watcher = await RawClient.greet(cell.data, true);
  disk.fill();
  const alarm = await raised(watcher, 'chronicle');
  expect(alarm).toMatchObject({ priority: 1, state: 'unacknowledged' });
  await until('flows can see it', 2_000, () =>
    toldOf(watcher, 'sys.chronicle.ok') === false ? true : undefined,
  );
  // Outputs do not wait any more: the machine works on a disk that takes nothing.
  const began = send(watcher, 'reset');
  const enabled = await arrival(cell, watcher, {
    output: 'robot.enable',
    value: true,
    since: began,
  });
  expect(enabled.t - began).toBeLessThan(500);
  await reaches(watcher, 'unit.Idle');
  send(watcher, 'start');
  await reaches(watcher, 'unit.Execute');
  expect(latest(watcher)).toBeLessThan(500);
  disk.empty();
  await until('the record goes on', 10_000, () =>
    toldOf(watcher, 'sys.chronicle.ok') === true ? true : undefined,
  );
  const gap = await gapOf(cell);
  expect(gap.body).toMatchObject({ why: 'stall', lost: 0 });
  const early = gap.body['outputs'] as { tag: string; value: unknown }[];
  expect(early).toContainEqual(expect.objectContaining({ tag: 'robot.enable', value: true }));
  await cell.stopCell();
  expectRecord(cell, 0);
}, 180_000);

test.runIf(soak)(
  'a disk that is full for longer than memory lasts: what is lost is counted, and a new segment opens',
  async () => {
    const small = '{stall: 100ms, backlog: 64KB}';
    await using on = await cellOn((path) => new SmallDisk(path, '16m'), small);
    const { cell, disk } = on;
    await cell.command('clear', 'unit.Aborted', 'unit.Stopped');
    using watcher = await RawClient.greet(cell.data, true);
    disk.fill();
    await raised(watcher, 'chronicle');
    // Refused acts are recorded too, the first hundred of a flood each, so they fill what waits in memory.
    const tag = 'x'.repeat(128);
    const reason = 'x'.repeat(500);
    for (let count = 0; count < 600; count += 1) {
      const args = { tag, value: 1, for_ms: 1000, reason };
      watcher.send({ type: 'act', id: newId(), actor: 'console:test', verb: 'force', args });
    }
    expect(await raised(watcher, 'chronicle.lost')).toMatchObject({ priority: 1 });
    const began = send(watcher, 'abort');
    await arrival(cell, watcher, { output: 'cnc.stop', value: true, since: began });
    disk.empty();
    await until('the record goes on', 10_000, () =>
      toldOf(watcher, 'sys.chronicle.ok') === true ? true : undefined,
    );
    const gap = await until('the loss is declared', 5_000, () =>
      entriesOf(cell.data, 'gap').find(({ body }) => body['why'] === 'backlog'),
    );
    expect(Number(gap.body['lost'])).toBeGreaterThan(0);
    const opened = entriesOf(cell.data, 'segment').filter(({ body }) => body['why'] === 'gap');
    expect(opened).toHaveLength(1);
    await cell.stopCell();
    // Whole as written, and incomplete, as it says itself.
    expectRecord(cell, 2);
  },
  180_000,
);

const frozen = (path: string): FreezingDisk => new FreezingDisk(path, join(images, 'disk.img'));

test('a disk that stands still: past `stall` outputs stop waiting; then everything is written, with the gap', async () => {
  await using on = await cellOn(frozen, '{stall: 100ms}');
  const { cell, disk } = on;
  await cell.command('clear', 'unit.Aborted', 'unit.Stopped');
  cell.rebe('command', 'tending', 'empty');
  using watcher = await RawClient.greet(cell.data, true);
  disk.freeze();
  const began = send(watcher, 'reset');
  const enabled = await arrival(cell, watcher, {
    output: 'robot.enable',
    value: true,
    since: began,
  });
  // It waited for the disk until `stall`, not longer: and a scan, a timer and the wire.
  expect(enabled.t - began).toBeGreaterThan(80);
  expect(enabled.t - began).toBeLessThan(400);
  await raised(watcher, 'chronicle');
  await reaches(watcher, 'unit.Idle');
  await new Promise((done) => setTimeout(done, 2_000));
  expect(latest(watcher)).toBeLessThan(500);
  disk.thaw();
  await until('the record goes on', 10_000, () =>
    toldOf(watcher, 'sys.chronicle.ok') === true ? true : undefined,
  );
  const gap = await gapOf(cell);
  expect(gap.body).toMatchObject({ why: 'stall', lost: 0 });
  expect(Number(gap.body['to']) - Number(gap.body['from'])).toBeGreaterThan(1_900);
  const early = gap.body['outputs'] as { tag: string; value: unknown }[];
  expect(early).toContainEqual(expect.objectContaining({ tag: 'robot.enable', value: true }));
  await cell.stopCell();
  expectRecord(cell, 0);
}, 180_000);

test.runIf(soak)(
  'while outputs wait for a disk that stands still, only a safe value leaves',
  async () => {
    await using on = await cellOn(frozen, '{stall: 20s}');
    const { cell, disk } = on;
    await cell.command('clear', 'unit.Aborted', 'unit.Stopped');
    cell.rebe('command', 'tending', 'empty');
    await cell.command('reset', 'unit.Stopped', 'unit.Idle');
    using watcher = await RawClient.greet(cell.data, true);
    disk.freeze();
    const safe = send(watcher, 'abort');
    const off = await arrival(cell, watcher, { output: 'robot.enable', value: false, since: safe });
    expect(off.t - safe).toBeLessThan(300);
    await reaches(watcher, 'unit.Aborted');
    // Amber is not a safe value: it waits for its cause.
    const waits = send(watcher, 'clear');
    await reaches(watcher, 'unit.Stopped');
    await new Promise((done) => setTimeout(done, 1_500));
    const left = receivedBy(cell.machine).filter(
      ({ output, means, t }) => output === 'beacon' && means === 'amber' && t >= waits,
    );
    expect(left).toEqual([]);
    const thawed = Date.now() - 5;
    disk.thaw();
    const amber = await arrival(cell, watcher, { output: 'beacon', value: 'amber', since: thawed });
    expect(amber.t - thawed).toBeLessThan(1_000);
    expect(entriesOf(cell.data, 'gap')).toEqual([]);
    await cell.stopCell();
    expectRecord(cell, 0);
  },
  180_000,
);
