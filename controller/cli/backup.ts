// `backup` and `restore`: one file from which another machine can be this cell. They work on the data directory, of a cell
// that runs too, and ask it nothing.
import { join, resolve } from 'node:path';
import { realClock } from '#controller/clock.ts';
import { makeBackup } from '#controller/backup/backup.ts';
import type { Contents } from '#controller/backup/contents.ts';
import { checkBackup, restoreBackup } from '#controller/backup/restore.ts';
import type { Restoration } from '#controller/backup/restore.ts';
import { formatVerification } from '#controller/chronicle/verdict.ts';
import { setProcessPriority } from '#controller/process/priority.ts';
import { progress } from './progress.ts';
import { answer, exit } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

async function backup(invocation: Invocation): Promise<number> {
  setProcessPriority('last');
  const shown = progress('backup');
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interrupted.abort());
  }
  try {
    const made = await makeBackup({
      data: resolve(invocation.data),
      file: resolve(invocation.words[0] ?? ''),
      secrets: !invocation.flag('without-secrets'),
      time: realClock().time(),
      onProgress: (what, done, total) => shown.show(done, total, what),
      signal: interrupted.signal,
    });
    shown.end();
    const { file, size, contents, unknown } = made;
    const { files, ...rest } = contents;
    answer(invocation, { file, size, unknown, ...rest, files: files.length }, () =>
      [
        `${file}: ${contentsText(contents)}, ${sizeText(size)}; read again, and whole`,
        ...(contents.secrets ? [] : ['  - without the passwords in secrets/']),
        ...unknown.map((name) => `  - not in it, because unknown: ${name}`),
        '  Who has this file can act as this cell: it holds its keys. Keep it as you keep those.',
      ].join('\n'),
    );
    return exit.good;
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    process.stderr.write('interrupted; no backup was made\n');
    return exit.found;
  } finally {
    shown.end();
  }
}

async function restore(invocation: Invocation): Promise<number> {
  const [word = '', folder] = invocation.words;
  const file = resolve(word);
  const keys = invocation.option('keys');
  const shown = progress('restore');
  const options = {
    file,
    ...(keys === undefined ? {} : { keys }),
    onProgress: (what: string, done: number, total: number) => shown.show(done, total, what),
  };
  const time = realClock().time();
  try {
    if (folder === undefined) {
      const contents = await checkBackup(options);
      shown.end();
      answer(invocation, { file, ...contents }, () =>
        [`${file}: ${contentsText(contents)}; whole`, lostText(contents, time)].join('\n'),
      );
      return exit.good;
    }
    const restored = await restoreBackup({ ...options, folder, time });
    shown.end();
    const next = nextOf(restored);
    const { contents, verification, missing, elsewhere } = restored;
    const plain = { file, folder: restored.folder, contents, verification, missing, elsewhere };
    answer(invocation, { ...plain, next }, () => restoredText(restored, next, time));
    return verification.exit === 2 ? exit.good : verification.exit;
  } finally {
    shown.end();
  }
}

function restoredText(restored: Restoration, next: string, time: number): string {
  const { contents, folder, verification, missing, elsewhere } = restored;
  return [
    `${folder}: ${contentsText(contents)}`,
    lostText(contents, time),
    formatVerification({ ...verification, file: join(folder, 'chronicle.db') }),
    ...missing.map((name) => `Set the secret ${name}: it is not in the backup.`),
    ...elsewhere.map((path) => `The manifest names ${path}: put the flow from cell/ there.`),
    ...(contents.simulated
      ? ['It ran on replaced addresses, such as a simulator’s: give --endpoints FILE for those.']
      : []),
    'Flows that are hot wait for a person, like those that ask. Let no other machine run as this cell, then:',
    `  ${next}`,
  ].join('\n');
}

const nextOf = ({ folder, contents }: Restoration): string =>
  `rebe run ${quoted(join(folder, contents.manifest))} --data ${quoted(folder)}`;

const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;

function contentsText({ cell, product, made, seq, files }: Contents): string {
  const at = new Date(made).toISOString();
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return `${cell}, backed up ${at} by rebe ${product}: ${files.length} files of ${sizeText(bytes)}, record to entry ${seq}`;
}

function lostText({ at }: Contents, time: number): string {
  const age = Math.max(0, time - at);
  const [span, unit] =
    age < 7_200_000
      ? [age / 60_000, 'minutes']
      : age < 172_800_000
        ? [age / 3_600_000, 'hours']
        : [age / 86_400_000, 'days'];
  return `What happened after ${new Date(at).toISOString()}, ${span.toFixed(0)} ${unit} ago, is not in it.`;
}

const sizeText = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

export const backupVerbs: readonly Verb[] = [
  {
    name: 'backup',
    usage: 'FILE',
    summary: 'Backs up a cell, running or not, into one file from which another machine can be it.',
    more: 'FILE must not be there. It holds the cell’s private keys, and passwords: mode 0600.',
    example: 'rebe backup /media/usb/tending-1.tar.gz --data /var/lib/rebe',
    words: [1, 1],
    options: {
      'without-secrets': { type: 'boolean', help: 'leave out the passwords of secrets/' },
    },
    run: backup,
  },
  {
    name: 'restore',
    usage: 'FILE [DIR]',
    summary:
      'Checks a backup whole and unpacks it as the data directory DIR; without DIR it only checks.',
    more: 'DIR must not be there, or be empty. Ends with 1 when the record in it was altered.',
    example: 'rebe restore /media/usb/tending-1.tar.gz /var/lib/rebe',
    words: [1, 2],
    options: { keys: { type: 'string', help: 'public keys that may have signed its record' } },
    run: restore,
  },
];
