// A kernel that does not do what it is asked: a session that does not stand still, and one that does not end, are told
// as that. Groups are folders; these obey nobody.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Evidence } from '#controller/shell/jail/evidence.ts';
import { Group } from '#controller/shell/jail/groups.ts';
import { HostJail } from '#controller/shell/jail/jail.ts';
import { removeFolder } from '#test/folder.ts';
import { HandClock } from '#test/unit/controller/server/rig.ts';

/** A jail whose group of version 2 holds these processes, and is a plain folder. */
class Stubborn implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'rebe-group-'));
  readonly clock = new HandClock();
  readonly jail: HostJail;

  constructor(pids: readonly (number | undefined)[]) {
    writeFileSync(join(this.folder, 'cgroup.procs'), pids.map((pid) => `${pid}\n`).join(''));
    writeFileSync(join(this.folder, 'cgroup.events'), 'populated 1\nfrozen 0\n');
    writeFileSync(join(this.folder, 'cgroup.kill'), '');
    writeFileSync(join(this.folder, 'cpu.max'), '4000 20000');
    const { clock, folder } = this;
    this.jail = new HostJail({
      clock,
      launch: { file: '/bin/true', args: [], env: {}, cwd: '/' },
      group: new Group(
        clock,
        (['cpu', 'freezer'] as const).map((control) => ({ control, version: 2, folder })),
      ),
      claimed: undefined,
      evidence: new Evidence(clock, () => undefined),
      traced: false,
      folder,
    });
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8');
  }

  /** What it fails with, and after how many ms. */
  async failure(act: Promise<void>): Promise<{ readonly error: unknown; readonly after: number }> {
    const began = this.clock.now();
    const errors: unknown[] = [];
    void act.catch((error: unknown) => errors.push(error));
    // Names are read by threads, which this clock does not move.
    while (errors.length === 0) {
      this.clock.advance(20);
      await new Promise(setImmediate);
    }
    return { error: errors[0], after: this.clock.now() - began };
  }

  [Symbol.dispose](): void {
    removeFolder(this.folder);
  }
}

test('a session that does not stand still is told as that within about a second', async () => {
  using stubborn = new Stubborn([]);
  const { error, after } = await stubborn.failure(stubborn.jail.freeze());
  expect(error).toMatchObject({
    code: 'E_SHELL_FREEZE',
    message: 'the session is not frozen in 1000 ms',
  });
  expect(after).toBeGreaterThanOrEqual(1_000);
  expect(after).toBeLessThan(1_100);
  expect(stubborn.read('cgroup.freeze')).toBe('1');
  expect(stubborn.read('cpu.max')).toBe('4000 20000');
  writeFileSync(join(stubborn.folder, 'cgroup.events'), 'populated 1\nfrozen 1\n');
  await stubborn.jail.freeze();
});

test('a freezer that does not answer holds no kill up', async () => {
  const sleeper = spawn('sleep', ['1000'], { stdio: 'ignore' });
  await once(sleeper, 'spawn');
  const ended = once(sleeper, 'exit');
  const folder = mkdtempSync(join(tmpdir(), 'rebe-group-'));
  writeFileSync(join(folder, 'cgroup.procs'), `${sleeper.pid}\n`);
  // It takes every word and says none.
  symlinkSync('/dev/null', join(folder, 'freezer.state'));
  const clock = new HandClock();
  const group = new Group(clock, [{ control: 'freezer', version: 1, folder }]);
  const killing = group.kill();
  while (clock.now() < 60) {
    clock.advance(2);
    // oxlint-disable-next-line no-await-in-loop -- time
    await new Promise(setImmediate);
  }
  // Here the clock stands: what has not been sent by now is never sent.
  expect(await ended).toEqual([null, 'SIGKILL']);
  writeFileSync(join(folder, 'cgroup.procs'), '');
  const over = { is: false };
  void killing.then(() => (over.is = true));
  while (!over.is) {
    clock.advance(2);
    // oxlint-disable-next-line no-await-in-loop -- time
    await new Promise(setImmediate);
  }
  removeFolder(folder);
});

test('to stand still is waited for no more once a kill has begun, which thaws', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rebe-group-'));
  writeFileSync(join(folder, 'cgroup.procs'), '');
  // It takes every word and says none.
  symlinkSync('/dev/null', join(folder, 'freezer.state'));
  const clock = new HandClock();
  const group = new Group(clock, [{ control: 'freezer', version: 1, folder }]);
  const heard: string[] = [];
  const freezing = group.freeze().then(
    () => heard.push('frozen or killed'),
    (error: unknown) => heard.push(String(error)),
  );
  void group.kill().then(() => heard.push('killed'));
  while (heard.length < 2 && clock.now() < 200) {
    clock.advance(2);
    // oxlint-disable-next-line no-await-in-loop -- time
    await new Promise(setImmediate);
  }
  expect(heard).toEqual(['frozen or killed', 'killed']);
  await freezing;
  removeFolder(folder);
});

test('processes that outlive the kill are counted, and named', async () => {
  const left = Array.from({ length: 10 }, () => spawn('sleep', ['1000'], { stdio: 'ignore' }));
  await Promise.all(left.map((one) => once(one, 'spawn')));
  using stubborn = new Stubborn(left.map(({ pid }) => pid));
  const { error, after } = await stubborn.failure(stubborn.jail.kill());
  const names = left.slice(0, 8).map(({ pid }) => `${pid} sleep`);
  expect(error).toMatchObject({
    code: 'E_SHELL_SURVIVOR',
    message: `10 of the session's processes are left: ${names.join(', ')}`,
  });
  expect(after).toBeGreaterThanOrEqual(3_000);
  expect(stubborn.read('cgroup.kill')).toBe('1');
  // A hundred processes need seconds of a fifth of a processor to end.
  expect(stubborn.read('cpu.max')).toBe('max');
  const gone = left.map(async (one) => once(one, 'exit'));
  for (const one of left) one.kill('SIGKILL');
  await Promise.all(gone);
  writeFileSync(join(stubborn.folder, 'cgroup.procs'), '');
  await stubborn.jail.kill();
});
