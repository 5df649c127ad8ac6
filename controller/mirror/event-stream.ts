// The record as a stream of events from a durable place in it: store-and-forward is a position in a log,
// and nothing else is kept. The place moves when all up to it was acknowledged; after a loss of the
// connection it is read again from there. What left the record unread is told as a gap with its counts.
import type { Entry } from '#contract/entry.ts';
import { CellError } from '#contract/error.ts';
import type { EventMessage, Position } from '#contract/mirror.ts';
import type { Clock } from '#contract/time.ts';
import type { Reader } from '#controller/chronicle/reader.ts';
import { sameBytes } from '#controller/chronicle/row.ts';
import { eventOf, namesOf } from './event-of.ts';
import type { Names } from './event-of.ts';
import type { Cursor, MirrorStore } from './store.ts';

/** The record, opened for reading. */
export type Log = Pick<Reader, 'range' | 'entry' | 'contents' | 'readLast' | 'close'>;

/** Entries read at once, and how long one turn may read. */
const stride = 100;
const turn_ms = 8;
/** Events that wait to be sent, about; more are read when these are gone. */
const readyLimit = 200;
/** A record that cannot be read is tried again after so long. */
const retry_ms = 1000;

interface Waiting {
  /** Where the cursor stands while this is not acknowledged; undefined: where it was. */
  readonly after: number | undefined;
  readonly message: EventMessage;
  /** To be done when it is acknowledged. */
  readonly settled?: () => void;
}

interface Flying extends Waiting {
  acknowledged: boolean;
}

export class EventStream {
  readonly #clock: Clock;
  readonly #open: () => Log;
  readonly #store: MirrorStore;
  #log: Log | undefined;
  /** The newest entry that was read; undefined: the place is still to be found. */
  #read: number | undefined;
  #newest: Position = [0, 0];
  #names: Names;
  #ready: Waiting[] = [];
  #flying: Flying[] = [];
  /** The cursor as it was last kept. */
  #kept: Cursor | undefined;
  #retryAt = 0;
  #more = false;
  #error: CellError | undefined;
  #gaps = 0;

  constructor(clock: Clock, open: () => Log, store: MirrorStore) {
    this.#clock = clock;
    this.#open = open;
    this.#store = store;
  }

  /** Why nothing can be read, while that is so. */
  get error(): CellError | undefined {
    return this.#error;
  }

  /** Gaps told since the start. */
  get gaps(): number {
    return this.#gaps;
  }

  get newest(): Position {
    return this.#newest;
  }

  get cursor(): Position {
    return this.#kept === undefined ? [0, 0] : [this.#kept.boot, this.#kept.seq];
  }

  /** How far the broker is behind the record. */
  lag(): { entries: number; ms: number } {
    const at = this.#place() ?? this.#kept?.seq;
    if (at === undefined || at >= this.#newest[1]) return { entries: 0, ms: 0 };
    const oldest = this.#flying[0] ?? this.#ready[0];
    const since = oldest?.message.t ?? this.#kept?.at ?? this.#clock.time();
    const ms = Math.max(0, Math.floor(this.#clock.time() - since));
    return { entries: this.#newest[1] - at, ms };
  }

  /** Control began again: its record may be another file. */
  reopen(): void {
    this.#close();
    this.#retryAt = 0;
  }

  /** What was sent and not acknowledged is sent again, from the cursor on. */
  restart(): void {
    this.#ready = [];
    this.#flying = [];
    this.#read = undefined;
  }

  /** Nothing that was read waits to be sent. */
  get empty(): boolean {
    return this.#ready.length === 0;
  }

  /** Looks how far the record is, without reading it. */
  look(): void {
    this.#try((log) => void this.#look(log));
  }

  /** Reads on, a little, when what was read is sent; true when there is more at once. */
  refill(): boolean {
    const known = this.#read !== undefined && this.#read >= this.#newest[1];
    if (this.#ready.length > 0 || known) return false;
    return this.#try((log) => this.#refill(log)) && this.#more;
  }

  #try(run: (log: Log) => void): boolean {
    if (this.#clock.now() < this.#retryAt) return false;
    try {
      this.#log ??= this.#open();
      run(this.#log);
      this.#error = undefined;
      return true;
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      this.#error = error;
      this.#close();
      this.#retryAt = this.#clock.now() + retry_ms;
      return false;
    }
  }

  /** The next event, to be sent now. */
  take(): { readonly payload: string; readonly acknowledged: () => void } | undefined {
    const next = this.#ready.shift();
    if (next === undefined) return undefined;
    const flying: Flying = { ...next, acknowledged: false };
    this.#flying.push(flying);
    return {
      payload: JSON.stringify(next.message),
      acknowledged: () => {
        flying.acknowledged = true;
        flying.settled?.();
        while (this.#flying[0]?.acknowledged === true) this.#flying.shift();
      },
    };
  }

  /** Keeps the cursor where it has come to. Throws `E_MIRROR_STORE`. */
  keep(): void {
    const place = this.#place();
    if (place === undefined || place === this.#kept?.seq || this.#log === undefined) return;
    let entry: Entry | undefined;
    try {
      entry = this.#log.entry(place);
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      return;
    }
    // It left the record meanwhile: the place is kept when it has moved on.
    if (entry === undefined) return;
    const { boot, seq, hash, at } = entry;
    this.#kept = { boot, seq, hash, at };
    this.#store.keepCursor(this.#kept);
  }

  close(): void {
    this.#close();
  }

  #close(): void {
    this.restart();
    this.#log?.close();
    this.#log = undefined;
  }

  /** All up to this entry is with the broker, or is nothing to be told. */
  #place(): number | undefined {
    const oldest = this.#flying[0] ?? this.#ready[0];
    return oldest === undefined ? this.#read : oldest.after;
  }

  #look(log: Log): { readonly first: number; readonly last: number } {
    const { first, last } = log.range();
    if (this.#newest[1] !== last) this.#newest = [log.entry(last)?.boot ?? 0, last];
    return { first, last };
  }

  #refill(log: Log): void {
    this.#more = false;
    const { first, last } = this.#look(log);
    if (last === 0) return;
    let read = this.#read ?? this.#locate(log, first);
    const until = this.#clock.now() + turn_ms;
    while (read < last && this.#ready.length < readyLimit) {
      if (first > read + 1) read = this.#leap(log, read, first);
      const from = read + 1;
      for (const entry of log.contents({ from, to: Math.min(last, from + stride - 1) })) {
        // Retention took what lay between while it was read.
        if (entry.seq > read + 1) read = this.#leap(log, read, entry.seq);
        if (entry.kind === 'segment') this.#names = namesOf(entry);
        const message = eventOf(entry, this.#names);
        if (message !== undefined) this.#ready.push({ after: read, message });
        read = entry.seq;
      }
      this.#read = read;
      if (read < from || this.#clock.now() > until) break;
    }
    this.#read = read;
    this.#more = read < last;
  }

  /** Entries after `read` and before `to` are gone. */
  #leap(log: Log, read: number, to: number): number {
    const entry = log.entry(to);
    const lost = to - read - 1;
    const from = this.#kept?.seq === read ? this.#kept.at : (entry?.at ?? 0);
    this.#gap({ after: read, n: [entry?.boot ?? 0, to - 1], why: 'retention', from, lost });
    return to - 1;
  }

  #gap(gap: {
    readonly after: number | undefined;
    readonly settled?: () => void;
    readonly n: Position;
    readonly why: 'retention' | 'record' | 'cursor';
    readonly from: number;
    readonly lost: number;
  }): void {
    const { after, settled, n, why, from, lost } = gap;
    const to = Math.floor(this.#clock.time());
    const body = { why, from, to, lost };
    const message: EventMessage = { n, t: to, kind: 'gap', actor: 'system', body };
    this.#ready.push({ after, message, ...(settled === undefined ? {} : { settled }) });
    this.#gaps += 1;
  }

  /** Where to go on: at the newest cursor that is of this record. */
  #locate(log: Log, first: number): number {
    const cursors = this.#store.cursors();
    const [newest] = cursors;
    if (newest === undefined) return this.#begin(log, first);
    const found = cursors.find(({ seq, hash }) => sameBytes(log.entry(seq)?.hash, hash));
    const at = found ?? (isPast(log, newest, first) ? newest : undefined);
    this.#kept = at ?? newest;
    if (at === newest) return this.#from(log, newest.seq);
    // Another record, or an older one that was put back.
    const read = at?.seq ?? first - 1;
    const next = log.entry(read + 1);
    const boot = next?.boot ?? at?.boot ?? 0;
    const n: Position = [boot, read];
    // The cursors of what was there before are of no use once this is told.
    const settled = (): void => this.#store.dropCursors();
    this.#gap({ after: undefined, settled, n, why: 'record', from: newest.at, lost: 0 });
    return this.#from(log, read);
  }

  /** Nothing is kept: what happened since control began is told, and nothing before it. */
  #begin(log: Log, first: number): number {
    const boot = log.readLast('boot');
    const read = (boot?.seq ?? first) - 1;
    if (this.#store.lost) {
      const from = log.entry(first)?.at ?? 0;
      const n: Position = [boot?.boot ?? 0, read];
      this.#gap({ after: undefined, n, why: 'cursor', from, lost: read - first + 1 });
    }
    return this.#from(log, read);
  }

  #from(log: Log, read: number): number {
    const segment = log.readLast('segment', read);
    this.#names = segment === undefined ? undefined : namesOf(segment);
    return read;
  }
}

/** The entry of the cursor left by retention: all that is there is younger than it. */
function isPast(log: Log, cursor: Cursor, first: number): boolean {
  if (first <= cursor.seq) return false;
  const oldest = log.entry(first);
  if (oldest === undefined || oldest.boot < cursor.boot) return false;
  return first > cursor.seq + 1 || sameBytes(oldest.prev, cursor.hash);
}
