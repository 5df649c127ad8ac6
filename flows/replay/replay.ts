// Re-executes one segment of a chronicle, every scan of it, and compares what comes out with what was
// recorded. It reads decoded entries and knows no disk; who calls it brings a cell with the segment's
// own flows, and the engines to run: the table alone, XState, or both.
import { assert } from '#contract/error.ts';
import type { Json } from '#contract/canonical.ts';
import type { Rolling, ScanRecord } from '#contract/record.ts';
import type { Cell } from '#flows/engine/cell.ts';
import type { ScanAct, ScanInput, ScanResult } from '#flows/engine/scan.ts';
import { explainTransition } from '#flows/explain.ts';
import { Names, firstDifference, termLines } from './difference.ts';
import type { Difference } from './difference.ts';

/** What a segment opens with, of its `SegmentBody`. */
export interface SegmentStart {
  /** The scan and the `now` that it follows. */
  readonly scan: number;
  readonly now: number;
  /** Of the grid, in ms. */
  readonly period: number;
  readonly state: Json;
}

/** Entries of one segment in the order of the chronicle; those of other kinds are left out. */
export type ReplayEntry = { readonly seq: number; readonly scan: number } & (
  | { readonly kind: 'act'; readonly act: ScanAct }
  | { readonly kind: 'scan'; readonly record: ScanRecord }
  | { readonly kind: 'alarm'; readonly id: string; readonly change: string }
);

/** What one scan took and made. */
export type ReplayWatch = (input: ScanInput, result: ScanResult) => void;

export interface ReplayReport {
  /** Scans that were executed, and those of them that had an entry. */
  readonly scans: number;
  readonly recorded: number;
  /** The first difference; the replay ended there. */
  readonly difference: Difference | undefined;
}

/** A whole segment at once; `next` opens the segment after it, when that is of the same boot. */
export function replay(
  cell: Cell,
  start: SegmentStart,
  entries: Iterable<ReplayEntry>,
  next?: SegmentStart,
): ReplayReport {
  const run = new Replay(cell, start);
  for (const entry of entries) if (run.take(entry) !== undefined) break;
  return run.end(next);
}

/** One segment, entry by entry: for whoever reads them from a disk and shows how far it is. */
export class Replay {
  readonly #cell: Cell;
  readonly #names: Names;
  readonly #period: number;
  readonly #seen: ReplayWatch | undefined;
  readonly #grid: { -readonly [Key in keyof ScanInput]: ScanInput[Key] };
  #acts: ScanAct[] = [];
  /** Alarms of the last recorded scan: as replayed, and as recorded so far. */
  #raised: string[] = [];
  #alarms: string[] = [];
  #last: { readonly scan: number; readonly seq?: number };
  #scans = 0;
  #recorded = 0;
  #difference: Difference | undefined;

  /** `seen` is called after each scan that was executed, those without an entry too. */
  constructor(cell: Cell, start: SegmentStart, seen?: ReplayWatch) {
    cell.restore(start.state);
    assert(cell.scan === start.scan && cell.now === start.now, 'a segment follows its own state');
    this.#cell = cell;
    this.#seen = seen;
    this.#names = new Names(cell.plan);
    this.#period = start.period;
    this.#last = { scan: start.scan };
    const none = { tags: [], acts: [], held: [] };
    this.#grid = { now: start.now, missed: 0, offGrid: false, ...none };
  }

  /** The first difference so far; nothing is executed after it. */
  take(entry: ReplayEntry): Difference | undefined {
    if (this.#difference !== undefined) return this.#difference;
    switch (entry.kind) {
      case 'act':
        this.#acts.push(entry.act);
        break;
      case 'alarm':
        if (this.#ours(entry.id)) this.#alarms.push(`${entry.id} ${entry.change}`);
        break;
      case 'scan':
        this.#difference = this.#scan(entry);
        break;
    }
    return this.#difference;
  }

  /** Runs the scans after the last recorded one, up to where the next segment opens. */
  end(next?: SegmentStart): ReplayReport {
    this.#difference ??= this.#endAlarms() ?? (next === undefined ? undefined : this.#reach(next));
    return { scans: this.#scans, recorded: this.#recorded, difference: this.#difference };
  }

  #scan({ seq, scan, record }: Extract<ReplayEntry, { kind: 'scan' }>): Difference | undefined {
    const early = this.#endAlarms() ?? this.#between(record, { scan, seq });
    if (early !== undefined) return early;
    const taken = this.#acts;
    if (taken.length > 0) this.#acts = [];
    const acts = taken.length === 0 ? none : taken.filter((act) => !isEnd(act));
    const ends = acts.length === taken.length ? none : taken.filter((act) => isEnd(act));
    const { now, missed, tags, held, stepped } = record;
    const faults =
      stepped.length === 0 ? none : stepped.flatMap((one) => (one.stepped ? [] : [one.flow]));
    const offGrid = now % this.#period !== 0;
    const result = this.#step({ now, missed, offGrid, tags, acts, held, faults });
    this.#recorded += 1;
    this.#last = { scan, seq };
    for (const { id, change } of result.alarms) this.#raised.push(`${id} ${change}`);
    return this.#compare(record, result, ends);
  }

  #compare(
    record: ScanRecord,
    result: ScanResult,
    ends: readonly ScanAct[],
  ): Difference | undefined {
    const made = result.record;
    if (made === undefined) {
      return this.#differs('scans', ['a scan with an entry', 'one in which nothing happened']);
    }
    const names = this.#names;
    return (
      this.#list('stepped', names.stepped, record.stepped, made.stepped) ??
      this.#fired(record, made) ??
      this.#list('outputs', names.outputs, record.outputs, made.outputs) ??
      this.#list('trips', names.trips, record.trips, made.trips) ??
      this.#list('forces', names.tags, tagsOf(ends), tagsOf(result.ended)) ??
      this.#rolling(record.rolling, made.rolling)
    );
  }

  /** Two lists are the same when they read the same; most are empty. */
  #list<T>(
    what: Difference['what'],
    text: (list: readonly T[]) => string,
    recorded: readonly T[],
    replayed: readonly T[],
  ): Difference | undefined {
    if (recorded.length === 0 && replayed.length === 0) return undefined;
    const [before, after] = [text(recorded), text(replayed)];
    return before === after ? undefined : this.#differs(what, [before, after]);
  }

  #fired(record: ScanRecord, made: ScanRecord): Difference | undefined {
    const found = this.#list('transitions', this.#names.fired, record.fired, made.fired);
    return found && { ...found, terms: this.#terms(record, made) };
  }

  #rolling(recorded: Rolling, replayed: Rolling): Difference | undefined {
    if (recorded.high === replayed.high && recorded.low === replayed.low) return undefined;
    return this.#differs('rolling', [rollingText(recorded), rollingText(replayed)]);
  }

  /** The grid deadlines between the last recorded scan and this one, less those that it missed. */
  #between(
    { now, missed }: Pick<ScanRecord, 'now' | 'missed'>,
    at: { readonly scan: number; readonly seq?: number },
  ): Difference | undefined {
    const period = this.#period;
    const cell = this.#cell;
    const first = cell.now - (cell.now % period) + period;
    const count = Math.max(0, Math.ceil((now - first) / period)) - missed;
    const expected = at.scan - cell.scan - 1;
    if (count !== expected || now <= cell.now) {
      this.#last = at;
      const found = `${count} of the grid between ${cell.now} ms and ${now} ms`;
      return this.#differs('scans', [`${expected} scans before it`, found]);
    }
    for (let index = 0; index < count; index += 1) {
      const early = this.#quiet(first + index * period);
      if (early !== undefined) return early;
    }
    return undefined;
  }

  /** A scan without an entry: nothing may happen in it. */
  #quiet(now: number): Difference | undefined {
    this.#grid.now = now;
    const result = this.#step(this.#grid);
    const made = result.record;
    if (made === undefined) return undefined;
    this.#last = { scan: this.#cell.scan };
    const { fired, outputs, trips } = made;
    const names = this.#names;
    const found = [names.fired(fired), names.outputs(outputs), names.trips(trips)].join(', ');
    const terms = this.#terms({ fired: [] }, made);
    return this.#differs('scans', ['a scan in which nothing happened', found], terms);
  }

  #reach(next: SegmentStart): Difference | undefined {
    const at = { scan: next.scan + 1 };
    const early = this.#between({ now: next.now + 1, missed: 0 }, at);
    if (early !== undefined) return early;
    const found = firstDifference(next.state, this.#cell.save());
    this.#last = { scan: next.scan };
    return found && this.#differs('state', [found.recorded, found.replayed]);
  }

  #step(input: ScanInput): ScanResult {
    this.#scans += 1;
    const result = this.#cell.step(input);
    this.#seen?.(input, result);
    return result;
  }

  /** Alarms stand after the scan that raised them. */
  #endAlarms(): Difference | undefined {
    if (this.#raised.length === 0 && this.#alarms.length === 0) return undefined;
    const replayed = this.#raised.toSorted().join('; ');
    const recorded = this.#alarms.toSorted().join('; ');
    this.#raised = [];
    this.#alarms = [];
    if (recorded === replayed) return undefined;
    return this.#differs('alarms', [recorded || 'none', replayed || 'none']);
  }

  /** Alarms of flows and forces are derived again; those of the system have entries of their own. */
  #ours(id: string): boolean {
    if (id.startsWith('force.')) return true;
    return this.#cell.flows.some((run) => run.alarms.board.placeOf(id) !== -1);
  }

  /** Why the transitions that differ fired, or did not, over what the replay's step read. */
  #terms(record: Pick<ScanRecord, 'fired'>, made: Pick<ScanRecord, 'fired'>): string[] {
    const before = new Set(record.fired.map(key));
    const after = new Set(made.fired.map(key));
    const differing = [...record.fired, ...made.fired].filter(
      (one) => before.has(key(one)) !== after.has(key(one)),
    );
    return differing.flatMap(({ flow, transition }) => {
      const frozen = this.#cell.flows[flow]?.frozen;
      if (frozen === undefined) return [];
      const { frame, configuration } = frozen;
      const at = { flow, transition };
      const term = explainTransition(this.#cell.plan, at, frame, configuration);
      const name = this.#names.fired([at]);
      return term === undefined ? [] : [`${name}, as replayed:`, ...termLines(term, 1)];
    });
  }

  #differs(
    what: Difference['what'],
    [recorded, replayed]: readonly [string, string],
    terms: readonly string[] = [],
  ): Difference {
    return { ...this.#last, now: this.#cell.now, what, recorded, replayed, terms };
  }
}

const none: readonly never[] = [];

/** The end of a force by itself: the replay makes it again. */
const isEnd = (act: ScanAct): boolean => act.kind === 'unforce' && act.actor === 'system';

const rollingText = ({ high, low }: Rolling): string =>
  [high, low].map((half) => half.toString(16).padStart(8, '0')).join('');

const tagsOf = (acts: readonly ScanAct[]): readonly number[] =>
  acts.length === 0 ? none : acts.flatMap((act) => (act.kind === 'unforce' ? [act.tag] : []));

const key = (one: { readonly flow: number; readonly transition: number }): string =>
  `${one.flow} ${one.transition}`;
