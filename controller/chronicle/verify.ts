// `rebe verify`: holds every entry of a chronicle against its hash, its neighbours, the tree and the
// signed checkpoints, and every body against its form. It opens the file for reading only and takes
// nothing that the file says for granted.
import { BootBody, GapBody, type Entry } from '#contract/entry.ts';
import { assert, CellError } from '#contract/error.ts';
import { readBody } from './body.ts';
import { ChainCheck } from './chain-check.ts';
import { readKeys } from './key.ts';
import { openReader, type Reader } from './reader.ts';
import { findingsKept, judge, unreadable } from './verdict.ts';
import type { Finding, FindingKind, Verification } from './verdict.ts';
import { wrongColumn } from './row.ts';

/** Entries between two calls of `onProgress`. */
const stride = 10_000;

export interface VerifyOptions {
  /** A file of public keys, one a line (`<data>/keys/cell.pub`); without it any one key will do. */
  readonly keys?: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Never throws for what it finds in the file. */
export function verifyChronicle(path: string, options: VerifyOptions = {}): Verification {
  let reader: Reader | undefined;
  try {
    const trusted = options.keys === undefined ? undefined : readKeys(options.keys);
    reader = openReader(path);
    const verifier = new Verifier(path, reader, trusted);
    return reader.atOnce(() => verifier.run(options.onProgress));
  } catch (error) {
    if (error instanceof CellError) return unreadable(path, error);
    throw error;
  } finally {
    reader?.close();
  }
}

class Verifier {
  readonly #file: string;
  readonly #reader: Reader;
  readonly #trusted: readonly string[] | undefined;
  readonly #chain: ChainCheck;
  readonly #findings: Finding[] = [];
  readonly #kinds = new Set<FindingKind>();
  readonly #notes: string[] = [];
  readonly #boots = new Set<number>();
  #found = 0;
  #entries = 0;
  #first = 0;
  #last = 0;
  #time = 0;
  #backwards = 0;

  constructor(file: string, reader: Reader, trusted: readonly string[] | undefined) {
    this.#file = file;
    this.#reader = reader;
    this.#trusted = trusted;
    const damage = (seq: number, text: string): void => this.#find('damage', seq, text);
    this.#chain = new ChainCheck(damage, trusted);
  }

  run(onProgress: VerifyOptions['onProgress']): Verification {
    this.#rows(onProgress);
    this.#chain.end();
    if (this.#entries === 0) this.#find('hole', 0, 'there are no entries');
    this.#remark();
    const chain = this.#chain;
    return {
      file: this.#file,
      ...judge(this.#kinds),
      first: this.#first,
      last: this.#last,
      entries: this.#entries,
      boots: this.#boots.size,
      checkpoints: chain.checkpoints,
      signed: chain.signed,
      keys: [...chain.keys],
      findings: this.#findings,
      found: this.#found,
      notes: this.#notes,
    };
  }

  #rows(onProgress: VerifyOptions['onProgress']): void {
    try {
      const { first, last } = this.#reader.range();
      const total = last - first + 1;
      const strange = this.#reader.countStrange();
      if (strange > 0) {
        this.#find('damage', 0, `${strange} rows have a seq that no entry can have`);
      }
      for (const row of this.#reader.entries({ from: 1, to: Number.MAX_SAFE_INTEGER })) {
        this.#row(row);
        if (this.#entries % stride === 0) onProgress?.(this.#entries, total);
      }
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      const after = this.#last === 0 ? 'the entries' : `what follows entry ${this.#last}`;
      this.#find('damage', this.#last + 1, `${after} cannot be read: ${error.message}`);
    }
  }

  #row(row: Entry): void {
    assert(row.seq > this.#last, 'rows come in order');
    this.#entries += 1;
    if (this.#first === 0) this.#first = row.seq;
    this.#last = row.seq;
    if (!this.#chain.take(row) || wrongColumn(row) !== undefined) return;
    this.#boots.add(row.boot);
    if (row.at < this.#time) this.#backwards += 1;
    this.#time = row.at;
    this.#body(row);
  }

  #body(row: Entry): void {
    try {
      const body = readBody(row);
      if (row.kind === 'gap') this.#gap(row.seq, GapBody.parse(body));
      if (row.kind === 'boot') this.#boot(row.seq, BootBody.parse(body));
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      this.#find('form', row.seq, `entry ${row.seq} (${row.kind}): ${error.message}`);
    }
  }

  #gap(seq: number, { lost, from, to }: { lost: number; from: number; to: number }): void {
    if (lost === 0) return;
    const span = `${new Date(from).toISOString()} to ${new Date(to).toISOString()}`;
    this.#find('hole', seq, `entry ${seq} (gap): ${lost} entries were dropped, ${span}`);
  }

  #boot(seq: number, { before, aside }: { before: string; aside?: string | undefined }): void {
    if (before !== 'broken') return;
    this.#find(
      'hole',
      seq,
      `entry ${seq} (boot): what was before is in ${aside ?? 'another file'}`,
    );
  }

  #find(kind: FindingKind, seq: number, text: string): void {
    this.#found += 1;
    this.#kinds.add(kind);
    if (this.#findings.length < findingsKept) this.#findings.push({ kind, seq, text });
  }

  #remark(): void {
    const { signed, begins } = this.#chain;
    if (begins > 1) {
      this.#notes.push(
        `entries 1 to ${begins - 1} left by retention; checkpoint ${begins} covers them`,
      );
    }
    if (signed + 1 < this.#last) {
      this.#notes.push(`entries ${signed + 1} to ${this.#last} are chained, and not signed yet`);
    }
    if (this.#backwards > 0) this.#notes.push(`the clock went back ${this.#backwards} times`);
    if (this.#trusted === undefined) {
      this.#notes.push('the key was not held against one that you know: give --keys');
    }
  }
}
