// Who there is at this cell and what they may now: the one place in station that makes principals. What changes of it is
// told at once to whoever holds a connection open.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Actor } from '#contract/actor.ts';
import type { PeopleOptions } from '#contract/cell.ts';
import { CellError, codes } from '#contract/error.ts';
import type { PeopleEvent, Permission, Principal } from '#contract/people.ts';
import { milliseconds, minutes } from '#contract/time.ts';
import type { Cancel, Clock, Duration } from '#contract/time.ts';
import { enrolledFile } from '#controller/enrolled.ts';
import { hashOf } from '#controller/server/secret.ts';
import type { StationLog } from '#controller/server/live.ts';
import type { Records } from '#controller/server/records.ts';
import { Credentials } from './credentials.ts';
import { Lockout } from './lockout.ts';
import type { KeptAttempt } from './lockout.ts';
import {
  consolePrincipal,
  freshProof,
  personPrincipal,
  rightsOfAll,
  tokenPrincipal,
} from './principal.ts';
import { openPepper } from './sealed.ts';
import { Sessions } from './sessions.ts';
import type { Session } from './sessions.ts';
import { PeopleStore } from './store.ts';
import type { Person, Token } from './store.ts';
import { Stretcher } from './stretch.ts';
import type { Cost } from './stretch.ts';

export const usualIdle = minutes(5);
/** A token ends at a date, by the wall clock: so often that is looked at, since a clock can be set. */
const farthest = minutes(1);
/** The use of a token is written this seldom. */
const usedPace = minutes(1);

export interface PeopleDeps {
  readonly data: string;
  readonly records: Pick<Records, 'keep'>;
  readonly log: StationLog;
  /** So long a page may be left alone before its session ends; default 5 min. */
  readonly idle?: Duration;
  /** What the manifest says of signing in. */
  readonly policy?: PeopleOptions | undefined;
  /** What a guess at a password costs; default as it should be. */
  readonly cost?: Cost;
}

/** Hears that a session or token may something else now; null: it is nobody's any more. */
type Changed = (credential: string, principal: Principal | null) => void;

/** One for each station. */
export class People {
  readonly clock: Clock;
  readonly store: PeopleStore;
  readonly credentials: Credentials;
  readonly sessions: Sessions;
  /** Of everything that asks for a password, a PIN or a code. */
  readonly lockout: Lockout;
  readonly #deps: PeopleDeps;
  readonly #listeners = new Set<Changed>();
  #enrolled: boolean;
  #last: Promise<unknown> = Promise.resolve();
  #due: Cancel | undefined;

  /** Throws `E_PEOPLE_STORE`: nobody can be known then. */
  constructor(clock: Clock, deps: PeopleDeps) {
    const { data, idle = usualIdle, cost } = deps;
    this.clock = clock;
    this.#deps = deps;
    this.store = PeopleStore.open(join(data, 'station.db'), clock.time());
    const stretcher = new Stretcher(cost);
    const pepper = openPepper(data);
    this.credentials = new Credentials(clock, this.store, stretcher, pepper);
    this.lockout = new Lockout(clock, {
      kept: this.store.attempts(),
      keep: (attempts) => this.#noteAttempts(attempts),
      veil: (text) => pepper.veil(text),
      isPerson: (name) => this.store.find(name) !== undefined,
    });
    this.sessions = new Sessions(clock, data, idle, (session, why) => this.#over(session, why));
    this.#enrolled = existsSync(enrolledFile(data));
    if (this.store.people().length > 0) this.enrol();
    if (this.store.lost)
      deps.log('warn', 'station.db could not be read and was set aside: people are enrolled anew');
    this.watchTokens();
  }

  /** Somebody is, or was: what can do everything until then never can again. */
  get enrolled(): boolean {
    return this.#enrolled;
  }

  /** From now on people are known here; control reads it too. Before the first of them is written. */
  enrol(): void {
    if (this.#enrolled) return;
    try {
      writeFileSync(enrolledFile(this.#deps.data), '', { mode: 0o600, flush: true });
    } catch (cause) {
      throw new CellError('E_PEOPLE_STORE', 'the data directory takes no file', { cause });
    }
    this.#enrolled = true;
  }

  /** Whose session this is, and what they may now; null: nobody's. */
  principalOf({ id, actor, name, proved: moment }: Session): Principal | null {
    const proved = this.sessions.timeOf(moment);
    if (name === undefined) return consolePrincipal(actor, { id, proved }, this.#enrolled);
    const person = this.store.find(name);
    if (person === undefined) return null;
    const roles = this.waitsFor(person) === undefined ? person.roles : [];
    return personPrincipal({ ...person, roles }, { id, proved });
  }

  /** Whoever holds the secret of a session. */
  bySession(secret: string): Principal | null {
    const session = this.sessions.find(secret);
    return session === undefined ? null : this.principalOf(session);
  }

  /** Whoever holds a token. */
  byToken(secret: string): Principal | null {
    const token = this.store.tokenOfHash(hashOf(secret));
    const principal = token === undefined ? null : this.#ofToken(token);
    if (token === undefined || principal === null) return null;
    const now = this.clock.time();
    if (now - (token.used ?? 0) >= usedPace) this.#noteUse({ ...token, used: now });
    return principal;
  }

  /** A disk that is full keeps no program out: when it was used is then told later. */
  #noteUse(token: Token): void {
    try {
      this.store.putToken(token);
    } catch (error) {
      this.#deps.log('warn', String(error));
    }
  }

  /** A disk that is full keeps nobody out who is right: what is counted is then forgotten with this run. */
  #noteAttempts(attempts: readonly KeptAttempt[]): void {
    try {
      this.store.putAttempts(attempts);
    } catch (error) {
      this.#deps.log('warn', String(error));
    }
  }

  /** What a session or token may now, by its name; null: it is nobody's. */
  find(credential: string): Principal | null {
    const session = this.sessions.get(credential);
    if (session !== undefined) return this.principalOf(session);
    const token = this.store.tokens().find(({ id }) => `token-${id}` === credential);
    return token === undefined ? null : this.#ofToken(token);
  }

  #ofToken(token: Token): Principal | null {
    if (token.ends <= this.clock.time()) return null;
    const owner = token.owner === undefined ? undefined : this.store.find(token.owner);
    // An agent is nobody without whoever it belongs to.
    if (token.owner !== undefined && owner?.disabled !== false) return null;
    return tokenPrincipal(token);
  }

  /** Throws `E_PROOF_OLD` unless the password, or a link, was used in this session within 10 minutes. */
  provedByPassword(by: Principal): void {
    if (this.passwordAge(by) <= freshProof) return;
    throw new CellError('E_PROOF_OLD', `${by.actor} proved itself too long ago`);
  }

  /** What everybody is told before they sign in. */
  get notice(): string | undefined {
    return this.#deps.policy?.notice;
  }

  /** Until when somebody may nothing: until they choose a password, or have the second factor that a role asks for. */
  waitsFor(person: Person): 'password' | 'factor' | undefined {
    if (person.temporary) return 'password';
    const asked = this.#deps.policy?.secondFactor.some((role) => person.roles.includes(role));
    return asked === true && !this.credentials.hasFactor(person) ? 'factor' : undefined;
  }

  /** As a full shell asks for. Throws `E_FACTOR_NONE`, and `E_PROOF_OLD` unless all of a sign-in was given within `span`. */
  provedByFactor(by: Principal, span: Duration): void {
    const name = this.sessions.get(by.credential)?.name;
    if (name === undefined || !this.credentials.hasFactor({ name }))
      throw new CellError('E_FACTOR_NONE', `${by.actor} has no second factor`);
    if (this.passwordAge(by) <= span) return;
    throw new CellError('E_PROOF_OLD', `${by.actor} proved itself too long ago`);
  }

  /** How long ago all that a sign-in asks was last given in this session; infinite: never, as by PIN or token. */
  passwordAge({ credential }: Pick<Principal, 'credential'>): number {
    const moment = this.sessions.get(credential)?.password;
    return moment === undefined ? Number.POSITIVE_INFINITY : this.clock.now() - moment;
  }

  /** Somebody enrolled who may sign in: the key, and what the roles may. Undefined: nobody is, or not any more. */
  approver(
    actor: Actor,
  ): { readonly key: string; readonly permissions: ReadonlySet<Permission> } | undefined {
    const person = actor.startsWith('user:') ? this.store.find(actor.slice(5)) : undefined;
    if (person === undefined || person.disabled) return undefined;
    if (this.waitsFor(person) !== undefined) return undefined;
    return { key: person.key, permissions: rightsOfAll(person.roles).permissions };
  }

  /** `hear` is told of each session or token that may something else from now on. */
  onChanged(hear: Changed): Cancel {
    this.#listeners.add(hear);
    return () => void this.#listeners.delete(hear);
  }

  /** Sessions of this person, or of all, are judged anew. */
  rejudge(name?: string): void {
    for (const session of this.sessions.list())
      if (name === undefined || session.name === name) this.#tell(session.id);
    for (const { id, owner } of this.store.tokens())
      if (name === undefined || owner === name) this.#tell(`token-${id}`);
  }

  /** A session ends now, and whatever hangs on it. */
  endSession(id: string): void {
    this.sessions.end(id);
    this.#tell(id);
  }

  /** Whoever holds on to a token is told when it ends. */
  watchTokens(): void {
    this.#due?.();
    this.#due = undefined;
    const now = this.clock.time();
    const living = this.store.tokens().filter((token) => token.ends > now);
    if (living.length === 0) return;
    const first = Math.min(...living.map(({ ends }) => ends));
    const wait = Math.min(Math.max(1, first - now), farthest);
    this.#due = this.clock.after(milliseconds(wait), () => {
      const time = this.clock.time();
      for (const { id, ends } of living) if (ends <= time) this.#tell(`token-${id}`);
      this.#watchAgain();
    });
  }

  /** From a timer, where nobody hears of a database that fails: it is asked again in a minute. */
  #watchAgain(): void {
    try {
      this.watchTokens();
    } catch {
      this.#due = this.clock.after(minutes(1), () => this.#watchAgain());
    }
  }

  /** A token is nobody's from now on. */
  endToken(id: string): void {
    this.store.removeToken(id);
    this.#tell(`token-${id}`);
  }

  /** Resolves when it is in the chronicle. Throws the code of why it is not known to be. */
  async keep(actor: Actor, body: PeopleEvent): Promise<void> {
    const problem = await this.#deps.records.keep({ actor, body });
    if (problem !== undefined) throw new CellError(problem, codes[problem].meaning);
  }

  /** One change of people at a time: what one was judged by is still so when it is done. */
  async alone<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(run);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** What people at the machine should see, besides the record. */
  say(text: string): void {
    this.#deps.log('warn', text);
  }

  /** Of what happened and nobody waits for. */
  tell(level: 'info' | 'warn', actor: Actor, body: PeopleEvent): void {
    this.#deps.log(level, body.text, { actor, body });
  }

  close(): void {
    this.#due?.();
    this.sessions.close();
    this.store.close();
  }

  #tell(credential: string): void {
    const principal = this.#findOrNobody(credential);
    for (const hear of this.#listeners) hear(credential, principal);
  }

  /** A database that cannot be read knows nobody: what hangs on the credential ends. */
  #findOrNobody(credential: string): Principal | null {
    try {
      return this.find(credential);
    } catch {
      return null;
    }
  }

  #over({ id, actor }: Session, why: 'idle' | 'over'): void {
    const text = why === 'idle' ? `${actor} left the page alone` : `a session of ${actor} is over`;
    this.tell('info', actor, { event: 'session-ended', code: why, subject: id, text });
    this.#tell(id);
  }
}
