// A disk that fails: the real database behind a count of statements, of which one (or all from one on)
// fails before or after it did its work.
import Database from 'better-sqlite3';
import { openForWriting } from '#controller/history/database.ts';
import type { OpenDatabase } from '#controller/history/store.ts';

export interface FaultPlan {
  /** Which statement fails; from 1. */
  readonly nth: number;
  /** `after`: what was asked is done all the same. */
  readonly when: 'before' | 'after';
  readonly forever: boolean;
}

const counted = new Set<PropertyKey>(['run', 'get', 'all', 'exec']);

export class FailingDisk {
  readonly #plan: FaultPlan;
  readonly #real: OpenDatabase;
  #calls = 0;
  mended = false;

  constructor(plan: FaultPlan, real: OpenDatabase = openForWriting) {
    this.#plan = plan;
    this.#real = real;
  }

  /** Whether it has failed. */
  hit = false;

  readonly open: OpenDatabase = (path) => this.#call(() => this.#behind(this.#real(path)));

  /** Calls go through the count; a transaction's begin and commit do not, being made of the others. */
  #behind<T extends object>(real: T): T {
    return new Proxy(real, {
      get: (target, name) => {
        const found: unknown = Reflect.get(target, name, target);
        if (typeof found !== 'function') return found;
        return (...args: unknown[]): unknown => {
          const run = (): unknown => Reflect.apply(found, target, args);
          const result = counted.has(name) ? this.#call(run) : run();
          const wrapped = name === 'prepare' || name === 'pluck';
          return wrapped && typeof result === 'object' && result !== null
            ? this.#behind(result)
            : result;
        };
      },
    });
  }

  #call<T>(run: () => T): T {
    this.#calls += 1;
    const { nth, when, forever } = this.#plan;
    const fails = !this.mended && (forever ? this.#calls >= nth : this.#calls === nth);
    this.hit ||= fails;
    if (fails && when === 'before') throw diskError();
    const result = run();
    if (fails) throw diskError();
    return result;
  }
}

const diskError = (): Error => new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_WRITE');
