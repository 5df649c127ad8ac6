// Wrong attempts to sign in, counted by name and by address: after some of them each further one locks for twice as
// long. It refuses sign-ins and nothing else; a stop at the panel asks nobody here. Spans are those of the monotonic
// clock, and a start of station gives nothing back: what was counted is kept, and a lock begins anew.
import { hours, minutes, seconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import { sourceOf } from '#controller/source.ts';

/** Wrong attempts before the first lock. */
export const freeTries = { name: 5, address: 20 } as const;
const firstLock = seconds(1);
const longestLock = minutes(15);
/** What was quiet for so long is forgotten. */
const memory = hours(1);
/**
 * What is remembered of each kind; beyond it the one that was quiet longest is forgotten. Names are invented without
 * end: those that nobody has are counted, or the count would tell who there is, and never push out those of people.
 */
export const rememberLimit = { person: 4000, nobody: 2000, address: 2000 } as const;
export type AttemptKind = keyof typeof rememberLimit;

/** What outlives a station: no name, but what the pepper makes of it, and how many were wrong. */
export interface KeptAttempt {
  readonly kind: AttemptKind;
  readonly key: string;
  readonly wrong: number;
}

/** Where counts are kept, and what they are kept by. */
export interface AttemptsKept {
  readonly kept: readonly KeptAttempt[];
  /** 0 wrong: it is forgotten. May fail without a word: it is counted in memory all the same. */
  keep(attempts: readonly KeptAttempt[]): void;
  /** A name or an address as it may lie on a disk. */
  veil(text: string): string;
  isPerson(name: string): boolean;
}

interface Count {
  wrong: number;
  until: number;
  last: number;
}

/** Where an attempt comes from. Whoever is far away cannot lock a name at the panel, nor in an open session. */
export interface Attempt {
  readonly name: string;
  readonly address: string;
  readonly place: 'panel' | 'network' | 'session';
}

/** An attempt that was counted, or was not because it is locked. */
export interface Taken {
  /** Ms for which it is locked; 0: it may be looked at. */
  readonly wait: number;
  /** It locks those after it, unless it is right. */
  readonly locked: boolean;
  /** What to take back. */
  readonly set: readonly Mark[];
}

/** One for each station. */
export class Lockout {
  readonly #clock: Clock;
  readonly #store: AttemptsKept;
  readonly #counts: Readonly<Record<AttemptKind, Map<string, Count>>> = {
    person: new Map(),
    nobody: new Map(),
    address: new Map(),
  };

  constructor(clock: Clock, store: AttemptsKept) {
    this.#clock = clock;
    this.#store = store;
    const now = clock.now();
    for (const { kind, key, wrong } of store.kept)
      this.#counts[kind].set(key, { wrong, last: now, until: now + lockOf(wrong, freeOf(kind)) });
  }

  /** Counts it as wrong until it is given to `right` or `undo`; nothing while it is locked. */
  take(attempt: Attempt): Taken {
    const keys = this.#keysOf(attempt);
    const now = this.#clock.now();
    const wait = Math.max(...keys.map((one) => (this.#find(one)?.until ?? 0) - now), 0);
    if (wait > 0) return { wait, locked: false, set: [] };
    const set = keys.map((one) => this.#count(one));
    return { wait: 0, locked: set.some(({ until }) => until > 0), set };
  }

  /** It was right: the name begins anew, the address has one wrong attempt less. */
  right({ set }: Taken): void {
    for (const one of set) {
      const { kind, key } = one;
      if (kind === 'address') this.#less(one);
      else if (this.#counts[kind].delete(key)) this.#store.keep([{ kind, key, wrong: 0 }]);
    }
  }

  /** It was neither right nor wrong: as if it had not been. */
  undo({ set }: Taken): void {
    for (const one of set) this.#less(one);
  }

  /** The count that it was in may be gone since, and the lock of a later one stays. */
  #less({ kind, key, count, until }: Mark): void {
    if (this.#find({ kind, key }) !== count) return;
    count.wrong -= 1;
    if (count.until === until || count.wrong < freeOf(kind)) count.until = 0;
    this.#store.keep([{ kind, key, wrong: count.wrong }]);
  }

  #count(one: Counted): Mark {
    const counts = this.#counts[one.kind];
    const now = this.#clock.now();
    const count = this.#find(one) ?? { wrong: 0, until: 0, last: now };
    count.wrong += 1;
    const lock = lockOf(count.wrong, freeOf(one.kind));
    [count.last, count.until] = [now, lock === 0 ? 0 : now + lock];
    counts.delete(one.key);
    const [oldest] = counts.keys();
    const full = counts.size >= rememberLimit[one.kind] && oldest !== undefined;
    if (full) counts.delete(oldest);
    counts.set(one.key, count);
    const gone = full ? [{ kind: one.kind, key: oldest, wrong: 0 }] : [];
    this.#store.keep([...gone, { ...one, wrong: count.wrong }]);
    return { ...one, count, until: count.until };
  }

  #find({ kind, key }: Counted): Count | undefined {
    const count = this.#counts[kind].get(key);
    if (count === undefined || this.#clock.now() - count.last <= memory) return count;
    this.#counts[kind].delete(key);
    this.#store.keep([{ kind, key, wrong: 0 }]);
    return undefined;
  }

  #keysOf({ name, address, place }: Attempt): readonly [Counted, Counted] {
    const kind = this.#store.isPerson(name) ? 'person' : 'nobody';
    return [
      { kind, key: this.#store.veil(`${place} ${name}`) },
      { kind: 'address', key: this.#store.veil(sourceOf(address)) },
    ];
  }
}

interface Counted {
  readonly kind: AttemptKind;
  readonly key: string;
}

/** In which count it stands, and until when it alone locked it. */
interface Mark extends Counted {
  readonly count: Count;
  readonly until: number;
}

const freeOf = (kind: AttemptKind): number =>
  kind === 'address' ? freeTries.address : freeTries.name;

/** Ms for which so many wrong attempts lock. */
const lockOf = (wrong: number, free: number): number =>
  wrong < free ? 0 : Math.min(firstLock * 2 ** (wrong - free), longestLock);
