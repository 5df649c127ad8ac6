// Makes the samples that wait in batches into chunks: one tag's records of one tier and run, in the
// order of time. All tiers of a batch come with its raw samples, in one transaction; so they agree
// with each other whenever the process ends.
import type Database from 'better-sqlite3';
import type { Tier } from '#contract/history.ts';
import { tiers } from '#contract/history.ts';
import { BatchCursor } from './batch.ts';
import { BucketMaker, decodeBuckets, encodeBuckets, widths } from './buckets.ts';
import type { Encoded, Sample } from './samples.ts';
import { decodeSamples, encodeSamples } from './samples.ts';

/** Bytes of a chunk's body past which another begins. */
const chunkLimit = 1900;
/** What a row and its places in two indexes cost beside the body, about. */
export const rowBytes = 80;

interface Last extends Encoded {
  readonly id: number;
}

/** The statements, made once. */
export class Fold {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #grown = [0, 0, 0, 0];

  constructor(database: Database.Database) {
    this.#statements = prepare(database);
  }

  /** All that waits, of every run; to be called inside a transaction. */
  all(): void {
    const { runs, batches, removeBatches, lasted, grew } = this.#statements;
    this.#grown.fill(0);
    for (const { run, until } of runs.all()) {
      this.#run(run, batches.all(run));
      lasted.run(until, run);
      removeBatches.run(run);
    }
    for (const [tier, bytes] of this.#grown.entries()) if (bytes !== 0) grew.run(tier, bytes);
  }

  #run(run: number, rows: readonly { began: number; body: Uint8Array }[]): void {
    const cursors = rows.map(({ began, body }) => new BatchCursor(body, began));
    for (;;) {
      const tag = Math.min(...leastOf(cursors));
      if (tag === Number.POSITIVE_INFINITY) return;
      const samples = cursors.flatMap((cursor) => (cursor.tag === tag ? cursor.take() : []));
      for (const tier of tiers) this.#append(tag, tier, run, samples);
    }
  }

  #append(tag: number, tier: Tier, run: number, samples: readonly Sample[]): void {
    const { last, replace, insert } = this.#statements;
    const rank = tiers.indexOf(tier);
    const open = last.get(tag, rank, run);
    // A full chunk of raw samples is closed; the last bucket of any other may still grow.
    const before = tier === 'raw' && (open?.body.length ?? 0) >= chunkLimit ? undefined : open;
    let target = before?.id;
    let grown = before === undefined ? 0 : -before.body.length - rowBytes;
    for (const { start, end, count, body } of grow(tier, before, samples)) {
      if (target === undefined) insert.run(tag, rank, run, start, end, count, body);
      else replace.run(end, count, body, target);
      target = undefined;
      grown += body.length + rowBytes;
    }
    this.#grown[rank] = (this.#grown[rank] ?? 0) + grown;
  }
}

const leastOf = (cursors: readonly BatchCursor[]): number[] => [
  Number.POSITIVE_INFINITY,
  ...cursors.map(({ tag }) => tag ?? Number.POSITIVE_INFINITY),
];

/** What a chunk becomes with further samples: itself, longer, and perhaps others after it. */
function grow(
  tier: Tier,
  before: Encoded | undefined,
  samples: readonly Sample[],
): Iterable<Encoded> {
  if (tier === 'raw') {
    const kept = before === undefined ? [] : decodeSamples(before.body, before.start);
    return encodeSamples([...kept, ...samples], chunkLimit);
  }
  const width = widths[tier];
  const kept = before === undefined ? [] : decodeBuckets(before.body, before.start, width);
  const maker = new BucketMaker(width, kept);
  for (const sample of samples) maker.add(sample);
  return encodeBuckets(maker.buckets, width, chunkLimit);
}

function prepare(database: Database.Database) {
  return {
    runs: database.prepare<[], { run: number; until: number }>(
      'SELECT run, max(until) AS until FROM batch GROUP BY run ORDER BY run',
    ),
    batches: database.prepare<[number], { began: number; body: Uint8Array }>(
      'SELECT began, body FROM batch WHERE run = ? AND length(body) > 0 ORDER BY id',
    ),
    removeBatches: database.prepare<[number]>('DELETE FROM batch WHERE run = ?'),
    lasted: database.prepare<[number, number]>('UPDATE run SET until = max(until, ?) WHERE id = ?'),
    grew: database.prepare<[number, number]>(
      `INSERT INTO bytes (tier, count) VALUES (?, ?)
       ON CONFLICT (tier) DO UPDATE SET count = count + excluded.count`,
    ),
    last: database.prepare<[number, number, number], Last>(
      `SELECT id, start, until AS "end", count, body FROM chunk
       WHERE tag = ? AND tier = ? AND run = ? ORDER BY start DESC, id DESC LIMIT 1`,
    ),
    replace: database.prepare<[number, number, Uint8Array, number]>(
      'UPDATE chunk SET until = ?, count = ?, body = ? WHERE id = ?',
    ),
    insert: database.prepare<[number, number, number, number, number, number, Uint8Array]>(
      `INSERT INTO chunk (tag, tier, run, start, until, count, body) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
  };
}
