// Who and what is locked out of shells. Many locks may stand; any that matches wins. A lock holds at once and is told
// then; one is taken away only when that stands in the chronicle. Locks that cannot be read lock everybody out.
import { randomBytes } from 'node:crypto';
import type { Actor } from '#contract/actor.ts';
import { CellError } from '#contract/error.ts';
import type { Role } from '#contract/people.ts';
import type { LockRequest } from '#contract/shell-routes.ts';
import type { Lock, SessionId, SessionView, Tier } from '#contract/shell.ts';
import type { Clock } from '#contract/time.ts';
import { LivedTime } from '#controller/approval/lived.ts';
import type { Keep } from './journal.ts';
import type { ShellStore } from './store.ts';

/** Locks at once that people set. */
export const lockLimit = 256;

/** What may be locked out: somebody, and what they have or want. */
export interface Lockable {
  readonly actors: readonly (Actor | undefined)[];
  readonly roles: readonly Role[];
  readonly tier: Tier;
  readonly session?: SessionId | undefined;
  /** A session that was begun. */
  readonly begun?: boolean;
}

export class Locks {
  readonly #clock: Clock;
  readonly #time: LivedTime;
  readonly #keep: Keep;
  readonly #store: () => ShellStore;
  readonly #changed: () => void;
  #locks: Map<string, Lock> | undefined;

  /** `store` throws while there is none. */
  constructor(clock: Clock, keep: Keep, store: () => ShellStore, changed: () => void) {
    this.#clock = clock;
    this.#time = new LivedTime(clock);
    this.#keep = keep;
    this.#store = store;
    this.#changed = changed;
  }

  /** Those that hold now, oldest first. Throws `E_SHELL_STORE`. */
  list(): Lock[] {
    // A date that is set ahead ends none early.
    return [...this.#all().values()].filter(
      ({ id, until }) => until === undefined || until > this.#time.momentOf(id).earliest,
    );
  }

  /** Why they are locked out, for people; undefined: they are not. */
  findReason(of: Lockable): string | undefined {
    try {
      const lock = this.list().find((one) => matches(one, of));
      return lock === undefined
        ? undefined
        : `${lock.kind} ${lock.target} is locked: ${lock.message}`;
    } catch {
      return 'it cannot be read who is locked out';
    }
  }

  /** Throws `E_SHELL_FULL`, or why it is not in the chronicle: it holds all the same. */
  async add(by: Actor, request: LockRequest): Promise<Lock> {
    if (this.list().filter(({ after }) => after === undefined).length >= lockLimit) {
      throw new CellError('E_SHELL_FULL', `there are ${lockLimit} locks`);
    }
    return this.#add(by, request);
  }

  /**
   * After a full shell nobody has another until somebody else has looked at what was done; one that runs is not ended.
   * There are no more of these than shells at once: while one stands, no other begins. Throws as `add`, but `E_SHELL_FULL`.
   */
  async addAfter({ id, tier, by }: Pick<SessionView, 'id' | 'tier' | 'by'>): Promise<void> {
    const message = `${id} of ${by} has ended: look at it, then unlock`;
    // An end that could not be told is found once more by each start.
    if (this.list().some((one) => one.after === by && one.message === message)) return;
    await this.#add('system', { kind: 'tier', target: tier, message }, by);
  }

  async #add(by: Actor, request: LockRequest, after?: Actor): Promise<Lock> {
    const all = this.#all();
    const at = this.#clock.time();
    const { kind, target, message, for_ms: span } = request;
    const lock: Lock = {
      id: `lk-${randomBytes(8).toString('hex')}`,
      kind,
      target,
      message,
      by,
      at,
      ...(span === undefined ? {} : { until: at + span }),
      ...(after === undefined ? {} : { after }),
    };
    all.set(lock.id, lock);
    this.#time.see(lock.id);
    this.#changed();
    this.#store().keepLock(lock);
    await this.#tell(by, 'lock-added', lock);
    return lock;
  }

  /** Throws `E_SHELL_UNKNOWN`, `E_SHELL_PART` after a shell of theirs, or why it is not in the chronicle: then the lock stays. */
  async remove(by: Actor, id: string): Promise<Lock> {
    const lock = this.#all().get(id);
    if (lock === undefined) throw new CellError('E_SHELL_UNKNOWN', `there is no lock ${id}`);
    // Two who had theirs at one time do not look at each other's.
    const own = this.list().some(({ after, target }) => after === by && target === lock.target);
    if (lock.after !== undefined && own) {
      throw new CellError('E_SHELL_PART', 'it follows a shell of theirs: somebody else looks');
    }
    await this.#tell(by, 'lock-removed', lock);
    this.#store().dropLock(id);
    this.#all().delete(id);
    this.#time.forget(id);
    this.#changed();
    return lock;
  }

  async #tell(actor: Actor, event: 'lock-added' | 'lock-removed', lock: Lock): Promise<void> {
    const word = event === 'lock-added' ? 'locks' : 'unlocks';
    const text = `${actor} ${word} ${lock.kind} ${lock.target}: ${lock.message}`.slice(0, 500);
    const { until, after, ...others } = lock;
    const told = { ...others, ...(after === undefined ? {} : { after }) };
    const about = { lock: until === undefined ? told : { ...told, until } };
    const problem = await this.#keep({ actor, body: { event, about, text } });
    if (problem !== undefined) throw new CellError(problem, 'it is not known to be in the record');
  }

  #all(): Map<string, Lock> {
    if (this.#locks !== undefined) return this.#locks;
    const locks = this.#store()
      .locks()
      .toSorted((left, right) => left.at - right.at);
    for (const { id } of locks) this.#time.see(id);
    this.#locks = new Map(locks.map((lock) => [lock.id, lock]));
    return this.#locks;
  }
}

function matches({ kind, target, after }: Lock, of: Lockable): boolean {
  const actors = of.actors.filter((actor) => actor !== undefined);
  switch (kind) {
    case 'user':
      // Whatever belongs to a person who is locked out is locked out with them.
      return actors.some((actor) => actor === `user:${target}` || actor === `console:${target}`);
    case 'token':
      return actors.includes(`token:${target}`);
    case 'agent':
      return actors.some(
        (actor) => actor === `agent:${target}` || actor.startsWith(`agent:${target}/`),
      );
    case 'role':
      return of.roles.some((role) => role === target);
    case 'tier':
      return of.tier === target && !(after !== undefined && of.begun === true);
    case 'session':
      return of.session === target;
    case 'cell':
      return true;
  }
}
