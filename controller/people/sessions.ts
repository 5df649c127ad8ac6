// Sessions, and the browsers in which a person used the password: who they are, when they end. A secret is kept as its
// hash alone, in a file of its own, so that a station which starts again still knows who is signed in.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { Actor } from '#contract/actor.ts';
import { hours, instant, milliseconds, minutes, seconds } from '#contract/time.ts';
import type { Cancel, Clock, Duration, Instant } from '#contract/time.ts';
import { hashOf, makeSecret } from '#controller/server/secret.ts';
import { sourceOf } from '#controller/source.ts';

/** However busy, a session ends; and so long a PIN is good where the password was used. */
export const sessionLife = hours(12);
/** A terminal is locked by its own system; it may think for longer than a panel. */
const cliIdle = minutes(30);
/** Beyond it the session, or the browser, that began first is forgotten: of one person, and of all. */
export const sessionLimitEach = 16;
const sessionLimit = 256;
const browserLimit = 256;
/** What changes often is written this seldom. */
const writePace = seconds(30);

/** Of a clock that was set back while station was away nobody knows what it says: beyond this, nothing kept counts. */
const clockSlack = minutes(1);
/** From where somebody signed in is known for so long, and so many of them. */
const sourceLife = hours(30 * 24);
const sourceLimit = 256;

/**
 * A session. Its times are those of the monotonic clock, so that a wall clock that is set neither keeps it nor ends
 * it; `Sessions.timeOf` tells them to people.
 */
export interface Session {
  readonly id: string;
  readonly hash: string;
  readonly actor: Actor;
  /** The person; absent for whoever came by a link. */
  readonly name?: string | undefined;
  readonly kind: 'page' | 'cli';
  readonly panel: boolean;
  readonly address: string;
  readonly began: Instant;
  readonly proved: Instant;
  /** When it was last proved by password, or by a link; undefined: never. */
  readonly password: Instant | undefined;
  readonly used: Instant;
  readonly ends: Instant;
}
interface Browser {
  readonly hash: string;
  readonly name: string;
  readonly until: Instant;
}

/** What proves a person; a link proves whoever can write in the data directory. */
export type ProvedBy = 'password' | 'PIN' | 'link';
export type SessionPlan = Pick<Session, 'actor' | 'name' | 'kind' | 'panel' | 'address'> & {
  readonly by: ProvedBy;
};
type Ended = (session: Session, why: 'idle' | 'over') => void;

export class Sessions {
  readonly #clock: Clock;
  readonly #file: string;
  readonly #idle: Duration;
  readonly #ended: Ended;
  readonly #sessions = new Map<string, Session>();
  /** By the hash of what a browser keeps, and the name. */
  #browsers: readonly Browser[];
  /** Where somebody signed in from, the last at the end. */
  #sources: readonly Source[];
  #due: { readonly at: number; readonly cancel: Cancel } | undefined;
  #written = 0;

  /** `idle`: so long a page may be left alone. `ended` hears of those that end by themselves. */
  constructor(clock: Clock, data: string, idle: Duration, ended: Ended) {
    this.#clock = clock;
    this.#file = join(data, 'sessions.json');
    this.#idle = idle;
    this.#ended = ended;
    const kept = readKept(this.#file);
    for (const session of kept.sessions.flatMap((one) => this.#back(one)))
      this.#sessions.set(session.hash, session);
    this.#browsers = kept.browsers.map((one) => ({ ...one, until: this.#endAt(one.until) }));
    this.#sources = kept.sources;
    this.#watch();
  }

  begin({ by, ...plan }: SessionPlan): { readonly secret: string; readonly session: Session } {
    const secret = makeSecret();
    const hash = hashOf(secret);
    const now = this.#clock.now();
    const password = by === 'PIN' ? undefined : now;
    const ends = instant(now + sessionLife);
    const times = { began: now, proved: now, password, used: now, ends };
    const session = { ...plan, ...times, id: hash.slice(0, 16), hash };
    this.#sessions.set(hash, session);
    this.#know(plan.address);
    const all = [...this.#sessions.values()];
    const own = all.filter(({ actor }) => actor === plan.actor);
    // Who signs in without end ends their own first, and nobody else's.
    const over = own.length > sessionLimitEach ? own[0] : undefined;
    const oldest = over ?? (all.length > sessionLimit ? all[0] : undefined);
    if (oldest !== undefined) {
      this.#sessions.delete(oldest.hash);
      this.#ended(oldest, 'over');
    }
    this.#write();
    return { secret, session };
  }

  /** The session of a secret, while it lasts. */
  find(secret: string): Session | undefined {
    const session = this.#sessions.get(hashOf(secret));
    return session !== undefined && this.#endOf(session) > this.#clock.now() ? session : undefined;
  }

  get(id: string): Session | undefined {
    return this.list().find((session) => session.id === id);
  }

  list(): readonly Session[] {
    const now = this.#clock.now();
    return [...this.#sessions.values()].filter((session) => this.#endOf(session) > now);
  }

  /** Without a hand on it, it ends after so long; undefined: it does not. */
  idleOf({ name, kind }: Pick<Session, 'name' | 'kind'>): Duration | undefined {
    if (name === undefined) return undefined;
    return kind === 'cli' ? cliIdle : this.#idle;
  }

  /** A hand was on it. */
  touch(id: string): void {
    const session = this.#live(id);
    if (session === undefined) return;
    this.#sessions.set(session.hash, { ...session, used: this.#clock.now() });
    if (this.#clock.now() - this.#written >= writePace) this.#write();
  }

  /** It proved again who it is. */
  prove(id: string, by: ProvedBy): void {
    const session = this.#live(id);
    if (session === undefined) return;
    const now = this.#clock.now();
    const password = by === 'password' ? now : session.password;
    this.#sessions.set(session.hash, { ...session, proved: now, used: now, password });
    this.#write();
  }

  /** A sign-in asks more from now on: what was given in the other sessions of this person was not all of it. */
  unprove(name: string, but: string): void {
    for (const session of this.#sessions.values())
      if (session.name === name && session.id !== but)
        this.#sessions.set(session.hash, { ...session, password: undefined });
    this.#write();
  }

  end(id: string): void {
    const session = this.#live(id);
    if (session === undefined) return;
    this.#sessions.delete(session.hash);
    this.#write();
  }

  /** The password was used in a browser: `known` is its hash, where it has one. Its new secret, else. */
  remember(name: string, known: string | undefined): string | undefined {
    if (known !== undefined) {
      this.#see(name, known);
      return undefined;
    }
    const secret = makeSecret();
    this.#see(name, hashOf(secret));
    return secret;
  }

  /** Who used the password in this browser within the last 12 h. */
  rememberedIn(browser: string | undefined): readonly string[] {
    const now = this.#clock.now();
    return this.#browsers
      .filter(({ hash, until }) => hash === browser && until > now)
      .map(({ name }) => name);
  }

  /** Whether somebody signed in from there, or in that browser, lately. */
  knows({ address, browser }: { readonly address: string; readonly browser?: string | undefined }) {
    if (this.rememberedIn(browser).length > 0) return true;
    const source = sourceOf(address);
    const now = this.#clock.time();
    return this.#sources.some((one) => one.source === source && one.until > now);
  }

  /** UTC ms of a moment of a session, by the wall clock as it is now. */
  timeOf(moment: Instant): number {
    return Math.round(this.#clock.time() + (moment - this.#clock.now()));
  }

  /** No browser has seen this person. */
  forget(name: string): void {
    this.#browsers = this.#browsers.filter((one) => one.name !== name);
    this.#write();
  }

  close(): void {
    this.#due?.cancel();
    this.#write();
  }

  #see(name: string, hash: string): void {
    const now = this.#clock.now();
    const living = this.#browsers.filter(
      (one) => one.until > now && !(one.hash === hash && one.name === name),
    );
    const over = living.filter((one) => one.name === name).slice(0, 1 - sessionLimitEach);
    const others = living.filter((one) => !over.includes(one)).slice(1 - browserLimit);
    this.#browsers = [...others, { hash, name, until: instant(now + sessionLife) }];
    this.#write();
  }

  /** For days, and it opens nothing: the wall clock is good enough. */
  #know(address: string): void {
    const source = sourceOf(address);
    const now = this.#clock.time();
    const others = this.#sources
      .filter((one) => one.until > now && one.source !== source)
      .slice(1 - sourceLimit);
    this.#sources = [...others, { source, until: now + sourceLife }];
  }

  #instantOf(time: number): Instant {
    return instant(this.#clock.now() + (time - this.#clock.time()));
  }

  /** However the wall clock was set meanwhile, nothing lasts longer than from now on. */
  #endAt(time: number): Instant {
    return instant(Math.min(this.#instantOf(time), this.#clock.now() + sessionLife));
  }

  /** As an earlier life of station left it: nothing of it lies ahead, but where it ends. */
  #back({ began, proved, password, used, ends, ...rest }: KeptSession): Session[] {
    const [time, now] = [this.#clock.time(), this.#clock.now()];
    if (Math.max(began, proved, password ?? 0, used) > time + clockSlack) return [];
    const past = (moment: number): Instant => instant(Math.min(this.#instantOf(moment), now));
    const session = {
      ...rest,
      began: past(began),
      proved: past(proved),
      password: password === undefined ? undefined : past(password),
      used: past(used),
      ends: this.#endAt(ends),
    };
    return [session];
  }

  #live(id: string): Session | undefined {
    return [...this.#sessions.values()].find((session) => session.id === id);
  }

  #endOf(session: Session): number {
    return Math.min(session.ends, session.used + (this.idleOf(session) ?? sessionLife));
  }

  /** One timer, for the session that ends next as it is used now. */
  #watch(): void {
    const next = Math.min(...[...this.#sessions.values()].map((one) => this.#endOf(one)));
    if (this.#due !== undefined && this.#due.at <= next) return;
    this.#due?.cancel();
    this.#due = undefined;
    if (!Number.isFinite(next)) return;
    const wait = Math.max(0, next - this.#clock.now()) + 1;
    this.#due = { at: next, cancel: this.#clock.after(milliseconds(wait), () => this.#sweep()) };
  }

  #sweep(): void {
    this.#due = undefined;
    const now = this.#clock.now();
    const over = [...this.#sessions.values()].filter((session) => this.#endOf(session) <= now);
    for (const session of over) this.#sessions.delete(session.hash);
    if (over.length > 0) this.#write();
    for (const session of over) this.#ended(session, session.ends <= now ? 'over' : 'idle');
    this.#watch();
  }

  /** A disk that is full keeps nobody from the machine: sessions are then forgotten with this run. */
  #write(): void {
    this.#watch();
    this.#written = this.#clock.now();
    const time = (moment: Instant): number => this.timeOf(moment);
    const sessions = [...this.#sessions.values()].map((one) => ({
      ...one,
      began: time(one.began),
      proved: time(one.proved),
      password: one.password === undefined ? undefined : time(one.password),
      used: time(one.used),
      ends: time(one.ends),
    }));
    const browsers = this.#browsers.map((one) => ({ ...one, until: time(one.until) }));
    const kept = { sessions, browsers, sources: this.#sources };
    try {
      writeFileSync(`${this.#file}.new`, JSON.stringify(kept), { mode: 0o600 });
      renameSync(`${this.#file}.new`, this.#file);
    } catch {
      // The next one tries again.
    }
  }
}

// What is kept for the next life of station, whose monotonic clock is another: in UTC ms.
const KeptSession = z.strictObject({
  id: z.string(),
  hash: z.string(),
  actor: Actor,
  name: z.string().optional(),
  kind: z.enum(['page', 'cli']),
  panel: z.boolean(),
  address: z.string(),
  began: z.number(),
  proved: z.number(),
  password: z.number().optional(),
  used: z.number(),
  ends: z.number(),
});
type KeptSession = z.infer<typeof KeptSession>;
const Source = z.strictObject({ source: z.string(), until: z.number() });
type Source = z.infer<typeof Source>;
const Kept = z.strictObject({
  sessions: z.array(KeptSession),
  browsers: z.array(z.strictObject({ hash: z.string(), name: z.string(), until: z.number() })),
  sources: z.array(Source),
});

/** A file that cannot be read signs everybody out; nothing else depends on it. */
function readKept(file: string): z.infer<typeof Kept> {
  try {
    return Kept.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return { sessions: [], browsers: [], sources: [] };
  }
}
