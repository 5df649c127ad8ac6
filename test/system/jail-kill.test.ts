// The end of a jail: whatever its programs did to outlive it, none is left, at once and verified; and none outlives
// station. And what is frozen stands still, and goes on.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { realClock } from '#controller/clock.ts';
import { HostJailer } from '#controller/shell/jail/jailer.ts';
import { endOne } from '#controller/shell/jail/launched.ts';
import { findTrees } from '#controller/shell/jail/trees.ts';
import { processesOf } from '#controller/shell/jail/uids.ts';
import { loadTerminals } from '#controller/shell/terminal.ts';
import { removeFolder } from '#test/folder.ts';
import { until } from '#test/system/test-cell.ts';
import { Jailed } from './jail/jailed.ts';

const limit = { timeout: 120_000 };
const session = 'sh-00000000000000a7';
const ignore = (): void => undefined;

/** Each in its own way tries to be there after the end. */
const clinging = [
  'setsid sleep 1000 &',
  'nohup sleep 1000 >/dev/null 2>&1 &',
  '(setsid bash -c "trap \\"\\" HUP TERM INT; sleep 1000 & sleep 1000" &)',
  '( ( setsid nohup bash -c "while :; do sleep 0.01; done" >/dev/null 2>&1 & ) & )',
].join('\n');

/** Those that this machine has. */
const proc = {
  mountinfo: readFileSync('/proc/self/mountinfo', 'utf8'),
  cgroup: readFileSync('/proc/self/cgroup', 'utf8'),
};
const versions = [...new Set(findTrees(proc, () => []).freezer.map(({ version }) => version))];

test('this machine has control groups', () => {
  expect(versions).not.toEqual([]);
});

test.each(versions)('a kill leaves nothing, by groups of version %i', limit, async (groups) => {
  const took: number[] = [];
  // What a process takes to start and end beside it tells how busy this machine is: 3 ms when it is not.
  const busy: number[] = [];
  for (let round = 0; round < 2; round += 1) {
    await using jailed = await Jailed.open('T2', { groups });
    await jailed.run(clinging);
    await until('what clings', 20_000, () => (jailed.processes().length > 8 ? true : undefined));
    if (round === 1) await jailed.jail.freeze();
    const before = performance.now();
    spawnSync('/bin/true');
    busy.push(performance.now() - before);
    took.push(await jailed.kill());
    expect(jailed.processes()).toEqual([]);
  }
  expect(Math.min(...took)).toBeLessThan(Math.max(250, 10 * Math.min(...busy)));
});

test.each(versions)(
  'what is frozen stands still and goes on, by version %i',
  limit,
  async (groups) => {
    await using jailed = await Jailed.open('T2', { groups });
    await jailed.run('while :; do echo tick; sleep 0.01; done &');
    const count = (): number => jailed.output.split('tick').length;
    await until('ticks', 20_000, () => (count() > 10 ? true : undefined));
    await jailed.jail.freeze();
    // What it wrote before is on its way.
    await new Promise((done) => setTimeout(done, 50));
    const frozen = count();
    await new Promise((done) => setTimeout(done, 150));
    expect(count()).toBe(frozen);
    await jailed.jail.thaw();
    await until('more ticks', 20_000, () => (count() > frozen + 3 ? true : undefined));
    await jailed.run('kill %1; wait');
    const starts = (): number => jailed.seen.filter(({ argv }) => argv[1] === '1000').length;
    const sleeping = async (): Promise<void> => {
      const before = starts();
      jailed.type('sleep 1000\n');
      await until('a program at the keyboard', 20_000, () =>
        starts() > before ? true : undefined,
      );
    };
    await sleeping();
    jailed.type('\u0003');
    expect((await jailed.run('echo after Ctrl-C')).text).toContain('after Ctrl-C');
    await sleeping();
    jailed.type('\u001a');
    expect((await jailed.run('jobs; kill %1')).text).toContain('Stopped');
  },
);

test.each(['T2', 'T3'] as const)(
  'a kill that comes with the launch leaves nothing, in %s',
  limit,
  async (tier) => {
    const data = mkdtempSync(join(tmpdir(), 'rebe-jail-'));
    const clock = realClock();
    const jailer = new HostJailer(clock, { data });
    const open = await loadTerminals(clock);
    const left: string[] = [];
    for (let round = 0; round < 15; round += 1) {
      const jail = await jailer.prepare(session, tier, ignore);
      let exited = ignore;
      const exit = new Promise<void>((done) => {
        exited = done;
      });
      const size = { cols: 80, rows: 24 };
      const terminal = open(jail.launch, size, { output: ignore, exited: () => exited() });
      await jail.started(terminal.pid);
      // Each time a little further on its way into its group.
      const kill = performance.now() + round;
      while (performance.now() < kill) await new Promise(setImmediate);
      await jail.kill();
      const alive = processesOfSession(terminal.pid);
      if (alive.length > 0) left.push(`round ${round}: ${alive.join(' ')}`);
      for (const pid of alive) endOne(pid);
      await exit;
      terminal.close();
      await jail.close();
    }
    await jailer.close();
    removeFolder(data);
    expect(left).toEqual([]);
  },
);

/** By their ids: those of a terminal's session that live. */
function processesOfSession(sid: number): readonly number[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,sid=,stat='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([pid, of, stat = '']) => (of === `${sid}` || pid === `${sid}`) && !/^[ZX]/.test(stat))
    .map(([pid]) => Number(pid));
}

test('nothing outlives a station that is killed', limit, async () => {
  const data = mkdtempSync(join(tmpdir(), 'rebe-jail-'));
  const jailer = new HostJailer(realClock(), { data });
  const jail = await jailer.prepare(session, 'T2', ignore);
  const { file, args, env, cwd } = jail.launch;
  const uid = Number(args.find((word) => word.startsWith('--reuid='))?.slice('--reuid='.length));
  // In station's place, as far as the kernel sees it: whose child the launch is.
  const station = spawn('/bin/sh', ['-c', '"$@"; true', 'sh', file, ...args], { env, cwd });
  station.stdin.end(`${clinging}\nsleep 1000\n`);
  await until('what clings', 20_000, () => (processesOf(uid).length > 8 ? true : undefined));
  station.kill('SIGKILL');
  await until('the end of all', 20_000, () => (processesOf(uid).length === 0 ? true : undefined));

  // A life that ended without letting go of it is cleared away by the next.
  const jails = join(data, 'jails');
  expect(readdirSync(jails)).toEqual([session]);
  const next = new HostJailer(realClock(), { data });
  await next.layers();
  expect(existsSync(join(jails, session))).toBe(false);
  await jail.close();
  await next.close();
  removeFolder(data);
});
