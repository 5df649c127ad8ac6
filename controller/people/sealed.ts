// Sealing of what only a key opens (AES-256-GCM), and the pepper: a key of this data directory, in a file of its own,
// without which what `station.db` keeps of PINs and second factors is worth nothing.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CellError } from '#contract/error.ts';

const nonceBytes = 12;
const tagBytes = 16;
const pepperBytes = 32;

/** Nonce, tag and what is sealed; `about` is bound to it and not in it. */
export function seal(key: Uint8Array, about: string, plain: Uint8Array): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(about));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** Undefined: another key sealed it, about something else, or it was changed. */
export function unseal(key: Uint8Array, about: string, sealed: Uint8Array): Buffer | undefined {
  if (sealed.length < nonceBytes + tagBytes) return undefined;
  const nonce = sealed.subarray(0, nonceBytes);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(about));
  decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
  try {
    return Buffer.concat([
      decipher.update(sealed.subarray(nonceBytes + tagBytes)),
      decipher.final(),
    ]);
  } catch {
    return undefined;
  }
}

/** What is made of the pepper. */
export interface Pepper {
  /** A PIN as it is stretched: nothing without the file. */
  pin(name: string, pin: string): Uint8Array;
  /** A name that somebody typed, which may be a password, as it may lie on a disk. */
  veil(text: string): string;
  /** Seals second factors. */
  readonly key: Uint8Array;
}

/** Made when there is none, with mode 0600 in `<data>/station/`, where control's keys are not. Throws `E_PEOPLE_STORE`. */
export function openPepper(data: string): Pepper {
  const path = join(data, 'station', 'people.key');
  const secret = readPepper(path);
  const derive = (what: string): Uint8Array =>
    Buffer.from(hkdfSync('sha256', secret, '', `rebe people ${what}`, 32));
  const pins = derive('pin');
  const names = derive('attempts');
  return {
    pin: (name, pin) => createHmac('sha256', pins).update(`${name}\n${pin}`).digest(),
    veil: (text) => createHmac('sha256', names).update(text).digest('base64url'),
    key: derive('factor'),
  };
}

function readPepper(path: string): Buffer {
  try {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    const draft = `${path}.new`;
    rmSync(draft, { force: true });
    writeFileSync(draft, randomBytes(pepperBytes), { mode: 0o600, flush: true });
    try {
      linkSync(draft, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    const secret = readFileSync(path);
    if (secret.length !== pepperBytes) throw new Error('it is cut');
    return secret;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CellError('E_PEOPLE_STORE', `${path}: ${why}`, { cause });
  }
}
