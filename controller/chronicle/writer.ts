// Gives drafts their place in the chain: `prev`, `hash`, the body of a checkpoint, and writes them.
// A failed write changes nothing; the same drafts come again. It runs in a thread of its own.
import type { Draft, Entry } from '#contract/entry.ts';
import { assert, CellError, present } from '#contract/error.ts';
import { frontierOf, isSigned, makeCheckpoint, readCheckpoint } from './checkpoint.ts';
import type { Signer } from './key.ts';
import type { NumberedDraft } from './ring.ts';
import { hashOf, isRow, sameBytes } from './row.ts';
import type { Storage } from './storage.ts';
import { Frontier } from './tree.ts';

/** Rows that are read at once while the tail is checked. */
const page = 256;

/** How the run before ended, as far as the record shows. */
export type Before = 'first' | 'stop' | 'crash';

/** Where the chronicle stands when it was opened. */
export interface Tail {
  /** Newest entry; 0 in an empty chronicle. */
  readonly seq: number;
  /** This run's number. */
  readonly boot: number;
  readonly before: Before;
}

export class Writer {
  readonly #storage: Storage;
  readonly #signer: Signer;
  readonly #origin: string;
  readonly #boot: number;
  #seq: number;
  #hash: Uint8Array;
  #frontier: Frontier;
  /** Hashes of entries that the tree has not taken yet; no more than between two checkpoints. */
  #leaves: Uint8Array[] = [];
  #keepFrom: number;
  #declared: number;

  private constructor(storage: Storage, signer: Signer, origin: string, start: Start) {
    this.#storage = storage;
    this.#signer = signer;
    this.#origin = origin;
    this.#boot = start.boot + 1;
    this.#seq = start.seq;
    this.#hash = start.hash;
    this.#frontier = start.frontier;
    this.#keepFrom = start.first;
    this.#declared = start.first;
  }

  /**
   * Checks the tail from the last checkpoint on. E_CHRONICLE_CHAIN and E_CHRONICLE_FORMAT say that
   * what is there cannot be gone on from.
   */
  static open(
    storage: Storage,
    signer: Signer,
    origin: string,
    bootBefore = 0,
  ): { writer: Writer; tail: Tail } {
    const start = readTail(storage, bootBefore);
    const writer = new Writer(storage, signer, origin, start);
    return { writer, tail: { seq: start.seq, boot: writer.#boot, before: start.before } };
  }

  get seq(): number {
    return this.#seq;
  }

  /** The oldest entry to keep, as the newest checkpoint on disk declares. */
  get declared(): number {
    return this.#declared;
  }

  /** A checkpoint is to come before entries may leave. */
  get declares(): boolean {
    return this.#keepFrom !== this.#declared;
  }

  /** The next checkpoint declares that entries before `seq` leave. */
  keepFrom(seq: number): void {
    assert(seq >= this.#keepFrom && seq <= this.#seq, 'what left does not come back');
    this.#keepFrom = seq;
  }

  /** All in one commit, or E_CHRONICLE_WRITE and nothing is written. */
  write(drafts: readonly NumberedDraft[]): void {
    const sealed = drafts.some((draft) => draft.kind === 'checkpoint');
    if (sealed) this.grow();
    const frontier = this.#frontier.clone();
    const rows: Entry[] = [];
    let prev = this.#hash;
    for (const draft of drafts) {
      const seq = this.#seq + rows.length + 1;
      assert(draft.seq === seq, `entry ${draft.seq} follows entry ${seq - 1}`);
      const row = this.#row(draft, seq, prev, frontier);
      rows.push(row);
      if (sealed) frontier.append(row.hash);
      prev = row.hash;
    }
    try {
      this.#storage.write(rows);
    } catch (cause) {
      if (!this.#landed(rows, cause)) throw writeError(cause);
    }
    this.#seq += rows.length;
    this.#hash = prev;
    if (sealed) {
      this.#frontier = frontier;
      this.#declared = this.#keepFrom;
    } else for (const row of rows) this.#leaves.push(row.hash);
    const size = this.#frontier.size + this.#leaves.length;
    assert(size === this.#seq, 'the tree has every entry, or will');
  }

  /** Lets the tree grow by what was written: a checkpoint needs it, an output that waits for its entry does not. */
  grow(): void {
    for (const hash of this.#leaves) this.#frontier.append(hash);
    this.#leaves = [];
  }

  #row(draft: Draft, seq: number, prev: Uint8Array, frontier: Frontier): Entry {
    const body =
      draft.kind === 'checkpoint'
        ? makeCheckpoint(frontier, this.#keepFrom, this.#origin, this.#signer)
        : draft.body;
    const row = { ...draft, seq, boot: this.#boot, body, prev };
    return { ...row, hash: hashOf(row) };
  }

  /**
   * Whether a commit that failed is on disk all the same. The database is opened anew: a failed
   * sync leaves the old connection not worth trusting.
   */
  #landed(rows: readonly Entry[], cause: unknown): boolean {
    let seq: number;
    let last: Entry | undefined;
    try {
      this.#storage.reopen();
      seq = this.#storage.last() ?? 0;
      last = this.#storage.rows(seq, seq)[0];
    } catch {
      throw writeError(cause);
    }
    const expected = seq === this.#seq ? this.#hash : rows[seq - this.#seq - 1]?.hash;
    const known = seq === 0 ? this.#seq === 0 : sameBytes(last?.hash, expected);
    if (!known) {
      throw new CellError('E_CHRONICLE_CHAIN', `entry ${seq} on disk is not what was written`);
    }
    assert(seq === this.#seq || seq === rows.at(-1)?.seq, 'a commit is whole or not at all');
    return seq > this.#seq;
  }
}

interface Start {
  readonly seq: number;
  readonly boot: number;
  readonly hash: Uint8Array;
  readonly frontier: Frontier;
  /** The oldest entry to keep. */
  readonly first: number;
  readonly before: Before;
}

function readTail(storage: Storage, bootBefore: number): Start {
  const first = storage.first();
  const last = storage.last();
  const state = { boot: bootBefore, hash: new Uint8Array(32), frontier: new Frontier(), first: 1 };
  if (first === undefined || last === undefined) return { ...state, seq: 0, before: 'first' };
  const from = findCheckpoint(storage, first, last);
  let hash: Uint8Array = state.hash;
  let { first: kept, frontier } = state;
  let boot = 0;
  let kind = '';
  for (let next = from; next <= last; next += page) {
    const rows = storage.rows(next, Math.min(last, next + page - 1));
    for (const row of rows) {
      if (row.seq === from && row.kind === 'checkpoint') {
        ({ frontier, kept } = startAt(row));
        hash = row.prev;
      }
      checkRow(row, frontier.size + 1, hash);
      frontier.append(row.hash);
      hash = row.hash;
      boot = row.boot;
      if (row.kind !== 'checkpoint') kind = row.kind;
    }
  }
  if (frontier.size !== last) throw new CellError('E_CHRONICLE_CHAIN', 'entries are missing');
  if (kind === '') kind = storage.rows(last - 1, last - 1)[0]?.kind ?? '';
  return {
    seq: last,
    boot,
    hash,
    frontier,
    first: kept,
    before: kind === 'stop' ? 'stop' : 'crash',
  };
}

/** The seq of the newest checkpoint; without one, of the first row. */
function findCheckpoint(storage: Storage, first: number, last: number): number {
  for (let end = last; end >= first; end -= page) {
    const from = Math.max(first, end - page + 1);
    const kinds = storage.kinds(from, end - from + 1);
    const found = kinds.findLast((row) => row.kind === 'checkpoint');
    if (found !== undefined) return found.seq;
  }
  return first;
}

function startAt(row: Entry): { frontier: Frontier; kept: number } {
  const checkpoint = readCheckpoint(row.body);
  if (!isSigned(checkpoint) || checkpoint.size !== row.seq - 1) {
    throw new CellError('E_CHRONICLE_CHAIN', `checkpoint ${row.seq} is not as it was signed`);
  }
  return { frontier: frontierOf(checkpoint), kept: checkpoint.first };
}

function checkRow(row: Entry, seq: number, prev: Uint8Array): void {
  if (row.seq !== seq) throw new CellError('E_CHRONICLE_CHAIN', `entry ${seq} is missing`);
  if (!isRow(row) || !sameBytes(row.prev, prev) || !sameBytes(row.hash, hashOf(row))) {
    throw new CellError('E_CHRONICLE_CHAIN', `entry ${seq} is not as it was written`);
  }
}

function writeError(cause: unknown): CellError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new CellError('E_CHRONICLE_WRITE', text, { cause: present(cause, 'a cause') });
}
