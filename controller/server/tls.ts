// Certificate and key of station's port: those that the manifest names, or its own, made once and kept in the data
// directory. How a browser comes to trust it is for people; here is what it must be to be used at all.
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { TlsPlan } from '#contract/cell.ts';
import { CellError } from '#contract/error.ts';
import { hours } from '#contract/time.ts';
import { selfSigned } from './self-signed.ts';

export interface Tls {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** SHA-256 of the certificate: `AB:CD:...`. */
  readonly fingerprint: string;
  /** UTC ms. */
  readonly ends: number;
  /** It signed itself. */
  readonly own: boolean;
}

const life = hours(825 * 24);
/** It is made anew when so little is left. */
const renewal = hours(60 * 24);

/** Throws `E_STATION_TLS`. `names`: under which pages are opened, besides those of the machine. */
export function openTls(
  data: string,
  plan: TlsPlan,
  { names, now }: { readonly names: readonly string[]; readonly now: number },
): Tls {
  if (plan !== 'generated') return read(plan, false, now);
  const folder = join(data, 'station');
  const files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  const kept = findKept(files, now);
  if (kept !== undefined && fits(kept, names, now)) return kept;
  const made = selfSigned(namesOf(names), { from: now - hours(1), to: now + life });
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    place(files.key, made.key);
    place(files.cert, made.cert);
  } catch (cause) {
    throw new CellError('E_STATION_TLS', `${folder} takes no file`, { cause });
  }
  return read(files, true, now);
}

function findKept(files: Exclude<TlsPlan, 'generated'>, now: number): Tls | undefined {
  try {
    return read(files, true, now);
  } catch {
    return undefined;
  }
}

/** It says all names that it is asked by, and does not end soon. */
function fits({ cert, ends }: Tls, names: readonly string[], now: number): boolean {
  const parsed = new X509Certificate(cert);
  const says = (name: string): boolean =>
    (isIP(name) === 0 ? parsed.checkHost(name) : parsed.checkIP(name)) !== undefined;
  return ends - now > renewal && [...names, 'localhost'].every(says);
}

/** Those of the manifest, of the machine and of its addresses now. */
function namesOf(names: readonly string[]): [string, ...string[]] {
  const addresses = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ scopeid = 0 }) => scopeid === 0)
    .map(({ address }) => address);
  const host = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, '');
  const [first = 'localhost', ...rest] = [
    ...new Set([...names, host, 'localhost', '127.0.0.1', '::1', ...addresses]),
  ].filter((name) => name !== '');
  return [first, ...rest];
}

function read({ cert, key }: Exclude<TlsPlan, 'generated'>, own: boolean, now: number): Tls {
  try {
    const pems = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
    const parsed = new X509Certificate(pems.cert);
    if (!parsed.checkPrivateKey(createPrivateKey(pems.key)))
      throw new Error('the key is not that of the certificate');
    const ends = Date.parse(parsed.validTo);
    if (ends <= now) throw new Error(`it ended on ${parsed.validTo}`);
    return { ...pems, fingerprint: parsed.fingerprint256, ends, own };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CellError('E_STATION_TLS', `${cert}: ${why}`, { cause });
  }
}

function place(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}
