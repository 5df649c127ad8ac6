// A disk that fails: the real database behind a count of calls, of which one (or all from one on)
// fails before or after it did its work.
import Database from 'better-sqlite3';
import type { Entry } from '#contract/entry.ts';
import type { Storage } from '#controller/chronicle/storage.ts';

export interface FaultPlan {
  /** Which call fails; from 1. */
  readonly nth: number;
  /** `after`: what was asked is done all the same. */
  readonly when: 'before' | 'after';
  readonly forever: boolean;
}

export class FailingStorage implements Storage {
  readonly #storage: Storage;
  readonly #plan: FaultPlan;
  #calls = 0;
  mended = false;

  constructor(storage: Storage, plan: FaultPlan) {
    this.#storage = storage;
    this.#plan = plan;
  }

  /** Whether the fault was reached. */
  get hit(): boolean {
    return this.#calls >= this.#plan.nth;
  }

  first = () => this.#call(() => this.#storage.first());
  last = () => this.#call(() => this.#storage.last());
  rows = (from: number, to: number) => this.#call(() => this.#storage.rows(from, to));
  write = (rows: readonly Entry[]) => this.#call(() => this.#storage.write(rows));
  kinds = (from: number, count: number) => this.#call(() => this.#storage.kinds(from, count));
  removeBefore = (seq: number) => this.#call(() => this.#storage.removeBefore(seq));
  size = () => this.#call(() => this.#storage.size());
  reopen = () => this.#call(() => this.#storage.reopen());
  close = () => this.#storage.close();

  #call<T>(run: () => T): T {
    this.#calls += 1;
    const { nth, when, forever } = this.#plan;
    const fails = !this.mended && (forever ? this.#calls >= nth : this.#calls === nth);
    if (fails && when === 'before') throw diskError();
    const result = run();
    if (fails) throw diskError();
    return result;
  }
}

const diskError = (): Error => new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC');
