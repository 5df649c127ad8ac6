// Reads a chronicle, beside the writer or from a copied file, and cannot write it. Rows are fetched in
// pages, so that a slow reader never holds the writer's log.
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { Entry, EntryKind } from '#contract/entry.ts';
import { CellError } from '#contract/error.ts';
import { checkFormat, columns } from './database.ts';

/** Rows of one page. */
const page = 1000;

/** Which entries; everything that is given must hold. */
export interface Selection {
  /** Seq, both inclusive. */
  readonly from?: number;
  readonly to?: number;
  readonly kinds?: readonly EntryKind[];
  /** UTC ms: `at >= since`, `at < until`. */
  readonly since?: number;
  readonly until?: number;
}

/** An entry without its place in the chain. */
export type Content = Omit<Entry, 'prev' | 'hash'>;

type ContentRow = readonly [
  seq: number,
  boot: number,
  scan: number | null,
  at: number,
  kind: EntryKind,
  actor: Entry['actor'],
  body: Uint8Array,
];
type EntryRow = readonly [...ContentRow, prev: Uint8Array, hash: Uint8Array];

/** Opens the file for reading only; E_CHRONICLE_OPEN or E_CHRONICLE_FORMAT when that cannot be. */
export function openReader(path: string): Reader {
  if (!existsSync(path)) throw new CellError('E_CHRONICLE_OPEN', `${path}: no such file`);
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { readonly: true, fileMustExist: true, timeout: 1000 });
    checkFormat(database);
    return new Reader(database);
  } catch (cause) {
    database?.close();
    if (cause instanceof CellError) throw cause;
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new CellError('E_CHRONICLE_OPEN', `${path}: ${text}`, { cause });
  }
}

export class Reader {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  /** All that `run` reads is of one moment, whatever the writer does meanwhile. */
  atOnce<T>(run: () => T): T {
    this.#database.exec('BEGIN');
    try {
      return run();
    } finally {
      // A damaged file may have ended it already.
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
    }
  }

  /** Oldest and newest seq; both 0 when there is nothing. */
  range(): { readonly first: number; readonly last: number } {
    const statement = this.#database.prepare<[], { first: number | null; last: number | null }>(
      'SELECT (SELECT min(seq) FROM entry) AS first, (SELECT max(seq) FROM entry) AS last',
    );
    const row = ask(() => statement.get());
    return { first: row?.first ?? 0, last: row?.last ?? 0 };
  }

  /** Rows whose seq is below 1 or beyond what a number can count. */
  countStrange(): number {
    const sql = 'SELECT count(*) FROM entry WHERE seq < 1 OR seq > ?';
    const count = this.#database.prepare<[bigint], number>(sql).pluck();
    return ask(() => count.get(BigInt(Number.MAX_SAFE_INTEGER))) ?? 0;
  }

  entry(seq: number): Entry | undefined {
    const sql = `SELECT ${columns} FROM entry WHERE seq = ?`;
    return ask(() => this.#database.prepare<[number], Entry>(sql).get(seq));
  }

  /** In order of seq. Entries that are written meanwhile are given too. */
  *entries(selection: Selection = {}): Generator<Entry, void> {
    for (const row of this.#pages<EntryRow>(columns, selection)) {
      const [seq, boot, scan, at, kind, actor, body, prev, hash] = row;
      yield { seq, boot, scan, at, kind, actor, body, prev, hash };
    }
  }

  /** As `entries`, in half the time: what they say, without the columns of the chain. */
  *contents(selection: Selection = {}): Generator<Content, void> {
    const wanted = 'seq, boot, scan, at, kind, actor, body';
    for (const row of this.#pages<ContentRow>(wanted, selection)) {
      const [seq, boot, scan, at, kind, actor, body] = row;
      yield { seq, boot, scan, at, kind, actor, body };
    }
  }

  /** Rows as lists: the database makes these much faster than objects. */
  *#pages<Row extends readonly [seq: number, ...unknown[]]>(
    wanted: string,
    selection: Selection,
  ): Generator<Row, void> {
    const { terms, parameters } = conditions(selection);
    const statement = this.#database
      .prepare<unknown[], Row>(
        `SELECT ${wanted} FROM entry WHERE ${['seq >= ?', ...terms].join(' AND ')}
         ORDER BY seq LIMIT ${page}`,
      )
      .raw();
    for (let from = selection.from ?? 0; ;) {
      const rows = ask(() => statement.all(from, ...parameters));
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < page) return;
      from = last[0] + 1;
    }
  }

  /**
   * From the newest back. With `since` it ends soon after the first page that begins before it, so a
   * look at the last minute costs a minute's entries however long the record is.
   */
  *backwards(selection: Selection = {}): Generator<Entry, void> {
    const { terms, parameters } = conditions(selection);
    const statement = this.#database.prepare<unknown[], Entry>(
      `SELECT ${columns} FROM entry WHERE ${['seq BETWEEN ? AND ?', ...terms].join(' AND ')}
       ORDER BY seq DESC`,
    );
    const pageEnd = this.#database.prepare<[number], { seq: number; at: number }>(
      `SELECT seq, at FROM entry WHERE seq <= ? ORDER BY seq DESC LIMIT 1 OFFSET ${page - 1}`,
    );
    const { from = 0, to = Number.MAX_SAFE_INTEGER, since = 0 } = selection;
    for (let newest = to; ;) {
      const end = ask(() => pageEnd.get(newest));
      yield* ask(() => statement.all(end?.seq ?? from, newest, ...parameters));
      if (end === undefined || end.seq <= from || end.at < since) return;
      newest = end.seq - 1;
    }
  }

  /** The newest entry of a kind, at or before `to`. */
  readLast(kind: EntryKind, to = Number.MAX_SAFE_INTEGER): Entry | undefined {
    const statement = this.#database.prepare<[EntryKind, number], Entry>(
      `SELECT ${columns} FROM entry WHERE kind = ? AND seq <= ? ORDER BY seq DESC LIMIT 1`,
    );
    return ask(() => statement.get(kind, to));
  }

  /** The newest `count` entries, oldest first. */
  readTail(count: number, selection: Selection = {}): Entry[] {
    const rows: Entry[] = [];
    for (const entry of this.backwards(selection)) {
      if (rows.length >= count) break;
      rows.push(entry);
    }
    return rows.toReversed();
  }

  close(): void {
    this.#database.close();
  }
}

/** A file that is damaged, or gone, is an operating error of whoever reads it. */
function ask<T>(run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (!(cause instanceof Database.SqliteError)) throw cause;
    throw new CellError('E_CHRONICLE_OPEN', cause.message, { cause });
  }
}

function conditions(selection: Selection): { terms: string[]; parameters: (number | string)[] } {
  const terms: string[] = [];
  const parameters: (number | string)[] = [];
  const add = (term: string, ...values: readonly (number | string)[]): void => {
    terms.push(term);
    parameters.push(...values);
  };
  const { from, to, kinds, since, until } = selection;
  if (from !== undefined) add('seq >= ?', from);
  if (to !== undefined) add('seq <= ?', to);
  if (kinds !== undefined) add(`kind IN (${kinds.map(() => '?').join(', ')})`, ...kinds);
  if (since !== undefined) add('at >= ?', since);
  if (until !== undefined) add('at < ?', until);
  return { terms, parameters };
}
