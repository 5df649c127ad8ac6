// What this machine has of each layer of confinement, and why not where it has not: each is tried for real,
// with the words that a session's launch has too. What is missing is never done without.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { CellError } from '#contract/error.ts';
import type { Layer } from '#controller/shell/parts.ts';
import { lookEvery } from './evidence.ts';
import { Groups } from './groups.ts';
import { limits, prlimit, setpriv } from './launch.ts';
import { isMachine } from './seccomp.ts';
import { claimUid } from './uids.ts';

/** What a trial printed, and how it ended. */
export interface Tried {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** In ms. A trial takes some of them; a machine that is busy takes longer. */
const patience = 20_000;

/** Layers without which a tier is not opened. A full shell has the machine, and is only held together. */
const needs: Readonly<Record<'T2' | 'T3', readonly Layer['name'][]>> = {
  T2: ['bubblewrap', 'user-namespace', 'seccomp', 'prlimit', 'cgroup', 'own-uid'],
  T3: ['cgroup'],
};

/** What a tier needs and this machine has not, for people: `seccomp (why); cgroup (why)`. */
export function lacking(tier: 'T2' | 'T3', layers: readonly Layer[]): string | undefined {
  const missing = layers.filter(({ name, there }) => !there && needs[tier].includes(name));
  const texts = missing.map(({ name, why = 'not there' }) => `${name} (${why})`);
  if (tier === 'T3' && process.getuid?.() !== 0) texts.push('root (station does not run as root)');
  return texts.length === 0 ? undefined : texts.join('; ');
}

/** The whole jail with a command in it, and the programs that were seen to start; jailer.ts makes it. */
export type Whole = (
  command: readonly string[],
  traced: boolean,
) => Promise<Tried & { readonly seen: readonly string[] }>;

/** Tries every layer, in the order in which a launch goes through them. */
export async function tryLayers(
  groups: Groups | CellError,
  { whole, programs }: { readonly whole: Whole; readonly programs: string },
): Promise<readonly Layer[]> {
  const attempt = attemptWith(programs);
  const cgroup = groups instanceof Groups ? await tryGroups(groups) : groups.message;
  const limited = await tryPrlimit(attempt);
  const uid = await tryOwnUid(attempt);
  const bubblewrap = await tryBubblewrap(attempt);
  const namespaces = bubblewrap ?? (await tryNamespaces(attempt, uid === undefined));
  const before = cgroup ?? limited ?? uid ?? namespaces;
  const seccomp = await trySeccomp(before, whole);
  const evidence = await tryEvidence(before ?? seccomp, whole);
  return [
    layer('cgroup', cgroup, String(groups)),
    layer('prlimit', limited),
    layer('own-uid', uid),
    layer('bubblewrap', bubblewrap),
    layer('user-namespace', namespaces),
    layer('seccomp', seccomp),
    layer('evidence', evidence, 'by strace'),
  ];
}

/** `how` it is had, where that is not one and the same. */
const layer = (name: Layer['name'], missing: string | undefined, how?: string): Layer => ({
  name,
  required: name !== 'evidence',
  there: missing === undefined,
  why: missing ?? how,
});

async function tryGroups(groups: Groups): Promise<string | undefined> {
  const group = await groups.make(`trial-${process.pid}`, limits);
  const sleeper = spawn('/bin/sh', [
    '-c',
    'for g; do echo 0 >"$g"; done; exec sleep 60',
    'sh',
    ...group.doors(false).early,
  ]);
  try {
    if (!(await group.holds(sleeper.pid ?? 0))) return 'a process did not enter its group';
    await group.freeze();
    const left = await group.kill();
    return left.length === 0 ? undefined : 'a process that was killed is still there';
  } catch (error) {
    return error instanceof CellError ? error.message : `cannot be used: ${String(error)}`;
  } finally {
    sleeper.kill('SIGKILL');
    await group.remove();
  }
}

async function tryPrlimit(attempt: Attempt): Promise<string | undefined> {
  const tried = await attempt([...prlimit(), '/bin/sh', '-c', 'ulimit -n']);
  return tried.out.trim() === `${limits.files}` ? undefined : failure('prlimit', tried);
}

async function tryOwnUid(attempt: Attempt): Promise<string | undefined> {
  const claimed = await claimUid();
  const ask = 'id -u; id -G; grep -c -E "^Cap(Prm|Eff|Bnd|Amb):.0+$" /proc/self/status';
  const tried = await attempt([...setpriv(claimed.uid), '/bin/sh', '-c', ask]);
  await claimed.release();
  const wanted = `${claimed.uid}\n${claimed.uid}\n4\n`;
  if (tried.out === wanted) return undefined;
  return `station may not become another user: ${failure('setpriv', tried)}`;
}

async function tryBubblewrap(attempt: Attempt): Promise<string | undefined> {
  const tried = await attempt(['bwrap', '--version']);
  return tried.code === 0 ? undefined : `install Debian's bubblewrap: ${failure('bwrap', tried)}`;
}

async function tryNamespaces(attempt: Attempt, mayChange: boolean): Promise<string | undefined> {
  const claimed = await claimUid();
  const bare = ['--unshare-all', '--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev'];
  const tried = await attempt([
    ...(mayChange ? setpriv(claimed.uid) : []),
    'bwrap',
    '--unshare-user',
    ...bare,
    '--',
    '/bin/true',
  ]);
  await claimed.release();
  return tried.code === 0 ? undefined : failure('bwrap', tried);
}

async function trySeccomp(before: string | undefined, whole: Whole): Promise<string | undefined> {
  if (!isMachine(process.arch)) return `there is no filter for ${process.arch}`;
  if (before !== undefined) return 'not tried: it comes after a layer that is missing';
  const ask =
    'grep -c -E "^(NoNewPrivs:.1|Seccomp:.2)$" /proc/self/status; unshare --user true || echo refused';
  const tried = await whole(['/bin/sh', '-c', ask], false);
  return tried.out === '2\nrefused\n' ? undefined : failure('the whole jail', tried);
}

async function tryEvidence(before: string | undefined, whole: Whole): Promise<string | undefined> {
  const polling = `by looking into the group every ${lookEvery} ms, which misses what ends sooner`;
  if (before !== undefined) return 'not tried: it comes after a layer that is missing';
  const tried = await whole(['/bin/sh', '-c', '/usr/bin/env true'], true);
  if (tried.code === 0 && tried.seen.some((line) => line === '/usr/bin/env true')) return undefined;
  return `${polling}: ${failure('strace', tried)}`;
}

/** Runs words to their end. */
type Attempt = (words: readonly string[]) => Promise<Tried>;

const attemptWith =
  (programs: string): Attempt =>
  async ([file = '', ...args]) =>
    ended(
      spawn(file, args, {
        env: { PATH: programs },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: patience,
        killSignal: 'SIGKILL',
      }),
    );

/** What a process printed until its end; -1 when it did not start. */
export async function ended(child: ChildProcess): Promise<Tried> {
  const texts = { out: '', err: '' };
  child.stdout?.on(
    'data',
    (chunk: Buffer) => (texts.out = `${texts.out}${chunk.toString()}`.slice(0, 4_096)),
  );
  child.stderr?.on(
    'data',
    (chunk: Buffer) => (texts.err = `${texts.err}${chunk.toString()}`.slice(0, 4_096)),
  );
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: -1, out: '', err: error.message }));
    child.once('close', (code) => resolve({ code: code ?? -1, ...texts }));
  });
}

function failure(what: string, { code, out, err }: Tried): string {
  const text = (err.trim() || out.trim()).replaceAll(/\s+/g, ' ').slice(0, 300);
  return `${what} ended with ${code}${text === '' ? '' : `: ${text}`}`;
}
