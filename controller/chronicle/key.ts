// The cell's Ed25519 key: generated once, kept in `<data>/keys/` with mode 0600, named as C2SP
// signed-note names keys: `<name>+<id>+<base64 of 0x01 and the public key>`.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { CellError } from '#contract/error.ts';
import { sha256 } from './tree.ts';

/** Ed25519 in the algorithm ids of C2SP signed-note. */
const ed25519 = 1;
/** What stands before the 32 bytes of an Ed25519 key in SubjectPublicKeyInfo (RFC 8410). */
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex');

export interface Signer {
  /** The public key as text. */
  readonly key: string;
  /** Key id and signature, base64. */
  sign(text: string): string;
}

/** The key of the cell in `folder`, made when there is none. */
export function openKey(folder: string, name: string): Signer {
  const path = join(folder, 'cell.key');
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const secret = createPrivateKey(findText(path) ?? makeKey(path));
  const raw = createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-32);
  const key = keyText(name, raw);
  if (findText(join(folder, 'cell.pub')) === undefined) place(join(folder, 'cell.pub'), `${key}\n`);
  const id = keyId(name, raw);
  return {
    key,
    sign: (text) => Buffer.concat([id, sign(null, Buffer.from(text), secret)]).toString('base64'),
  };
}

/** Whether `signature` over `text` is by `key`; false too when one of them is malformed. */
export function verifyText(key: string, text: string, signature: string): boolean {
  const parsed = parseKey(key);
  const bytes = Buffer.from(signature, 'base64');
  if (parsed === undefined || bytes.length !== 68 || bytes.toString('base64') !== signature) {
    return false;
  }
  if (!bytes.subarray(0, 4).equals(parsed.id)) return false;
  return verify(null, Buffer.from(text), parsed.key, bytes.subarray(4));
}

/** The keys in a file, one a line; E_CHRONICLE_KEY names the line that is none. */
export function readKeys(path: string): readonly string[] {
  const text = findText(path);
  if (text === undefined) throw new CellError('E_FILE_READ', `${path}: no such file`);
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const wrong = keys.find((key) => parseKey(key) === undefined);
  if (wrong !== undefined) throw new CellError('E_CHRONICLE_KEY', `${path}: ${wrong} is no key`);
  return keys;
}

const parsedKeys = new Map<string, ReturnType<typeof readKey>>();

function parseKey(text: string): ReturnType<typeof readKey> {
  const known = parsedKeys.get(text);
  if (known !== undefined) return known;
  if (parsedKeys.size > 64) parsedKeys.clear();
  const parsed = readKey(text);
  parsedKeys.set(text, parsed);
  return parsed;
}

function readKey(text: string): { readonly id: Buffer; readonly key: KeyObject } | undefined {
  const match = /^([^+\s]{1,128})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(text);
  const [, name, hex, encoded] = match ?? [];
  if (name === undefined || hex === undefined || encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  const id = keyId(name, bytes.subarray(1));
  if (bytes.length !== 33 || bytes[0] !== ed25519 || id.toString('hex') !== hex) return undefined;
  const der = Buffer.concat([spkiHead, bytes.subarray(1)]);
  return { id, key: createPublicKey({ key: der, format: 'der', type: 'spki' }) };
}

function keyText(name: string, raw: Uint8Array): string {
  const encoded = Buffer.concat([Uint8Array.of(ed25519), raw]).toString('base64');
  return `${name}+${keyId(name, raw).toString('hex')}+${encoded}`;
}

/** [C2SP signed-note, signatures]: the first four bytes of SHA-256(name, newline, 0x01, key). */
function keyId(name: string, raw: Uint8Array): Buffer {
  const input = [Buffer.from(`${name}\n`), Uint8Array.of(ed25519), raw];
  return Buffer.from(sha256(Buffer.concat(input)).subarray(0, 4));
}

function makeKey(path: string): string {
  const made = generateKeyPairSync('ed25519').privateKey;
  place(path, made.export({ format: 'pem', type: 'pkcs8' }).toString());
  return fs.readFileSync(path, 'utf8');
}

/** Puts a whole file at `path` or nothing, and never over one that is there. */
function place(path: string, text: string): void {
  const draft = `${path}.new`;
  fs.rmSync(draft, { force: true });
  const file = fs.openSync(draft, 'wx', 0o600);
  try {
    fs.writeSync(file, text);
    fs.fsyncSync(file);
    fs.linkSync(draft, path);
  } finally {
    fs.closeSync(file);
    fs.unlinkSync(draft);
  }
}

function findText(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new CellError('E_FILE_READ', path, { cause: error });
  }
}
