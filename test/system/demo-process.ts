// `rebe demo` as a terminal runs it, for tests: started with the very words of `npm start`.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { present } from '#contract/error.ts';
import { processesWith } from './processes.ts';
import { root, statusOf, until } from './test-cell.ts';
import type { Status } from './test-cell.ts';

/** A demo as a terminal runs it: the leader of a process group of its own. */
export class Demo implements AsyncDisposable {
  readonly data = mkdtempSync(join(tmpdir(), 'rebe-demo-'));
  readonly began = Date.now();
  readonly child: ChildProcess;
  said = '';

  /** `more`: words after those of `npm start`. */
  constructor(...more: readonly string[]) {
    // The very words of `npm start`.
    const scripts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: { start: string };
    };
    const [, ...words] = scripts.scripts.start.split(' ');
    this.child = spawn(process.execPath, [...words, ...more, '--data', this.data], {
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
    return present(this.child.pid, 'the demo was started');
  }

  status(): Promise<Status | undefined> {
    return statusOf(this.data);
  }

  async link(): Promise<URL> {
    return until(
      () => `a link is printed; it said ${this.said}`,
      60_000,
      () => {
        const [found] = /http:\/\/127\.0\.0\.1:\d+\/#key=\S+/.exec(this.said) ?? [];
        return found === undefined ? undefined : new URL(found);
      },
    );
  }

  /** Waits for the line that says how to see the cell over MQTT. */
  async broker(): Promise<void> {
    await until(
      () => `the broker is there; it said ${this.said}`,
      60_000,
      () => / mosquitto_sub -p \d+ -v -t '#'\n/.test(this.said) || undefined,
    );
  }

  async executing(limit: number): Promise<void> {
    await until(
      () => `the unit executes; it said ${this.said}`,
      limit,
      async () => {
        const unit = (await this.status())?.flows['tending']?.regions['unit']?.state;
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
