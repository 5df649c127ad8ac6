// The last bytes of a backup: SHA-256 over all bytes before them, in an empty gzip member of its own (RFC 1952), which
// `tar` and `gzip` pass over. With it one flipped bit is found wherever it is, and a missing end too.
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { CellError } from '#contract/error.ts';

/** gzip, deflate, an extra field; no time, system unknown; then its 36 bytes: `RB`, 32 of them. */
const head = Buffer.from('1f8b08040000000000ff240052422000', 'hex');
/** An empty deflate block, its CRC-32 and its length. */
const tail = Buffer.from('03000000000000000000', 'hex');
const sealSize = head.length + 32 + tail.length;

/** What is told of a long work: bytes done, and bytes in all. */
export type Progress = (done: number, total: number) => void;

/** The seal of bytes with this SHA-256. */
export const sealOf = (digest: Buffer): Buffer => Buffer.concat([head, digest, tail]);

/** How many bytes stand before the seal. Throws `E_FILE_READ`, `E_BACKUP_FORMAT`. */
export function sealedSize(file: string): number {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() !== true) throw new CellError('E_FILE_READ', `${file}: no such file`);
  if (found.size > sealSize) return found.size - sealSize;
  throw new CellError('E_BACKUP_FORMAT', `${file} is no backup: it has ${found.size} bytes`);
}

/** Whether every byte is as it was written. */
export async function isSealed(file: string, onProgress?: Progress): Promise<boolean> {
  const size = sealedSize(file);
  const hash = createHash('sha256');
  const rest: Buffer[] = [];
  let done = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    const bytes = chunk as Buffer;
    const before = Math.max(0, Math.min(bytes.length, size - done));
    hash.update(bytes.subarray(0, before));
    // An empty view would keep the whole chunk: a backup of gigabytes would be held in memory.
    if (before < bytes.length) rest.push(bytes.subarray(before));
    done += bytes.length;
    onProgress?.(Math.min(done, size), size);
  }
  return sealOf(hash.digest()).equals(Buffer.concat(rest));
}
