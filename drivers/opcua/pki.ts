// Which certificates of devices are trusted: the folder `pki` of the data directory, in the form that the
// library and other tools know. It is opened afresh for each use, so that what a person trusts while
// control runs counts at the next try. The cell's own certificate is made in identity.ts.
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { OPCUACertificateManager } from 'node-opcua-certificate-manager';
import * as z from 'zod';
import { CellError } from '#contract/error.ts';

/** What a person allows of one certificate beside its being unknown. */
export const Allowance = z.enum(['expired', 'any-host']);
export type Allowance = z.infer<typeof Allowance>;

const Allowances = z.record(z.string(), z.array(Allowance));

/** A certificate of the store, for people. */
export interface StoredCertificate {
  readonly state: 'own' | 'trusted' | 'rejected' | 'issuer';
  /** SHA-1 of the certificate, as OPC UA names one; hexadecimal. */
  readonly thumbprint: string;
  readonly sha256: string;
  readonly subject: string;
  readonly names: readonly string[];
  /** ISO 8601. */
  readonly from: string;
  readonly until: string;
  readonly allowed: readonly Allowance[];
}

/** So many are kept for a person to look at; a device that shows another each time fills no disk. */
const mostRejected = 100;
const shortestPrefix = 8;

const folders: readonly (readonly [StoredCertificate['state'], string])[] = [
  ['own', 'own/certs'],
  ['trusted', 'trusted/certs'],
  ['rejected', 'rejected'],
  ['issuer', 'issuers/certs'],
];

const rootOf = (data: string): string => join(data, 'pki');

/** Lends the store for one use. */
export async function withStore<T>(
  data: string,
  use: (store: OPCUACertificateManager) => Promise<T>,
): Promise<T> {
  const store = new OPCUACertificateManager({
    rootFolder: rootOf(data),
    automaticallyAcceptUnknownCertificate: false,
    disableFileWatchers: true,
  });
  try {
    await store.initialize();
    return await use(store);
  } finally {
    await store.dispose().catch(() => undefined);
  }
}

/** What is wrong with a certificate that cannot be mended by trusting it. */
const fatal: ReadonlySet<string> = new Set([
  'BadCertificateInvalid',
  'BadCertificateRevoked',
  'BadCertificateIssuerRevoked',
  'BadSecurityChecksFailed',
]);

interface Asked {
  readonly data: string;
  readonly device: string;
  readonly host: string;
  /** The device's certificate, with those of its issuers behind it where it sends them; DER. */
  readonly certificates: Buffer;
  readonly now: Date;
}

/**
 * Is this the device that a person trusts? Rejects with `E_DEVICE_CERTIFICATE`, whose text says what is
 * wrong and which command would trust it; the certificate is kept in `rejected` then.
 */
export async function judgeCertificate({
  data,
  device,
  host,
  certificates,
  now,
}: Asked): Promise<void> {
  const certificate = parsed(certificates);
  if (certificate === undefined) {
    throw new CellError('E_DEVICE_CERTIFICATE', `${device} shows no certificate that can be read`);
  }
  const thumbprint = thumbprintOf(certificate);
  const allowed = readAllowances(data)[thumbprint] ?? [];
  const problems: string[] = [];
  const needed: Allowance[] = [];
  const { isTrusted, verdict } = await withStore(data, async (store) => {
    // Dates are judged below, where a person may have allowed them.
    const said: string = await store.verifyCertificate(certificates, {
      acceptCertificateWithValidIssuerChain: true,
      acceptOutdatedCertificate: true,
      acceptPendingCertificate: true,
    });
    const listed = isListed(data, 'trusted', thumbprint);
    return { verdict: said, isTrusted: said === 'Good' || (listed && !fatal.has(said)) };
  });
  if (!isTrusted) problems.push(fatal.has(verdict) ? `is refused: ${verdict}` : 'is not trusted');
  if (now < new Date(certificate.validFrom) || now > new Date(certificate.validTo)) {
    if (!allowed.includes('expired')) problems.push('has expired or is not valid yet');
    needed.push('expired');
  }
  if (!isFor(certificate, host)) {
    if (!allowed.includes('any-host')) problems.push(`is not for ${host}`);
    needed.push('any-host');
  }
  if (problems.length === 0) return;
  await keep(data, certificate);
  const options = needed.map((allowance) => ` --${allowance}`).join('');
  const advice = fatal.has(verdict)
    ? ''
    : `; if this is the device: rebe pki trust ${thumbprint} --data ${data}${options}`;
  throw new CellError(
    'E_DEVICE_CERTIFICATE',
    `the certificate of ${device} ${problems.join(', and ')} (${describe(certificate)})${advice}`,
  );
}

/** Everything in the store. */
export function listCertificates(data: string): readonly StoredCertificate[] {
  const allowances = readAllowances(data);
  return folders.flatMap(([state, folder]) =>
    certificatesIn(join(rootOf(data), folder)).map((certificate) => {
      const thumbprint = thumbprintOf(certificate);
      return {
        state,
        thumbprint,
        sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
        subject: certificate.subject.replaceAll('\n', ', '),
        names: namesOf(certificate),
        from: new Date(certificate.validFrom).toISOString(),
        until: new Date(certificate.validTo).toISOString(),
        allowed: allowances[thumbprint] ?? [],
      };
    }),
  );
}

/** Trusts one that was shown before, with what is allowed of it. Throws `E_PKI_THUMBPRINT`. */
export async function trustCertificate(
  data: string,
  prefix: string,
  allowed: readonly Allowance[],
): Promise<StoredCertificate> {
  const found = find(data, prefix);
  await withStore(data, (store) => store.trustCertificate(found.raw));
  writeAllowances(data, { ...readAllowances(data), [thumbprintOf(found)]: [...allowed] });
  return stored(data, thumbprintOf(found));
}

/** Trusts it no longer, from the next connection on. Throws `E_PKI_THUMBPRINT`. */
export async function rejectCertificate(data: string, prefix: string): Promise<StoredCertificate> {
  const found = find(data, prefix);
  await withStore(data, (store) => store.rejectCertificate(found.raw));
  const { [thumbprintOf(found)]: _gone, ...left } = readAllowances(data);
  writeAllowances(data, left);
  return stored(data, thumbprintOf(found));
}

const thumbprintOf = (certificate: X509Certificate): string =>
  certificate.fingerprint.replaceAll(':', '').toLowerCase();

/** The first certificate of a chain; undefined for anything else. */
export function parsed(bytes: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes);
  } catch {
    return undefined;
  }
}

const isFor = (certificate: X509Certificate, host: string): boolean =>
  (isIP(host) > 0 ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined;

const namesOf = ({ subjectAltName }: X509Certificate): readonly string[] =>
  (subjectAltName ?? '').split(', ').filter((name) => name !== '');

function describe(certificate: X509Certificate): string {
  const subject = certificate.subject.replaceAll('\n', ', ').slice(0, 200);
  const names = namesOf(certificate).join(', ').slice(0, 200);
  const until = new Date(certificate.validTo).toISOString().slice(0, 10);
  return `${subject}; ${names}; until ${until}; thumbprint ${thumbprintOf(certificate)}`;
}

function certificatesIn(folder: string): readonly X509Certificate[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((file) => {
    if (!/\.(?:pem|der|crt)$/.test(file)) return [];
    const certificate = parsed(readFileSync(join(folder, file)));
    return certificate === undefined ? [] : [certificate];
  });
}

function isListed(data: string, state: StoredCertificate['state'], thumbprint: string): boolean {
  return listCertificates(data).some((one) => one.state === state && one.thumbprint === thumbprint);
}

/** Keeps what was refused for a person to look at; one that is trusted but for its dates stays where it is. */
async function keep(data: string, certificate: X509Certificate): Promise<void> {
  const thumbprint = thumbprintOf(certificate);
  const known = listCertificates(data);
  const isKnown = known.some((one) => one.state !== 'own' && one.thumbprint === thumbprint);
  if (isKnown || known.filter(({ state }) => state === 'rejected').length >= mostRejected) return;
  await withStore(data, (store) => store.rejectCertificate(certificate.raw));
}

function find(data: string, prefix: string): X509Certificate {
  const wanted = prefix.replaceAll(':', '').toLowerCase();
  const found = new Map<string, X509Certificate>();
  for (const [state, folder] of folders) {
    if (state !== 'trusted' && state !== 'rejected') continue;
    for (const certificate of certificatesIn(join(rootOf(data), folder))) {
      const thumbprint = thumbprintOf(certificate);
      if (wanted.length >= shortestPrefix && thumbprint.startsWith(wanted)) {
        found.set(thumbprint, certificate);
      }
    }
  }
  const [first] = found.values();
  if (first !== undefined && found.size === 1) return first;
  const text =
    found.size > 1 ? 'more than one certificate begins' : 'no certificate of a device begins';
  throw new CellError('E_PKI_THUMBPRINT', `${text} with ${prefix}`);
}

function stored(data: string, thumbprint: string): StoredCertificate {
  const found = listCertificates(data).find((one) => one.thumbprint === thumbprint);
  if (found === undefined) throw new CellError('E_PKI_THUMBPRINT', `${thumbprint} is gone`);
  return found;
}

const allowancesFile = (data: string): string => join(rootOf(data), 'allowed.json');

/** What cannot be read allows nothing. */
function readAllowances(data: string): z.infer<typeof Allowances> {
  try {
    const read = Allowances.safeParse(JSON.parse(readFileSync(allowancesFile(data), 'utf8')));
    return read.success ? read.data : {};
  } catch {
    return {};
  }
}

function writeAllowances(data: string, allowances: z.infer<typeof Allowances>): void {
  const file = allowancesFile(data);
  writeFileSync(`${file}.new`, JSON.stringify(allowances, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
