// Secrets by the names that a manifest gives them: from the environment, else from a file of the data
// directory that only its owner can read. What one stands for is never logged and never kept.
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CellError } from '#contract/error.ts';

/** Longer is no password. */
const longest = 4096;

/** `REBE_SECRET_PRESS_7` for `press-7`. */
export const secretVariable = (name: string): string =>
  `REBE_SECRET_${name.toUpperCase().replaceAll('-', '_')}`;

/** What the name stands for, read afresh, so that a changed one is used at once. Throws `E_SECRET_MISSING`. */
export function readSecret(
  data: string,
  name: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const variable = secretVariable(name);
  const given = environment[variable];
  if (given !== undefined && given !== '') return checked(given, variable);
  const path = join(data, 'secrets', name);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw new CellError('E_SECRET_MISSING', `neither ${variable} nor ${path} is there`, { cause });
  }
  try {
    const { mode, size } = fstatSync(file);
    if ((mode & 0o077) !== 0) {
      throw new CellError('E_SECRET_MISSING', `${path} can be read by others: chmod 600 ${path}`);
    }
    if (size > longest) throw new CellError('E_SECRET_MISSING', `${path} is longer than a secret`);
    return checked(readFileSync(file, 'utf8').replace(/\r?\n$/, ''), path);
  } finally {
    closeSync(file);
  }
}

function checked(secret: string, where: string): string {
  if (secret === '') throw new CellError('E_SECRET_MISSING', `${where} is empty`);
  return secret;
}
