// Wrong attempts to sign in, counted by name and by address: after some of them each further one locks for twice as
// long. It refuses sign-ins and nothing else; a stop at the panel asks nobody here.
import { minutes, seconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';

/** Wrong attempts before the first lock. */
export const freeTries = { name: 5, address: 20 } as const;
const firstLock = seconds(1);
const longestLock = minutes(15);
/** What was quiet for so long is forgotten. */
const memory = minutes(60);
/** Names and addresses remembered; beyond it the one that was quiet longest is forgotten. */
const rememberLimit = 10_000;

interface Count {
  wrong: number;
  until: number;
  last: number;
}

/** Where an attempt comes from. Whoever is far away cannot lock a name at the panel. */
export interface Attempt {
  readonly name: string;
  readonly address: string;
  readonly panel: boolean;
}

/** In memory: a station that starts again has forgotten. */
export class Lockout {
  readonly #clock: Clock;
  readonly #counts = new Map<string, Count>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ms for which this attempt is locked; 0: it may be looked at, and is counted as wrong until `right`. */
  take(attempt: Attempt): { readonly wait: number; readonly locked: boolean } {
    const keys = keysOf(attempt);
    const now = this.#clock.now();
    const wait = Math.max(...keys.map(({ key }) => (this.#find(key)?.until ?? 0) - now), 0);
    if (wait > 0) return { wait, locked: false };
    return { wait: 0, locked: keys.map(({ key, free }) => this.#count(key, free)).includes(true) };
  }

  /** It was right: the name begins anew, the address has one wrong attempt less. */
  right(attempt: Attempt): void {
    this.undo(attempt);
    this.#counts.delete(keysOf(attempt)[0].key);
  }

  /** It was neither right nor wrong: as if it had not been. */
  undo(attempt: Attempt): void {
    for (const { key, free } of keysOf(attempt)) {
      const count = this.#find(key);
      if (count === undefined) continue;
      count.wrong -= 1;
      if (count.wrong < free) count.until = 0;
    }
  }

  /** True when it is locked from now on. */
  #count(key: string, free: number): boolean {
    const now = this.#clock.now();
    const count = this.#find(key) ?? { wrong: 0, until: 0, last: now };
    count.wrong += 1;
    count.last = now;
    const beyond = count.wrong - free;
    if (beyond >= 0) count.until = now + Math.min(firstLock * 2 ** beyond, longestLock);
    this.#counts.delete(key);
    const oldest = this.#counts.keys().next().value;
    if (this.#counts.size >= rememberLimit && oldest !== undefined) this.#counts.delete(oldest);
    this.#counts.set(key, count);
    return beyond >= 0;
  }

  #find(key: string): Count | undefined {
    const count = this.#counts.get(key);
    if (count === undefined || this.#clock.now() - count.last <= memory) return count;
    this.#counts.delete(key);
    return undefined;
  }
}

const keysOf = ({ name, address, panel }: Attempt) =>
  [
    { key: `${panel ? 'panel' : 'far'} ${name}`, free: freeTries.name },
    { key: address, free: freeTries.address },
  ] as const;
