// One controller for a data directory: the second waits for one that is ending.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockData } from '#controller/process/lock.ts';

let data: string;
let holder: ChildProcess | undefined;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'rebe-lock-'));
});

afterEach(() => {
  holder?.kill('SIGKILL');
  holder = undefined;
  rmSync(data, { recursive: true });
});

/** Another process that holds the directory as a controller does, for `span` ms, and ends without a word. */
async function hold(span: number): Promise<void> {
  const program = `
    const database = require('better-sqlite3')(${JSON.stringify(join(data, 'lock.db'))});
    database.exec('BEGIN EXCLUSIVE');
    process.stdout.write('held');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${span});`;
  holder = spawn(process.execPath, ['--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (holder.stdout !== null) await once(holder.stdout, 'data');
}

test('a controller that is ending is waited for, and that is said', async () => {
  await hold(1000);
  const said: string[] = [];
  const lock = lockData(data, (text) => void said.push(text));
  lock.release();
  expect(said).toEqual([`another controller runs on ${data}; waiting up to 5 s for its end`]);
}, 20_000);

test('nobody else may read the lock, and a free directory is taken without a word', () => {
  const said: string[] = [];
  const lock = lockData(data, (text) => void said.push(text));
  expect(statSync(join(data, 'lock.db')).mode & 0o777).toBe(0o600);
  lock.release();
  lockData(data, (text) => void said.push(text)).release();
  expect(said).toEqual([]);
});

test.each(['/proc/nowhere', '/proc/nowhere/cell', '/dev/null/cell'])(
  'a directory that can be made nowhere, %s, is refused at once',
  (nowhere) => {
    expect(() => lockData(nowhere)).toThrow(`${nowhere} cannot be written`);
  },
);

test('a directory deep below one that is there is made, for its owner alone', () => {
  const deep = join(data, 'plant', 'cell');
  lockData(deep).release();
  expect(statSync(deep).mode & 0o777).toBe(0o700);
});
