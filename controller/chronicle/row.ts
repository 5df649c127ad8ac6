// A row of `entry`: its hash, and whether its columns have the types that a hash can be taken of.
import { entryKinds, type Entry } from '#contract/entry.ts';
import { hashInput, type HashedColumns } from '#contract/record.ts';
import { sha256 } from './tree.ts';

/** SHA-256 over the columns of a row. */
export const hashOf = (row: HashedColumns): Uint8Array => sha256(hashInput(row));

export const sameBytes = (left: Uint8Array | undefined, right: Uint8Array | undefined): boolean =>
  left !== undefined && right !== undefined && Buffer.compare(left, right) === 0;

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isHash = (value: unknown): boolean => value instanceof Uint8Array && value.length === 32;
const kinds: ReadonlySet<unknown> = new Set(entryKinds);

/** Whether a row that was read has the form of an entry; the first column that has not. */
export function wrongColumn(row: Entry): string | undefined {
  const {
    seq,
    boot,
    scan,
    at,
    kind,
    actor,
    body,
    prev,
    hash,
  }: Readonly<Record<keyof Entry, unknown>> = row;
  if (!isCount(seq)) return 'seq';
  if (!isCount(boot)) return 'boot';
  if (scan !== null && !isCount(scan)) return 'scan';
  if (!isCount(at)) return 'at';
  if (!kinds.has(kind)) return 'kind';
  if (typeof actor !== 'string') return 'actor';
  if (!(body instanceof Uint8Array)) return 'body';
  if (!isHash(prev)) return 'prev';
  return isHash(hash) ? undefined : 'hash';
}

export const isRow = (row: Entry): boolean => wrongColumn(row) === undefined;
