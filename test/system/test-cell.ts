// A whole product for a test: simulator and supervised cell as real processes on a data directory of
// their own, driven by the command line as a person would. `await using` ends everything it started.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** The program as it was built. */
export const rebe = join(root, 'dist', 'controller', 'main.js');
const simulator = join(root, 'dist', 'simulator', 'main.js');
const folder = join(root, 'flows', 'cnc-tending');

/** What a command printed and ended with. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `rebe` with these words until it ends. */
export function runRebe(...words: readonly string[]): Ran {
  const ran = spawnSync(process.execPath, [rebe, ...words], { encoding: 'utf8', timeout: 60_000 });
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
  /** Changes the demo's manifest before it is used. */
  readonly edit?: (manifest: string) => string;
  /** No simulator: every device is absent. */
  readonly absent?: boolean;
  /** Do not wait for the cell to run. */
  readonly early?: boolean;
  /** Puts a disk of its own under the data directory; the machine then keeps its files elsewhere. */
  readonly disk?: (data: string) => void;
  /** Where the page listens; on a free port when it is not said. */
  readonly listen?: string;
}

/** A tag as `rebe tags --json` prints it. */
export interface TagRow {
  readonly tag: string;
  readonly value: unknown;
  readonly quality: 'good' | 'uncertain' | 'bad';
  readonly status: string;
  readonly age: number | null;
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
  readonly devices: Readonly<Record<string, { readonly state: string }>>;
  readonly scan: { readonly count: number };
}

export class TestCell implements AsyncDisposable {
  readonly data: string;
  /** The simulator's own directory; `data` unless that has a disk of its own. */
  readonly machine: string;
  readonly manifest: string;
  readonly endpoints: string;
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
    const text = readFileSync(join(folder, 'cell.yaml'), 'utf8').replaceAll(
      'file: cnc-tending.flow.yaml',
      `file: ${join(folder, 'cnc-tending.flow.yaml')}`,
    );
    writeFileSync(this.manifest, options.edit?.(text) ?? text);
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
    if (options.early !== true) await cell.up();
    return cell;
  }

  async startSimulator(): Promise<void> {
    rmSync(this.endpoints, { force: true });
    const plant = join(folder, 'tending.plant.yaml');
    const words = ['simulate', plant, '--endpoints', this.endpoints, '--seed', '1'];
    this.#simulator = this.#spawn(simulator, [...words, '--data', this.machine]);
    await until(
      'the simulator writes its addresses',
      10_000,
      () => existsSync(this.endpoints) || undefined,
    );
  }

  startCell(): void {
    const words = ['run', this.manifest, '--endpoints', this.endpoints, '--listen', this.#listen];
    this.#cell = this.#spawn(rebe, [...words, '--data', this.data]);
  }

  /** Waits until control answers and its flow is stepped or says why not. */
  async up(boot = 1): Promise<void> {
    await until(`boot ${boot} of control answers`, 15_000, () => {
      const status = this.status();
      return status !== undefined && status.boot >= boot ? status : undefined;
    });
  }

  /** The supervisor's process; -1 when the cell was stopped. */
  get supervisor(): number {
    return this.#cell?.pid ?? -1;
  }

  /** The process of a role, by what it was started with. */
  pidOf(role: 'control' | 'station'): number {
    for (const pid of childrenOf(this.supervisor)) {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      if (words.includes(role) && words.includes(this.data)) return pid;
    }
    return -1;
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

  unit(): string | undefined {
    return this.status()?.flows['tending']?.regions['unit']?.state;
  }

  tags(): readonly TagRow[] {
    return this.json('tags') as readonly TagRow[];
  }

  /** Gives commands one after the other, each when the unit is where it is accepted. */
  async produce(): Promise<void> {
    await this.command('clear', 'unit.Aborted', 'unit.Stopped');
    this.rebe('command', 'tending', 'empty');
    await this.command('reset', 'unit.Stopped', 'unit.Idle');
    await this.command('start', 'unit.Idle', 'unit.Execute');
  }

  async command(name: string, from: string, to: string): Promise<void> {
    await this.reach(from);
    const { stdout, stderr } = this.rebe('command', 'tending', name);
    await until(
      () =>
        `${name} leads to ${to}; it gave ${stdout}${stderr}, unit is ${this.unit()}\n${this.#tail()}`,
      30_000,
      () => (this.unit()?.startsWith(to) === true ? true : undefined),
    );
  }

  async reach(state: string, limit = 30_000): Promise<void> {
    await until(
      () => `unit is ${state}; it is ${this.unit()}\n${this.#tail()}`,
      limit,
      () => (this.unit() === state ? true : undefined),
    );
  }

  /** What happened last, for a test that waits in vain. */
  #tail(): string {
    return this.rebe('chronicle', 'tail', '--count', '40').stdout;
  }

  /** Ends the cell as Ctrl-C does, and waits for it. */
  async stopCell(): Promise<void> {
    await end(this.#cell, 'SIGINT');
    this.#cell = undefined;
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
