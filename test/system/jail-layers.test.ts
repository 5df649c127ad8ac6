// What of a jail this machine has: each layer is found here, and where one is missing no shell is opened and it is
// named. What starts in a session is told, by strace and without it. And the full shell, which only groups hold.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { realClock } from '#controller/clock.ts';
import { HostJailer } from '#controller/shell/jail/jailer.ts';
import { ended } from '#controller/shell/jail/layers.ts';
import { removeFolder } from '#test/folder.ts';
import { until } from '#test/system/test-cell.ts';
import { Jailed } from './jail/jailed.ts';

const limit = { timeout: 120_000 };
const ignore = (): void => undefined;
const sha = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** A folder with all of /usr/bin but these. */
class Programs implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'rebe-programs-'));

  constructor(without: readonly string[]) {
    // The session's user starts some of them.
    chmodSync(this.folder, 0o755);
    for (const name of readdirSync('/usr/bin')) {
      if (!without.includes(name)) symlinkSync(join('/usr/bin', name), join(this.folder, name));
    }
  }

  [Symbol.dispose](): void {
    removeFolder(this.folder);
  }
}

test('this machine has every layer, and says how', limit, async () => {
  const data = mkdtempSync(join(tmpdir(), 'rebe-jail-'));
  const jailer = new HostJailer(realClock(), { data });
  const layers = await jailer.layers();
  await jailer.close();
  removeFolder(data);
  const missing = layers.filter(({ there }) => !there);
  expect(missing).toEqual([]);
  expect(layers.map(({ name, required }) => [name, required])).toEqual([
    ['cgroup', true],
    ['prlimit', true],
    ['own-uid', true],
    ['bubblewrap', true],
    ['user-namespace', true],
    ['seccomp', true],
    ['evidence', false],
  ]);
  expect(layers.find(({ name }) => name === 'cgroup')?.why).toMatch(
    /^memory v\d, pids v\d, cpu v\d/,
  );
});

test.each([
  [
    'bwrap',
    /^T2 needs bubblewrap \(install Debian's bubblewrap: .*ENOENT\); user-namespace \(.*\); seccomp \(/,
  ],
  [
    'setpriv',
    /^T2 needs own-uid \(station may not become another user: .*ENOENT\); seccomp \(not tried/,
  ],
  ['prlimit', /^T2 needs prlimit \(.*ENOENT\); seccomp \(not tried/],
])('without %s no shell is opened, and what is missing is named', limit, async (name, why) => {
  using programs = new Programs([name]);
  const data = mkdtempSync(join(tmpdir(), 'rebe-jail-'));
  const jailer = new HostJailer(realClock(), { data, programs: programs.folder });
  const refused = await jailer
    .prepare('sh-00000000000000a8', 'T2', ignore)
    .then(() => undefined)
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'E_SHELL_LAYER', message: expect.stringMatching(why) });
  // What was missing once is looked for again.
  symlinkSync(join('/usr/bin', name), join(programs.folder, name));
  const later = await jailer.layers();
  await jailer.close();
  removeFolder(data);
  expect(later.filter(({ required, there }) => required && !there)).toEqual([]);
});

test('strace tells what started, with the hash of what ran', limit, async () => {
  await using jailed = await Jailed.open();
  await jailed.run('/usr/bin/printf "%s\\n" "two words" \'quote"\'; true; no-such-program');
  await jailed.run('cp /usr/bin/sleep /tmp/mine; /tmp/mine 0.5');
  await jailed.run('(setsid env A=1 /usr/bin/true &); for i in {1..40}; do /usr/bin/true $i; done');
  const find = (wanted: readonly string[]) =>
    jailed.seen.find(({ argv }) => argv.join('\0') === wanted.join('\0'));
  const last = await until('the last start', 20_000, () => find(['/usr/bin/true', '40']));
  expect(last.hash).toBe(sha('/usr/bin/true'));
  expect(find(['/bin/bash'])?.hash).toBe(sha('/bin/bash'));
  expect(find(['/usr/bin/printf', '%s\\n', 'two words', 'quote"'])).toBeDefined();
  expect(find(['/tmp/mine', '0.5'])?.hash).toBe(sha('/usr/bin/sleep'));
  expect(find(['env', 'A=1', '/usr/bin/true'])).toBeDefined();
  expect(jailed.seen.filter(({ argv }) => argv[0] === '/usr/bin/true')).toHaveLength(41);
  // Neither the jail's own steps nor what was not found.
  const names = jailed.seen.map(({ argv }) => argv[0]);
  expect(names).not.toContain('bwrap');
  expect(names).not.toContain('no-such-program');
});

test('without strace what runs long enough is told, and the layer says so', limit, async () => {
  using programs = new Programs(['strace']);
  await using jailed = await Jailed.open('T2', { programs: programs.folder });
  const evidence = (await jailed.jailer.layers()).find(({ name }) => name === 'evidence');
  expect(evidence).toMatchObject({ there: false, required: false });
  expect(evidence?.why).toMatch(/^by looking into the group every 50 ms, .*strace: No such file/);
  await jailed.run('sleep 1');
  const seen = jailed.seen.find(({ argv }) => argv.join(' ') === 'sleep 1');
  expect(seen?.hash).toBe(sha('/usr/bin/sleep'));
  expect(jailed.seen.map(({ argv }) => argv[0])).not.toContain('bwrap');
});

/** By its words, on all of this machine. */
const running = (): boolean =>
  readdirSync('/proc').some((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === 'sleep\x004711\0';
    } catch {
      return false;
    }
  });

test('a command instead of a shell runs as its words are, in the same walls', limit, async () => {
  const data = mkdtempSync(join(tmpdir(), 'rebe-jail-'));
  const jailer = new HostJailer(realClock(), { data });
  const words = [
    '/bin/sh',
    '-c',
    'id -u; printf "%s|" "$@"; exit 7',
    'sh',
    'two words',
    '$HOME',
    '--',
  ];
  const jail = await jailer.prepare('sh-00000000000000a9', 'T2', ignore, words);
  const { file, args, env, cwd } = jail.launch;
  const ran = await ended(spawn(file, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] }));
  expect(ran).toEqual({ code: 7, out: '1000\ntwo words|$HOME|--|', err: '' });
  await jail.kill();
  await jail.close();
  await jailer.close();
  removeFolder(data);
});

test('a full shell is root, and its end leaves nothing either', limit, async () => {
  await using jailed = await Jailed.open('T3');
  expect((await jailed.run('id -u; echo $HOME; readlink /proc/self/ns/pid')).text).toContain(
    '0\n/root\n',
  );
  await jailed.run('setsid nohup sleep 4711 >/dev/null 2>&1 &');
  await until('what clings', 20_000, () => (running() ? true : undefined));
  await until('its start', 20_000, () =>
    jailed.seen.some(({ argv }) => argv.join(' ') === 'sleep 4711') ? true : undefined,
  );
  await jailed.kill();
  expect(running()).toBe(false);
});
