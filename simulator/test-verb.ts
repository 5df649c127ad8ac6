// `test`: plays scenarios in virtual time and says what was not as expected, where it stands and what had happened
// before. Files are played in the order given; one that cannot be read does not keep the others.
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CellError, codes } from '#contract/error.ts';
import { playScenario, type Tested } from './scenario/scenario.ts';

const ending = '.scenario.yaml';
/** Folders below a folder that are looked into. */
const depthLimit = 16;

/**
 * The scenarios that the words name: files, folders with all below them, and patterns with `*` in their last part, where
 * no shell has read them. Throws `E_FILE_READ` when a word names none.
 */
export function findScenarios(words: readonly string[]): string[] {
  const found = words.flatMap((word) => {
    const files = filesOf(word);
    if (files.length > 0) return files;
    throw new CellError('E_FILE_READ', `${word}: there is no scenario (*${ending})`);
  });
  return [...new Set(found)];
}

function filesOf(word: string): string[] {
  const kind = statSync(word, { throwIfNoEntry: false });
  if (kind?.isDirectory() === true) return below(word, depthLimit);
  if (kind !== undefined || !word.includes('*')) return [word];
  const parts = basename(word)
    .split('*')
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  const pattern = new RegExp(`^${parts.join('.*')}$`);
  return list(dirname(word))
    .filter((name) => pattern.test(name))
    .map((name) => join(dirname(word), name))
    .flatMap((path) => (path.endsWith(ending) ? [path] : []));
}

function below(folder: string, depth: number): string[] {
  return list(folder).flatMap((name) => {
    const path = join(folder, name);
    if (name.endsWith(ending)) return [path];
    if (depth === 0 || name === 'node_modules' || name.startsWith('.')) return [];
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    return isFolder ? below(path, depth - 1) : [];
  });
}

const list = (folder: string): string[] => {
  try {
    return readdirSync(folder).toSorted();
  } catch (cause) {
    throw new CellError('E_FILE_READ', `${folder} cannot be read`, { cause });
  }
};

/** Plays all of them; the number that failed. */
export async function testAll(
  files: readonly string[],
  options: { readonly seed?: number; readonly json: boolean },
  print: (text: string) => void,
): Promise<number> {
  const all: Tested[] = [];
  for (const file of files) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, told as each ends
    const { tested, text } = await playOrTell(file, options);
    all.push(tested);
    if (!options.json) print(text);
  }
  const failed = all.filter(({ ok }) => !ok).length;
  print(
    options.json
      ? JSON.stringify(all)
      : `${all.length} scenario${all.length === 1 ? '' : 's'}, ${failed} failed`,
  );
  return failed;
}

async function playOrTell(
  file: string,
  options: { readonly seed?: number },
): Promise<{ tested: Tested; text: string }> {
  try {
    return await playScenario(file, options);
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    const { code, message } = error;
    const problems = [{ code, file, line: 1, column: 1, text: message }];
    const text = `FAILED  ${file}: ${code} ${message}\n  ${codes[code].action}`;
    return { tested: { file, ok: false, problems }, text };
  }
}
