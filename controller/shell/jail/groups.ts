// The control groups of a session: what its processes may use together, and how all of them are stopped and
// ended at once. Made where trees.ts finds them, in a folder of this cell's own; those of earlier lives go.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CellError } from '#contract/error.ts';
import type { Clock } from '#contract/time.ts';
import { within } from './patience.ts';
import { controls, findTrees, movedGroup } from './trees.ts';
import type { Control, Tree } from './trees.ts';

export interface GroupLimits {
  /** Bytes, what lies in its file systems in memory included; and no swap. */
  readonly memory: number;
  /** Processes and threads. */
  readonly pids: number;
  /** Of one processor, 0 to 1. */
  readonly cpu: number;
}

/** In ms: until all processes stand still, before they are killed all the same, and until the last is gone. */
const patience = { freeze: 1_000, still: 50, kill: 3_000 };

/** At processes that are to be moved, while they start others. */
const looks = 20;

/** µs in which a group has its share of a processor; who used it up waits for the next: Ctrl-C must not wait long. */
const period = 20_000;

/** The groups of this cell's sessions, one folder in each tree that is used. */
export class Groups {
  readonly #clock: Clock;
  readonly #folders: ReadonlyMap<Control, Tree>;

  private constructor(clock: Clock, folders: ReadonlyMap<Control, Tree>) {
    this.#clock = clock;
    this.#folders = folders;
  }

  /**
   * Makes the cell's folder in the best tree of each control, and ends what earlier lives left there. `only` chooses
   * a version. Throws `E_SHELL_LAYER` that says what cannot be had.
   */
  static async open(clock: Clock, cell: string, only?: 1 | 2): Promise<Groups> {
    const trees = findTrees(
      {
        mountinfo: readFileSync('/proc/self/mountinfo', 'utf8'),
        cgroup: readFileSync('/proc/self/cgroup', 'utf8'),
      },
      delegated,
    );
    const folders = new Map<Control, Tree>();
    for (const control of controls) {
      const fitting = trees[control].filter(
        ({ version }) => control !== 'freezer' || only === undefined || version === only,
      );
      folders.set(control, await firstOf(control, fitting, cell));
    }
    const groups = new Groups(clock, folders);
    await groups.#clear();
    return groups;
  }

  /** What is used, for people: `memory v1, pids v1, cpu v1, freezer v2`. */
  toString(): string {
    return [...this.#folders].map(([control, { version }]) => `${control} v${version}`).join(', ');
  }

  /** A session's group; without limits it only holds the processes together. */
  async make(session: string, limits: GroupLimits | undefined): Promise<Group> {
    const used = [...this.#folders]
      .filter(([control]) => limits !== undefined || control === 'freezer')
      .map(([control, { version, folder }]) => ({
        control,
        version,
        folder: join(folder, session),
      }));
    const group = new Group(this.#clock, used);
    try {
      for (const folder of group.folders) await mkdir(folder, { recursive: true });
      if (limits !== undefined) for (const one of used) await setLimit(one.control, one, limits);
    } catch (cause) {
      await group.remove();
      throw new CellError('E_SHELL_LAYER', `cgroup: ${said(cause)}`, { cause });
    }
    return group;
  }

  /** Takes the cell's folders away; its groups are gone. */
  async close(): Promise<void> {
    for (const { folder } of this.#folders.values()) await rmdir(folder).catch(() => undefined);
  }

  async #clear(): Promise<void> {
    const all = [...this.#folders].map(([control, tree]) => ({ control, ...tree }));
    const names = await Promise.all(all.map(async ({ folder }) => namesIn(folder)));
    for (const name of new Set(names.flat())) {
      const used = all.map((one) => ({ ...one, folder: join(one.folder, name) }));
      const group = new Group(
        this.#clock,
        used.filter(({ folder }) => existsSync(folder)),
      );
      await group.kill();
      await group.remove();
    }
  }
}

interface Used extends Tree {
  readonly control: Control;
}

/** A process that writes `0` into each of them is in the group, with all that it starts. */
export interface Doors {
  readonly early: readonly string[];
  /**
   * Entered by what strace starts, and not by itself: version 1 does not get a process to stand still that waits for
   * a tracer that does.
   */
  readonly late: string | undefined;
}

/** One session's group, in each tree that is used. */
export class Group {
  readonly folders: readonly string[];
  readonly #clock: Clock;
  readonly #freezer: Used | undefined;
  readonly #cpu: Used | undefined;
  /** So many kills have begun. */
  #kills = 0;

  constructor(clock: Clock, used: readonly Used[]) {
    this.#clock = clock;
    this.folders = [...new Set(used.map(({ folder }) => folder))];
    this.#freezer = used.find(({ control }) => control === 'freezer');
    this.#cpu = used.find(({ control }) => control === 'cpu');
  }

  /** Of a traced session; without a tracer all doors are early. */
  doors(traced: boolean): Doors {
    const freezer = this.#freezer;
    const late = traced && freezer?.version === 1 ? freezer.folder : undefined;
    const early = this.folders.filter((folder) => folder !== late).map(door);
    return { early, late: late === undefined ? undefined : door(late) };
  }

  /** Processes in it, by their ids on this machine. Read at once: /proc and groups are no disk, and threads are late. */
  pids(): readonly number[] {
    const lines = this.folders.flatMap((folder) => linesOf(door(folder)));
    return [...new Set(lines)].map(Number);
  }

  /** Whether the process is in it, at the latest after a while. */
  async holds(pid: number): Promise<boolean> {
    return within(this.#clock, patience.freeze, () => this.pids().includes(pid));
  }

  /** Resolves when every process stands still, or a kill has begun, which thaws them. Throws `E_SHELL_FREEZE`. */
  async freeze(): Promise<void> {
    const kills = this.#kills;
    if (!(await this.#stands(patience.freeze, () => this.#kills !== kills))) {
      throw new CellError('E_SHELL_FREEZE', `the session is not frozen in ${patience.freeze} ms`);
    }
  }

  async thaw(): Promise<void> {
    this.#setFrozen(false);
  }

  /** Ends every process in it, frozen or not. What is left after a while is given back. */
  async kill(): Promise<readonly number[]> {
    this.#kills += 1;
    await within(this.#clock, patience.kill, async () => {
      await this.#killOnce();
      return this.pids().length === 0;
    });
    return this.pids();
  }

  /** Takes the group away; no process is in it, and none that has ended was not waited for. */
  async remove(): Promise<void> {
    for (const folder of this.folders) {
      await within(this.#clock, patience.kill, async () => {
        await rmdir(folder).catch(() => undefined);
        return !existsSync(folder);
      });
    }
  }

  /** In a fifth of a processor a hundred processes take seconds to end; who is killed does nothing else with more. */
  async #killOnce(): Promise<void> {
    const freezer = this.#freezer;
    if (freezer !== undefined && existsSync(join(freezer.folder, 'cgroup.kill'))) {
      writeFileSync(join(freezer.folder, 'cgroup.kill'), '1');
      this.#liftCpu();
      return;
    }
    // Who stands still starts nothing that this list does not have; version 1 lets the signal through on thaw.
    // A freezer that does not answer holds no kill up: what came to be meanwhile is in the next list.
    const frozen = await this.#stands(patience.still);
    const killed = this.pids().map(killOne);
    if (frozen && killed.every(Boolean)) this.#liftCpu();
    await this.thaw();
  }

  /** Its weight stays the least. */
  #liftCpu(): void {
    if (this.#cpu === undefined) return;
    const { version, folder } = this.#cpu;
    const [file, text] = version === 2 ? ['cpu.max', 'max'] : ['cpu.cfs_quota_us', '-1'];
    if (existsSync(join(folder, file))) writeFileSync(join(folder, file), text);
  }

  /** Stops it; false when by then not every process stands still, nor is it `over`. */
  async #stands(limit: number, over: () => boolean = () => false): Promise<boolean> {
    this.#setFrozen(true);
    return within(this.#clock, limit, () => over() || this.#isFrozen());
  }

  #setFrozen(frozen: boolean): void {
    if (this.#freezer === undefined) return;
    const { version, folder } = this.#freezer;
    const [file, text] =
      version === 2
        ? ['cgroup.freeze', frozen ? '1' : '0']
        : ['freezer.state', frozen ? 'FROZEN' : 'THAWED'];
    writeFileSync(join(folder, file), text);
  }

  #isFrozen(): boolean {
    if (this.#freezer === undefined) return false;
    const { version, folder } = this.#freezer;
    const file = version === 2 ? 'cgroup.events' : 'freezer.state';
    const text = readFileSync(join(folder, file), 'utf8');
    return version === 2 ? text.includes('frozen 1') : text.startsWith('FROZEN');
  }
}

/** The cell's folder in the first tree in which it can be made. */
async function firstOf(control: Control, trees: readonly Tree[], cell: string): Promise<Tree> {
  const whys: string[] = [];
  for (const { version, folder } of trees) {
    const made = join(folder, cell);
    try {
      await mkdir(made, { recursive: true });
      if (version === 2) await passOn(control, folder, made);
      return { version, folder: made };
    } catch (error) {
      whys.push(`${folder}: ${said(error)}`);
    }
  }
  const why = whys.length === 0 ? 'no tree has it' : whys.join('; ');
  throw new CellError('E_SHELL_LAYER', `cgroup ${control}: ${why}`);
}

/** Lets groups below `made` use the control, which every group has to hand on [cgroup-v2.rst, Delegation]. */
async function passOn(control: Control, folder: string, made: string): Promise<void> {
  if (control === 'freezer') return;
  const turnOn = async (where: string): Promise<void> =>
    writeFile(join(where, 'cgroup.subtree_control'), `+${control}`);
  if (!handedOn(folder).includes(control)) {
    await turnOn(folder).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EBUSY') throw error;
      await moveOwn(folder);
      await turnOn(folder);
    });
  }
  await turnOn(made);
}

/** Station and what stands beside it go one group down; what they start meanwhile is seen by the next look. */
async function moveOwn(folder: string): Promise<void> {
  const own = join(folder, movedGroup);
  await mkdir(own, { recursive: true });
  for (let look = 0; look < looks; look += 1) {
    const pids = linesOf(door(folder));
    if (pids.length === 0) return;
    for (const pid of pids) moveOne(pid, own);
  }
}

function moveOne(pid: string, own: string): void {
  try {
    writeFileSync(door(own), pid);
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function setLimit(
  control: Control,
  { version, folder }: Tree,
  to: GroupLimits,
): Promise<void> {
  const set = async (file: string, text: string, optional = false): Promise<void> => {
    const path = join(folder, file);
    if (!optional || existsSync(path)) await writeFile(path, text);
  };
  const two = version === 2;
  const quota = Math.round(to.cpu * period);
  switch (control) {
    case 'memory':
      await set(two ? 'memory.max' : 'memory.limit_in_bytes', `${to.memory}`);
      await set(
        two ? 'memory.swap.max' : 'memory.memsw.limit_in_bytes',
        two ? '0' : `${to.memory}`,
        true,
      );
      return;
    case 'pids':
      await set('pids.max', `${to.pids}`);
      return;
    case 'cpu':
      if (two) await set('cpu.max', `${quota} ${period}`);
      else {
        await set('cpu.cfs_period_us', `${period}`);
        await set('cpu.cfs_quota_us', `${quota}`);
      }
      await set(two ? 'cpu.weight' : 'cpu.shares', two ? '5' : '32', true);
      return;
    case 'freezer':
  }
}

/** False when it is gone, or not ours: who is left is named in the end. */
function killOne(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

const door = (folder: string): string => join(folder, 'cgroup.procs');

const delegated = (folder: string): readonly string[] => words(join(folder, 'cgroup.controllers'));
const handedOn = (folder: string): readonly string[] =>
  words(join(folder, 'cgroup.subtree_control'));

/** Of a group that may be gone. */
const linesOf = (path: string): readonly string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];

function words(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split(' ') : [];
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));
