// From inside a confined shell: what it must not reach is tried, and what it must not exhaust is used up. These tests
// fail where a layer is missing; nothing of them is skipped.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { limits } from '#controller/shell/jail/launch.ts';
import { removeFolder } from '#test/folder.ts';
import { until } from '#test/system/test-cell.ts';
import { Jailed } from './jail/jailed.ts';

const [EPERM, ENOENT, ESRCH, EINVAL, ENOSYS, EAFNOSUPPORT] = [1, 2, 3, 22, 38, 97];
const [ENETUNREACH, ECONNREFUSED] = [101, 111];
const SIGSYS = 1031;
const limit = { timeout: 120_000 };

/** What else a machine with a cell has, all of it readable by everybody: only the walls keep the shell from it. */
class Outside implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'rebe-outside-'));
  readonly socket = join(this.folder, 'control.sock');
  readonly abstract = `rebe-outside-${process.pid}`;
  readonly reached: string[] = [];
  port = 0;
  readonly #servers: Server[] = [];

  static async open(): Promise<Outside> {
    const outside = new Outside();
    mkdirSync(join(outside.folder, 'keys'));
    for (const file of ['keys/chronicle.key', 'station.db', 'chronicle.db', 'cell.yaml']) {
      writeFileSync(join(outside.folder, file), 'secret', { mode: 0o666 });
    }
    await outside.#listen(outside.socket);
    await outside.#listen(`\0${outside.abstract}`);
    outside.port = await outside.#listen(0);
    return outside;
  }

  async #listen(where: string | number): Promise<number> {
    const server = createServer((socket) => {
      this.reached.push(String(where));
      socket.destroy();
    });
    this.#servers.push(server);
    await new Promise<void>((done) => server.listen(where, () => done()));
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) server.close();
    removeFolder(this.folder);
  }
}

/** This machine's address, or another that it routes to. */
const ownAddress =
  Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address ?? '127.0.0.2';

/** All of these ended like that. */
const refused = (names: string, why: number): Record<string, number> =>
  Object.fromEntries(names.split(' ').map((name) => [name, why]));

/** Compiles the probe and types it into the shell, which has no other way in. */
async function typeProbe(jailed: Jailed): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rebe-probe-'));
  const built = join(folder, 'probe');
  const source = join(import.meta.dirname, 'jail', 'probe.c');
  execFileSync('/usr/bin/gcc', ['-Os', '-s', '-Wall', '-Werror', '-o', built, source]);
  const text = execFileSync('gzip', ['-9', '-c', built]).toString('base64');
  removeFolder(folder);
  const lines = text.match(/.{1,1000}/g) ?? [];
  for (const line of lines) await jailed.run(`echo ${line} >>/tmp/probe.gz64`);
  const made = await jailed.run(
    'base64 -d /tmp/probe.gz64 | gzip -d >/tmp/probe && chmod 4755 /tmp/probe',
  );
  expect(made).toEqual({ code: 0, text: '' });
}

test('system calls and sockets: each way out is refused', limit, async () => {
  await using outside = await Outside.open();
  await using jailed = await Jailed.open();
  await typeProbe(jailed);
  const { socket, abstract, port } = outside;
  const { code, text } = await jailed.run(
    `/tmp/probe ${socket} ${abstract} ${port} ${ownAddress} ${process.pid}`,
  );
  const told = Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([name = '', value]) => [name, Number(value)]),
  );
  expect(code).toBe(0);
  expect(told).toEqual({
    'unix-socket': ENOENT,
    'abstract-socket': ECONNREFUSED,
    loopback: ECONNREFUSED,
    // A machine with loopback alone has its own there.
    'own-address': ownAddress.startsWith('127.') ? ECONNREFUSED : ENETUNREACH,
    ...refused('netlink packet vsock', EAFNOSUPPORT),
    'kill-other': ESRCH,
    ...refused('memory-of-other memory-of-init ptrace', EPERM),
    ...refused('clone-user clone-net clone-mount unshare-user unshare-files setns', EPERM),
    ...refused('clone3 later-call', ENOSYS),
    ...refused('mount umount pivot-root chroot fsopen handle bpf keyctl add-key perf', EPERM),
    ...refused('io-uring userfaultfd module reboot clock hostname device', EPERM),
    ...refused('tiocsti tiocsti-high tioclinux tiocsetd', EPERM),
    // Its own user is the only one there is inside.
    ...refused('setuid setuid-station', EINVAL),
    setgroups: EPERM,
    ...refused('x32-getpid x32-ptrace', EPERM),
    'i386-getpid': SIGSYS,
  });
  expect(outside.reached).toEqual([]);
});

test(
  'files, processes and environment: nothing of the machine is there, and nothing of it can be written',
  limit,
  async () => {
    await using outside = await Outside.open();
    await using jailed = await Jailed.open();
    const { folder } = outside;

    for (const file of ['keys/chronicle.key', 'station.db', 'chronicle.db', 'cell.yaml']) {
      expect((await jailed.run(`cat ${join(folder, file)}`)).text).toContain('No such file');
    }
    const places = [jailed.data, folder, '/root', '/run', '/sys', '/boot', '/srv', '/opt', '/mnt'];
    const there = await jailed.run(`for f in ${places.join(' ')}; do [ ! -e $f ] || echo $f; done`);
    expect(there.text).toBe('');
    const secret = await jailed.run(
      'for f in /proc/kcore /proc/kmsg /etc/shadow /dev/mem /dev/kmsg /dev/sda /proc/sysrq-trigger; do cat $f; done 2>/dev/null | wc -c',
    );
    expect(secret.text.trim()).toBe('0');

    const written = await jailed.run(
      'for f in /x /usr/x /usr/bin/x /etc/x /var/log/x /dev/x /proc/sys/kernel/hostname; do (echo x >$f) 2>/dev/null && echo $f; done; rm -f /etc/passwd; ls /etc/passwd',
    );
    expect(written.text.split('\n').at(-2)).toBe('/etc/passwd');
    expect(written.text).not.toMatch(/^\/(?!etc\/passwd)/m);

    const processes = await jailed.run('cat /proc/[0-9]*/comm');
    expect(new Set(processes.text.trim().split('\n'))).toEqual(new Set(['bash', 'bwrap']));
    const other = await jailed.run(`cat /proc/${process.pid}/environ /proc/${process.pid}/maps`);
    expect(other.text.match(/No such file/g)).toHaveLength(2);
    // What the jail's own first process was started with names nothing of the machine's secrets.
    expect((await jailed.run("tr '\\0' ' ' </proc/1/cmdline")).text).not.toContain(jailed.data);
    for (const environment of ["tr '\\0' '\\n' </proc/1/environ; echo _=", 'env']) {
      const names = (await jailed.run(environment)).text.trim().split('\n');
      const wanted = ['HOME', 'LANG', 'PATH', 'PWD', 'SHLVL', 'TERM', '_'];
      expect(new Set(names.map((line) => line.split('=')[0]))).toEqual(new Set(wanted));
    }
    // Whatever the shell has open is its terminal.
    const open = await jailed.run('for f in /proc/$$/fd/*; do readlink $f; done | sort -u');
    expect(open.text).toMatch(/^\/dev\/\S+\n$/);
    expect((await jailed.run('id')).text).toBe(
      'uid=1000(confined) gid=1000(confined) groups=1000(confined)\n',
    );
    // The shell may write into the memory of the jail's first process: that has no more than itself.
    for (const pid of ['self', '1']) {
      const { text } = await jailed.run(`grep -E "^(Cap|NoNew|Seccomp:)" /proc/${pid}/status`);
      const held = Object.fromEntries(
        text
          .trim()
          .split('\n')
          .map((line) => line.split(':\t')),
      );
      const none = '0'.repeat(16);
      expect(held).toEqual({
        ...Object.fromEntries(
          ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'].map((set) => [`Cap${set}`, none]),
        ),
        NoNewPrivs: '1',
        Seccomp: '2',
      });
    }
    const mounts = await jailed.run("awk '{print $6}' /proc/self/mountinfo | grep -cv nosuid");
    expect(mounts.text.trim()).toBe('0');
    expect((await jailed.run('su -c id </dev/null')).text).not.toContain('uid=0');
    expect((await jailed.run('unshare --user id')).text).toContain('Operation not permitted');
    expect((await jailed.run('cat </dev/tcp/127.0.0.1/22')).text).toContain('refused');
    expect((await jailed.run('ls /dev/pts /proc/net/unix && wc -l </proc/net/unix')).code).toBe(0);
  },
);

test('a shell that uses up all it may takes no more', limit, async () => {
  await using jailed = await Jailed.open();
  const spent = await jailed.run(
    "TIMEFORMAT='%R %U %S'; hog() { timeout 2 yes >/dev/null; }; time (hog & hog; wait)",
  );
  const [real = 0, user = 0, system = 0] = spent.text.trim().split(' ').map(Number);
  expect(real).toBeGreaterThanOrEqual(2);
  expect(user + system).toBeGreaterThan(0);
  expect(user + system).toBeLessThanOrEqual(limits.cpu * real * 1.25);

  const disk = await jailed.run(
    'for f in /tmp/a ~/a /dev/shm/a; do head -c 64M /dev/zero >$f 2>/dev/null; stat -c %s $f; rm $f; done',
  );
  expect(disk.text.trim().split('\n').map(Number)).toEqual([16 << 20, 16 << 20, 1 << 20]);
  expect((await jailed.run('ulimit -c; ulimit -f; ulimit -n')).text).toBe('0\n32768\n256\n');

  const memory = await jailed.run(
    'head -c 600M /dev/zero | tail >/dev/null; echo ${PIPESTATUS[1]}',
  );
  expect(memory.text).toMatch(/^137$/m);

  jailed.type(':(){ :|:& };:\n');
  const counts: number[] = [];
  await until('a fork bomb to grow', 60_000, () => {
    counts.push(jailed.processes().length);
    return counts.filter((count) => count > 100).length > 20 ? true : undefined;
  });
  // Those of the jail itself are among them.
  expect(Math.max(...counts)).toBeLessThanOrEqual(limits.pids);
  await jailed.jail.freeze();
  await jailed.jail.thaw();
  await jailed.kill();
  expect(jailed.processes()).toEqual([]);
});
