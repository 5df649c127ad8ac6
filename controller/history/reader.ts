// Reads `history.db` beside its writer: the points of a tag for a page or a person, and the journal. What
// one query reads is bounded, so that whoever asks is not held up.
import type Database from 'better-sqlite3';
import { CellError } from '#contract/error.ts';
import type { History, Journal, JournalQuery, Point, Tier } from '#contract/history.ts';
import { LoggedTag, tiers } from '#contract/history.ts';
import type { Bucket } from './buckets.ts';
import { pointsOf, widen, widths } from './buckets.ts';
import { openForReading } from './database.ts';
import { JournalReader } from './journal-reader.ts';
import { Records } from './records.ts';
import type { RunRow, Segment } from './segments.ts';
import { segmentsOf } from './segments.ts';

/** Buckets that one query reads at most; they are made fewer where a page asked for fewer. */
const bucketLimit = 64_000;
/** Runs of one window; what is older than the newest of them is not read. */
const runLimit = 1000;
/** A history that was written to so recently, ms, is taken to be written to now. */
const aliveFor = 25_000;
/** What is read at once where everything is asked for, in buckets, and of raw samples in ms. */
const partBuckets = 2000;
const partOfRaw = 600_000;

export interface HistoryRequest {
  readonly tag: string;
  readonly from: number;
  readonly to: number;
  readonly points: number;
}

export class HistoryReader {
  readonly #database: Database.Database;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #records: Records;
  readonly #journal: JournalReader;

  /** E_HISTORY_OPEN or E_HISTORY_FORMAT when it cannot be read. */
  constructor(path: string) {
    this.#database = openForReading(path);
    this.#statements = prepare(this.#database);
    this.#records = new Records(this.#database);
    this.#journal = new JournalReader(this.#database);
  }

  close(): void {
    this.#database.close();
  }

  /** What is logged now, and since when each is kept; null: nothing is. */
  tags(): { readonly tag: LoggedTag; readonly since: number | null }[] {
    return this.#ask(() =>
      this.#statements.logged
        .all()
        .map(({ id, info }) => ({ tag: readTag(info), since: this.#since(id) })),
    );
  }

  /** `now`: UTC ms; a history that was written to until now has no gap at its end. */
  history(request: HistoryRequest, now: number): History {
    return this.#ask(() => this.#history(request, now));
  }

  /** Every point of one tier, part by part, however many there are. E_HISTORY_TAG where it is not logged. */
  *all(request: Omit<HistoryRequest, 'points'>, tier: Tier, now: number): Generator<Point[]> {
    const { from, to } = request;
    const tag = this.#ask(() => this.#tag(request.tag).id);
    const window = { from, to: Math.min(to, now) };
    const part = tier === 'raw' ? partOfRaw : widths[tier] * partBuckets;
    let empty = true;
    for (const segment of this.#ask(() => segmentsOf(this.#runs(now), window, runLimit))) {
      const end = Math.min(segment.to, window.to);
      let at = Math.max(segment.from, from);
      for (let first = true; first || at < end; first = false) {
        const until = Math.min(at + part, end);
        const asked = { tag, run: segment.run, from: at, to: until };
        const points = this.#ask(() => this.#part(asked, tier, first));
        const own = shown(points, segment);
        if (own.length > 0) empty = own.at(-1)?.[1] === null;
        yield own;
        at = until;
      }
      if (segment.to < window.to && !empty) yield [[segment.to, null]];
      empty = true;
    }
  }

  journal(query: JournalQuery, now: number): Journal {
    return this.#ask(() => this.#journal.read(query, this.#runs(now), now));
  }

  #history({ tag, from, to, points: most }: HistoryRequest, now: number): History {
    const { id, info } = this.#tag(tag);
    const since = this.#since(id);
    const head = { ...info, from, to, since };
    const window = { from, to: Math.min(to, now) };
    const segments = segmentsOf(this.#runs(now), window, runLimit);
    if (since === null || segments.length === 0) return { ...head, tier: 'raw', points: [] };
    const kept = this.#records.starts(id);
    const needed = Math.max(from, since);
    for (const [rank, tier] of tiers.entries()) {
      const start = kept[rank] ?? Number.POSITIVE_INFINITY;
      if (tier !== '1h' && start > needed) continue;
      const asked = { tag: id, segments, ...window };
      const points = tier === 'raw' ? this.#raw(asked, most) : this.#wide(asked, tier, most);
      if (points !== undefined) return { ...head, tier, points };
    }
    return { ...head, tier: '1h', points: [] };
  }

  #raw(asked: Asked, most: number): Point[] | undefined {
    const points: Point[] = [];
    for (const segment of asked.segments) {
      const limit = most - points.length;
      const samples = this.#records.samples({ ...stretchOf(asked, segment), limit });
      if (samples === undefined) return undefined;
      const found = samples.length > 0 ? samples.map(pointOf) : this.#held(asked, segment);
      points.push(...shown(found, segment), ...endOf(segment, asked));
    }
    const told = tellOnce(points);
    return told.length <= most ? told : undefined;
  }

  /** Buckets, made wider until they are few enough; undefined: there are too many to read. */
  #wide(asked: Asked, tier: Exclude<Tier, 'raw'>, most: number): Point[] | undefined {
    const width = widths[tier];
    const parts: { readonly segment: Segment; readonly buckets: readonly Bucket[] }[] = [];
    let left = bucketLimit;
    for (const segment of asked.segments) {
      const stretch = stretchOf(asked, segment);
      const bounded = tier === '1h' ? stretch : { ...stretch, limit: Math.max(0, left) };
      const buckets = this.#records.buckets(tier, bounded);
      if (buckets === undefined) return undefined;
      left -= buckets.length;
      parts.push({ segment, buckets });
    }
    const span = Math.max(width, asked.to - asked.from);
    // Each bucket is a point at least.
    const many = bucketLimit - left > most;
    for (let factor = many ? Math.max(2, Math.ceil(span / (most * width))) : 1; ;) {
      const all = parts.flatMap(({ segment, buckets }) => {
        const some = factor === 1 ? buckets : widen(buckets, width * factor);
        return [...shown(some.flatMap(pointsOf), segment), ...endOf(segment, asked)];
      });
      const points = tellOnce(all);
      if (points.length <= most) return points;
      // Runs that are shorter than a bucket cannot be made fewer: the newest are shown.
      if (width * factor > 2 * span) return points.slice(-most);
      factor *= 2;
    }
  }

  /** Where raw samples have left, a coarser tier still knows what held. */
  #held(asked: Asked, segment: Segment): Point[] {
    const stretch = stretchOf(asked, segment);
    for (const tier of ['1s', '1min', '1h'] as const) {
      const [bucket] = this.#records.buckets(tier, { ...stretch, to: stretch.from }) ?? [];
      if (bucket !== undefined) return pointsOf(bucket).slice(-1);
    }
    return [];
  }

  /** The first part of a segment has what held at its beginning. */
  #part(stretch: Stretch, tier: Tier, first: boolean): Point[] {
    const { from } = stretch;
    if (tier === 'raw') {
      const samples = this.#records.samples(stretch) ?? [];
      return samples.filter(({ time }) => first || time > from).map(pointOf);
    }
    const buckets = this.#records.buckets(tier, stretch) ?? [];
    return buckets.filter(({ start }) => first || start > from).flatMap(pointsOf);
  }

  #tag(name: string): { readonly id: number; readonly info: LoggedTag } {
    const row = this.#statements.tag.get(name);
    if (row === undefined) throw new CellError('E_HISTORY_TAG', `${name} is not logged`);
    return { id: row.id, info: readTag(row.info) };
  }

  #since(tag: number): number | null {
    const kept = this.#records.starts(tag).filter((start) => start !== null);
    return kept.length === 0 ? null : Math.min(...kept);
  }

  /** All runs, oldest first; the newest lasts until now while it is written to. */
  #runs(now: number): RunRow[] {
    const runs = this.#statements.runs.all();
    const last = runs.at(-1);
    if (last === undefined) return runs;
    const until = Math.max(last.until, this.#statements.waitsUntil.get(last.id) ?? 0);
    const alive = now >= until && now - until <= aliveFor;
    return [...runs.slice(0, -1), { ...last, until: alive ? now : until }];
  }

  /** All of one moment. A damaged file is an operating error of whoever reads it. */
  #ask<T>(run: () => T): T {
    try {
      this.#database.exec('BEGIN');
      return run();
    } catch (cause) {
      if (cause instanceof CellError && cause.code === 'E_HISTORY_TAG') throw cause;
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new CellError('E_HISTORY_OPEN', text, { cause });
    } finally {
      if (this.#database.open && this.#database.inTransaction) this.#database.exec('ROLLBACK');
    }
  }
}

interface Asked {
  readonly tag: number;
  readonly segments: readonly Segment[];
  readonly from: number;
  readonly to: number;
}

type Stretch = ReturnType<typeof stretchOf>;

const stretchOf = ({ tag, from, to }: Asked, segment: Segment) => ({
  tag,
  run: segment.run,
  from: Math.max(from, segment.from),
  to: Math.min(to, segment.to),
});

const pointOf = ({ time, value }: { time: number; value: number }): Point =>
  Number.isNaN(value) ? [time, null] : [time, value, value, value];

/** What held when a segment begins is shown from there on. */
const shown = (points: readonly Point[], { from, to }: Segment): Point[] => {
  const inside = points.filter(([time]) => time <= to);
  const [first] = inside;
  if (first === undefined || first[0] >= from) return inside;
  return inside.map(([time, ...values]) => [Math.max(time, from), ...values]);
};

/** A gap where there is one already, or where nothing was before, tells nothing. */
const tellOnce = (points: readonly Point[]): Point[] =>
  points.filter(([, value], index) => value !== null || (points[index - 1]?.[1] ?? null) !== null);

/** Nobody recorded after it. */
const endOf = ({ to }: Segment, asked: Asked): Point[] => (to < asked.to ? [[to, null]] : []);

const readTag = (info: string): LoggedTag => LoggedTag.parse(JSON.parse(info));

function prepare(database: Database.Database) {
  return {
    logged: database.prepare<[], { id: number; info: string }>(
      'SELECT id, info FROM tag WHERE logged = 1 ORDER BY name',
    ),
    tag: database.prepare<[string], { id: number; info: string }>(
      'SELECT id, info FROM tag WHERE name = ? ORDER BY logged DESC, id DESC LIMIT 1',
    ),
    runs: database.prepare<[], RunRow>('SELECT id, began, until, why FROM run ORDER BY id'),
    waitsUntil: database
      .prepare<[number], number | null>('SELECT max(until) FROM batch WHERE run = ?')
      .pluck(),
  };
}
