// `run` is the supervisor; `control`, `station` and `broker` are the processes that it starts.
import { join, resolve } from 'node:path';
import { StationPlan } from '#contract/cell.ts';
import { CellError, codes } from '#contract/error.ts';
import { milliseconds, seconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import { besideAt } from '#controller/process/beside.ts';
import type { RunningControl } from '#controller/cell.ts';
import { Channel } from '#controller/process/channel.ts';
import { realClock, realRandom } from '#controller/clock.ts';
import { setProcessPriority } from '#controller/process/priority.ts';
import { readStation } from '#controller/server/link.ts';
import { readAddress, readListen } from '#controller/server/listen.ts';
import { serviceManager } from '#controller/process/service-manager.ts';
import { superviseCell } from '#controller/supervisor.ts';
import type { CellRun } from '#controller/supervisor.ts';
import { exit } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

/** Resolves at SIGINT or SIGTERM, or when whoever started us over a channel is gone. A second signal ends at once. */
export async function untilSignal(): Promise<void> {
  await new Promise<void>((resolveSignal) => {
    const gone = (): void => resolveSignal();
    process.once('disconnect', gone);
    for (const event of ['SIGINT', 'SIGTERM'] as const) {
      process.once(event, () => {
        // Who listens to the channel keeps the process.
        process.off('disconnect', gone);
        resolveSignal();
      });
    }
  });
  process.once('SIGINT', () => process.exit(exit.found));
}

async function run(invocation: Invocation): Promise<number> {
  process.title = `rebe run --data ${invocation.data}`;
  const manifest = resolve(invocation.words[0] ?? '');
  const only = await onlyPart(invocation.option('only'), manifest);
  setProcessPriority(only === undefined || only === 'control' ? 'first' : 'usual');
  const [listen, broker] = [invocation.option('listen'), invocation.option('broker')];
  if (listen !== undefined) readAddress(listen);
  if (broker !== undefined) readListen(broker);
  const clock = realClock();
  const manager = serviceManager(clock, process.env);
  const cell = superviseCell(
    clock,
    {
      manifest,
      only,
      data: resolve(invocation.data),
      endpoints: invocation.option('endpoints'),
      listen,
      broker,
    },
    (text) => {
      process.stderr.write(`${text}\n`);
      manager.tell(`STATUS=${text}`);
    },
  );
  void cell.ready.then((url) => process.stdout.write(`${url}\n`));
  void cell.ready.then((url) => manager.tell('READY=1', `STATUS=${url}`));
  void cell.ready.then(() => sayCertificate(resolve(invocation.data)));
  void cell.broker.then((url) => process.stdout.write(`${url}\n`));
  const ended = await Promise.race([
    untilSignal().then(() => exit.good),
    cell.refused.then(() => exit.found),
  ]);
  manager.tell('STOPPING=1');
  const safe = await cell.stop();
  manager.close();
  return safe ? ended : exit.found;
}

/** What a person compares with what a browser shows, before they trust it. */
async function sayCertificate(data: string): Promise<void> {
  const known = await readStation(data).catch(() => undefined);
  if (known?.fingerprint !== undefined)
    process.stdout.write(`its certificate: SHA-256 ${known.fingerprint}\n`);
}

/** What `--only` names; what runs beside control learns from the manifest where it listens. Throws `E_USAGE`. */
async function onlyPart(word: string | undefined, manifest: string): Promise<CellRun['only']> {
  if (word === undefined || word === 'control') return word;
  if (word !== 'station') throw new CellError('E_USAGE', '--only takes control or station');
  const { readText } = await import('#controller/config.ts');
  const { readManifest } = await import('#flows/manifest.ts');
  const read = readManifest(manifest, readText(manifest)).manifest;
  if (read === undefined) {
    throw new CellError('E_FILE_READ', `${manifest} has errors: rebe check ${manifest}`);
  }
  return besideAt(read, manifest);
}

async function control(invocation: Invocation): Promise<number> {
  process.title = `rebe control --data ${invocation.data}`;
  setProcessPriority('first');
  const { startControl } = await import('#controller/cell.ts');
  const channel = new Channel();
  const life: { running?: RunningControl } = {};
  // Node would end the process at once, with outputs as they are and the code of one that was refused.
  process.on('uncaughtException', (error) => {
    if (life.running !== undefined) return life.running.failed(error);
    process.stderr.write(`E_INTERNAL ${error.stack ?? error.message}\n`);
    process.exit(exit.internal);
  });
  try {
    const running = await startControl(realClock(), realRandom, channel, {
      manifest: resolve(invocation.words[0] ?? ''),
      data: resolve(invocation.data),
      endpoints: invocation.option('endpoints'),
      ahead: invocation.flag('ahead'),
    });
    if (running === undefined) return exit.found;
    life.running = running;
    const safe = await running.stop(await channel.stopped);
    process.stderr.write(
      safe
        ? 'control stopped: every output is safe, and its device confirmed it\n'
        : 'control stopped: NOT EVERY OUTPUT WAS CONFIRMED SAFE; look at the machine before anyone enters it\n',
    );
    return safe ? exit.good : exit.found;
  } finally {
    // Neither a device that does not answer nor the writer of a record that was opened keeps the process.
    setTimeout(() => process.exit(), 100).unref();
  }
}

/** How often a process beside control says that it lives, and how long it may be silent. */
const pulsePeriod = seconds(1);
const pulseWatchdog = seconds(10);

/** What runs beside control until the supervisor ends it. */
interface Beside {
  readonly listen: string;
  readonly url: string;
  /** Resolves when it wants to be started again. */
  readonly again?: Promise<void>;
  close(): Promise<void>;
}

type BesideLog = (level: 'info' | 'warn', text: string) => void;

/** Runs what `start` makes; what it refuses is told to the supervisor, who says it once and tries on. */
async function runBeside(
  invocation: Invocation,
  name: string,
  start: (clock: Clock, listen: string, log: BesideLog) => Promise<Beside>,
): Promise<number> {
  process.title = `rebe ${name} --data ${invocation.data}`;
  setProcessPriority('usual');
  const clock = realClock();
  const channel = new Channel();
  const listen = invocation.option('listen');
  if (listen === undefined) throw new CellError('E_USAGE', `rebe ${name} --listen ADDRESS`);
  const log: BesideLog = (level, text) => {
    if (level === 'warn') process.stderr.write(`${name}: ${text}\n`);
  };
  const running = await start(clock, listen, log).catch(async (error: unknown) => {
    setTimeout(() => process.exit(), 100).unref();
    if (!(error instanceof CellError)) throw error;
    const why = `${error.code} ${error.message}. ${codes[error.code].action}`;
    if (!(await channel.failed(why))) throw error;
  });
  if (running === undefined) return exit.found;
  channel.ready({ watchdog_ms: pulseWatchdog, listen: running.listen, url: running.url });
  const pulse = setInterval(() => channel.progress(clock.now()), pulsePeriod);
  await Promise.race([channel.stopped, running.again ?? channel.stopped]);
  clearInterval(pulse);
  await running.close();
  setTimeout(() => process.exit(exit.good), milliseconds(100)).unref();
  return exit.good;
}

async function station(invocation: Invocation): Promise<number> {
  const { startStation } = await import('#controller/station.ts');
  const data = resolve(invocation.data);
  const plan = planOf(invocation.option('plan'));
  return runBeside(invocation, 'station', (clock, listen, log) =>
    startStation({ clock, random: realRandom, log }, { data, listen, ...plan }),
  );
}

/** What the manifest says of station, as the supervisor hands it on. */
function planOf(text: string | undefined): { readonly plan?: StationPlan } {
  if (text === undefined) return {};
  return { plan: StationPlan.parse(JSON.parse(text)) };
}

async function embeddedBroker(invocation: Invocation): Promise<number> {
  const { startBroker } = await import('#controller/broker/broker.ts');
  const data = resolve(invocation.data);
  return runBeside(invocation, 'broker', (clock, listen, log) =>
    startBroker({ clock, log }, { data, ...readListen(listen) }),
  );
}

const listenOption = {
  type: 'string',
  help: 'where the page listens (default: as the manifest says)',
} as const;
const brokerOption = {
  type: 'string',
  help: 'where the embedded broker listens (default: as the manifest says)',
} as const;
const endpointsOption = {
  type: 'string',
  help: 'a file with device addresses that replace the manifest’s',
} as const;

export const runVerbs: readonly Verb[] = [
  {
    name: 'run',
    usage: 'CELL.yaml',
    summary: 'Runs a cell until Ctrl-C: control, page and what watches over them.',
    example: 'rebe run cell.yaml --data /var/lib/rebe',
    words: [1, 1],
    options: {
      endpoints: endpointsOption,
      listen: listenOption,
      broker: brokerOption,
      only: {
        type: 'string',
        help: 'control, or station (with the broker): the other is a service of its own',
      },
    },
    run,
  },
  {
    name: 'control',
    usage: 'CELL.yaml',
    summary: 'The process that owns the devices; `rebe run` starts it.',
    example: 'rebe control cell.yaml',
    words: [1, 1],
    internal: true,
    options: {
      endpoints: endpointsOption,
      ahead: { type: 'boolean', help: 'the run before was ahead of its record' },
    },
    run: control,
  },
  {
    name: 'station',
    usage: '',
    summary: 'The process that serves the page; `rebe run` starts it.',
    example: 'rebe station --listen 127.0.0.1:8080',
    words: [0, 0],
    internal: true,
    options: {
      listen: listenOption,
      plan: { type: 'string', help: 'what the manifest says of station, as JSON' },
    },
    run: station,
  },
  {
    name: 'broker',
    usage: '',
    summary: 'The embedded MQTT broker; `rebe run` starts it where the manifest asks for it.',
    example: 'rebe broker --listen 127.0.0.1:1883',
    words: [0, 0],
    internal: true,
    options: { listen: brokerOption },
    run: embeddedBroker,
  },
];

/** Where things of a run lie in its data directory. */
export const endpointsFile = (data: string): string => join(data, 'endpoints.json');
