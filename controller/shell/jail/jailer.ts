// Puts sessions into jails on this machine: what it needs is tried first, and without a required layer no shell is
// opened. It starts no session's shell itself; whoever holds the terminal executes `launch`.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, readlinkSync } from 'node:fs';
import { chmod, mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { CellError } from '#contract/error.ts';
import type { SessionId } from '#contract/shell.ts';
import type { Clock } from '#contract/time.ts';
import type { Jail, Jailer, Layer } from '#controller/shell/parts.ts';
import { Evidence } from './evidence.ts';
import type { Seen } from './evidence.ts';
import { Groups } from './groups.ts';
import { HostJail } from './jail.ts';
import { ended, lacking, tryLayers } from './layers.ts';
import type { Whole } from './layers.ts';
import { confinedLaunch, fullLaunch, group as groupFile, limits, passwd } from './launch.ts';
import type { SystemFolder } from './launch.ts';
import { encodeProgram, isMachine, seccompProgram } from './seccomp.ts';
import { claimUid } from './uids.ts';

const run = promisify(execFile);

/** Starts before the session's own: the step that closes the pipe, and bubblewrap. */
const ownStarts = { T2: 2, T3: 1 } as const;
const shell = ['/bin/bash'];

export interface JailerOptions {
  /** The data directory of the cell; the jails' files lie in it while they are there. */
  readonly data: string;
  /** Chooses the version of control groups for stopping and ending, where a machine has both. */
  readonly groups?: 1 | 2;
  /** Folders in which bubblewrap and the others are looked for, as in `PATH`. */
  readonly programs?: string;
}

interface Wanted {
  readonly tier: 'T2' | 'T3';
  readonly command: readonly string[];
  readonly traced: boolean;
  readonly seen: Seen;
}

export class HostJailer implements Jailer {
  readonly #clock: Clock;
  readonly #options: JailerOptions;
  readonly #programs: string;
  #opened: Promise<Groups> | undefined;
  #layers: Promise<readonly Layer[]> | undefined;
  #cleared = false;

  constructor(clock: Clock, options: JailerOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#programs = options.programs ?? '/usr/bin:/bin';
  }

  /** Tried once where every required layer is there; else anew each time: a machine may only have been too busy. */
  async layers(): Promise<readonly Layer[]> {
    const mine = (this.#layers ??= this.#tryAll());
    let whole = false;
    try {
      const layers = await mine;
      whole = layers.every(({ required, there }) => there || !required);
      return layers;
    } finally {
      if (!whole && this.#layers === mine) this.#layers = undefined;
    }
  }

  async prepare(
    session: SessionId,
    tier: 'T2' | 'T3',
    seen: Seen,
    command: readonly string[] = shell,
  ): Promise<Jail> {
    const layers = await this.layers();
    const missing = lacking(tier, layers);
    if (missing !== undefined) throw new CellError('E_SHELL_LAYER', `${tier} needs ${missing}`);
    const traced = layers.some(({ name, there }) => name === 'evidence' && there);
    return this.#make(session, { tier, command, traced, seen });
  }

  /** Takes away what it made on this machine; its jails are closed. */
  async close(): Promise<void> {
    const groups = await this.#opened?.catch(() => undefined);
    await groups?.close();
    await rmdir(this.#folder()).catch(() => undefined);
  }

  async #tryAll(): Promise<readonly Layer[]> {
    // Of an earlier life; later there may be shells of ours.
    if (!this.#cleared) await rm(this.#folder(), { recursive: true, force: true });
    this.#cleared = true;
    const groups = await this.#groups().catch((error: unknown) => {
      if (error instanceof CellError) return error;
      throw error;
    });
    return tryLayers(groups, { whole: this.#whole, programs: this.#programs });
  }

  async #groups(): Promise<Groups> {
    const key = createHash('sha256').update(resolve(this.#options.data)).digest('hex').slice(0, 12);
    this.#opened ??= Groups.open(this.#clock, `rebe-shells-${key}`, this.#options.groups);
    return this.#opened;
  }

  #folder(session = ''): string {
    return join(resolve(this.#options.data), 'jails', session);
  }

  /** A jail like a session's, with a command in it that ends. */
  readonly #whole: Whole = async (command, traced) => {
    const seen: string[] = [];
    const jail = await this.#make(`trial-${process.pid}`, {
      tier: 'T2',
      command,
      traced,
      seen: ({ argv }) => seen.push(argv.join(' ')),
    });
    const { file, args, env, cwd } = jail.launch;
    const tried = await ended(
      spawn(file, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 }),
    );
    await jail.kill();
    await jail.close();
    return { ...tried, seen };
  };

  async #make(session: string, wanted: Wanted): Promise<Jail> {
    const { tier, traced, command } = wanted;
    const folder = this.#folder(session);
    const undo: (() => Promise<unknown>)[] = [];
    try {
      await mkdir(this.#folder(), { recursive: true, mode: 0o700 });
      // One that is there is another jail's.
      await mkdir(folder, { mode: 0o700 });
      undo.push(async () => rm(folder, { recursive: true, force: true }));
      await this.#writeFiles(folder, wanted);
      const group = await (await this.#groups()).make(session, tier === 'T2' ? limits : undefined);
      undo.push(async () => group.remove());
      const claimed = tier === 'T2' ? await claimUid() : undefined;
      undo.push(async () => claimed?.release());
      const evidence = new Evidence(this.#clock, wanted.seen);
      if (traced) evidence.follow(join(folder, 'evidence'), ownStarts[tier]);
      const plan = {
        folder,
        doors: group.doors(traced),
        traced,
        command,
        programs: this.#programs,
      };
      const launch =
        claimed === undefined
          ? fullLaunch(plan)
          : confinedLaunch({ ...plan, uid: claimed.uid, system: systemFolders() });
      return new HostJail({ clock: this.#clock, launch, group, claimed, evidence, traced, folder });
    } catch (error) {
      for (const step of undo.toReversed()) await step();
      if (error instanceof CellError) throw error;
      throw new CellError('E_SHELL_JAIL', `no jail could be made: ${said(error)}`, {
        cause: error,
      });
    }
  }

  async #writeFiles(folder: string, { tier, traced }: Wanted): Promise<void> {
    if (tier === 'T2' && isMachine(process.arch)) {
      await writeFile(join(folder, 'filter'), encodeProgram(seccompProgram(process.arch)));
      await writeFile(join(folder, 'passwd'), passwd);
      await writeFile(join(folder, 'group'), groupFile);
    }
    if (!traced) return;
    const pipe = join(folder, 'evidence');
    await run('mkfifo', [pipe]);
    // strace opens it again as the session's user, by a descriptor: nobody else comes into the folder.
    await chmod(pipe, 0o622);
  }
}

/** The system's folders at the top: on today's systems links into /usr. */
function systemFolders(): readonly SystemFolder[] {
  const linked = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].flatMap((path) => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return [];
    return [{ path, link: stat.isSymbolicLink() ? readlinkSync(path) : undefined }];
  });
  return [{ path: '/usr' }, ...linked];
}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));
