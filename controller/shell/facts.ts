// The facts that a session's statechart is told: each is judged here, from the machine, the people, the locks, the clock and
// the session's own parts. It also says whose a seat is no longer. It changes nothing.
import type { Actor } from '#contract/actor.ts';
import type { Part } from '#contract/shell.ts';
import type { Clock } from '#contract/time.ts';
import type { Journal } from './journal.ts';
import type { Lockable } from './locks.ts';
import { sessionInputs } from './machine.ts';
import type { SessionInput } from './machine.ts';
import { lacksOf, maySit } from './policy.ts';
import type { CellSight, Whose } from './policy.ts';
import type { SessionRequest, Standing } from './request.ts';
import type { Seats } from './seats.ts';
import type { Works } from './works.ts';

/** What is known outside of the session. */
export interface Surroundings {
  readonly clock: Clock;
  sight(): CellSight;
  /** What somebody may now; undefined: there is no such principal any more. */
  standing(actor: Actor): Standing | undefined;
  /** Why any of these is locked out; undefined: none is. */
  locked(of: Lockable): string | undefined;
}

/** The session's own. */
export interface Own {
  readonly journal: Journal;
  readonly works: Works;
  readonly seats: Seats;
  whose(): Whose;
  /** When it was begun, by the monotonic clock. */
  began(): number | undefined;
}

export class Facts {
  readonly #around: Surroundings;
  readonly #request: SessionRequest;
  readonly #own: Own;
  readonly #told = new Map<SessionInput, boolean>();

  constructor(around: Surroundings, request: SessionRequest, own: Own) {
    this.#around = around;
    this.#request = request;
    this.#own = own;
  }

  /** Those that are otherwise than when they were last told. */
  news(): Partial<Record<SessionInput, boolean>> {
    const now = this.#judge();
    const news: Partial<Record<SessionInput, boolean>> = {};
    for (const name of sessionInputs)
      if (this.#told.get(name) !== now[name]) news[name] = now[name];
    return news;
  }

  told(news: Partial<Record<SessionInput, boolean>>): void {
    for (const name of sessionInputs) {
      const value = news[name];
      if (value !== undefined) this.#told.set(name, value);
    }
  }

  /** What keeps the machine from where it must be, for people. */
  get lacks(): string[] {
    return lacksOf(this.#request.rule.where, this.#around.sight(), this.#around.clock.time());
  }

  /** Why somebody may not take part so, or not any more. */
  refusal(
    { actor, owner }: { readonly actor: Actor; readonly owner?: Actor | undefined },
    part: Part,
  ): 'E_SHELL_PART' | 'E_SHELL_LOCKED' | undefined {
    const standing = this.#around.standing(actor);
    // Into a command that was approved as it stands nobody types, and so nobody has the keyboard.
    const keys = part === 'driver' || part === 'peer';
    if (standing === undefined || (keys && this.#request.command !== undefined))
      return 'E_SHELL_PART';
    const { permissions } = standing;
    if (!maySit(part, { actor, owner, permissions }, this.#own.whose())) return 'E_SHELL_PART';
    return this.#isLocked([actor, owner], standing) ? 'E_SHELL_LOCKED' : undefined;
  }

  #judge(): Record<SessionInput, boolean> {
    const { clock } = this.#around;
    const { rule, tier, until, span, command } = this.#request;
    const { journal, works, seats } = this.#own;
    const began = this.#own.began();
    return {
      'request.timely': clock.time() < until,
      'request.locked': this.isOut,
      'machine.allows': this.lacks.length === 0,
      'presence.needed': rule.presence,
      'presence.proved': seats.watched,
      'driver.there': command !== undefined || seats.driver !== undefined,
      'driver.needed': tier === 'T3',
      'record.ok': !journal.failing && !journal.full && works.records,
      'jail.ready': works.ready,
      'program.exited': works.exited,
      'time.left': began === undefined || clock.now() - began < span,
      'processes.gone': works.gone,
    };
  }

  /** Whoever asked for it, or has the keyboard, is locked out or may have no shell any more. */
  get isOut(): boolean {
    const { by, owner, driver } = this.#own.whose();
    return [by, driver].some((actor) => {
      const standing = this.#around.standing(actor);
      if (standing?.permissions.has('shell.open') !== true) return true;
      return this.#isLocked([actor, owner], standing);
    });
  }

  #isLocked(actors: Lockable['actors'], { roles }: Standing): boolean {
    const { tier, id } = this.#request;
    const begun = this.#own.began() !== undefined;
    return this.#around.locked({ actors, roles, tier, session: id, begun }) !== undefined;
  }
}
