// Tickets to a shell's socket: good once, for 30 s, for who asked for it, for one session and one part in it. They are kept
// as their hash; a ticket that was shown is gone, whoever showed it.
import { CellError } from '#contract/error.ts';
import type { Principal } from '#contract/people.ts';
import type { Part, SessionId } from '#contract/shell.ts';
import { seconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import { hashOf, makeSecret } from '#controller/server/secret.ts';

export const ticketLife = seconds(30);
/** Tickets that were not shown yet: in all, and of one session or token; the oldest are forgotten. */
export const ticketLimits = { all: 512, each: 16 } as const;

/** What a ticket was given for. */
export interface Ticket {
  readonly who: Principal;
  readonly session: SessionId;
  readonly part: Part;
  readonly until: number;
}

export class Tickets {
  readonly #clock: Clock;
  readonly #open = new Map<string, Ticket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  issue(who: Principal, session: SessionId, part: Part): { ticket: string; until: number } {
    this.#forget(who.credential);
    const ticket = makeSecret();
    this.#open.set(hashOf(ticket), {
      who,
      session,
      part,
      until: this.#clock.now() + ticketLife,
    });
    return { ticket, until: this.#clock.time() + ticketLife };
  }

  /** Uses it up. `shown`: whose connection it came on. Throws `E_SHELL_TICKET`. */
  redeem(secret: string, shown: Principal | null): Ticket {
    const hash = hashOf(secret);
    const ticket = this.#open.get(hash);
    this.#open.delete(hash);
    if (ticket === undefined) throw refused('it was used, or never given');
    if (ticket.until < this.#clock.now()) throw refused('it is older than 30 s');
    const { actor, credential } = ticket.who;
    if (shown?.actor !== actor || shown.credential !== credential)
      throw refused('it was given to somebody else');
    return ticket;
  }

  #forget(credential: string): void {
    const now = this.#clock.now();
    for (const [hash, { until }] of this.#open) if (until < now) this.#open.delete(hash);
    const own = [...this.#open].filter(([, { who }]) => who.credential === credential);
    const tooMany = [
      ...own.slice(0, Math.max(0, own.length - ticketLimits.each + 1)),
      ...[...this.#open].slice(0, Math.max(0, this.#open.size - ticketLimits.all + 1)),
    ];
    for (const [hash] of tooMany) this.#open.delete(hash);
  }
}

const refused = (why: string): CellError => new CellError('E_SHELL_TICKET', why);
