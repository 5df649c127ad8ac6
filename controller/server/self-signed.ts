// A certificate that signs itself (RFC 5280), for a station that was given none: an ECDSA key on P-256, the names and
// addresses it is asked by, and nothing else. Whoever trusts it does so by its fingerprint.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

export interface SelfSigned {
  /** Both PEM; the key is PKCS#8. */
  readonly cert: string;
  readonly key: string;
}

/** [X.690 8.1]: an identifier, a length, contents. */
function tlv(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  const bytes: number[] = [];
  for (let rest = body.length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  const length = body.length < 128 ? [body.length] : [0x80 + bytes.length, ...bytes];
  return Buffer.concat([Uint8Array.of(tag, ...length), body]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(0x30, ...parts);
const octets = (...parts: readonly Uint8Array[]): Buffer => tlv(0x04, ...parts);
const oid = (...bytes: readonly number[]): Buffer => tlv(0x06, Uint8Array.from(bytes));
const yes = tlv(0x01, Uint8Array.of(0xff));

/** ecdsa-with-SHA256, 1.2.840.10045.4.3.2. */
const signedWith = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
/** commonName, 2.5.4.3. */
const commonName = oid(0x55, 0x04, 0x03);
const extension = {
  /** 2.5.29.15, .17, .19, .37. */
  keyUsage: oid(0x55, 0x1d, 0x0f),
  subjectAltName: oid(0x55, 0x1d, 0x11),
  basicConstraints: oid(0x55, 0x1d, 0x13),
  extKeyUsage: oid(0x55, 0x1d, 0x25),
} as const;
/** id-kp-serverAuth, 1.3.6.1.5.5.7.3.1. */
const serverAuth = oid(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01);

/** `names`: DNS names and IP addresses; the first is the one that people read. Times are UTC ms. */
export function selfSigned(
  names: readonly [string, ...string[]],
  { from, to }: { readonly from: number; readonly to: number },
): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(tlv(0x31, sequence(commonName, tlv(0x0c, Buffer.from(names[0])))));
  const toBeSigned = sequence(
    // [RFC 5280 4.1.2.1] v3, whose number is 2.
    tlv(0xa0, tlv(0x02, Uint8Array.of(2))),
    serialNumber(),
    signedWith,
    name,
    sequence(moment(from), moment(to)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions(names))),
  );
  return {
    cert: pem('CERTIFICATE', certified(toBeSigned, privateKey)),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function certified(toBeSigned: Buffer, key: KeyObject): Buffer {
  const signature = sign('sha256', toBeSigned, key);
  return sequence(toBeSigned, signedWith, tlv(0x03, Uint8Array.of(0), signature));
}

/** [RFC 5280 4.1.2.2]: positive, at most 20 octets. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return tlv(0x02, bytes);
}

/** [RFC 5280 4.1.2.5]: UTCTime until 2049. */
function moment(time: number): Buffer {
  const text = new Date(time).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return Number(text.slice(0, 4)) < 2050
    ? tlv(0x17, Buffer.from(text.slice(2)))
    : tlv(0x18, Buffer.from(text));
}

function extensions(names: readonly string[]): Buffer[] {
  // [RFC 5280 4.2.1.6]: dNSName is [2], iPAddress [7].
  const alternatives = names.map((name) =>
    isIP(name) === 0 ? tlv(0x82, Buffer.from(name)) : tlv(0x87, addressBytes(name)),
  );
  return [
    sequence(extension.basicConstraints, yes, octets(sequence())),
    // [RFC 5280 4.2.1.3]: digitalSignature alone, seven bits unused.
    sequence(extension.keyUsage, yes, octets(tlv(0x03, Uint8Array.of(7, 0x80)))),
    sequence(extension.extKeyUsage, octets(sequence(serverAuth))),
    sequence(extension.subjectAltName, octets(sequence(...alternatives))),
  ];
}

/** In network order: 4 octets, or 16. */
function addressBytes(address: string): Uint8Array {
  if (isIP(address) === 4) return Uint8Array.from(address.split('.').map(Number));
  const whole = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail = ''] = whole.split('::');
  const missing = 8 - groups(head).length - groups(tail).length;
  const zeros = Array.from({ length: whole.includes('::') ? missing : 0 }, () => '0');
  const all = [...groups(head), ...zeros, ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));

function pem(what: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${what}-----`, ...lines, `-----END ${what}-----`, ''].join('\n');
}
