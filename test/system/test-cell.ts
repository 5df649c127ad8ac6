// A whole product for a test: simulator and supervised cell as real processes on a data directory of
// their own, driven by the command line as a person would. `await using` ends everything it started.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { present } from '#contract/error.ts';
import { seconds } from '#contract/time.ts';
import { openConnection } from '#controller/cli/connection.ts';
import { calmFlow, calmManifest } from './calm.ts';
import type { Calm } from './calm.ts';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** The program as it was built. */
export const rebe = join(root, 'dist', 'controller', 'main.js');
const simulator = join(root, 'dist', 'simulator', 'main.js');
const folder = join(root, 'flows', 'cnc-tending');
const files = ['cell.yaml', 'cnc-tending.flow.yaml', 'tending.plant.yaml'] as const;
const same = (text: string): string => text;

/** What the supervisor runs. */
export type Role = 'control' | 'station' | 'broker';

/** What a command printed and ended with. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `rebe` with these words until it ends. */
export function runRebe(...words: readonly string[]): Ran {
  const ran = spawnSync(process.execPath, [rebe, ...words], {
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 64 * 2 ** 20,
  });
  return { code: ran.status ?? -1, stdout: ran.stdout, stderr: ran.stderr };
}

/** Waits until `probe` gives something, and says what it waited for when that takes too long. */
export async function until<T>(
  what: string | (() => string),
  limit: number,
  probe: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const deadline = Date.now() + limit;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- asks again in steps
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > deadline) {
      throw new Error(`not within ${limit} ms: ${typeof what === 'string' ? what : what()}`);
    }
    // oxlint-disable-next-line no-await-in-loop -- asks again in steps
    await new Promise((done) => setTimeout(done, 20));
  }
}

export interface TestCellOptions {
  /** Change the demo's manifest, flow and machine before they are used. */
  readonly edit?: (manifest: string) => string;
  readonly flow?: (flow: string) => string;
  readonly plant?: (plant: string) => string;
  /** Times at which a busy machine that runs the tests stops no cell; without it they are the product's. */
  readonly calm?: Calm;
  /** No simulator: every device is absent. */
  readonly absent?: boolean;
  /** Do not wait for the cell to run. */
  readonly early?: boolean;
  /** Puts a disk of its own under the data directory; the machine then keeps its files elsewhere. */
  readonly disk?: (data: string) => void;
  /** Where the page listens; on a free port when it is not said. */
  readonly listen?: string;
  /** The manifest's `mirror`; none when it is not said, so that no test starts a broker unasked. */
  readonly mirror?: string;
}

/** A tag as `rebe tags --json` prints it. */
export interface TagRow {
  readonly tag: string;
  readonly value: unknown;
  readonly quality: 'good' | 'uncertain' | 'bad';
  readonly status: string;
  readonly age: number | null;
  readonly device: string | null;
}

/** The part of `rebe status --json` that tests read. */
export interface Status {
  readonly boot: number;
  readonly seq: number;
  readonly flows: Readonly<
    Record<
      string,
      {
        readonly stepped: boolean;
        readonly regions: Readonly<Record<string, { readonly state: string }>>;
        readonly ctx: Readonly<Record<string, unknown>>;
      }
    >
  >;
  readonly devices: Readonly<
    Record<string, { readonly state: string; readonly lastGood?: number | undefined }>
  >;
  readonly scan: { readonly count: number };
}

/** What control of this data directory says of itself, over a connection of its own; undefined while it does not answer. */
export async function statusOf(data: string): Promise<Status | undefined> {
  try {
    const connection = await openConnection(data, seconds(5));
    connection.close();
    return { ...connection.snapshot, boot: connection.hello.boot };
  } catch {
    return undefined;
  }
}

export class TestCell implements AsyncDisposable {
  readonly data: string;
  /** The simulator's own directory; `data` unless that has a disk of its own. */
  readonly machine: string;
  readonly manifest: string;
  readonly endpoints: string;
  readonly #plant: string;
  readonly #listen: string;
  #simulator: ChildProcess | undefined;
  #cell: ChildProcess | undefined;
  output = '';

  private constructor(options: TestCellOptions) {
    this.#listen = options.listen ?? '127.0.0.1:0';
    this.data = mkdtempSync(join(tmpdir(), 'rebe-'));
    this.machine =
      options.disk === undefined ? this.data : mkdtempSync(join(tmpdir(), 'rebe-machine-'));
    this.manifest = join(this.machine, 'cell.yaml');
    this.endpoints = join(this.machine, 'endpoints.json');
    options.disk?.(this.data);
    const { calm, edit = same, flow = same, plant = same } = options;
    const [cellText, flowText, plantText] = files.map((name) =>
      readFileSync(join(folder, name), 'utf8'),
    ) as [string, string, string];
    const [calmCell, calmed] =
      calm === undefined
        ? [cellText, flowText]
        : [calmManifest(cellText, calm), calmFlow(flowText, cellText, calm)];
    const mirrored = calmCell.replace(/^mirror: .*$/m, `mirror: ${options.mirror ?? 'none'}`);
    writeFileSync(this.manifest, edit(mirrored));
    writeFileSync(join(this.machine, files[1]), flow(calmed));
    this.#plant = join(this.machine, files[2]);
    writeFileSync(this.#plant, plant(plantText));
  }

  /** Simulator and cell, running; the page listens on a free port. */
  static async start(options: TestCellOptions = {}): Promise<TestCell> {
    const cell = new TestCell(options);
    if (options.absent === true) {
      const nowhere = {
        io: { tcp: '127.0.0.1:9' },
        plc: { endpoint: 'opc.tcp://127.0.0.1:9' },
        gauge: { port: join(cell.machine, 'no-gauge') },
        scanner: { port: join(cell.machine, 'no-scanner') },
      };
      writeFileSync(cell.endpoints, JSON.stringify(nowhere));
    } else await cell.startSimulator();
    cell.startCell();
    if (options.early === true) return cell;
    await cell.up();
    if (options.absent !== true) await cell.stepped();
    return cell;
  }

  async startSimulator(): Promise<void> {
    rmSync(this.endpoints, { force: true });
    const words = ['simulate', this.#plant, '--endpoints', this.endpoints, '--seed', '1'];
    this.#simulator = this.#spawn(simulator, [...words, '--data', this.machine]);
    await until(
      () => `the simulator writes its addresses; it said ${this.output.slice(-2000)}`,
      60_000,
      () => existsSync(this.endpoints) || undefined,
    );
  }

  startCell(manifest = this.manifest): void {
    const words = ['run', manifest, '--endpoints', this.endpoints, '--listen', this.#listen];
    this.#cell = this.#spawn(rebe, [...words, '--data', this.data]);
  }

  /** Waits until control answers. */
  async up(boot = 1): Promise<void> {
    await until(
      () => `boot ${boot} of control answers; it said ${this.output.slice(-2000)}`,
      30_000,
      async () => {
        const now = await this.now();
        return now !== undefined && now.boot >= boot ? now : undefined;
      },
    );
  }

  /** Waits until every device has answered, and its flow works. */
  async stepped(): Promise<void> {
    await until(
      () => `the flow is stepped\n${this.tail()}`,
      30_000,
      async () => ((await this.now())?.flows['tending']?.stepped === true ? true : undefined),
    );
  }

  /** The supervisor's process; undefined when the cell was stopped. */
  get supervisor(): number | undefined {
    return this.#cell?.pid;
  }

  get simulator(): number | undefined {
    return this.#simulator?.pid;
  }

  /** The process of a role. Throws while there is none: a number that is none must never be sent a signal. */
  pidOf(role: Role): number {
    return present(this.findPid(role), `${role} runs`);
  }

  findPid(role: Role): number | undefined {
    const named = new RegExp(`[ \\0]${role}[ \\0]`);
    const children = this.supervisor === undefined ? [] : childrenOf(this.supervisor);
    return children.find((pid) => {
      const words = wordsOf(pid);
      return named.test(words) && words.includes(this.data);
    });
  }

  rebe(...words: readonly string[]): Ran {
    return runRebe(...words, '--data', this.data);
  }

  json(...words: readonly string[]): unknown {
    return JSON.parse(this.rebe(...words, '--json').stdout);
  }

  /** Undefined while control does not answer. */
  status(): Status | undefined {
    const ran = this.rebe('status', '--json');
    return ran.code === 0 ? (JSON.parse(ran.stdout) as Status) : undefined;
  }

  /** The same without a process, in milliseconds. */
  now(): Promise<Status | undefined> {
    return statusOf(this.data);
  }

  async unit(): Promise<string | undefined> {
    return (await this.now())?.flows['tending']?.regions['unit']?.state;
  }

  tags(): readonly TagRow[] {
    return this.json('tags') as readonly TagRow[];
  }

  /** From Aborted, or from Held with a part in the chuck: gives commands, each when the unit is where it is accepted. */
  async produce(from: 'Aborted' | 'Held' = 'Aborted'): Promise<void> {
    await this.command(from === 'Aborted' ? 'clear' : 'stop', `unit.${from}`, 'unit.Stopped');
    this.rebe('command', 'tending', 'empty');
    await this.command('reset', 'unit.Stopped', 'unit.Idle');
    await this.command('start', 'unit.Idle', 'unit.Execute');
  }

  async command(name: string, from: string, to: string): Promise<void> {
    await this.reach(from);
    const { stdout, stderr } = this.rebe('command', 'tending', name);
    await this.#sees(`${name} leads to ${to}; it gave ${stdout}${stderr}`, 30_000, (unit) =>
      unit.startsWith(to),
    );
  }

  async reach(state: string, limit = 30_000): Promise<void> {
    await this.#sees(`unit is ${state}`, limit, (unit) => unit === state);
  }

  async madePart(): Promise<void> {
    await until(
      () => `a part is made\n${this.tail()}`,
      60_000,
      async () => {
        const parts = (await this.now())?.flows['tending']?.ctx['parts'];
        return typeof parts === 'number' && parts > 0 ? true : undefined;
      },
    );
  }

  async #sees(what: string, limit: number, fits: (unit: string) => boolean): Promise<void> {
    let unit: string | undefined;
    await until(
      () => `${what}; it is ${unit}\n${this.tail()}`,
      limit,
      async () => {
        unit = await this.unit();
        return unit !== undefined && fits(unit) ? true : undefined;
      },
    );
  }

  /** What happened last, for a test that waits in vain. */
  tail(): string {
    return this.rebe('chronicle', 'tail', '--count', '40').stdout;
  }

  /** Ends the cell as Ctrl-C does, and waits for it. */
  async stopCell(): Promise<void> {
    await end(this.#cell, 'SIGINT');
    this.#cell = undefined;
  }

  /** The end of everything at once: the data directory is then as it was in one moment of the work, sockets without anyone. */
  async cutPower(): Promise<void> {
    const broker = this.findPid('broker');
    const beside = broker === undefined ? [] : [broker];
    const parts = [this.pidOf('control'), this.pidOf('station'), ...beside];
    const kept = `${this.data}.kept`;
    for (const pid of parts) process.kill(pid, 'SIGSTOP');
    cpSync(this.data, kept, { recursive: true, filter: (path) => !path.endsWith('.sock') });
    await end(this.#cell, 'SIGKILL');
    for (const pid of parts) process.kill(pid, 'SIGKILL');
    rmSync(this.data, { recursive: true });
    renameSync(kept, this.data);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#cell, 'SIGINT');
    await end(this.#simulator, 'SIGTERM');
    for (const used of [this.data, this.machine]) {
      rmSync(used, { recursive: true, force: true });
    }
  }

  #spawn(program: string, words: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, ['--enable-source-maps', program, ...words], {
      // A channel, so that nothing outlives a test that is ended from outside.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const keep = (chunk: Buffer): void => {
      this.output = (this.output + chunk.toString('utf8')).slice(-100_000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    return child;
  }
}

function wordsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** The children of a process, now. */
export function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  // The simulator leaves signals to whoever holds its channel.
  if (signal === 'SIGTERM') child.disconnect();
  else child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(timer);
}
