// A new user's first minutes: `rebe init` on an empty directory, a check that watches, and the cell on its simulator.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Demo } from './demo-process.ts';
import { rebe, runRebe, until } from './test-cell.ts';
import type { Ran } from './test-cell.ts';

const folder = mkdtempSync(join(tmpdir(), 'rebe-init-'));
const project = join(folder, 'Line 7');

let made: Ran;
beforeAll(() => {
  made = runRebe('init', project, '--json');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a new project is named after its directory, has no error, and its schemas are those of the product', () => {
  expect(made.code).toBe(0);
  expect(JSON.parse(made.stdout)).toMatchObject({ cell: 'line-7', folder: project });
  expect(runRebe('check', join(project, 'cell.yaml')).stdout).toContain('0 errors, 0 warnings');
  for (const name of ['cell', 'flow', 'plant', 'scenario']) {
    const file = `${name}.schema.json`;
    expect(readFileSync(join(project, 'schemas', file), 'utf8')).toBe(
      readFileSync(join('deploy', file), 'utf8'),
    );
  }
}, 180_000);

test('its scenario passes, and one that expects something else says where and what had happened', () => {
  const scenario = join(project, 'lamp.scenario.yaml');
  expect(runRebe('test', scenario)).toMatchObject({ code: 0 });
  const spoilt = join(project, 'spoilt.scenario.yaml');
  const text = readFileSync(scenario, 'utf8').replace(
    'output: {lamp: true}',
    'output: {lamp: false}',
  );
  writeFileSync(spoilt, text);
  const failed = runRebe('test', spoilt, scenario);
  expect(failed.code).toBe(1);
  expect(failed.stdout).toMatch(/:10:5 E_SCENARIO_EXPECT not within 2min: /);
  expect(failed.stdout).toMatch(/\d s {2}flow +L1 to light\.Shining/);
  expect(failed.stdout).toContain('2 scenarios, 1 failed');
}, 180_000);

test('a directory with something in it is refused, and left as it is', () => {
  const before = readFileSync(join(project, 'cell.yaml'), 'utf8');
  const again = runRebe('init', project);
  expect(again.code).toBe(1);
  expect(again.stderr).toContain('E_FILE_EXISTS');
  expect(readFileSync(join(project, 'cell.yaml'), 'utf8')).toBe(before);
});

test('the project runs on its simulator by one command', async () => {
  await using demo = new Demo(project);
  expect((await demo.link()).hostname).toBe('127.0.0.1');
  await until(
    () => `the lamp waits; it said ${demo.said}`,
    15_000,
    async () => {
      const lamp = (await demo.status())?.flows['lamp'];
      return lamp?.stepped === true ? true : undefined;
    },
  );
}, 180_000);

test('without --data the record of a project is in the project', async () => {
  const child = spawn(process.execPath, [rebe, 'demo', project], { cwd: folder });
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
  });
  try {
    await until(
      () => `a link is printed; it said ${said}`,
      180_000,
      () => (said.includes('#key=') ? true : undefined),
    );
    expect(existsSync(join(project, 'data', 'chronicle.db'))).toBe(true);
    expect(existsSync(join(folder, 'data'))).toBe(false);
    expect(said).toContain(`--data ${join(project, 'data')}`);
  } finally {
    child.kill('SIGINT');
  }
  expect(await ended).toBe(0);
}, 180_000);

test('`check --watch` checks again at each save, and ends by Ctrl-C with the code of the last check', async () => {
  const flow = join(project, 'lamp.flow.yaml');
  const right = readFileSync(flow, 'utf8');
  const child = spawn(process.execPath, [rebe, 'check', '--watch', join(project, 'cell.yaml')]);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
  });
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  const heard = (text: string, times: number): Promise<true> =>
    until(
      () => `it says ${text} ${times} times; it said ${said}`,
      20_000,
      () => (said.split(text).length > times ? true : undefined),
    );
  try {
    await heard('0 errors', 1);
    writeFileSync(flow, right.replace('rise(button)', 'rise(buton)'));
    await heard('Did you mean `button`?', 1);
    writeFileSync(flow, right);
    await heard('0 errors', 2);
    writeFileSync(flow, 'flow: lamp\n');
    await heard('CF0102', 1);
  } finally {
    child.kill('SIGINT');
  }
  expect(await ended).toBe(1);
  writeFileSync(flow, right);
}, 180_000);
