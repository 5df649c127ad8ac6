// The session of whoever signed in at this terminal: in the data directory, for each account of the operating system
// one, with mode 0600. Accounts that may read each other's files there are no bar to each other.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { CellError } from '#contract/error.ts';

const Login = z.strictObject({ name: z.string(), cookie: z.string() });
export type Login = z.infer<typeof Login>;

/** Whoever came by `sudo` is told apart from others who did. */
function fileOf(data: string): string {
  const account = process.env['SUDO_USER'] ?? userInfo().username;
  return join(resolve(data), 'logins', `${account.replaceAll(/[^A-Za-z0-9_.-]/g, '_')}.json`);
}

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
