// Whose key is whose, as the record tells it: enrolled, made anew with a password that somebody else gave, gone with its
// person. Whoever was enrolled before the record began is known by no key in it.
import type { Actor } from '#contract/actor.ts';
import type { PeopleEvent } from '#contract/people.ts';

/** What was judged before a change stood in the record may stand there so long after it, ms. */
export const slack = 15_000;

interface Known {
  readonly key: string | undefined;
  /** The one before, and when it was replaced. */
  readonly before: string | undefined;
  readonly at: number;
}

export class KnownKeys {
  readonly #people = new Map<Actor, Known>();

  take({ event, subject, change }: PeopleEvent, at: number): void {
    if (subject === undefined) return;
    const told = change?.['key'];
    const now: unknown = Array.isArray(told) ? told[1] : told;
    const gone = event === 'person-removed';
    if (!gone && typeof now !== 'string') return;
    const actor = `user:${subject}`;
    const key = gone ? undefined : String(now);
    this.#people.set(actor, { key, before: this.#people.get(actor)?.key, at });
  }

  /** False where the record says that it is not this person's at that time. */
  fits(actor: Actor, key: string, at: number): boolean {
    const known = this.#people.get(actor);
    if (known === undefined || known.key === key) return true;
    return known.before === key && at <= known.at + slack;
  }
}
