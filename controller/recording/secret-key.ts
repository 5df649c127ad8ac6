// The key of the hashes that stand in recordings for what was typed without being shown. Without it nobody can try
// out what it was; it stands with the cell's other keys, where no shell reaches.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CellError } from '#contract/error.ts';

const length = 32;

/** Reads the key, or makes it. Throws `E_FILE_WRITE`. */
export function readSecretKey(data: string): Uint8Array {
  const folder = join(data, 'keys');
  const path = join(folder, 'recording.key');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return existing(path) ?? made(path);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new CellError('E_FILE_WRITE', `${path}: ${text}`, { cause });
  }
}

function existing(path: string): Uint8Array | undefined {
  try {
    const key = readFileSync(path);
    return key.length === length ? key : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function made(path: string): Uint8Array {
  const key = randomBytes(length);
  writeFileSync(path, key, { mode: 0o600 });
  return key;
}
