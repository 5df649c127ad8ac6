// One session's jail while it is there: stopping, going on, ending, and letting go of what it holds on this machine.
// What it consists of is made by jailer.ts.
import { readFile, rm } from 'node:fs/promises';
import { CellError } from '#contract/error.ts';
import type { Clock } from '#contract/time.ts';
import type { Jail, Launch } from '#controller/shell/parts.ts';
import type { Evidence } from './evidence.ts';
import type { Group } from './groups.ts';
import { endOne, Launched } from './launched.ts';
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
  #launched: Launched | undefined;

  constructor(parts: JailParts) {
    this.launch = parts.launch;
    this.#parts = parts;
  }

  async started(pid: number): Promise<void> {
    this.#launched = new Launched(pid);
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
    const left = await this.#endAll();
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

  /** Who is on its way into the group may come in behind the kill: only when nobody was, an empty group stays so. */
  async #endAll(): Promise<readonly number[]> {
    const { clock, group } = this.#parts;
    let inside: readonly number[] = [];
    await within(clock, patience, async () => {
      const coming = this.#launched?.end() ?? [];
      inside = await group.kill();
      return coming.length === 0;
    });
    return [...new Set([...inside, ...(this.#launched?.left() ?? [])])];
  }

  /** Nothing of its user is outside of its group; should it be all the same, it is ended too. */
  async #endUser(): Promise<readonly number[]> {
    const { claimed, clock } = this.#parts;
    if (claimed === undefined) return [];
    await within(clock, patience, () => {
      const left = processesOf(claimed.uid);
      for (const pid of left) endOne(pid);
      return left.length === 0;
    });
    return processesOf(claimed.uid);
  }
}

async function describe(pid: number): Promise<string> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  return `${pid} ${name.trim()}`.trim();
}
