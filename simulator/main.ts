// The second program: `simulate` runs a plant with its devices, `fault` speaks to one that runs.
// Arguments, signals and exit codes stand here; 0 good, 1 found something wrong, 64 wrong use, 70 internal fault.
import { fstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { formatDiagnostic } from '#contract/diagnostic.ts';
import { CellError, codes } from '#contract/error.ts';
import { parseDuration, type Duration } from '#contract/time.ts';
import { systemClock } from './clock.ts';
import { addressOf } from './device/device.ts';
import { ask, Door, doorPath, type DoorRequest } from './door.ts';
import { deviceFaults, deviceFaultTexts } from './faults.ts';
import { parsePlantFile } from './plant/file.ts';
import { plantActNames } from './plant/plant.ts';
import { Simulator, type Endpoints } from './simulator.ts';

const exit = { good: 0, wrong: 1, usage: 64, internal: 70 } as const;

const help = {
  simulate: `rebe simulate PLANT.yaml [--endpoints FILE] [--data DIR] [--seed N]

Runs a simulated machine in real time and serves its devices on loopback.
  --endpoints FILE  write the devices' addresses there, for \`rebe run --endpoints\`
  --data DIR        where simulator.sock and simulator.log go; default ./data
  --seed N          of noise and ports; default: another each time

Example:
  rebe simulate flows/cnc-tending/tending.plant.yaml --endpoints endpoints.json`,
  fault: `rebe fault DEVICE ${deviceFaults.join('|')} [--for 10s] [--by 80ms] [--data DIR] [--json]
rebe fault plant ${plantActNames.join('|')} [--for 10s] [--data DIR] [--json]
rebe fault [DEVICE|plant] --clear [--data DIR] [--json]
rebe fault [--data DIR] [--json]

Makes a fault in a running simulator, of a device or of the machine, or does what a person there does.
Without a target it says what is going on.
  --for SPAN   it ends by itself; without it what is done to the plant goes on until it is given again
  --by SPAN    how late a slow device answers
  --clear      ends every fault or the target's, releases the E-stop, closes the gate

Faults of a device:
${deviceFaults.map((kind) => `  ${kind.padEnd(11)}  ${deviceFaultTexts[kind]}`).join('\n')}

Examples:
  rebe fault io hang --for 10s
  rebe fault plant take-part`,
  test: `rebe test [SCENARIO|DIR...] [--seed N] [--json]

Plays scenarios in virtual time: files, patterns, or all below a directory (.). Ends with 1 when one failed.
  --seed N  of noise and latency, instead of the file's own

Example:
  rebe test flows/cnc-tending`,
} as const;
type Verb = keyof typeof help;

async function main(argv: readonly string[]): Promise<number> {
  const [verb, ...rest] = argv;
  if (verb === undefined || verb === '--help' || verb === 'help') {
    console.log(Object.values(help).join('\n\n'));
    return verb === undefined ? exit.usage : exit.good;
  }
  if (verb !== 'simulate' && verb !== 'fault' && verb !== 'test') {
    throw new CellError('E_USAGE', `there is no verb ${verb}; there are simulate, fault and test`);
  }
  if (rest.includes('--help')) {
    console.log(help[verb]);
    return exit.good;
  }
  if (verb === 'test') return test(rest);
  return verb === 'simulate' ? simulate(rest) : fault(rest);
}

async function simulate(argv: string[]): Promise<number> {
  const options = {
    endpoints: { type: 'string' },
    data: { type: 'string', default: './data' },
    seed: { type: 'string' },
  } as const;
  const { values, positionals } = usage('simulate', () =>
    parseArgs({ args: argv, options, allowPositionals: true }),
  );
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) return wrongUse('simulate', 'one PLANT.yaml');
  const seed = values.seed === undefined ? systemClock.time() | 0 : Number(values.seed);
  if (!Number.isSafeInteger(seed)) return wrongUse('simulate', '--seed is a whole number');
  const text = read(path);
  const parsed = parsePlantFile(text, path);
  if (!parsed.ok) {
    for (const one of parsed.diagnostics) console.error(formatDiagnostic(one, text));
    return exit.wrong;
  }
  const data = resolve(values.data);
  makeFolder(data);
  standForHardware();
  const ended = untilEnded();
  const simulator = new Simulator(systemClock, parsed.plant, { seed, data });
  const door = new Door(simulator, doorPath(data));
  await door.open();
  try {
    const endpoints = await simulator.start();
    announce(endpoints, values.endpoints);
    await ended;
  } finally {
    await door.close();
    await simulator.stop();
  }
  return exit.good;
}

/** It stands for machines that have processors of their own: where the system lets it, nothing holds it up. */
function standForHardware(): void {
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST);
  } catch {
    // Not allowed to this user: it runs as any process does.
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new CellError('E_FILE_WRITE', `${path} cannot be written`, { cause });
  }
}

/** The file is there whole, or not at all. */
function announce(endpoints: Endpoints, file: string | undefined): void {
  if (file !== undefined) {
    const beside = `${file}.${process.pid}`;
    try {
      writeFileSync(beside, `${JSON.stringify(endpoints, undefined, 2)}\n`, { mode: 0o600 });
      renameSync(beside, file);
    } catch (cause) {
      throw new CellError('E_FILE_WRITE', `cannot write ${file}`, { cause });
    }
  }
  for (const [device, endpoint] of Object.entries(endpoints)) {
    console.log(device, Object.keys(endpoint)[0], addressOf(endpoint));
  }
  console.log('ready');
}

/** A signal, or whoever started this process has gone: its channel, or the pipe it feeds. */
async function untilEnded(): Promise<void> {
  const stdin = fstatSync(0);
  const fed = process.channel === undefined && (stdin.isFIFO() || stdin.isSocket());
  await new Promise<void>((ended) => {
    // A signal to the whole group ends the controller first, which drives this machine safe; its channel tells.
    const told = process.channel === undefined ? ended : (): void => undefined;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, told);
    process.on('disconnect', ended);
    if (!fed) return;
    for (const event of ['end', 'close', 'error'] as const) process.stdin.on(event, ended);
    process.stdin.resume();
  });
  // An open pipe would keep the process.
  if (fed) process.stdin.destroy();
}

async function test(argv: string[]): Promise<number> {
  const options = { seed: { type: 'string' }, json: { type: 'boolean', default: false } } as const;
  const { values, positionals } = usage('test', () =>
    parseArgs({ args: argv, options, allowPositionals: true }),
  );
  const seed = values.seed === undefined ? undefined : Number(values.seed);
  if (seed !== undefined && !Number.isSafeInteger(seed)) {
    return wrongUse('test', '--seed is a whole number');
  }
  const how = { json: values.json, ...(seed === undefined ? {} : { seed }) };
  // Only here: whoever simulates needs no flow.
  const { findScenarios, testAll } = await import('./test-verb.ts');
  const files = findScenarios(positionals.length === 0 ? ['.'] : positionals);
  const failed = await testAll(files, how, (text) => console.log(text));
  return failed === 0 ? exit.good : exit.wrong;
}

async function fault(argv: string[]): Promise<number> {
  const options = {
    for: { type: 'string' },
    by: { type: 'string' },
    clear: { type: 'boolean', default: false },
    data: { type: 'string', default: './data' },
    json: { type: 'boolean', default: false },
  } as const;
  const { values, positionals } = usage('fault', () =>
    parseArgs({ args: argv, options, allowPositionals: true }),
  );
  const request = requestOf(positionals, values);
  if (typeof request === 'string') return wrongUse('fault', request);
  const answer = await ask(resolve(values.data), request);
  if (values.json) console.log(JSON.stringify(answer));
  else if (answer.ok) console.log(answer.text);
  else console.error(`${answer.code} ${answer.text}\n  ${codes.E_SIMULATOR_FAULT.action}`);
  return answer.ok ? exit.good : exit.wrong;
}

/** The request, or what is missing for one. */
function requestOf(
  positionals: readonly string[],
  values: { for?: string | undefined; by?: string | undefined; clear: boolean },
): DoorRequest | string {
  const [target, kind] = positionals;
  if (values.clear) {
    if (kind !== undefined) return '--clear takes no kind';
    return { verb: 'clear', ...(target === undefined ? {} : { target }) };
  }
  if (target === undefined) return { verb: 'status' };
  if (kind === undefined || positionals.length > 2) return 'a target and a kind';
  const lasts = spanOf(values.for);
  const by = spanOf(values.by);
  if (lasts === null) return `--for ${values.for} is no duration; write 10s or 500ms`;
  if (by === null) return `--by ${values.by} is no duration; write 80ms`;
  return {
    verb: 'fault',
    target,
    kind,
    ...(lasts === undefined ? {} : { for_ms: lasts }),
    ...(by === undefined ? {} : { by_ms: by }),
  };
}

function spanOf(text: string | undefined): Duration | undefined | null {
  return text === undefined ? undefined : (parseDuration(text) ?? null);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CellError('E_FILE_READ', `cannot read ${path}`, { cause });
  }
}

function usage<T>(verb: Verb, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new CellError('E_USAGE', `${verb}: ${text}`, { cause });
  }
}

function wrongUse(verb: Verb, text: string): number {
  console.error(`E_USAGE ${verb}: ${text}\n\n${help[verb]}`);
  return exit.usage;
}

process.title = `rebe ${process.argv[2] ?? ''}`;
process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof CellError) {
    console.error(`${error.code} ${error.message}\n  ${codes[error.code].action}`);
    return error.code === 'E_USAGE' ? exit.usage : exit.wrong;
  }
  console.error(error);
  return exit.internal;
});
// One that could not start still listens to its channel or its pipe: either would keep it.
if (process.connected) process.disconnect();
if (process.exitCode !== exit.good) process.stdin.destroy();
