// The session of whoever signed in at this terminal: in the data directory, or for a cell elsewhere in the home of whoever
// sits here; for each account of the operating system one, with mode 0600. Accounts that may read each other's files are
// no bar to each other.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { CellError } from '#contract/error.ts';
import type { StationAt } from '#controller/server/client.ts';

const Login = z.strictObject({ name: z.string(), cookie: z.string() });
export type Login = z.infer<typeof Login>;

/** Whoever came by `sudo` is told apart from others who did. */
function fileOf(at: StationAt): string {
  const account = process.env['SUDO_USER'] ?? userInfo().username;
  if (typeof at === 'string') return join(resolve(at), 'logins', `${plain(account)}.json`);
  const home = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
  const { host } = new URL(at.url);
  return join(home, 'rebe', 'logins', `${plain(account)}@${plain(host)}.json`);
}

const plain = (name: string): string => name.replaceAll(/[^A-Za-z0-9_.-]/g, '_');

/** Undefined: nobody signed in here. */
export function findLogin(at: StationAt): Login | undefined {
  try {
    return Login.parse(JSON.parse(readFileSync(fileOf(at), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Throws `E_FILE_WRITE`. */
export function keepLogin(at: StationAt, login: Login): void {
  const file = fileOf(at);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    rmSync(`${file}.new`, { force: true });
    writeFileSync(`${file}.new`, JSON.stringify(login), { mode: 0o600, flag: 'wx' });
    renameSync(`${file}.new`, file);
  } catch (cause) {
    throw new CellError('E_FILE_WRITE', file, { cause });
  }
}

export function dropLogin(at: StationAt): void {
  rmSync(fileOf(at), { force: true });
}
