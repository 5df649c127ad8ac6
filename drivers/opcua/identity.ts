// What the cell shows a server of itself: a key and a certificate. Without security they prove nothing
// and live as long as the process; with it they are those of pki.ts.
import { createPrivateKey, generateKeyPair } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crypto_utils as x509 } from 'node-opcua-client';
import { parsed, withStore } from './pki.ts';

export interface Identity {
  /** DER. */
  readonly certificate: Buffer;
  readonly key: ReturnType<typeof x509.makePrivateKeyFromPem>;
}

/** The name of the cell among OPC UA applications; its certificate carries the same. */
export const applicationUri = (cell: string): string => `urn:rebe-cell:${cell}`;

const bits = 2048;
const days = 3650;
const passing = new Map<string, Promise<Identity>>();

/** For a connection without security: the protocol wants a certificate all the same. */
export function passingIdentity(cell: string): Promise<Identity> {
  const known = passing.get(cell);
  if (known !== undefined) return known;
  const made = makePassing(cell);
  passing.set(cell, made);
  made.catch(() => passing.delete(cell));
  return made;
}

async function makePassing(cell: string): Promise<Identity> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: bits });
  const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signer = await x509.pemToPrivateKey(pem);
  const { cert } = await x509.createSelfSignedCertificate({
    privateKey: signer,
    subject: `/CN=${cell}`,
    purpose: x509.CertificatePurpose.ForApplication,
    applicationUri: applicationUri(cell),
    notBefore: new Date(),
    validity: days,
  });
  return { certificate: x509.convertPEMtoDER(cert), key: x509.makePrivateKeyFromPem(pem) };
}

/**
 * For a connection with security: the key and the certificate in `pki/own`. A certificate that is not of
 * the key, cannot be read or has expired is made anew; devices have to trust the new one then.
 */
export function lastingIdentity(data: string, cell: string, now: Date): Promise<Identity> {
  return withStore(data, async (store) => {
    const file = join(store.rootDir, 'own', 'certs', `${cell}.pem`);
    const pem = readFileSync(store.privateKey, 'utf8');
    const key = x509.makePrivateKeyFromPem(pem);
    const before = existsSync(file) ? parsed(readFileSync(file)) : undefined;
    const isUsable =
      before !== undefined &&
      before.checkPrivateKey(createPrivateKey(pem)) &&
      now < new Date(before.validTo);
    if (before !== undefined && isUsable) return { certificate: before.raw, key };
    rmSync(file, { force: true });
    await store.createSelfSignedCertificate({
      applicationUri: applicationUri(cell),
      dns: [hostname()],
      outputFile: file,
      subject: `/CN=${cell}`,
      startDate: now,
      validity: days,
    });
    return { certificate: x509.convertPEMtoDER(readFileSync(file, 'utf8')), key };
  });
}
