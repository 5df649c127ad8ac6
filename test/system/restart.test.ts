// Control and station that die and come back: what each restart class keeps, what ends with a restart, what
// is never done twice, and how soon a process that hangs is replaced.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readStationUrl } from '#controller/server/link.ts';
import { soak, testSeed } from './chance.ts';
import { watchLateness } from './lateness.ts';
import { RawClient, newId } from './raw-client.ts';
import { entriesOf } from './record.ts';
import { TestCell, until } from './test-cell.ts';
import type { Status } from './test-cell.ts';

const flowOf = (status: Status | undefined): Status['flows'][string] | undefined =>
  status?.flows['tending'];

interface Kept {
  readonly by: 'itself' | 'a person';
  readonly mode: string;
  readonly loaded: boolean;
  readonly batch: number;
}

const classes: Readonly<Record<string, Kept>> = {
  hot: { by: 'itself', mode: 'mode.Manual', loaded: false, batch: 150 },
  ask: { by: 'a person', mode: 'mode.Manual', loaded: false, batch: 150 },
  warm: { by: 'itself', mode: 'mode.Automatic', loaded: false, batch: 150 },
  cold: { by: 'itself', mode: 'mode.Automatic', loaded: true, batch: 200 },
};

/** A person puts a flow that waits for one back to work. */
function resume(cell: TestCell): void {
  expect(flowOf(cell.status())).toMatchObject({ stepped: false });
  const refused = cell.rebe('command', 'tending', 'clear');
  expect(refused.stdout).toContain('E_FLOW_NOT_STEPPED');
  expect(cell.rebe('resume', 'tending').code).toBe(0);
}

const ends = ['kill -9', 'a power cut', 'an orderly stop'] as const;

/** In CI `hot` and another class, each after one of them: which is the seed's choice. */
const chosen = Object.entries(classes).filter(
  (_, index) => soak || index === 0 || index === 1 + (testSeed % (Object.keys(classes).length - 1)),
);
const cases = chosen.flatMap(([name, kept], index) =>
  ends
    .filter((_, end) => soak || end === (index + testSeed) % ends.length)
    .map((end) => ({ name, end, kept })),
);

test.each(cases)(
  '$name after $end: goes on by $kept.by and keeps what it is to keep',
  async ({ name, end, kept }) => {
    await using cell = await TestCell.start({
      calm: {},
      edit: (text) => text.replace('restart: hot', `restart: ${name}`),
      // A data directory that is the cell's alone.
      disk: () => undefined,
    });
    // In Aborted and Manual, which a restart leaves alone; with things changed that a class keeps or not.
    await cell.command('clear', 'unit.Aborted', 'unit.Stopped');
    cell.rebe('command', 'tending', 'empty');
    await cell.command('abort', 'unit.Stopped', 'unit.Aborted');
    cell.rebe('command', 'tending', 'manual');
    expect(cell.rebe('set', 'tending', 'batch', '150').code).toBe(0);
    const words = ['coolant.pump', 'true', '--for', '10min', '--reason', 'a test'];
    expect(cell.rebe('force', ...words).code).toBe(0);
    expect(flowOf(cell.status())?.regions['mode']?.state).toBe('mode.Manual');

    if (end === 'kill -9') process.kill(cell.pidOf('control'), 'SIGKILL');
    else {
      await (end === 'a power cut' ? cell.cutPower() : cell.stopCell());
      cell.startCell();
    }
    await cell.up(2);
    if (kept.by === 'a person') resume(cell);
    const status = await until(
      () => `the flow goes on; it is ${JSON.stringify(flowOf(cell.status()))}`,
      20_000,
      async () => {
        const now = await cell.now();
        return flowOf(now)?.stepped === true ? now : undefined;
      },
    );
    expect(flowOf(status)).toMatchObject({
      regions: { mode: { state: kept.mode }, unit: { state: 'unit.Aborted' } },
      ctx: { loaded: kept.loaded, parts: 0 },
      parameters: { batch: kept.batch },
    });
    // A force ends with a restart, and its output is where the flow wants it.
    const pump = cell.tags().find(({ tag }) => tag === 'coolant.pump');
    expect(pump?.value).toBe(false);
    expect(cell.rebe('unforce', 'coolant.pump').stdout).toContain('is not forced');
    const boots = entriesOf(cell.data, 'boot').map(({ body }) => body['before']);
    expect(boots).toEqual(['first', end === 'an orderly stop' ? 'stop' : 'crash']);
    await cell.stopCell();
    expect(cell.rebe('verify', '--keys', join(cell.data, 'keys', 'cell.pub')).code).toBe(0);
    expect(cell.rebe('replay').stdout).toContain('identical at every scan');
  },
  180_000,
);

test('an act is never done twice, though control died between the two askings', async () => {
  await using cell = await TestCell.start({ calm: {} });
  const id = newId();
  const clear = { flow: 'tending', name: 'clear' };
  {
    using client = await RawClient.greet(cell.data);
    expect((await client.act('command', clear, { id })).receipt).toEqual({ result: 'accepted' });
    expect((await client.outcomeOf(id)).outcome).toBe('fired U5');
  }
  process.kill(cell.pidOf('control'), 'SIGKILL');
  await cell.up(2);
  // It goes on by itself: to Aborted, since control was away.
  await cell.reach('unit.Aborted');
  using client = await RawClient.greet(cell.data);
  expect((await client.act('command', clear, { id })).receipt).toEqual({ result: 'accepted' });
  // Another is done, after it: the first was not.
  const other = await client.act('command', { flow: 'tending', name: 'empty' });
  expect((await client.outcomeOf(other.id)).outcome).toBe('ignored in unit.Aborted');
  expect(entriesOf(cell.data, 'act').filter(({ body }) => body['id'] === id)).toHaveLength(1);
}, 180_000);

test('control that hangs is killed and started again within its watchdog and a second', async () => {
  await using cell = await TestCell.start();
  const pid = cell.pidOf('control');
  const late = watchLateness();
  const began = Date.now();
  process.kill(pid, 'SIGSTOP');
  await until('another control runs', 30_000, () => {
    const now = cell.findPid('control');
    return now === pid ? undefined : now;
  });
  const took = Date.now() - began;
  expect(took).toBeGreaterThan(700);
  expect(took).toBeLessThan(2_000 + late());
  await cell.up(2);
  expect(cell.output).toContain('it made no progress within 1000 ms');
}, 180_000);

test('station that is killed is back within 3 s at its address, and no scan waits for it', async () => {
  await using cell = await TestCell.start({ calm: {} });
  const url = await until('station listens', 30_000, () =>
    readStationUrl(cell.data).catch(() => undefined),
  );
  using watcher = await RawClient.greet(cell.data, true);
  const control = cell.pidOf('control');
  expect((await fetch(url)).status).toBe(200);
  // What one start of the program takes beside it: a sixth of a second on a machine that is not busy.
  const started = performance.now();
  expect(cell.rebe('--version').code).toBe(0);
  const busy = performance.now() - started;
  // No scan is later than this test's own timers, for want of station.
  const late = watchLateness();
  const heard = watcher.heard.length;
  const killed = Date.now();
  process.kill(cell.pidOf('station'), 'SIGKILL');
  await until('it is gone', 20_000, () =>
    fetch(url).then(
      () => undefined,
      () => true,
    ),
  );
  await until('the page is back', 60_000, () =>
    fetch(url).then(
      ({ status }) => (status === 200 ? true : undefined),
      () => undefined,
    ),
  );
  expect(Date.now() - killed).toBeLessThan(Math.max(3_000, 15 * busy));
  await new Promise((done) => setTimeout(done, 1_100));
  expect(cell.pidOf('control')).toBe(control);
  const told = watcher.heard.slice(heard);
  const times = told.flatMap(({ now }) => (typeof now === 'number' ? [now] : []));
  const pauses = times.slice(1).map((now, index) => now - (times[index] ?? now));
  // A quiet cell is told of twice a second.
  expect(pauses.length).toBeGreaterThan(1);
  expect(Math.max(...pauses)).toBeLessThan(800 + late());
}, 180_000);
