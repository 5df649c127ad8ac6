// How somebody becomes a session: by password and second factor, by PIN where the password was used before, by a link
// of the cell's own console. Each stands in the chronicle before it counts; so does each refusal.
import type { Actor } from '#contract/actor.ts';
import { CellError } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import { formatDuration, milliseconds } from '#contract/time.ts';
import { consoleActor } from '#controller/console-actor.ts';
import { knowsLink, redeemLink } from '#controller/server/link.ts';
import { sourceOf } from '#controller/source.ts';
import type { Proof } from './credentials.ts';
import type { Lockout, Taken } from './lockout.ts';
import type { People } from './people.ts';
import type { Waiter } from './queue.ts';
import type { ProvedBy, Session, SessionPlan } from './sessions.ts';
import type { Person } from './store.ts';

/** Where somebody asks from, as the page's door knows it. */
export interface From {
  readonly address: string;
  readonly panel: boolean;
  /** Names the browser that asks, where the password was used in it before. */
  readonly browser: string | undefined;
}

/** What of a session goes to whoever it is: never kept, never told again. */
export interface Begun {
  readonly session: Session;
  readonly secret: string;
  /** A new name for the browser, where it had none. */
  readonly browser?: string | undefined;
}

/** At the panel, unless somebody is signed in. */
const stranger: Actor = 'console:panel';

/** One for each station. */
export class SignIn {
  readonly #people: People;
  readonly #data: string;
  readonly #lockout: Lockout;
  /** Links whose sign-in is on its way to the chronicle. */
  readonly #claimed = new Set<string>();

  constructor(people: People, data: string) {
    this.#people = people;
    this.#data = data;
    this.#lockout = people.lockout;
  }

  /** Throws `E_SIGN_IN`, `E_SIGN_IN_CODE`, `E_SIGN_IN_LOCKED`, `E_SIGN_IN_BUSY`, and codes of the chronicle. */
  async withPassword(
    given: {
      readonly name: string;
      readonly password: string;
      readonly code?: string | undefined;
      readonly kind: Session['kind'];
    },
    from: From,
  ): Promise<Begun> {
    const { name, password, code, kind } = given;
    await this.#proved(name, { password }, from, code);
    const session = await this.#begin(name, { kind, ...from }, 'password');
    const browser = this.#people.sessions.remember(name, from.browser);
    return { ...session, browser };
  }

  /** Throws `E_PIN_NOT_HERE`, and what `withPassword` does. */
  async withPin(given: { readonly name: string; readonly pin: string }, from: From) {
    const { name, pin } = given;
    // Of who never was here nothing is told but that.
    if (!this.#people.sessions.rememberedIn(from.browser).includes(name))
      throw new CellError('E_PIN_NOT_HERE', 'the password was not used here within 12 hours');
    await this.#proved(name, { pin }, from, undefined);
    return this.#begin(name, { kind: 'page', ...from }, 'PIN');
  }

  /** A session proves again who it is. Throws what `withPassword` does. */
  async prove(
    session: Session,
    { code, ...proof }: Proof & { readonly code?: string | undefined },
    from: From,
  ): Promise<void> {
    const { name, id, actor } = session;
    if (name === undefined) throw new CellError('E_SIGN_IN', 'whoever came by a link has neither');
    await this.#proved(name, proof, from, code);
    const text = `${actor} proved again who it is`;
    await this.#people.keep(actor, { event: 'proved', text });
    this.#people.sessions.prove(id, proof.pin === undefined ? 'password' : 'PIN');
    this.#people.rejudge(name);
  }

  /** Spends a link once its sign-in stands in the chronicle: without control it is good until later. */
  async withLink(key: string, from: From): Promise<Begun> {
    const actor = consoleActor();
    if (this.#claimed.has(key)) throw linkUsed();
    this.#claimed.add(key);
    try {
      const { clock, enrolled } = this.#people;
      if (!(await knowsLink(this.#data, key, clock.time()))) throw linkUsed();
      const text = enrolled
        ? `${actor} opened a link of the console, and may add and change people`
        : `signed in ${actor}`;
      const how = { by: 'link', ...whereOf(from) };
      await this.#people.keep(actor, { event: 'signed-in', change: how, text });
      if (enrolled) this.#people.say(text);
      if (!(await redeemLink(this.#data, key, clock.time()))) throw linkUsed();
      const { address, panel } = from;
      return this.#people.sessions.begin({ actor, kind: 'page', address, panel, by: 'link' });
    } finally {
      this.#claimed.delete(key);
    }
  }

  /** Whatever else asks for a password counts its wrong ones as a sign-in does. */
  async counted<T>(name: string, from: From, run: () => Promise<T>): Promise<T> {
    const attempt = this.#attempt(name, from);
    try {
      const done = await run();
      this.#lockout.right(attempt);
      return done;
    } catch (error) {
      if (!(error instanceof CellError) || error.code !== 'E_SIGN_IN') {
        this.#lockout.undo(attempt);
        throw error;
      }
      const person = this.#people.store.find(name);
      throw await this.#refused(person, from, { code: 'E_SIGN_IN', locked: attempt.locked });
    }
  }

  /** In whose lane this waits to be looked at: places at the panel, and of those who were here, are not a stranger's. */
  #waiter({ address, browser, panel }: From): Waiter {
    if (panel) return { lane: 'panel', source: address };
    const lane = this.#people.sessions.knows({ address, browser }) ? 'known' : 'stranger';
    return { lane, source: sourceOf(address) };
  }

  /** Throws `E_SIGN_IN_LOCKED`; else it counts as wrong until it is known to be right. */
  #attempt(name: string, { address, panel }: From): Taken {
    const place = panel ? 'panel' : 'network';
    const taken = this.#lockout.take({ name, address, place });
    if (taken.wait === 0) return taken;
    const span = formatDuration(milliseconds(Math.ceil(taken.wait / 1000) * 1000));
    throw new CellError('E_SIGN_IN_LOCKED', `locked for ${span}`);
  }

  /** Throws unless this proves that it is this person, who may sign in. Every wrong attempt counts. */
  async #proved(name: string, proof: Proof, from: From, code: string | undefined): Promise<void> {
    const attempt = this.#attempt(name, from);
    const { locked } = attempt;
    const who = this.#waiter(from);
    const right = await this.#people.credentials.prove(name, proof, who).catch((error: unknown) => {
      // What was not looked at was not wrong.
      if (error instanceof CellError && error.code === 'E_SIGN_IN_BUSY')
        this.#lockout.undo(attempt);
      throw error;
    });
    const person = this.#people.store.find(name);
    if (!right || person === undefined || person.disabled)
      throw await this.#refused(person, from, { code: 'E_SIGN_IN', locked });
    // A PIN is given where this person used password and code before.
    if (proof.pin === undefined && this.#people.credentials.hasFactor(person)) {
      if (code === undefined) {
        this.#lockout.undo(attempt);
        throw new CellError('E_SIGN_IN_CODE', 'six digits are needed besides');
      }
      if (!this.#people.credentials.useCode(name, code))
        throw await this.#refused(person, from, { code: 'E_SIGN_IN', locked });
    }
    this.#lockout.right(attempt);
  }

  /** The refusal, once it stands in the chronicle. A name that nobody has may be a password: it is not kept. */
  async #refused(
    person: Person | undefined,
    from: From,
    { code, locked }: { readonly code: Code; readonly locked: boolean },
  ): Promise<CellError> {
    const who = person === undefined ? 'a name that nobody has' : person.name;
    const subject = person === undefined ? {} : { subject: person.name };
    const body = { ...subject, code, change: whereOf(from) };
    await this.#people.keep(stranger, {
      event: 'refused',
      ...body,
      text: `a sign-in as ${who} was wrong`,
    });
    if (locked) {
      const text = `too many wrong sign-ins: ${who} or ${from.address} is locked`;
      await this.#people.keep(stranger, { event: 'locked-out', ...body, text });
    }
    return new CellError(code, 'nobody was signed in');
  }

  async #begin(
    name: string,
    { kind, address, panel }: Pick<SessionPlan, 'kind' | 'address' | 'panel'>,
    by: ProvedBy,
  ): Promise<Begun> {
    const actor: Actor = `user:${name}`;
    const { store } = this.#people;
    const before = store.secret(name, 'password')?.check;
    const change = { by, kind, ...whereOf({ address, panel }) };
    const text = `${actor} signed in by ${by}`;
    await this.#people.keep(actor, { event: 'signed-in', change, text });
    const [now, after] = [store.find(name), store.secret(name, 'password')?.check];
    const same = before !== undefined && after !== undefined && Buffer.from(before).equals(after);
    // Disabled, removed or given another password while the record was written.
    if (now === undefined || now.disabled || !same)
      throw new CellError('E_SIGN_IN', 'nobody was signed in');
    return this.#people.sessions.begin({ actor, name, kind, address, panel, by });
  }
}

const whereOf = ({ address, panel }: Pick<From, 'address' | 'panel'>) => ({
  from: panel ? 'the cell’s own machine' : address,
});

const linkUsed = (): CellError => new CellError('E_LINK_USED', 'the link is void');
