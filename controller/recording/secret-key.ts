// The key of the hashes that stand in recordings for what was typed without being shown. Without it nobody can try
// out what it was; it stands with the cell's other keys, where no shell reaches.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const length = 32;

/** Reads the key, or makes it. What the system says of it is thrown. */
export function readSecretKey(data: string): Uint8Array {
  const folder = join(data, 'keys');
  const path = join(folder, 'recording.key');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return existing(path) ?? made(path);
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
  writeFileSync(path, key, { mode: 0o600, flush: true });
  return key;
}
