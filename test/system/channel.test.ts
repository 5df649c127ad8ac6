// The channel between the supervisor and its children, from the child's side: what each tells, and what ends it.
import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FromChild } from '#controller/process/child.ts';
import { removeFolder } from '#test/folder.ts';
import { rebe, root, until } from './test-cell.ts';

const lamp = join(root, 'flows', 'lamp', 'cell.yaml');
let folder = '';
let data = '';
let endpoints = '';
let child: ChildProcess | undefined;
let told: FromChild[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rebe-channel-'));
  data = join(folder, 'data');
  endpoints = join(folder, 'endpoints.json');
  writeFileSync(endpoints, JSON.stringify({ io: { tcp: '127.0.0.1:9' } }));
});
afterEach(async () => {
  if (child !== undefined && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  removeFolder(folder);
});

/** How control ends in order here: no device is there that could confirm that its outputs are safe. */
const unconfirmed = 1;

/** Starts a child as the supervisor does, and keeps what it tells. */
function start(...words: readonly string[]): ChildProcess {
  const made = fork(rebe, [...words, '--data', data], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  child = made;
  told = [];
  made.on('message', (message) => told.push(FromChild.parse(message)));
  return made;
}
const control = (): ChildProcess => start('control', lamp, '--endpoints', endpoints);
const heard = (type: FromChild['type']) => told.filter((message) => message.type === type);
const ready = (): Promise<true> =>
  until('it is ready', 15_000, () => heard('ready').length > 0 || undefined);
const gone = async (made: ChildProcess): Promise<number | null> => {
  if (made.exitCode === null) await once(made, 'exit');
  return made.exitCode;
};

describe('control', () => {
  test('says once that it is ready, with its watchdog, and then that it lives, at a pace', async () => {
    control();
    await ready();
    expect(heard('ready')).toEqual([
      {
        type: 'ready',
        watchdog_ms: expect.any(Number),
        listen: '127.0.0.1:8080',
        station: { names: [], idle_ms: 300_000, people: { secondFactor: [] } },
        url: 'boot 1',
      },
    ]);
    const before = heard('progress').length;
    await wait(2000);
    const progress = heard('progress').length - before;
    // A scan each 20 ms, and one word for each 50 ms of them; a busy machine says less.
    expect(progress).toBeGreaterThan(5);
    expect(progress).toBeLessThanOrEqual(41);
  }, 180_000);

  test('is ended by the word alone: signals of its group and other words are not for it', async () => {
    const made = control();
    await ready();
    made.kill('SIGINT');
    made.kill('SIGTERM');
    for (const word of ['stop', { type: 'end' }, { type: 'stop', now: true }, null, 7])
      made.send(word as never);
    const before = heard('progress').length;
    await until('it goes on', 5000, () => heard('progress').length > before + 3 || undefined);
    made.send({ type: 'stop' });
    expect(await gone(made)).toBe(unconfirmed);
  }, 180_000);

  test('ends in order when the supervisor is gone', async () => {
    const made = control();
    await ready();
    made.disconnect();
    expect(await gone(made)).toBe(unconfirmed);
    // The next start finds an end that was meant.
    const next = control();
    await ready();
    expect(heard('ready')).toMatchObject([{ url: 'boot 2' }]);
    next.send({ type: 'stop' });
    expect(await gone(next)).toBe(unconfirmed);
  }, 40_000);

  test('started by hand is ended by a signal', async () => {
    const words = ['control', lamp, '--endpoints', endpoints, '--data', data];
    const made = spawn(process.execPath, [rebe, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
    child = made;
    const sock = join(data, 'control.sock');
    await until('it listens', 15_000, () => existsSync(sock) || undefined);
    await wait(300);
    made.kill('SIGTERM');
    expect(await gone(made)).toBe(unconfirmed);
  }, 180_000);

  test('that cannot read its cell is never ready, and ends with the code of one that is refused', async () => {
    const broken = join(folder, 'cell.yaml');
    writeFileSync(broken, 'cell: x\n');
    const made = start('control', broken);
    expect(await gone(made)).toBe(1);
    expect(told).toEqual([]);
  }, 180_000);
});

test('station says why it cannot come, in one message', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const listen = `127.0.0.1:${(other.address() as AddressInfo).port}`;
  const made = start('station', '--listen', listen);
  expect(await gone(made)).toBe(1);
  other.close();
  expect(told).toEqual([
    { type: 'failed', why: expect.stringMatching(/^E_STATION_PORT .* is taken/) },
  ]);
}, 180_000);
