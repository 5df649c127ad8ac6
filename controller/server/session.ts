// Sessions: a cookie of 256 bits that a one-time link was traded for. Kept as hashes in the data directory,
// so that a station which starts again still knows who is signed in.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { Actor } from '#contract/actor.ts';
import { hours } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import type { Principal } from '#contract/people.ts';
import { consolePrincipal } from '#controller/people/console-principal.ts';
import { hashOf, makeSecret, secretForm } from './secret.ts';

const lifetime = hours(12);
/** Beyond it the session that began first ends. */
const sessionLimit = 64;

const Kept = z.array(z.strictObject({ hash: z.string(), actor: Actor, until: z.number() }));

/** Who is signed in, by cookie. */
export class Sessions {
  readonly #clock: Clock;
  readonly #file: string;
  readonly #cookie: string;
  readonly #kept = new Map<string, { readonly actor: Actor; readonly until: number }>();

  /** Cookies know no port, so the name carries it: two cells on one machine keep apart. */
  constructor(clock: Clock, data: string, port: number) {
    this.#clock = clock;
    this.#file = join(data, 'sessions.json');
    this.#cookie = `rebe-${port}`;
    for (const { hash, actor, until } of readKept(this.#file)) {
      this.#kept.set(hash, { actor, until });
    }
  }

  /** Begins a session; the text of its `Set-Cookie`. */
  begin(actor: Actor): string {
    const token = makeSecret();
    this.#kept.set(hashOf(token), { actor, until: this.#clock.time() + lifetime });
    this.#drop();
    this.#keep();
    const age = lifetime / 1000;
    return `${this.#cookie}=${token}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict`;
  }

  /** Who a request's `Cookie` header stands for; null when nobody is signed in. */
  principalOf(header: string | undefined): Principal | null {
    const token = new RegExp(`(?:^|; )${this.#cookie}=(${secretForm})(?:;|$)`).exec(
      header ?? '',
    )?.[1];
    if (token === undefined) return null;
    const hash = hashOf(token);
    const session = this.#kept.get(hash);
    if (session === undefined || session.until <= this.#clock.time()) return null;
    return consolePrincipal(session.actor, hash.slice(0, 16), session.until - lifetime);
  }

  #drop(): void {
    const now = this.#clock.time();
    for (const [hash, { until }] of this.#kept) {
      if (until <= now || this.#kept.size > sessionLimit) this.#kept.delete(hash);
    }
  }

  #keep(): void {
    const kept = [...this.#kept].map(([hash, session]) => ({ hash, ...session }));
    writeFileSync(`${this.#file}.new`, JSON.stringify(kept), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}

/** A file that cannot be read signs everybody out; nothing else depends on it. */
function readKept(file: string): z.infer<typeof Kept> {
  try {
    return Kept.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return [];
  }
}
