#!/usr/bin/env node
// The entry point of `rebe`: finds the verb, runs it, ends with its exit code. Every verb's module is
// loaded only when it is asked for, so that control starts fast.
import { CellError, codes } from '#contract/error.ts';
import { didYouMean } from '#contract/diagnostic.ts';
import { exit, helpOf, readInvocation } from '#controller/cli/verb.ts';
import type { Verb } from '#controller/cli/verb.ts';

/** Where each verb lives; the order is that of `rebe help`. */
const modules: readonly (readonly [
  names: readonly string[],
  load: () => Promise<readonly Verb[]>,
])[] = [
  [['demo'], async () => (await import('#controller/cli/demo.ts')).demoVerbs],
  [
    ['run', 'control', 'station', 'broker'],
    async () => (await import('#controller/cli/run.ts')).runVerbs,
  ],
  [['simulate', 'fault'], async () => (await import('#controller/cli/simulate.ts')).simulateVerbs],
  [['init'], async () => (await import('#controller/cli/init.ts')).initVerbs],
  [['test'], async () => (await import('#controller/cli/test.ts')).testVerbs],
  [['check'], async () => (await import('#controller/cli/check.ts')).checkVerbs],
  [
    ['status', 'tags', 'read', 'flows', 'devices', 'alarms', 'forces', 'why'],
    async () => (await import('#controller/cli/ask.ts')).askVerbs,
  ],
  [
    ['command', 'resume', 'set', 'force', 'unforce', 'ack'],
    async () => (await import('#controller/cli/act.ts')).actVerbs,
  ],
  [['break-glass'], async () => (await import('#controller/cli/break-glass.ts')).breakGlassVerbs],
  [['shell'], async () => (await import('#controller/cli/shell.ts')).shellVerbs],
  [
    ['shells', 'lock', 'unlock'],
    async () => (await import('#controller/cli/shells.ts')).shellsVerbs,
  ],
  [['history'], async () => (await import('#controller/cli/history.ts')).historyVerbs],
  [['mirror'], async () => (await import('#controller/cli/mirror.ts')).mirrorVerbs],
  [['pki'], async () => (await import('#controller/cli/pki.ts')).pkiVerbs],
  [
    ['people', 'login', 'logout'],
    async () => (await import('#controller/cli/people.ts')).peopleVerbs,
  ],
  [['link'], async () => (await import('#controller/cli/link.ts')).linkVerbs],
  [['backup', 'restore'], async () => (await import('#controller/cli/backup.ts')).backupVerbs],
  [['mcp'], async () => (await import('#controller/cli/mcp.ts')).mcpVerbs],
  [['approve'], async () => (await import('#controller/cli/approve.ts')).approveVerbs],
  [['replay'], async () => (await import('#controller/cli/replay.ts')).replayVerbs],
  [['recordings'], async () => (await import('#controller/cli/recordings.ts')).recordingVerbs],
  [['verify', 'chronicle'], async () => (await import('#controller/cli/record.ts')).recordVerbs],
];

async function main(argv: readonly string[]): Promise<number> {
  const [name = 'help', ...rest] = argv;
  if (name === 'help' || name === '--help' || name === '-h') return help(rest[0]);
  if (name === '--version') return version();
  const verb = await findVerb(name);
  const invocation = readInvocation(verb, rest);
  if (invocation.help) {
    process.stdout.write(`${helpOf(verb)}\n`);
    return exit.good;
  }
  return verb.run(invocation);
}

async function findVerb(name: string): Promise<Verb> {
  const found = modules.find(([names]) => names.includes(name));
  const verb = (await found?.[1]())?.find((candidate) => candidate.name === name);
  if (verb !== undefined) return verb;
  const names = modules.flatMap(([all]) => all);
  const hint = didYouMean(name, names) || '; `rebe help` lists them';
  throw new CellError('E_USAGE', `rebe has no verb ${name}${hint}`);
}

async function help(name: string | undefined): Promise<number> {
  if (name !== undefined) {
    process.stdout.write(`${helpOf(await findVerb(name))}\n`);
    return exit.good;
  }
  const all = (await Promise.all(modules.map(([, load]) => load()))).flat();
  const lines = all
    .filter((verb) => verb.internal !== true)
    .map((verb) => `  ${`${verb.name} ${verb.usage}`.trim()}\n      ${verb.summary}`);
  const head =
    'rebe: the per-cell controller for lights-out factories\n\n  rebe VERB [WORDS] [OPTIONS]\n';
  process.stdout.write(`${[head, ...lines, '', '  rebe help VERB tells more.'].join('\n')}\n`);
  return exit.good;
}

async function version(): Promise<number> {
  const { productVersion } = await import('#controller/product.ts');
  process.stdout.write(`${productVersion}\n`);
  return exit.good;
}

/** What a person reads when something failed: what, and what to do. */
function report(error: unknown): number {
  if (error instanceof CellError) {
    process.stderr.write(`${error.code} ${error.message}\n  ${codes[error.code].action}\n`);
    return error.code === 'E_USAGE' ? exit.usage : exit.found;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`E_INTERNAL ${text}\n  ${codes.E_INTERNAL.action}\n`);
  return exit.internal;
}

// A reader that goes away (`rebe tags | head`) ends us quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exit.good);
});
process.exitCode = await main(process.argv.slice(2)).catch(report);
