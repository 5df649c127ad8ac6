// The session of whoever signed in at this terminal: in the home of their operating system's account, for each data
// directory one, with mode 0600.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { CellError } from '#contract/error.ts';

const Login = z.strictObject({ name: z.string(), cookie: z.string() });
export type Login = z.infer<typeof Login>;

const fileOf = (data: string): string => {
  const name = createHash('sha256').update(resolve(data)).digest('hex').slice(0, 16);
  return join(homedir(), '.rebe', `login-${name}.json`);
};

/** Undefined: nobody signed in here. */
export function findLogin(data: string): Login | undefined {
  try {
    return Login.parse(JSON.parse(readFileSync(fileOf(data), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Throws `E_FILE_WRITE`. */
export function keepLogin(data: string, login: Login): void {
  const file = fileOf(data);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    rmSync(`${file}.new`, { force: true });
    writeFileSync(`${file}.new`, JSON.stringify(login), { mode: 0o600, flag: 'wx' });
    renameSync(`${file}.new`, file);
  } catch (cause) {
    throw new CellError('E_FILE_WRITE', file, { cause });
  }
}

export function dropLogin(data: string): void {
  rmSync(fileOf(data), { force: true });
}
