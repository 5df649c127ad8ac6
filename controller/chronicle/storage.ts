// What the writer needs of a disk. The real one is database.ts; tests have one that fails or blocks.
import type { Entry } from '#contract/entry.ts';

export interface Storage {
  /** Seq of the oldest row; undefined when there is none. */
  first(): number | undefined;
  /** Seq of the newest row; undefined when there is none. */
  last(): number | undefined;
  /** The rows from `from` to `to`, both inclusive, in order. */
  rows(from: number, to: number): Entry[];
  /** All rows or none, on disk when it returns (as durable as it was opened for). */
  write(rows: readonly Entry[]): void;
  /** Kinds of up to `count` rows from `from` on, in order. */
  kinds(from: number, count: number): readonly { readonly seq: number; readonly kind: string }[];
  /** Deletes all rows before `seq`. */
  removeBefore(seq: number): void;
  /** Bytes in use, without pages that are free. */
  size(): number;
  /** Closes and opens again, after a failure. */
  reopen(): void;
  close(): void;
}
