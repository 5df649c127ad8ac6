// What `npm start` runs once it has built: a page and a live cell within 15 s; and when it ends, by Ctrl-C
// or by force, no process of it and no listening port are left.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Process } from './processes.ts';
import { answers, family, living, portsOf, processesWith } from './processes.ts';
import { entriesOf } from './record.ts';
import { root, runRebe, until } from './test-cell.ts';
import type { Status } from './test-cell.ts';

/** A demo as a terminal runs it: the leader of a process group of its own. */
class Demo implements AsyncDisposable {
  readonly data = mkdtempSync(join(tmpdir(), 'rebe-demo-'));
  readonly began = Date.now();
  readonly child: ChildProcess;
  said = '';

  constructor() {
    // The very words of `npm start`.
    const scripts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: { start: string };
    };
    const [, ...words] = scripts.scripts.start.split(' ');
    this.child = spawn(process.execPath, [...words, '--data', this.data], {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer): void => {
      this.said += chunk.toString('utf8');
    };
    this.child.stdout?.on('data', keep);
    this.child.stderr?.on('data', keep);
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  status(): Status | undefined {
    const ran = runRebe('status', '--json', '--data', this.data);
    return ran.code === 0 ? (JSON.parse(ran.stdout) as Status) : undefined;
  }

  async link(): Promise<URL> {
    return until(
      () => `a link is printed; it said ${this.said}`,
      15_000,
      () => {
        const [found] = /http:\/\/127\.0\.0\.1:\d+\/#key=\S+/.exec(this.said) ?? [];
        return found === undefined ? undefined : new URL(found);
      },
    );
  }

  async executing(limit: number): Promise<void> {
    await until(
      () => `the unit executes; it said ${this.said}`,
      limit,
      () => {
        const unit = this.status()?.flows['tending']?.regions['unit']?.state;
        return unit?.startsWith('unit.Execute') === true ? true : undefined;
      },
    );
  }

  /** Ctrl-C: the terminal sends it to the whole group. */
  interrupt(): void {
    process.kill(-this.pid, 'SIGINT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // All of it is gone, as it should be.
    }
    await until('nothing holds the data directory', 5_000, () =>
      processesWith(this.data).length === 0 ? true : undefined,
    );
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** All that a running demo consists of. */
function partsOf(demo: Demo): { processes: readonly Process[]; ports: readonly number[] } {
  const processes = family(demo.pid);
  const ports = portsOf(processes);
  // Itself, control, station, the simulator; station's page and the simulator's two devices.
  expect(processes.length).toBeGreaterThanOrEqual(4);
  expect(ports.length).toBeGreaterThanOrEqual(3);
  return { processes, ports };
}

/** Nothing of it runs, and nothing of it listens. */
async function nothingLeft(
  demo: Demo,
  { processes, ports }: ReturnType<typeof partsOf>,
  limit: number,
): Promise<void> {
  await until(
    () => `no process is left: ${JSON.stringify(living(processes))}`,
    limit,
    () => (living(processes).length === 0 ? true : undefined),
  );
  expect(processesWith(demo.data)).toEqual([]);
  const open = await Promise.all(ports.map(async (port) => [port, await answers(port)]));
  expect(open.filter(([, open_]) => open_)).toEqual([]);
}

test('a page and a live cell within 15 s, and Ctrl-C leaves no process and no listening port', async () => {
  await using demo = new Demo();
  const link = await demo.link();
  const page = await fetch(link);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<!doctype html>');
  const asked = {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: link.origin },
    body: JSON.stringify({ key: link.hash.replace('#key=', '') }),
  };
  const session = await fetch(new URL('/session', link), asked);
  expect(session.status).toBe(204);
  expect(session.headers.get('set-cookie')).toMatch(/^rebe-\d+=.*HttpOnly; SameSite=Strict$/);
  const again = await fetch(new URL('/session', link), asked);
  expect(again.status).toBe(403);
  expect(await again.json()).toMatchObject({ code: 'E_LINK_USED' });
  await demo.executing(15_000);
  expect(Date.now() - demo.began).toBeLessThan(15_000);

  const parts = partsOf(demo);
  const ended = new Promise<number | null>((done) => demo.child.once('exit', done));
  demo.interrupt();
  await nothingLeft(demo, parts, 10_000);
  expect(await ended).toBe(0);
  // It ended in order: the machine was driven safe, and the record says that it was meant.
  expect(entriesOf(demo.data, 'stop')).toHaveLength(1);
  const chronicle = join(demo.data, 'chronicle.db');
  expect(runRebe('verify', chronicle, '--keys', join(demo.data, 'keys', 'cell.pub')).code).toBe(0);
  expect(runRebe('replay', chronicle).stdout).toContain('identical at every scan');
}, 60_000);

test('a demo that is killed takes everything with it', async () => {
  await using demo = new Demo();
  await demo.link();
  await demo.executing(20_000);
  const parts = partsOf(demo);
  process.kill(demo.pid, 'SIGKILL');
  await nothingLeft(demo, parts, 10_000);
  const chronicle = join(demo.data, 'chronicle.db');
  expect(runRebe('verify', chronicle).stdout).toContain('integrity     whole');
}, 60_000);
