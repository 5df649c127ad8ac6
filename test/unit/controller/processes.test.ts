// Processes: a child is watched, ended and started again; a data directory that cannot be had is refused.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { milliseconds } from '#contract/time.ts';
import { Child } from '#controller/process/child.ts';
import { realClock } from '#controller/clock.ts';
import { lockData } from '#controller/process/lock.ts';
import { until } from './wire/door-rig.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rebe-processes-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a data directory', () => {
  test('that cannot be written says so, not that it is locked', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => lockData(file)).toThrow(expect.objectContaining({ code: 'E_FILE_WRITE' }));
  });
});

const ready = (watchdog: number) =>
  `process.send({type: 'ready', watchdog_ms: ${watchdog}, listen: '', url: 'here'});`;

describe('a child', () => {
  const log: string[] = [];
  let child: Child | undefined;
  beforeEach(() => {
    log.length = 0;
  });
  afterEach(async () => {
    await child?.stop();
  });

  /** Runs this text as a child; its folder tells one start from the next. */
  function run(text: string, startup = 10_000, grace = 2000): Child {
    const file = join(folder, 'child.cjs');
    writeFileSync(file, text);
    const plan = {
      name: 'test',
      argv: [file],
      startup: milliseconds(startup),
      grace: milliseconds(grace),
    };
    const made = new Child(realClock(), plan, {
      ready: ({ url }) => void log.push(`ready ${url}`),
      restarting: (why, delay) => void log.push(`restarting after ${delay}: ${why}`),
      refused: () => void log.push('refused'),
    });
    child = made;
    made.start();
    return made;
  }
  const stays = 'setInterval(() => undefined, 1000);';
  const stops = "process.on('message', () => process.exit(0));";

  test('tells that it is ready, and ends when it is asked to', async () => {
    const made = run(`${ready(10_000)}${stops}`);
    await until('it is ready', () => log.length === 1);
    await made.stop();
    expect(log).toEqual(['ready here']);
    expect(made.pid).toBeUndefined();
  });

  test('that does not end is killed after its grace', async () => {
    const made = run(
      `${ready(10_000)}${stays}process.on('message', () => undefined);`,
      10_000,
      100,
    );
    await until('it is ready', () => log.length === 1);
    await made.stop();
    expect(log).toEqual(['ready here']);
  });

  test('that makes no progress is killed and started again', async () => {
    run(`${ready(200)}${stays}`);
    await until('it is started again', () => log.length >= 3);
    expect(log.slice(0, 3)).toEqual([
      'ready here',
      'restarting after 100: it made no progress within 200 ms',
      'ready here',
    ]);
  });

  test('that makes progress is left alone', async () => {
    run(`${ready(300)}${stops}setInterval(() => process.send({type: 'progress'}), 20);`);
    await until('it is ready', () => log.length === 1);
    await new Promise((resolve) => {
      setTimeout(resolve, 900);
    });
    expect(log).toEqual(['ready here']);
  });

  test('that does not become ready is killed and started again', async () => {
    run(stays, 150);
    await until('it is started again', () => log.length >= 1);
    expect(log[0]).toBe('restarting after 100: it did not become ready within 150 ms');
  });

  test('that says it was given what is wrong is not started again', async () => {
    run('process.exitCode = 1;');
    await until('it is refused', () => log.length === 1);
    expect(log).toEqual(['refused']);
  });

  test('that nobody needs at the start is started again, and what it said is why', async () => {
    const file = join(folder, 'child.cjs');
    writeFileSync(
      file,
      "process.send({type: 'failed', why: 'the port is taken'}, () => process.exit(1));",
    );
    const limits = { startup: milliseconds(10_000), grace: milliseconds(100) };
    child = new Child(
      realClock(),
      { name: 'test', argv: [file], ...limits },
      {
        ready: () => undefined,
        restarting: (why, delay) => void log.push(`${delay}: ${why}`),
      },
    );
    child.start();
    await until('it was started twice more', () => log.length >= 2);
    expect(log).toEqual(['100: the port is taken', '200: the port is taken']);
  });

  test('is started again after longer and longer when it ends soon each time', async () => {
    run('process.exitCode = 70;');
    await until('it was started four times', () => log.length >= 3);
    expect(log.slice(0, 3)).toEqual(
      [100, 200, 400].map((delay) => `restarting after ${delay}: it ended with code 70`),
    );
  });

  test('once it was ready no exit code keeps it from being started again', async () => {
    run(`${ready(10_000)}setTimeout(() => process.exit(1), 50);`);
    await until('it is started again', () => log.length >= 2);
    expect(log[1]).toBe('restarting after 100: it ended with code 1');
  });

  test('that says what nobody knows is still watched', async () => {
    const made = run(`process.send({type: 'nonsense'}); ${ready(10_000)}${stops}`);
    await until('it is ready', () => log.length === 1);
    await made.stop();
    expect(log).toEqual(['ready here']);
  });

  test('that the system cannot start is tried again', async () => {
    const { execPath } = process;
    process.execPath = join(folder, 'no-such-program');
    try {
      run(stays);
      await until('it is tried again', () => log.length >= 2);
    } finally {
      process.execPath = execPath;
    }
    expect(log[0]).toMatch(/^restarting after 100: .*ENOENT/);
    expect(log[1]).toMatch(/^restarting after 200: .*ENOENT/);
  });
});
