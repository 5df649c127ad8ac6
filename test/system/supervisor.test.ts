// The supervisor over real processes: control first, then the page, each started again, both ended in order.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { present } from '#contract/error.ts';
import { realClock } from '#controller/clock.ts';
import { superviseCell } from '#controller/supervisor.ts';
import type { SupervisedCell } from '#controller/supervisor.ts';
import { removeFolder } from '#test/folder.ts';
import { family, living, portsOf } from './processes.ts';
import type { Process } from './processes.ts';
import { root, runRebe, until } from './test-cell.ts';

const lamp = join(root, 'flows', 'lamp', 'cell.yaml');
let folder = '';
let data = '';
let said: string[] = [];
let cell: SupervisedCell | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rebe-supervisor-'));
  data = join(folder, 'data');
  said = [];
  writeFileSync(join(folder, 'endpoints.json'), JSON.stringify({ io: { tcp: '127.0.0.1:9' } }));
});
afterEach(async () => {
  await cell?.stop();
  removeFolder(folder);
});

function supervise(manifest = lamp): SupervisedCell {
  const options = {
    manifest,
    data,
    endpoints: manifest === lamp ? join(folder, 'endpoints.json') : undefined,
    listen: '127.0.0.1:0',
  };
  cell = superviseCell(realClock(), options, (text) => void said.push(text));
  return cell;
}

/** What runs on this data directory; the test itself is their parent. */
const children = (): Process[] =>
  family(process.pid).filter(({ pid, words }) => pid !== process.pid && words.includes(data));
const roleOf = (role: string): Process | undefined =>
  children().find(({ words }) => words.includes(` ${role} `));
const status = () => {
  const ran = runRebe('status', '--json', '--data', data);
  return ran.code === 0 ? (JSON.parse(ran.stdout) as { boot: number }) : undefined;
};

test('is ready with the page’s address when control and station are up', async () => {
  const url = await supervise().ready;
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect((await fetch(url)).status).toBe(200);
  expect(status()?.boot).toBe(1);
  expect(said).toEqual([]);
}, 40_000);

test('control that was killed is started again, and the page stays', async () => {
  await supervise().ready;
  const control = roleOf('control');
  const station = roleOf('station');
  process.kill(present(control, 'control runs').pid, 'SIGKILL');
  await until('control is there again', 20_000, () => status()?.boot === 2 || undefined);
  expect(roleOf('station')).toEqual(station);
  expect(roleOf('control')?.pid).not.toBe(control?.pid);
  expect(said).toEqual(['control starts again in 100 ms: it was ended by SIGKILL']);
}, 180_000);

test('a page that was killed comes again, and control never notices', async () => {
  const url = await supervise().ready;
  const control = roleOf('control');
  const station = roleOf('station');
  process.kill(present(station, 'station runs').pid, 'SIGKILL');
  await until('another station answers', 20_000, async () => {
    const answer = await fetch(url).catch(() => undefined);
    return answer?.status === 200 && roleOf('station')?.pid !== station?.pid ? true : undefined;
  });
  expect(roleOf('control')).toEqual(control);
  expect(status()?.boot).toBe(1);
  expect(said).toEqual(['station is started again until it runs: it was ended by SIGKILL']);
}, 180_000);

test('a cell that cannot be read is refused once, and no page is started for it', async () => {
  const broken = join(folder, 'cell.yaml');
  writeFileSync(broken, 'cell: x\n');
  const made = supervise(broken);
  await made.refused;
  expect(children()).toEqual([]);
  expect(said).toEqual([]);
}, 180_000);

test('stop ends both and leaves no process and no port', async () => {
  const made = supervise();
  await made.ready;
  const all = children();
  expect(all.length).toBeGreaterThanOrEqual(2);
  expect(portsOf(all)).toHaveLength(1);
  await made.stop();
  expect(living(all)).toEqual([]);
  expect(said).toEqual([]);
  await made.stop();
}, 40_000);
