// `check`: static checks of flows and manifests. A manifest is checked with all its flows and devices.
import { existsSync, statSync, watch } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { formatDiagnostic } from '#contract/diagnostic.ts';
import type { Diagnostic } from '#contract/diagnostic.ts';
import { placeOf } from '#contract/diagnostic.ts';
import { CellError, codes } from '#contract/error.ts';
import { milliseconds } from '#contract/time.ts';
import { loadCell, readText } from '#controller/config.ts';
import { compileFlow } from '#flows/language/compile.ts';
import { untilSignal } from './run.ts';
import { countOf } from './quantity.ts';
import { answer, exit } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

async function checkFile(
  file: string,
): Promise<{ diagnostics: readonly Diagnostic[]; texts: ReadonlyMap<string, string> }> {
  if (!file.endsWith('.flow.yaml')) return loadCell(file);
  const text = readText(file);
  return { diagnostics: compileFlow(file, text).diagnostics, texts: new Map([[file, text]]) };
}

/** Checks every file once and prints what it found; the number of errors, and every file that was read. */
async function checkAll(
  invocation: Invocation,
): Promise<{ errors: number; read: ReadonlySet<string> }> {
  const checked = [];
  for (const file of invocation.words) {
    // oxlint-disable-next-line no-await-in-loop -- files are reported in the order given
    checked.push({ file, ...(await checkFile(file)) });
  }
  const all = checked.flatMap(({ diagnostics, texts }) =>
    diagnostics.map((diagnostic) => ({ diagnostic, text: texts.get(diagnostic.file) ?? '' })),
  );
  const rows = all.map(({ diagnostic, text }) => {
    const { span, ...rest } = diagnostic;
    return { ...rest, ...placeOf(text, span.start) };
  });
  const errors = rows.filter(({ severity }) => severity === 'error').length;
  answer(invocation, rows, () =>
    [
      ...all.map(({ diagnostic, text }) => `${formatDiagnostic(diagnostic, text)}\n`),
      [
        countOf(checked.length, 'file'),
        countOf(errors, 'error'),
        countOf(rows.length - errors, 'warning'),
      ].join(', '),
    ].join('\n'),
  );
  return { errors, read: new Set(checked.flatMap(({ texts }) => [...texts.keys()])) };
}

/** An editor writes a file in several steps; a check begins when it has been still for so long. */
const stillness = milliseconds(100);

/** Checks again whenever a file that was read changes, until a signal; the last check gives the code. */
async function watchAll(invocation: Invocation): Promise<number> {
  const ended = untilSignal().then(() => 'ended' as const);
  let files: ReadonlySet<string> = new Set(invocation.words.map((word) => resolve(word)));
  for (;;) {
    const before = stampsOf(files);
    // oxlint-disable-next-line no-await-in-loop -- one check after the other
    const { errors, read } = await checkAgain(invocation);
    files = new Set([...files, ...[...read].map((file) => resolve(file))]);
    const watching = new AbortController();
    // oxlint-disable-next-line no-await-in-loop -- one check after the other
    const next = await Promise.race([ended, changed(files, before, watching.signal)]);
    watching.abort();
    if (next === 'ended') return errors === 0 ? exit.good : exit.found;
    if (!invocation.json) process.stdout.write('\n');
  }
}

/** While it is watched, a file that is not there is a problem to show, not an end. */
async function checkAgain(invocation: Invocation): ReturnType<typeof checkAll> {
  try {
    return await checkAll(invocation);
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    answer(invocation, { code: error.code, text: error.message }, () => {
      return `${error.code} ${error.message}. ${codes[error.code].action}`;
    });
    return { errors: 1, read: new Set() };
  }
}

/** When each file was last written; one that is not there has none. */
function stampsOf(files: ReadonlySet<string>): ReadonlyMap<string, number | undefined> {
  return new Map(
    [...files].map((file) => [file, statSync(file, { throwIfNoEntry: false })?.mtimeMs]),
  );
}

/** Resolves when a file is another than `before`. Folders are watched: editors replace a file by another of its name. */
function changed(
  files: ReadonlySet<string>,
  before: ReadonlyMap<string, number | undefined>,
  signal: AbortSignal,
): Promise<'changed'> {
  // A file that was read for the first time is compared with itself as it is now.
  const known = new Map([...stampsOf(files), ...before]);
  const folders = [...new Set([...files].map((path) => dirname(path)))].filter(existsSync);
  return new Promise((resolveChanged) => {
    let timer: NodeJS.Timeout | undefined;
    const look = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const now = stampsOf(files);
        if (![...known].some(([file, stamp]) => now.get(file) !== stamp)) return;
        resolveChanged('changed');
      }, stillness);
    };
    for (const folder of folders) watch(folder, { signal }, look).on('error', look);
    signal.addEventListener('abort', () => clearTimeout(timer));
    // What was written while the check ran was not seen by a watcher.
    look();
  });
}

export const checkVerbs: readonly Verb[] = [
  {
    name: 'check',
    usage: 'FILE...',
    summary:
      'Checks flows (*.flow.yaml) and cell manifests with all that they name. Ends with 1 on an error.',
    example: 'rebe check flows/cnc-tending/cell.yaml',
    words: [1, 256],
    options: {
      watch: { type: 'boolean', help: 'check again at each change, until Ctrl-C' },
    },
    run: async (invocation) => {
      if (invocation.flag('watch')) return watchAll(invocation);
      const { errors } = await checkAll(invocation);
      return errors === 0 ? exit.good : exit.found;
    },
  },
];
