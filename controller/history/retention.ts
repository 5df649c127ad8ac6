// Keeps `history.db` within its size: what is oldest leaves first, in each tier by itself, and the raw
// samples before anything else when the file as a whole is too large.
import type Database from 'better-sqlite3';
import { tiers } from '#contract/history.ts';
import type { Tier } from '#contract/history.ts';
import { rowBytes } from './fold.ts';

/** What each may take of `history.max`; the rest is room for what waits and for half-filled pages. */
export const shares = {
  raw: 0.42,
  '1s': 0.22,
  '1min': 0.12,
  '1h': 0.04,
  visits: 0.06,
  alarms: 0.02,
} as const satisfies Readonly<Record<Tier | 'visits' | 'alarms', number>>;

/** Of the whole file, past which raw samples leave whatever their share. */
const fileShare = 0.94;
/** About, with their indexes. */
const visitBytes = 110;
const alarmBytes = 300;
/** Runs that are remembered: what is older is no longer found. */
const runLimit = 20_000;
/** Chunks that leave in one transaction. */
const step = 256;

export class Retention {
  readonly #database: Database.Database;
  readonly #max: number;
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: Database.Database, max: number) {
    this.#database = database;
    this.#max = max;
    this.#statements = prepare(database);
  }

  /** One step, a transaction of its own; true while there is more to do. */
  step(): boolean {
    return this.#database.transaction(() => this.#trim())();
  }

  /** Bytes of the file that are in use. */
  get used(): number {
    const { pages, free, pageSize } = this.#statements;
    return ((pages.get() ?? 0) - (free.get() ?? 0)) * pageSize;
  }

  #trim(): boolean {
    const { bytes, visits, alarms, runs } = this.#statements;
    visits.run({ keep: Math.floor((this.#max * shares.visits) / visitBytes) });
    alarms.run(Math.floor((this.#max * shares.alarms) / alarmBytes));
    runs.run(runLimit);
    for (const [rank, tier] of tiers.entries()) {
      const count = bytes.get(rank) ?? 0;
      if (count > this.#max * shares[tier])
        return this.#remove(rank, count - this.#max * shares[tier]);
    }
    const over = this.used - this.#max * fileShare;
    const rank = over > 0 ? tiers.findIndex((_, index) => (bytes.get(index) ?? 0) > 0) : -1;
    return rank >= 0 && this.#remove(rank, over);
  }

  #remove(tier: number, over: number): boolean {
    const { oldest, remove, shrank } = this.#statements;
    let left = 0;
    for (const { id, size } of oldest.all(tier, step)) {
      if (left >= over) break;
      remove.run(id);
      left += size + rowBytes;
    }
    shrank.run(left, tier);
    return left > 0;
  }
}

function prepare(database: Database.Database) {
  const number = (sql: string) => database.prepare<[], number | null>(sql).pluck();
  const newest = (table: string) =>
    database.prepare<[number]>(
      `DELETE FROM ${table} WHERE id <= (SELECT max(id) FROM ${table}) - ?`,
    );
  return {
    bytes: database.prepare<[number], number>('SELECT count FROM bytes WHERE tier = ?').pluck(),
    oldest: database.prepare<[number, number], { id: number; size: number }>(
      'SELECT id, length(body) AS size FROM chunk WHERE tier = ? ORDER BY until, id LIMIT ?',
    ),
    remove: database.prepare<[number]>('DELETE FROM chunk WHERE id = ?'),
    shrank: database.prepare<[number, number]>('UPDATE bytes SET count = count - ? WHERE tier = ?'),
    // What reaches into the time that is kept stays, however long ago it began.
    visits: database.prepare<[{ keep: number }]>(
      `DELETE FROM visit WHERE id <= (SELECT max(id) FROM visit) - @keep AND until <
         (SELECT began FROM visit WHERE id > (SELECT max(id) FROM visit) - @keep ORDER BY id LIMIT 1)`,
    ),
    alarms: newest('alarm'),
    runs: newest('run'),
    pages: number('PRAGMA page_count'),
    free: number('PRAGMA freelist_count'),
    pageSize: number('PRAGMA page_size').get() ?? 0,
  };
}
