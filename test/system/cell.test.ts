// One real cell against the simulator: it starts, makes parts, and is asked and commanded as a person would.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestCell, rebe, root, runRebe, until } from './test-cell.ts';

test('a cell makes a part, and its record is whole and re-executes identically', async () => {
  await using cell = await TestCell.start({ calm: {} });
  await cell.produce();
  await cell.madePart();
  expect(cell.tags().filter(({ quality }) => quality !== 'good')).toEqual([]);
  // With a part inside the machine the robot stays where it is, and the unit is not stopped before a person comes.
  await cell.reach('unit.Execute.Machining', 60_000);
  const stopped = cell.rebe('command', 'tending', 'stop');
  expect(stopped.stdout).toMatch(/^fired U3 \(entry \d+\)/);
  await cell.reach('unit.Stopped', 60_000);
  await cell.stopCell();
  const verified = cell.rebe('verify', '--keys', join(cell.data, 'keys', 'cell.pub'));
  expect(verified).toMatchObject({ code: 0 });
  const replayed = cell.rebe('replay', '--xstate');
  expect(replayed.stdout).toContain('identical at every scan');
  expect(replayed.code).toBe(0);
}, 150_000);

describe('a cell whose devices are absent at the start', () => {
  let cell: TestCell;
  beforeAll(async () => {
    cell = await TestCell.start({ absent: true });
  }, 180_000);
  afterAll(() => cell[Symbol.asyncDispose]());

  test('leaves its tags bad, and control runs', async () => {
    const tags = cell.tags();
    expect(tags.find(({ tag }) => tag === 'door.opened')).toMatchObject({
      quality: 'bad',
      status: 'BadWaitingForInitialData',
    });
    await until('the flow is stepped after `settle`', 20_000, async () =>
      (await cell.now())?.flows['tending']?.stepped === true ? true : undefined,
    );
    expect(cell.rebe('devices').code).toBe(1);
    const ignored = cell.rebe('command', 'tending', 'clear');
    expect(ignored.stdout).toMatch(/ignored in unit\.Aborted/);
    expect(ignored.code).toBe(1);
    const refused = cell.rebe('set', 'tending', 'batch', '100000');
    expect(refused.code).toBe(1);
    expect(refused.stdout).toBe(
      'refused: E_ACT_VALUE batch takes int from 1 to 9999\n  Give a value as described.\n',
    );
  }, 180_000);

  test('keeps its data directory to itself: a second controller on it is refused', () => {
    const second = cell.rebe('run', cell.manifest, '--endpoints', cell.endpoints);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('E_CELL_LOCKED');
    expect(cell.status()?.boot).toBe(1);
  }, 180_000);
});

test('a manifest and a flow with errors: nothing starts, every problem has its place, exit 1', async () => {
  await using cell = await TestCell.start({
    absent: true,
    early: true,
    edit: (text) =>
      text
        .replace('poll: {fast: 10ms', 'pol: {fast: 10ms')
        .replace('restart: hot', 'restart: never'),
  });
  const checked = cell.rebe('check', cell.manifest);
  expect(checked.code).toBe(1);
  expect(checked.stdout).toMatch(/cell\.yaml:\d+:\d+ E_MANIFEST_FIELD/);
  expect(checked.stdout).toMatch(/restart/);
  expect(checked.stdout).toMatch(/\^/);
  const ran = runRebe('run', cell.manifest, '--data', cell.data);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain('E_MANIFEST_FIELD');
}, 180_000);

test('a chronicle that cannot be read is set aside, never overwritten, and flows keep what is retained', async () => {
  await using cell = await TestCell.start({ calm: {} });
  await cell.command('clear', 'unit.Aborted', 'unit.Stopped');
  expect(cell.rebe('command', 'tending', 'empty').code).toBe(0);
  await cell.stopCell();
  const path = join(cell.data, 'chronicle.db');
  const garbage = Buffer.alloc(8192, 'not a database ');
  writeFileSync(path, garbage);
  cell.startCell();
  await cell.up();
  const alarm = (cell.json('alarms') as { id: string; priority: number }[]).find(
    ({ id }) => id === 'chronicle.aside',
  );
  expect(alarm?.priority).toBe(1);
  const first = cell.rebe('chronicle', 'tail', '--kind', 'boot', '--json');
  const body = JSON.parse(first.stdout.trim()) as { body: { before: string; aside: string } };
  expect(body.body.before).toBe('broken');
  expect(readFileSync(body.body.aside)).toEqual(garbage);
  expect(cell.status()?.flows['tending']?.ctx['loaded']).toBe(false);
}, 180_000);

test('the built file starts by itself, as npx does it', () => {
  const ran = spawnSync(join(root, 'dist', 'controller', 'main.js'), ['--version'], {
    encoding: 'utf8',
  });
  expect(ran.stdout).toMatch(/^\d+\.\d+\.\d+$/m);
});

/** What `rebe help VERB` prints and ends with, for each verb in one process: it is started anew from its built file. */
function helped(verbs: readonly string[]): { readonly text: string; readonly code: number }[] {
  const script = `
    const [node, main, ...verbs] = process.argv;
    process.stdout.setMaxListeners(0);
    for (const verb of verbs) {
      process.argv = [node, main, 'help', verb];
      await import(main + '?' + verb);
      process.stdout.write('\\f' + process.exitCode + '\\f');
    }`;
  const words = ['--input-type=module', '-e', script, pathToFileURL(rebe).href, ...verbs];
  const { stdout } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 60_000 });
  return [...stdout.matchAll(/([^\f]*)\f(\d+)\f/g)].map(([, text = '', code]) => ({
    text,
    code: Number(code),
  }));
}

test('exit codes and help: every verb has an example, wrong use is 64', () => {
  const list = runRebe('help').stdout.matchAll(/^ {2}([a-z-]+)/gm);
  const verbs = [...new Set([...list].map(([, verb = '']) => verb))].filter((v) => v !== 'rebe');
  expect(verbs).toEqual(expect.arrayContaining(['demo', 'init', 'test', 'pki', 'chronicle']));
  expect(verbs.length).toBeGreaterThan(24);
  const helps = helped(verbs);
  expect(helps.map(({ code }) => code)).toEqual(verbs.map(() => 0));
  for (const [index, { text }] of helps.entries()) {
    expect(text).toContain(`rebe ${verbs[index]}`);
    expect(text).toMatch(/Example: (?:REBE_TOKEN=\S+ )?rebe /);
  }
  const wrong = runRebe('stats');
  expect(wrong.code).toBe(64);
  const lost = runRebe('demo', '--data', '/dev/null/data');
  expect([lost.code, lost.stderr]).toEqual([1, expect.stringContaining('E_FILE_WRITE')]);
  expect(wrong.stderr).toContain('did you mean status?');
  expect(runRebe('read').code).toBe(64);
  const nobody = runRebe('status', '--data', '/nonexistent');
  expect(nobody.code).toBe(1);
  expect(nobody.stderr).toContain('E_CELL_NOT_RUNNING');
}, 180_000);
