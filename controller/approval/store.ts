// Approvals in `station.db`: each as it stands, and what of it the chronicle may not have yet.
// Seldom written, and then whole and synced. It judges nothing: what it gives back is judged at every use.
import Database from 'better-sqlite3';
import * as z from 'zod';
import { ApprovalEvent, ApprovalView } from '#contract/approval.ts';
import { Actor } from '#contract/actor.ts';
import { CellError } from '#contract/error.ts';
import { makePrivate } from '#controller/private-file.ts';

/** Approvals kept; beyond them those that are over are forgotten. The record has all of them. */
export const keptLimit = 1000;

/** What was done and may not be in the chronicle yet. */
const Untold = z.strictObject({ actor: Actor, body: ApprovalEvent });
export type Untold = z.infer<typeof Untold>;

export interface Kept {
  readonly view: ApprovalView;
  readonly untold?: Untold | undefined;
}

const schema = `
  CREATE TABLE IF NOT EXISTS approval (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, view TEXT NOT NULL, untold TEXT
  ) STRICT;`;

export type OpenDatabase = (path: string) => Database.Database;

/** Opens the file when it is first needed, and again after it could not be. Throws `E_APPROVAL_STORE`. */
export class ApprovalStore {
  readonly #path: string;
  readonly #openFile: OpenDatabase;
  #open: { database: Database.Database; statements: ReturnType<typeof prepare> } | undefined;

  constructor(path: string, open: OpenDatabase = openDatabase) {
    this.#path = path;
    this.#openFile = open;
  }

  /** Oldest first. A row that is no approval is none. */
  load(): Kept[] {
    return this.#ask(({ all }) =>
      all.all().flatMap(({ view, untold }) => {
        const read = ApprovalView.safeParse(parsed(view));
        const left = Untold.safeParse(parsed(untold));
        return read.success ? [{ view: read.data, untold: left.data }] : [];
      }),
    );
  }

  /** On disk when it returns. */
  save(view: ApprovalView, untold?: Untold): void {
    const left = untold === undefined ? null : JSON.stringify(untold);
    this.#ask(({ save, drop }, database) => {
      database.transaction(() => {
        save.run(view.request.id, JSON.stringify(view), left);
        drop.run(keptLimit);
      })();
    });
  }

  /** The chronicle has all that was done to it. */
  told(id: string): void {
    this.#ask(({ told }) => told.run(id));
  }

  close(): void {
    this.#open?.database.close();
    this.#open = undefined;
  }

  #ask<T>(run: (statements: ReturnType<typeof prepare>, database: Database.Database) => T): T {
    try {
      this.#open ??= this.#begin();
      return run(this.#open.statements, this.#open.database);
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new CellError('E_APPROVAL_STORE', `station.db: ${text}`, { cause });
    }
  }

  #begin(): { database: Database.Database; statements: ReturnType<typeof prepare> } {
    const database = this.#openFile(this.#path);
    try {
      database.exec(schema);
      return { database, statements: prepare(database) };
    } catch (error) {
      database.close();
      throw error;
    }
  }
}

/** The file as approvals need it. */
export function openDatabase(path: string): Database.Database {
  makePrivate(path);
  const database = new Database(path, { timeout: 1000 });
  try {
    database.pragma('journal_mode = WAL');
    // A use that was spent stays spent, whatever the power does.
    database.pragma('synchronous = FULL');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepare(database: Database.Database) {
  return {
    all: database.prepare<[], { view: string; untold: string | null }>(
      'SELECT view, untold FROM approval ORDER BY number',
    ),
    save: database.prepare(
      `INSERT INTO approval (id, view, untold) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET view = excluded.view, untold = excluded.untold`,
    ),
    told: database.prepare('UPDATE approval SET untold = NULL WHERE id = ?'),
    drop: database.prepare(
      `DELETE FROM approval WHERE number <= (SELECT max(number) FROM approval) - ?
       AND untold IS NULL AND json_extract(view, '$.state') NOT IN ('requested', 'approved')`,
    ),
  };
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
