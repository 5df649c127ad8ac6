// One session's jail while it is there: stopping, going on, ending, and letting go of what it holds on this machine.
// What it consists of is made by jailer.ts.
import { readFile, rm } from 'node:fs/promises';
import { CellError } from '#contract/error.ts';
import type { Clock } from '#contract/time.ts';
import type { Jail, Launch } from '#controller/shell/parts.ts';
import type { Evidence } from './evidence.ts';
import type { Group } from './groups.ts';
import { within } from './patience.ts';
import { processesOf } from './uids.ts';
import type { ClaimedUid } from './uids.ts';

export interface JailParts {
  readonly clock: Clock;
  readonly launch: Launch;
  readonly group: Group;
  /** The user that its processes run as, and nothing else does. */
  readonly claimed: ClaimedUid | undefined;
  readonly evidence: Evidence;
  /** Starts are told by strace; they are looked for otherwise. */
  readonly traced: boolean;
  readonly folder: string;
}

/** In ms, until what was ended is gone. */
const patience = 1_000;
/** Survivors that are named. */
const named = 8;

export class HostJail implements Jail {
  readonly launch: Launch;
  readonly #parts: JailParts;

  constructor(parts: JailParts) {
    this.launch = parts.launch;
    this.#parts = parts;
  }

  async started(_pid: number): Promise<void> {
    const { evidence, group, traced } = this.#parts;
    if (!traced) evidence.watch(() => group.pids());
  }

  async freeze(): Promise<void> {
    await this.#parts.group.freeze();
  }

  async thaw(): Promise<void> {
    await this.#parts.group.thaw();
  }

  async kill(): Promise<void> {
    const left = await this.#parts.group.kill();
    const survivors = left.length > 0 ? left : await this.#endUser();
    if (survivors.length === 0) return;
    const names = await Promise.all(survivors.slice(0, named).map(describe));
    throw new CellError(
      'E_SHELL_SURVIVOR',
      `${survivors.length} of the session's processes are left: ${names.join(', ')}`,
    );
  }

  async close(): Promise<void> {
    const { claimed, evidence, folder, group } = this.#parts;
    await evidence.close();
    await group.remove();
    await rm(folder, { recursive: true, force: true });
    await claimed?.release();
  }

  /** Nothing of its user is outside of its group; should it be all the same, it is ended too. */
  async #endUser(): Promise<readonly number[]> {
    const { claimed, clock } = this.#parts;
    if (claimed === undefined) return [];
    await within(clock, patience, () => {
      const left = processesOf(claimed.uid);
      for (const pid of left) end(pid);
      return left.length === 0;
    });
    return processesOf(claimed.uid);
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone, or station may not: then it is named.
  }
}

async function describe(pid: number): Promise<string> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  return `${pid} ${name.trim()}`.trim();
}
