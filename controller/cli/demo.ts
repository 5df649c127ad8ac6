// `demo`: the simulator, the controller, page and broker on free loopback ports, and one link to open. It presses
// what a new batch needs as `token:demo`, at the beginning and when a batch is complete; then it is yours.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CellError } from '#contract/error.ts';
import { applyDelta } from '#contract/merge.ts';
import { milliseconds, seconds } from '#contract/time.ts';
import type { Snapshot } from '#contract/wire.ts';
import { realClock, realRandom } from '#controller/clock.ts';
import { lockData } from '#controller/process/lock.ts';
import { builtFile, productRoot } from '#controller/product.ts';
import { makeLink } from '#controller/server/link.ts';
import { WireLink } from '#controller/wire/client.ts';
import { socketPath } from './connection.ts';
import { setProcessPriority } from '#controller/process/priority.ts';
import { superviseCell } from '#controller/supervisor.ts';
import { endpointsFile, untilSignal } from './run.ts';
import { exit } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

const productCell = join(productRoot, 'flows', 'cnc-tending');
const flow = 'tending';
/** A command is given again when nothing came of it for so long. */
const patience = seconds(3);

/** A cell and the simulated machine that it runs on. */
interface Project {
  readonly manifest: string;
  readonly plant: string;
}

/** A directory with `cell.yaml` and one `*.plant.yaml`, as `rebe init` makes it. */
function projectIn(directory: string): Project {
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch (cause) {
    throw new CellError('E_FILE_READ', `${directory} cannot be read`, { cause });
  }
  const [plant, another] = names.filter((name) => name.endsWith('.plant.yaml'));
  if (!names.includes('cell.yaml') || plant === undefined || another !== undefined) {
    const text = `${directory} needs cell.yaml and one *.plant.yaml; \`rebe init\` makes both`;
    throw new CellError('E_FILE_READ', text);
  }
  return { manifest: join(directory, 'cell.yaml'), plant: join(directory, plant) };
}

async function demo(invocation: Invocation): Promise<number> {
  const [own] = invocation.words;
  const project = projectIn(own === undefined ? productCell : resolve(own));
  // A project's record is its own; the demo's stays where `rebe status` looks.
  const data = resolve(invocation.option('data') ?? join(own ?? '.', 'data'));
  process.title = `rebe demo --data ${data}`;
  setProcessPriority('first');
  // Another demo on this directory keeps what it has; the control of this one takes the lock again.
  lockData(data).release();
  const endpoints = endpointsFile(data);
  rmSync(endpoints, { force: true });
  const signal = untilSignal();
  const simulator = await startSimulator(project.plant, { data, endpoints });
  const run = {
    manifest: project.manifest,
    data,
    endpoints,
    listen: invocation.option('listen') ?? '127.0.0.1:0',
    broker: invocation.option('broker') ?? '127.0.0.1:0',
  };
  const cell = superviseCell(realClock(), run, (text) => process.stderr.write(`${text}\n`));
  // Somebody's own cell is theirs from the first scan.
  const operator = own === undefined ? new Operator(data) : undefined;
  const greet = async (): Promise<void> => {
    const url = await cell.ready;
    operator?.start();
    process.stdout.write(`${greeting(await makeLink(data), url, data)}\n`);
    process.stdout.write(`${brokerLines(await cell.broker)}\n`);
  };
  void greet();
  const ended = await Promise.race([
    signal.then(() => exit.good),
    cell.refused.then(() => exit.found),
    simulator.ended.then(() => exit.internal),
  ]);
  if (ended === exit.internal) process.stderr.write('the simulator ended by itself\n');
  operator?.stop();
  await cell.stop();
  await simulator.stop();
  return ended;
}

function greeting(link: string, url: string, data: string): string {
  return [
    '',
    `  ${link}`,
    '',
    `  Open this link: it signs you in, once. ${url} shows the cell to anyone.`,
    '  The machine is simulated; everything else is the product.',
    `  In another terminal: npx rebe status --data ${data}`,
    '  Ctrl-C ends everything.',
    '',
  ].join('\n');
}

function brokerLines(url: string): string {
  const { hostname, port } = new URL(url);
  const host = hostname === '127.0.0.1' ? '' : `-h ${hostname.replaceAll(/[[\]]/g, '')} `;
  return [
    `  The cell over MQTT: ${url}`,
    `  In another terminal: mosquitto_sub ${host}-p ${port} -v -t '#'`,
    '',
  ].join('\n');
}

interface RunningSimulator {
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Starts the simulator and waits until every server of it listens. */
async function startSimulator(
  plant: string,
  files: { data: string; endpoints: string },
): Promise<RunningSimulator> {
  const argv = ['simulate', plant, '--endpoints', files.endpoints, '--data', files.data];
  const child: ChildProcess = spawn(
    process.execPath,
    ['--enable-source-maps', builtFile('simulator/main.js'), ...argv],
    // Its channel to us: when we are gone, however, it ends.
    { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
  );
  const gone = new Promise<void>((resolveGone) => child.once('exit', () => resolveGone()));
  const ready = new Promise<void>((resolveReady) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString('utf8')).slice(-4096);
      if (/^ready$/m.test(text)) resolveReady();
    });
  });
  // Ctrl-C reaches the whole group; the machine must outlive control, which drives it safe first.
  const failed = gone.then(() => {
    throw new CellError('E_SIMULATOR_GONE', 'the simulator did not start');
  });
  await Promise.race([ready, failed]);
  failed.catch(() => undefined);
  return {
    ended: gone,
    stop: async () => {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), seconds(2));
      await gone;
      clearTimeout(timer);
    },
  };
}

/** Presses clear, empty, reset, start at the beginning, and reset, start when a batch is complete. */
class Operator {
  readonly #link: WireLink;
  #snapshot: Snapshot | undefined;
  #begun = false;
  #restarting = false;
  /** People are enrolled, and it is theirs. */
  #over = false;
  #pressed = { name: '', at: Number.NEGATIVE_INFINITY };
  readonly #clock = realClock();

  constructor(data: string) {
    const path = socketPath(data);
    this.#link = new WireLink(
      this.#clock,
      realRandom,
      { path, client: 'cli', feed: true },
      {
        message: (message) => {
          if (message.type === 'snapshot') this.#snapshot = message;
          if (message.type === 'delta' && this.#snapshot !== undefined) {
            this.#snapshot = applyDelta(this.#snapshot, message);
          }
          if (message.type === 'receipt') this.#over ||= message.code === 'E_CONSOLE_PEOPLE';
          this.#look();
        },
        closed: () => {
          this.#snapshot = undefined;
        },
      },
    );
  }

  start(): void {
    this.#link.start();
  }

  stop(): void {
    this.#link.stop();
  }

  #look(): void {
    const state = this.#snapshot?.flows[flow];
    const unit = state?.regions['unit']?.state;
    if (this.#over || state?.stepped !== true || unit === undefined) return;
    const wanted = this.#wanted(unit, state.ctx['loaded'] === true);
    if (wanted !== undefined) this.#press(wanted);
  }

  #wanted(unit: string, loaded: boolean): string | undefined {
    if (unit === 'unit.Complete') this.#restarting = true;
    if (unit.startsWith('unit.Execute')) {
      this.#begun = true;
      this.#restarting = false;
    }
    if (this.#restarting) {
      if (unit === 'unit.Complete') return 'reset';
      return unit === 'unit.Idle' ? 'start' : undefined;
    }
    if (this.#begun) return undefined;
    if (unit === 'unit.Aborted') return 'clear';
    if (unit === 'unit.Stopped') return loaded ? 'empty' : 'reset';
    return unit === 'unit.Idle' ? 'start' : undefined;
  }

  #press(name: string): void {
    const now = this.#clock.now();
    if (this.#pressed.name === name && now - this.#pressed.at < patience) return;
    if (now - this.#pressed.at < milliseconds(200)) return;
    this.#pressed = { name, at: now };
    const id = randomBytes(12).toString('hex');
    this.#link.send({
      type: 'act',
      id,
      actor: 'token:demo',
      verb: 'command',
      args: { flow, name },
      ttl_ms: 2000,
    });
  }
}

export const demoVerbs: readonly Verb[] = [
  {
    name: 'demo',
    usage: '[DIR]',
    summary:
      'Runs the demo cell, or the project in DIR, on its simulated machine; prints a link to its page.',
    more: 'A project keeps its record in DIR/data, unless --data says otherwise. `npm start` runs the demo cell.',
    example: 'rebe demo my-cell',
    words: [0, 1],
    options: {
      listen: { type: 'string', help: 'where the page listens (default: a free loopback port)' },
      broker: { type: 'string', help: 'where the broker listens (default: a free loopback port)' },
    },
    run: demo,
  },
];
