// One-time links: 256 bits in the address after `#`, good once, for whoever may write in the data directory.
// A key is kept only as its hash, as the name of an empty file; removing that file is what spends it.
import { mkdir, readFile, readdir, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { CellError } from '#contract/error.ts';
import { hours } from '#contract/time.ts';
import { hashOf, makeSecret, secretForm } from './secret.ts';

/** A link that nobody opened for so long is void. */
const lifetime = hours(12);
/** Links that wait to be opened; beyond it the oldest are void. */
const waitingLimit = 32;

const folder = (data: string): string => join(data, 'links');
const wholeSecret = new RegExp(`^${secretForm}$`);
const addressFile = (data: string): string => join(data, 'station.json');

/** Makes a key that `redeemLink` takes once. Works whether station runs or not. */
export async function mintLink(data: string): Promise<string> {
  await mkdir(folder(data), { recursive: true, mode: 0o700 });
  await dropOld(data);
  const key = makeSecret();
  await writeFile(join(folder(data), hashOf(key)), '', { mode: 0o600, flag: 'wx' });
  return key;
}

/** Whether `redeemLink` would take the key. */
export async function knowsLink(data: string, key: string, now: number): Promise<boolean> {
  if (!wholeSecret.test(key)) return false;
  const made = await stat(join(folder(data), hashOf(key))).catch(() => undefined);
  return made !== undefined && Math.abs(now - made.mtimeMs) <= lifetime;
}

/** True once for each key that was made, and never after its lifetime (against UTC `now`). */
export async function redeemLink(data: string, key: string, now: number): Promise<boolean> {
  if (!wholeSecret.test(key)) return false;
  const file = join(folder(data), hashOf(key));
  try {
    const { mtimeMs } = await stat(file);
    await unlink(file);
    return Math.abs(now - mtimeMs) <= lifetime;
  } catch {
    return false;
  }
}

/** The whole link, for `rebe link` and `rebe demo`. */
export const linkAddress = (url: string, key: string): string => `${url}#key=${key}`;

const StationAddress = z.strictObject({
  url: z.string(),
  pid: z.int(),
  /** SHA-256 of the certificate, where it speaks TLS: `AB:CD:...`. */
  fingerprint: z.string().optional(),
});
export type StationAddress = Omit<z.infer<typeof StationAddress>, 'pid'>;

/** Where the station of a data directory listens, and how it is known. Throws `E_CELL_NOT_RUNNING`. */
export async function readStation(data: string): Promise<StationAddress> {
  try {
    const { pid, ...address } = StationAddress.parse(
      JSON.parse(await readFile(addressFile(data), 'utf8')),
    );
    process.kill(pid, 0);
    return address;
  } catch (cause) {
    throw new CellError('E_CELL_NOT_RUNNING', `no station serves ${data}`, { cause });
  }
}

/** Only where; throws as `readStation` does. */
export const readStationUrl = async (data: string): Promise<string> =>
  (await readStation(data)).url;

/** The port that a station of this data directory took before, whether it still runs or not. */
export async function findPastPort(data: string): Promise<number | undefined> {
  const text = await readFile(addressFile(data), 'utf8').catch(() => '');
  const port = /"url":"https?:[^"]*:(\d{1,5})\//.exec(text)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** Makes a link to the station that serves `data`. Throws `E_CELL_NOT_RUNNING`. */
export async function makeLink(data: string): Promise<string> {
  return linkAddress(await readStationUrl(data), await mintLink(data));
}

/** Leaves station's address where `readStation` finds it. */
export async function writeStation(data: string, address: StationAddress): Promise<void> {
  const whole = { ...address, pid: process.pid } satisfies z.infer<typeof StationAddress>;
  await writeFile(`${addressFile(data)}.new`, JSON.stringify(whole), { mode: 0o600 });
  await rename(`${addressFile(data)}.new`, addressFile(data));
}

async function dropOld(data: string): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder(data))).map(async (name) => {
      const path = join(folder(data), name);
      const age = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      );
      return { path, age };
    }),
  );
  const old = files.toSorted((left, right) => right.age - left.age).slice(waitingLimit - 1);
  await Promise.all(old.map(({ path }) => unlink(path).catch(() => undefined)));
}
