// A PC of its own for a test of the installation, in namespaces: systemd as its first process, a root of a few Debian
// packages, loopback as its only network, and no Node, npm or compiler but what is installed on it. It can lose power.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childrenOf, root, until } from './test-cell.ts';
import type { Ran } from './test-cell.ts';
import { removeFolder } from '#test/folder.ts';

/** Why no machine can be made here; undefined when it can. */
export function noMachine(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root';
  if (!existsSync('/lib/systemd/systemd')) return 'systemd is not installed';
  const words = ['--pid', '--mount', '--uts', '--ipc', '--net', '--cgroup', '--fork'];
  const tried = spawnSync('unshare', [...words, 'mount', '-t', 'cgroup2', 'none', '/mnt']);
  return tried.status === 0 ? undefined : 'namespaces or control groups are not allowed here';
}

export class Machine implements AsyncDisposable {
  /** Seen as /media inside. */
  readonly folder = mkdtempSync(join(tmpdir(), 'rebe-machine-'));
  #process: ChildProcess | undefined;
  #first = 0;

  /** Switches it on; resolves when systemd has started what there is to start. */
  async start(): Promise<void> {
    // Who is not root there reads it too.
    chmodSync(this.folder, 0o755);
    const script = join(root, 'test', 'system', 'machine.sh');
    this.#process = spawn(script, [this.folder], { stdio: ['ignore', 'inherit', 'inherit'] });
    await until(
      () => `the machine runs: ${readFileSync(join(this.folder, 'start.log'), 'utf8')}`,
      120_000,
      () => {
        const [starter = 0] = childrenOf(this.#process?.pid ?? 0);
        this.#first = childrenOf(starter)[0] ?? 0;
        return /^(?:running|degraded)$/m.test(this.run('systemctl is-system-running').stdout)
          ? true
          : undefined;
      },
    );
  }

  /** Runs a shell command on it as root. */
  run(command: string, input = ''): Ran {
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const words = ['-t', String(this.#first), '-a', 'env', '-i', `PATH=${path}`, 'HOME=/root'];
    const ran = spawnSync('nsenter', [...words, 'sh', '-c', command], {
      encoding: 'utf8',
      timeout: 280_000,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * 2 ** 20,
      input,
    });
    return { code: ran.status ?? -1, stdout: ran.stdout, stderr: ran.stderr };
  }

  /** All of it ends at once, as at a power cut; what is on its disk stays. */
  async cutPower(): Promise<void> {
    const starter = this.#process;
    if (starter === undefined) return;
    const gone = new Promise<void>((done) => starter.once('exit', () => done()));
    // The first process of a pid namespace takes all others along.
    if (this.#first > 1) process.kill(this.#first, 'SIGKILL');
    else starter.kill('SIGKILL');
    await gone;
    this.#process = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cutPower();
    removeFolder(this.folder);
  }
}
