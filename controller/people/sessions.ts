// Sessions, and the browsers in which a person used the password: who they are, when they end. A secret is kept as its
// hash alone, in a file of its own, so that a station which starts again still knows who is signed in.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { Actor } from '#contract/actor.ts';
import { hours, milliseconds, minutes, seconds } from '#contract/time.ts';
import type { Cancel, Clock, Duration } from '#contract/time.ts';
import { hashOf, makeSecret } from '#controller/server/secret.ts';

/** However busy, a session ends; and so long a PIN is good where the password was used. */
export const sessionLife = hours(12);
/** A terminal is locked by its own system; it may think for longer than a panel. */
const cliIdle = minutes(30);
/** Beyond it the session, or the browser, that began first is forgotten. */
const sessionLimit = 256;
const browserLimit = 256;
/** What changes often is written this seldom. */
const writePace = seconds(30);

const Session = z.strictObject({
  id: z.string(),
  hash: z.string(),
  actor: Actor,
  /** The person; absent for whoever came by a link. */
  name: z.string().optional(),
  kind: z.enum(['page', 'cli']),
  panel: z.boolean(),
  address: z.string(),
  began: z.number(),
  proved: z.number(),
  /** When it was last proved by password, or by a link; 0: never. */
  password: z.number(),
  used: z.number(),
  ends: z.number(),
});
export type Session = Readonly<z.infer<typeof Session>>;
const Browser = z.strictObject({ hash: z.string(), name: z.string(), until: z.number() });
const File = z.strictObject({ sessions: z.array(Session), browsers: z.array(Browser) });

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
  readonly #sessions = new Map<string, z.infer<typeof Session>>();
  /** By the hash of what a browser keeps, and the name. */
  #browsers: z.infer<typeof Browser>[];
  #due: { readonly at: number; readonly cancel: Cancel } | undefined;
  #written = 0;

  /** `idle`: so long a page may be left alone. `ended` hears of those that end by themselves. */
  constructor(clock: Clock, data: string, idle: Duration, ended: Ended) {
    this.#clock = clock;
    this.#file = join(data, 'sessions.json');
    this.#idle = idle;
    this.#ended = ended;
    const { sessions, browsers } = readKept(this.#file);
    for (const session of sessions) this.#sessions.set(session.hash, session);
    this.#browsers = browsers;
    this.#watch();
  }

  begin({ by, ...plan }: SessionPlan): { readonly secret: string; readonly session: Session } {
    const secret = makeSecret();
    const hash = hashOf(secret);
    const now = this.#clock.time();
    const password = by === 'PIN' ? 0 : now;
    const times = { began: now, proved: now, password, used: now, ends: now + sessionLife };
    const session = { ...plan, ...times, id: hash.slice(0, 16), hash };
    this.#sessions.set(hash, session);
    const oldest = this.#sessions.values().next().value;
    if (this.#sessions.size > sessionLimit && oldest !== undefined) {
      this.#sessions.delete(oldest.hash);
      this.#ended(oldest, 'over');
    }
    this.#write();
    return { secret, session };
  }

  /** The session of a secret, while it lasts. */
  find(secret: string): Session | undefined {
    const session = this.#sessions.get(hashOf(secret));
    return session !== undefined && this.#endOf(session) > this.#clock.time() ? session : undefined;
  }

  get(id: string): Session | undefined {
    return this.list().find((session) => session.id === id);
  }

  list(): readonly Session[] {
    const now = this.#clock.time();
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
    session.used = this.#clock.time();
    if (this.#clock.now() - this.#written >= writePace) this.#write();
  }

  /** It proved again who it is. */
  prove(id: string, by: ProvedBy): void {
    const session = this.#live(id);
    if (session === undefined) return;
    session.proved = this.#clock.time();
    session.used = session.proved;
    if (by === 'password') session.password = session.proved;
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
    const now = this.#clock.time();
    return this.#browsers
      .filter(({ hash, until }) => hash === browser && until > now)
      .map(({ name }) => name);
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
    const now = this.#clock.time();
    this.#browsers = this.#browsers
      .filter((one) => one.until > now && !(one.hash === hash && one.name === name))
      .slice(1 - browserLimit);
    this.#browsers.push({ hash, name, until: now + sessionLife });
    this.#write();
  }

  #live(id: string): z.infer<typeof Session> | undefined {
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
    const wait = Math.max(0, next - this.#clock.time()) + 1;
    this.#due = { at: next, cancel: this.#clock.after(milliseconds(wait), () => this.#sweep()) };
  }

  #sweep(): void {
    this.#due = undefined;
    const now = this.#clock.time();
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
    const kept = { sessions: [...this.#sessions.values()], browsers: this.#browsers };
    try {
      writeFileSync(`${this.#file}.new`, JSON.stringify(kept), { mode: 0o600 });
      renameSync(`${this.#file}.new`, this.#file);
    } catch {
      // The next one tries again.
    }
  }
}

/** A file that cannot be read signs everybody out; nothing else depends on it. */
function readKept(file: string): z.infer<typeof File> {
  try {
    return File.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return { sessions: [], browsers: [] };
  }
}
