// `run` is the supervisor; `control`, `station` and `broker` are the processes that it starts.
import { join, resolve } from 'node:path';
import { CellError, codes } from '#contract/error.ts';
import { milliseconds, seconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import type { RunningControl } from '#controller/cell.ts';
import { Channel } from '#controller/channel.ts';
import { realClock, realRandom } from '#controller/clock.ts';
import { setProcessPriority } from '#controller/priority.ts';
import { readListen } from '#controller/server/listen.ts';
import { superviseCell } from '#controller/supervisor.ts';
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
  setProcessPriority('first');
  const [listen, broker] = [invocation.option('listen'), invocation.option('broker')];
  for (const given of [listen, broker]) if (given !== undefined) readListen(given);
  const cell = superviseCell(
    realClock(),
    {
      manifest: resolve(invocation.words[0] ?? ''),
      data: resolve(invocation.data),
      endpoints: invocation.option('endpoints'),
      listen,
      broker,
    },
    (text) => process.stderr.write(`${text}\n`),
  );
  void cell.ready.then((url) => process.stdout.write(`${url}\n`));
  void cell.broker.then((url) => process.stdout.write(`${url}\n`));
  const ended = await Promise.race([
    untilSignal().then(() => exit.good),
    cell.refused.then(() => exit.found),
  ]);
  await cell.stop();
  return ended;
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
    await running.stop(await channel.stopped);
    return exit.good;
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
  await channel.stopped;
  clearInterval(pulse);
  await running.close();
  setTimeout(() => process.exit(exit.good), milliseconds(100)).unref();
  return exit.good;
}

async function station(invocation: Invocation): Promise<number> {
  const { startStation } = await import('#controller/station.ts');
  const data = resolve(invocation.data);
  return runBeside(invocation, 'station', (clock, listen, log) =>
    startStation({ clock, random: realRandom, log }, { data, listen }),
  );
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
    options: { endpoints: endpointsOption, listen: listenOption, broker: brokerOption },
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
    options: { listen: listenOption },
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
