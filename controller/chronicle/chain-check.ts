// Holds rows, one after the other, against their hashes, their links, the tree and the checkpoints,
// and names the entry that is wrong rather than those after it.
import type { Entry } from '#contract/entry.ts';
import { CellError } from '#contract/error.ts';
import { frontierOf, isSigned, readCheckpoint, type Checkpoint } from './checkpoint.ts';
import { hashOf, sameBytes, wrongColumn } from './row.ts';
import { Frontier } from './tree.ts';

/** A row whose successor has not been seen yet. */
interface Last {
  readonly row: Entry;
  /** SHA-256 over its columns as they are; undefined when they cannot be hashed. */
  readonly computed: Uint8Array | undefined;
  /** It is the hash of the row before. */
  readonly linked: boolean;
}

export class ChainCheck {
  readonly #report: (seq: number, text: string) => void;
  readonly #trusted: readonly string[] | undefined;
  readonly #keys = new Set<string>();
  /** Undefined where it cannot be known: rows are missing before. */
  #frontier: Frontier | undefined;
  #last: Last | undefined;
  #origin: string | undefined;
  #checkpoints = 0;
  #signed = 0;
  #begins = 1;
  #declared = 1;

  constructor(report: (seq: number, text: string) => void, trusted: readonly string[] | undefined) {
    this.#report = report;
    this.#trusted = trusted;
  }

  get checkpoints(): number {
    return this.#checkpoints;
  }
  /** Newest entry that a sound checkpoint covers. */
  get signed(): number {
    return this.#signed;
  }
  /** The oldest entry when retention made it so, else 1. */
  get begins(): number {
    return this.#begins;
  }
  get keys(): ReadonlySet<string> {
    return this.#keys;
  }

  /** The next row, of a higher seq. False: it is not as it was written. */
  take(row: Entry): boolean {
    const computed = wrongColumn(row) === undefined ? hashOf(row) : undefined;
    const whole = sameBytes(computed, row.hash);
    const linked = this.#last === undefined ? this.#begin(row, whole) : this.#follow(row, whole);
    if (whole && row.kind === 'checkpoint') this.#checkpoint(row);
    this.#last = { row, computed, linked };
    return whole;
  }

  /** After the last row. */
  end(): void {
    if (this.#last !== undefined) this.#settle(this.#last, undefined);
    this.#last = undefined;
    if (this.#begins > this.#declared) this.#missing(1, this.#begins - 1);
  }

  #begin(row: Entry, whole: boolean): boolean {
    if (row.seq === 1) {
      this.#frontier = new Frontier();
      const linked = sameBytes(row.prev, new Uint8Array(32));
      if (whole && !linked) this.#report(1, 'entry 1 follows an entry that is not there');
      return linked;
    }
    if (whole && row.kind === 'checkpoint') this.#begins = row.seq;
    else this.#missing(1, row.seq - 1);
    return true;
  }

  #follow(row: Entry, whole: boolean): boolean {
    const last = this.#last;
    if (last === undefined) return true;
    if (row.seq !== last.row.seq + 1) {
      this.#settle(last, undefined);
      this.#missing(last.row.seq + 1, row.seq - 1);
      return true;
    }
    this.#settle(last, row.prev);
    const linked = sameBytes(row.prev, last.row.hash) || sameBytes(row.prev, last.computed);
    if (whole && !linked) {
      this.#report(
        row.seq,
        `entry ${row.seq} was not written after entry ${last.row.seq} as it stands: ` +
          'one of the two was replaced',
      );
    }
    return linked;
  }

  /** Says what is wrong with a row, now that the next one's `prev` is known, and makes it a leaf. */
  #settle({ row, computed, linked }: Last, next: Uint8Array | undefined): void {
    const whole = sameBytes(computed, row.hash);
    const hashAltered = !whole && sameBytes(computed, next);
    if (!whole) this.#report(row.seq, describe(row, hashAltered, linked));
    const leaf = hashAltered && computed !== undefined ? computed : row.hash;
    if (leaf instanceof Uint8Array && leaf.length === 32) this.#frontier?.append(leaf);
    else this.#frontier = undefined;
  }

  #missing(from: number, to: number): void {
    this.#frontier = undefined;
    const which = from === to ? `entry ${from} is` : `entries ${from} to ${to} are`;
    this.#report(from, `${which} missing`);
  }

  #checkpoint(row: Entry): void {
    this.#checkpoints += 1;
    let checkpoint: Checkpoint;
    try {
      checkpoint = readCheckpoint(row.body);
    } catch {
      // Its form is judged with every other body's.
      return;
    }
    const wrong = this.#judge(row.seq, checkpoint);
    for (const text of wrong) this.#report(row.seq, `entry ${row.seq} (checkpoint): ${text}`);
    const stated = findFrontier(checkpoint);
    const sound = stated !== undefined && isSigned(checkpoint) && checkpoint.size === row.seq - 1;
    if (wrong.length === 0) {
      this.#signed = row.seq - 1;
      this.#declared = Math.max(this.#declared, checkpoint.first);
    }
    // Where the tree was lost, or differs, it goes on from what was signed.
    if (sound) this.#frontier = stated;
  }

  #judge(seq: number, checkpoint: Checkpoint): string[] {
    const wrong: string[] = [];
    const root = this.#frontier && Buffer.from(this.#frontier.root()).toString('base64');
    if (checkpoint.size !== seq - 1)
      wrong.push(`it says that it covers ${checkpoint.size} entries`);
    if (findFrontier(checkpoint) === undefined) wrong.push('its frontier does not make its root');
    if (!isSigned(checkpoint)) wrong.push('its signature is false');
    if (root !== undefined && root !== checkpoint.root) {
      const from = this.#signed + 1;
      wrong.push(`entries ${from} to ${seq - 1} are not those that were signed`);
    }
    this.#origin ??= checkpoint.origin;
    if (checkpoint.origin !== this.#origin) wrong.push(`it is of ${checkpoint.origin}`);
    const known = this.#trusted ?? [...this.#keys];
    if (known.length > 0 && !known.includes(checkpoint.key)) {
      wrong.push(`it is signed by another key, ${checkpoint.key}`);
    }
    if (this.#trusted !== undefined && known.length === 0) wrong.push('no key is trusted');
    this.#keys.add(checkpoint.key);
    return wrong;
  }
}

function findFrontier(checkpoint: Checkpoint): Frontier | undefined {
  try {
    return frontierOf(checkpoint);
  } catch (error) {
    if (error instanceof CellError) return undefined;
    throw error;
  }
}

function describe(row: Entry, hashAltered: boolean, linked: boolean): string {
  const column = wrongColumn(row);
  if (column !== undefined) return `entry ${row.seq}: its ${column} is not one that was written`;
  if (hashAltered) return `entry ${row.seq}: its hash was altered`;
  if (!linked) return `entry ${row.seq}: its prev was altered`;
  return `entry ${row.seq} was altered: it does not make its hash`;
}
