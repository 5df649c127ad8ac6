// Reads what is kept of one tag in one run: chunks, and the samples that wait to be folded as if they had
// been. It knows no page and no window but the time from and to which it reads.
import type Database from 'better-sqlite3';
import type { Tier } from '#contract/history.ts';
import { tiers } from '#contract/history.ts';
import { BatchCursor } from './batch.ts';
import type { Bucket } from './buckets.ts';
import { BucketMaker, decodeBuckets, widths } from './buckets.ts';
import type { Sample } from './samples.ts';
import { decodeSamples } from './samples.ts';

/** What to read. The record that holds at `from` comes first, however old it is. */
export interface Stretch {
  readonly tag: number;
  readonly run: number;
  readonly from: number;
  readonly to: number;
  /** Records beyond about so many are too many, and none is read. */
  readonly limit?: number;
}

type WideTier = Exclude<Tier, 'raw'>;

export class Records {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: Database.Database) {
    this.#statements = prepare(database);
  }

  samples(stretch: Stretch): Sample[] | undefined {
    const chunks = this.#chunks('raw', stretch);
    if (chunks === undefined) return undefined;
    const folded = chunks.flatMap(({ body, start }) => decodeSamples(body, start));
    return within([...folded, ...this.#pending(stretch)], (sample) => sample.time, stretch);
  }

  buckets(tier: WideTier, stretch: Stretch): Bucket[] | undefined {
    const chunks = this.#chunks(tier, stretch);
    if (chunks === undefined) return undefined;
    const width = widths[tier];
    const folded = chunks.flatMap(({ body, start }) => decodeBuckets(body, start, width));
    const maker = new BucketMaker(width, folded);
    for (const sample of this.#pending(stretch)) maker.add(sample);
    return within(maker.buckets, (bucket) => bucket.start, stretch);
  }

  /** By tier: since when the tag is kept; null where it is not. */
  starts(tag: number): (number | null)[] {
    const { oldest, oldestWaiting } = this.#statements;
    const kept = tiers.map((tier, rank) => {
      const row = oldest.get(tag, rank);
      if (row === undefined) return null;
      if (tier === 'raw') return row.start;
      return decodeBuckets(row.body, row.start, widths[tier])[0]?.good ?? row.start;
    });
    if (kept.some((start) => start !== null)) return kept;
    const run = oldestWaiting.get();
    if (run === undefined) return kept;
    const [first] = this.#pending({ tag, run, to: Number.MAX_SAFE_INTEGER });
    return kept.map(() => first?.time ?? null);
  }

  #chunks(tier: Tier, { tag, run, from, to, limit = Number.POSITIVE_INFINITY }: Stretch) {
    const { first, chunks } = this.#statements;
    const rank = tiers.indexOf(tier);
    const start = first.get(tag, rank, run, from) ?? 0;
    const found: { readonly start: number; readonly body: Uint8Array }[] = [];
    let count = 0;
    for (const chunk of chunks.iterate(tag, rank, run, start, to)) {
      // The first reaches out of the stretch, and so may the last.
      if (found.length > 1) count += chunk.count;
      if (count > limit) return undefined;
      found.push(chunk);
    }
    return found;
  }

  #pending({ tag, run, to }: Pick<Stretch, 'tag' | 'run' | 'to'>): Sample[] {
    const samples: Sample[] = [];
    for (const { began, body } of this.#statements.batches.iterate(run, to)) {
      const cursor = new BatchCursor(body, began);
      while (cursor.tag !== undefined && cursor.tag < tag) cursor.skip();
      if (cursor.tag === tag) samples.push(...cursor.take());
    }
    return samples;
  }
}

/** Records up to `to`, from the last one at or before `from` on. */
function within<T>(
  records: readonly T[],
  timeOf: (record: T) => number,
  { from, to }: Stretch,
): T[] {
  const after = records.findIndex((record) => timeOf(record) > from);
  const first = after === -1 ? records.length : after;
  return records.slice(Math.max(0, first - 1)).filter((record) => timeOf(record) <= to);
}

function prepare(database: Database.Database) {
  return {
    first: database
      .prepare<[number, number, number, number], number | null>(
        `SELECT max(start) FROM chunk WHERE tag = ? AND tier = ? AND run = ? AND start <= ?`,
      )
      .pluck(),
    chunks: database.prepare<
      [number, number, number, number, number],
      { start: number; count: number; body: Uint8Array }
    >(
      `SELECT start, count, body FROM chunk
       WHERE tag = ? AND tier = ? AND run = ? AND start >= ? AND start <= ? ORDER BY start, id`,
    ),
    oldest: database.prepare<[number, number], { start: number; body: Uint8Array }>(
      'SELECT start, body FROM chunk WHERE tag = ? AND tier = ? ORDER BY run, start LIMIT 1',
    ),
    batches: database.prepare<[number, number], { began: number; body: Uint8Array }>(
      `SELECT began, body FROM batch
       WHERE run = ? AND began <= ? AND length(body) > 0 ORDER BY id`,
    ),
    oldestWaiting: database
      .prepare<[], number>('SELECT run FROM batch WHERE length(body) > 0 ORDER BY id LIMIT 1')
      .pluck(),
  };
}
