// What an installation does to a disk, on small bundles in a root directory: damage is refused before anything is
// touched, and one that is killed at any step leaves the old version whole.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seal } from './bundle.ts';
import { root } from './test-cell.ts';
import type { Ran } from './test-cell.ts';

const able = process.getuid?.() === 0 && fs.existsSync('/usr/bin/systemd-sysusers');
const folder = fs.mkdtempSync(join(tmpdir(), 'rebe-install-'));
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A bundle of the product's own installer, whose program says its version and can do nothing else. */
function smallBundle(name: string, version: string): string {
  const bundle = join(folder, name);
  for (const part of ['bin', 'node/bin', 'more'])
    fs.mkdirSync(join(bundle, part), { recursive: true });
  for (const script of ['install.sh', 'uninstall.sh']) {
    fs.copyFileSync(join(root, 'deploy', script), join(bundle, script));
  }
  fs.cpSync(join(root, 'deploy', 'systemd'), join(bundle, 'systemd'), { recursive: true });
  fs.writeFileSync(join(bundle, 'VERSION'), `${version}\n`);
  fs.writeFileSync(join(bundle, 'bin', 'rebe'), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
  fs.writeFileSync(join(bundle, 'node', 'bin', 'node'), '#!/bin/sh\n', { mode: 0o755 });
  fs.writeFileSync(join(bundle, 'more', 'some file.js'), `${version}\n`.repeat(1000));
  seal(bundle);
  return bundle;
}

function emptyRoot(name: string): string {
  const made = join(folder, name);
  fs.mkdirSync(join(made, 'etc'), { recursive: true });
  return made;
}

function sh(script: string, words: readonly string[], environment: NodeJS.ProcessEnv = {}): Ran {
  // A group of its own, so that it can be killed whole.
  const ran = spawnSync('setsid', ['--wait', script, ...words], {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
    env: { PATH: path, ...environment },
  });
  return { code: ran.status ?? -1, stdout: ran.stdout, stderr: ran.stderr };
}
const install = (bundle: string, into: string, ...more: readonly string[]): Ran =>
  sh(join(bundle, 'install.sh'), ['--root', into, ...more]);

/** Every name below, and what files hold. */
const pictureOf = (of: string): string =>
  spawnSync('sh', ['-c', 'find . | sort; find . -type f | sort | xargs -d "\\n" -r sha256sum'], {
    cwd: of,
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  }).stdout;

/** The version that would run after a reboot: the program, and what the units name. */
function runs(into: string): string {
  const current = join(into, 'opt/rebe-cell/current');
  const said = sh(join(current, 'bin/rebe'), ['--version']).stdout.trim();
  const units = ['rebe-cell@.service', 'rebe-station@.service'].map((unit) => {
    const link = fs.readlinkSync(join(into, 'usr/local/lib/systemd/system', unit));
    const text = fs.readFileSync(join(into, link), 'utf8');
    return /^ExecStart=\/opt\/rebe-cell\/(\S+)\/bin\/rebe /m.exec(text)?.[1];
  });
  expect(units).toEqual([said, said]);
  return said;
}

let [first, second] = ['', ''];
beforeAll(() => {
  first = smallBundle('first', '1.0.0');
  second = smallBundle('second', '2.0.0');
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!able)('an installation (needs root and systemd-sysusers)', () => {
  test.each<[string, (bundle: string) => void]>([
    ['a flipped bit in the program', (bundle) => flip(join(bundle, 'bin/rebe'), 9)],
    ['a flipped bit in the version', (bundle) => flip(join(bundle, 'VERSION'), 0)],
    ['a flipped bit in a sum', (bundle) => flip(join(bundle, 'SHA256SUMS'), 3)],
    ['a flipped bit in a name', (bundle) => flip(join(bundle, 'SHA256SUMS'), 70)],
    ['a file that is missing', (bundle) => fs.rmSync(join(bundle, 'more/some file.js'))],
    ['a file too many', (bundle) => fs.writeFileSync(join(bundle, 'more/other.js'), 'x')],
    ['a link out of it', (bundle) => fs.symlinkSync('/etc/passwd', join(bundle, 'more/link'))],
    ['no sums', (bundle) => fs.rmSync(join(bundle, 'SHA256SUMS'))],
    ['sums of nothing', (bundle) => fs.writeFileSync(join(bundle, 'SHA256SUMS'), '')],
  ])('%s: refused before anything is touched', (name, damage) => {
    const bundle = join(folder, `damaged ${name}`);
    fs.cpSync(first, bundle, { recursive: true });
    damage(bundle);
    const into = emptyRoot(`root of ${name}`);
    const ran = install(bundle, into);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('nothing was changed');
    expect(pictureOf(into)).toBe('.\n./etc\n');
  });

  test('puts program, units and user in their places, and says so', () => {
    const into = emptyRoot('plain');
    const ran = install(first, into);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toContain('rebe-cell 1.0.0 is installed');
    expect(runs(into)).toBe('1.0.0');
    expect(fs.readFileSync(join(into, 'etc/passwd'), 'utf8')).toMatch(/^rebe:.*\/nologin$/m);
    expect(fs.readFileSync(join(into, 'etc/group'), 'utf8')).toMatch(/^dialout:.*\brebe$/m);
    const before = pictureOf(into);
    expect(install(first, into)).toMatchObject({ code: 0 });
    expect(pictureOf(into)).toBe(before);
  });

  test('a cell is added once, readable by the service, and never overwritten', () => {
    const into = emptyRoot('with a cell');
    const cell = join(folder, 'press-4');
    fs.mkdirSync(join(cell, 'data'), { recursive: true });
    fs.writeFileSync(join(cell, 'cell.yaml'), 'one\n');
    expect(install(first, into, '--cell', cell)).toMatchObject({ code: 0 });
    const there = join(into, 'etc/rebe-cell/press-4');
    expect(fs.readdirSync(there)).toEqual(['cell.yaml']);
    expect(fs.statSync(join(there, 'cell.yaml')).mode & 0o777).toBe(0o640);
    fs.writeFileSync(join(cell, 'cell.yaml'), 'two\n');
    expect(install(second, into, '--cell', cell).stdout).toContain('left as it is');
    expect(fs.readFileSync(join(there, 'cell.yaml'), 'utf8')).toBe('one\n');
    fs.mkdirSync(join(folder, 'Not a Name'));
    expect(install(second, into, '--cell', join(folder, 'Not a Name')).stderr).toContain(
      'named with',
    );
  });

  test('keeps two versions before the current one, and going back is installing one of them', () => {
    const into = emptyRoot('many');
    for (const version of ['1.0.0', '2.0.0', '3.0.0', '4.0.0']) {
      expect(install(smallBundle(`of ${version}`, version), into)).toMatchObject({ code: 0 });
    }
    const opt = join(into, 'opt/rebe-cell');
    expect(fs.readdirSync(opt).toSorted()).toEqual(['.lock', '2.0.0', '3.0.0', '4.0.0', 'current']);
    expect(install(join(opt, '3.0.0'), into)).toMatchObject({ code: 0 });
    expect(runs(into)).toBe('3.0.0');
    flip(join(opt, '4.0.0/bin/rebe'), 9);
    expect(install(join(folder, 'of 4.0.0'), into)).toMatchObject({ code: 0 });
    expect(fs.readlinkSync(join(opt, 'current'))).toBe('4.0.0.2');
  });

  test('uninstalling leaves settings and records, unless it is told to purge', () => {
    const into = emptyRoot('left');
    install(first, into);
    const record = join(into, 'var/lib/rebe-cell/press-4/chronicle.db');
    fs.mkdirSync(join(record, '..'), { recursive: true });
    fs.writeFileSync(record, 'x');
    const uninstall = join(into, 'opt/rebe-cell/current/uninstall.sh');
    expect(sh(uninstall, ['--root', into]).stdout).toContain('records, keys');
    expect(fs.existsSync(record)).toBe(true);
    expect(spawnSync('find', [into, '-name', '*rebe*'], { encoding: 'utf8' }).stdout).toBe(
      `${join(into, 'var/lib/rebe-cell')}\n`,
    );
    install(first, into);
    expect(sh(uninstall, ['--root', into, '--purge'])).toMatchObject({ code: 0 });
    expect(fs.existsSync(record)).toBe(false);
    expect(fs.readFileSync(join(into, 'etc/passwd'), 'utf8')).not.toContain('rebe');
    expect(fs.readFileSync(join(into, 'etc/group'), 'utf8')).not.toContain('rebe');
  });

  test('killed at any step, the old version runs whole; the next one goes through', () => {
    const shims = makeShims();
    const old = emptyRoot('old');
    install(first, old);
    const seen: string[] = [];
    for (let step = 1; ; step += 1) {
      const into = join(folder, `killed at ${step}`);
      fs.cpSync(old, into, { recursive: true, verbatimSymlinks: true });
      const count = join(folder, 'count');
      fs.writeFileSync(count, '0');
      const ran = sh(join(second, 'install.sh'), ['--root', into], {
        PATH: `${shims}:${path}`,
        KILL_AT: String(step),
        COUNT: count,
      });
      if (ran.code === 0) break;
      seen.push(runs(into));
      expect(install(second, into), `after a kill at step ${step}`).toMatchObject({ code: 0 });
      expect(runs(into)).toBe('2.0.0');
      expect(fs.readdirSync(join(into, 'opt/rebe-cell')).toSorted()).toEqual([
        '.lock',
        '1.0.0',
        '2.0.0',
        'current',
      ]);
      fs.rmSync(into, { recursive: true });
    }
    expect(seen.length).toBeGreaterThan(20);
    const switched = seen.indexOf('2.0.0');
    expect(seen.slice(0, switched).every((version) => version === '1.0.0')).toBe(true);
    expect(seen.slice(switched).every((version) => version === '2.0.0')).toBe(true);
    // After the switch nothing is left to do but to make it lasting and to clear away.
    expect(seen.length - switched).toBeLessThanOrEqual(3);
  }, 120_000);
});

/** One bit of one byte. */
function flip(file: string, at: number): void {
  const bytes = fs.readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  const mode = fs.statSync(file).mode;
  fs.rmSync(file);
  fs.writeFileSync(file, bytes, { mode });
}

/** Every command that changes something, each of which kills the installation when its turn has come. */
function makeShims(): string {
  const shims = join(folder, 'shims');
  fs.mkdirSync(shims);
  const names = [
    'chmod',
    'chown',
    'cp',
    'flock',
    'ln',
    'mkdir',
    'mv',
    'rm',
    'sed',
    'sync',
    'systemd-sysusers',
    'touch',
  ];
  for (const name of names) {
    const text = [
      '#!/bin/sh',
      'read -r count <"$COUNT"; count=$((count + 1)); echo $count >"$COUNT"',
      '[ $count != "$KILL_AT" ] || kill -KILL 0',
      `PATH=${path} exec ${name} "$@"`,
    ];
    fs.writeFileSync(join(shims, name), `${text.join('\n')}\n`, { mode: 0o755 });
  }
  return shims;
}
