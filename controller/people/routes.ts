// The routes about people, bound to what they do. Who may ask a route at all is judged before; what depends on whom it
// is asked about, here.
import { CellError } from '#contract/error.ts';
import type { Principal } from '#contract/people.ts';
import * as routes from '#contract/people-routes.ts';
import type { Me, PersonView, SessionRow } from '#contract/people-routes.ts';
import { panelActor } from '#controller/server/acts.ts';
import { serve, signedIn } from '#controller/server/routes.ts';
import type { Asked, Served } from '#controller/server/routes.ts';
import type { Cookies } from '#controller/server/session.ts';
import type { Route } from '#contract/api.ts';
import type { Instant } from '#contract/time.ts';
import { Changes } from './changes.ts';
import type { People } from './people.ts';
import { SignIn } from './sign-in.ts';
import type { Begun, From } from './sign-in.ts';
import { sessionLife } from './sessions.ts';
import type { Session } from './sessions.ts';
import type { Person } from './store.ts';
import { Tokens } from './tokens.ts';
import { factorUri, base32 } from './totp.ts';

type Any = Pick<Asked<Route>, 'guest' | 'address' | 'cookie'>;

/** One for each station. */
export class PeopleDoor {
  readonly #people: People;
  readonly #cookies: Cookies;
  readonly #cell: () => string | undefined;
  readonly #changes: Changes;
  readonly #tokens: Tokens;
  readonly signIn: SignIn;
  readonly routes: readonly Served[];

  /** `cell`: its name, for second factors; undefined while control was never heard. */
  constructor(
    people: People,
    cookies: Cookies,
    options: { readonly data: string; readonly cell: () => string | undefined },
  ) {
    this.#people = people;
    this.#cookies = cookies;
    this.#cell = options.cell;
    this.#changes = new Changes(people);
    this.#tokens = new Tokens(people);
    this.signIn = new SignIn(people, options.data);
    this.routes = [
      ...this.#entrance(),
      ...this.#own(),
      ...this.#everybody(),
      ...this.#factors(),
      ...this.#sessions(),
      ...this.#programs(),
    ];
  }

  #entrance(): Served[] {
    const { signIn } = this;
    return [
      serve(routes.openLink, async (asked) => this.#openLink(asked, asked.body.key)),
      serve(routes.signIn, async (asked) =>
        this.#enter(asked, await signIn.withPassword(asked.body, fromOf(asked))),
      ),
      serve(routes.switchTo, async (asked) =>
        this.#enter(asked, await signIn.withPin(asked.body, fromOf(asked))),
      ),
      serve(routes.signOut, async (asked) => {
        const { actor, credential } = signedIn(asked);
        if (this.#people.sessions.get(credential) === undefined)
          throw new CellError('E_SESSION_NONE', 'a token is no session');
        this.#people.endSession(credential);
        asked.cookie(this.#cookies.noSession());
        const text = `${actor} signed out`;
        this.#people.tell('info', actor, { event: 'signed-out', subject: credential, text });
        return {};
      }),
      serve(routes.prove, async (asked) => {
        await signIn.prove(this.#sessionOf(asked), asked.body, fromOf(asked));
        return this.#me(asked, this.#sessionOf(asked));
      }),
      serve(routes.touch, (asked) => {
        this.#people.sessions.touch(signedIn(asked).credential);
        return {};
      }),
    ];
  }

  #own(): Served[] {
    const { signIn } = this;
    return [
      serve(routes.getMe, (asked) => {
        const { principal } = asked.guest;
        const session =
          principal === null ? undefined : this.#people.sessions.get(principal.credential);
        return this.#me(asked, session);
      }),
      serve(routes.setOwnPassword, async (asked) => {
        const { old, password } = asked.body;
        const name = this.#self(asked);
        await signIn.counted(name, fromOf(asked), async () =>
          this.#changes.setPassword(signedIn(asked), name, old, password),
        );
        return this.#me(asked, this.#sessionOf(asked));
      }),
      serve(routes.setOwnPin, async (asked) => {
        const { password, pin } = asked.body;
        const name = this.#self(asked);
        await signIn.counted(name, fromOf(asked), async () =>
          this.#changes.setPin(signedIn(asked), name, password, pin),
        );
        return this.#me(asked, this.#sessionOf(asked));
      }),
      serve(routes.setOwnLanguage, async (asked) => {
        const { language } = asked.body;
        await this.#changes.setLanguage(signedIn(asked), this.#self(asked), language);
        return this.#me(asked, this.#sessionOf(asked));
      }),
    ];
  }

  #everybody(): Served[] {
    return [
      serve(routes.listPeople, () => ({
        people: this.#people.store.people().map((person) => this.#view(person)),
      })),
      serve(routes.addPerson, async (asked) =>
        this.#view(await this.#changes.add(signedIn(asked), asked.body)),
      ),
      serve(routes.changePerson, async (asked) =>
        this.#view(await this.#changes.change(signedIn(asked), asked.params.name, asked.body)),
      ),
      serve(routes.removePerson, async (asked) => {
        await this.#changes.remove(signedIn(asked), asked.params.name);
        return {};
      }),
    ];
  }

  #factors(): Served[] {
    const { signIn } = this;
    return [
      serve(routes.beginFactor, async (asked) => {
        const name = this.#self(asked, asked.params.name);
        const { password } = asked.body;
        const secret = await signIn.counted(name, fromOf(asked), async () =>
          this.#changes.beginFactor(signedIn(asked), name, password),
        );
        const uri = factorUri(secret, this.#cell() ?? 'rebe-cell', name);
        return { uri, secret: base32(secret) };
      }),
      serve(routes.confirmFactor, async (asked) => {
        const name = this.#self(asked, asked.params.name);
        const { code } = asked.body;
        await signIn.counted(name, fromOf(asked), async () =>
          this.#changes.confirmFactor(signedIn(asked), name, code),
        );
        return this.#me(asked, this.#sessionOf(asked));
      }),
      serve(routes.removeFactor, async (asked) => {
        const by = signedIn(asked);
        const { name } = asked.params;
        if (!by.permissions.has('people')) this.#self(asked, name);
        await this.#changes.removeFactor(by, name);
        return {};
      }),
    ];
  }

  #sessions(): Served[] {
    return [
      serve(routes.listSessions, (asked) => {
        const by = signedIn(asked);
        const all = this.#people.sessions.list();
        const seen = all.filter((session) => mayRule(by, session));
        return { sessions: seen.map((session) => this.#row(session, by)) };
      }),
      serve(routes.endSession, async (asked) => {
        const by = signedIn(asked);
        const session = this.#people.sessions.get(asked.params.id);
        if (session === undefined || !mayRule(by, session))
          throw new CellError('E_SESSION_NONE', `no session ${asked.params.id}`);
        const text = `${by.actor} ended a session of ${session.actor}`;
        const event = { event: 'session-ended', subject: session.actor, text } as const;
        await this.#people.keep(by.actor, event);
        this.#people.endSession(session.id);
        return {};
      }),
    ];
  }

  #programs(): Served[] {
    return [
      serve(routes.listTokens, () => ({ tokens: this.#tokens.list() })),
      serve(routes.addToken, async (asked) => this.#tokens.add(signedIn(asked), asked.body)),
      serve(routes.removeToken, async (asked) => {
        await this.#tokens.remove(signedIn(asked), asked.params.id);
        return {};
      }),
    ];
  }

  /** Whoever tries a link that is none is told of, as nobody. */
  async #openLink(asked: Any, key: string): Promise<Record<string, never>> {
    try {
      const { secret } = await this.signIn.withLink(key, { ...fromOf(asked), browser: undefined });
      this.#endHere(asked);
      asked.cookie(this.#cookies.session(secret, sessionLife));
      return {};
    } catch (error) {
      const code = error instanceof CellError ? error.code : 'E_INTERNAL';
      const text = `refused ${code}: a link of the console`;
      this.#people.tell('warn', panelActor, { event: 'refused', code, text });
      throw error;
    }
  }

  /** The session begins in this browser; the one that it had ends. */
  #enter(asked: Any, { session, secret, browser }: Begun): Me {
    this.#endHere(asked);
    asked.cookie(this.#cookies.session(secret, sessionLife));
    if (browser !== undefined) asked.cookie(this.#cookies.browser(browser, sessionLife));
    return this.#me(asked, session);
  }

  /** The session that this browser had; whoever comes now does not leave it behind. */
  #endHere({ guest }: Any): void {
    if (guest.principal !== null) this.#people.endSession(guest.principal.credential);
  }

  /** The session that asks; a token has none. */
  #sessionOf(asked: Any): Session {
    const session = this.#people.sessions.get(signedIn(asked).credential);
    if (session === undefined)
      throw new CellError('E_NOT_ALLOWED', 'this is for people who are signed in, not for tokens');
    return session;
  }

  /** The name of whoever asks; with `name`, only if that is who it is. */
  #self(asked: Any, name?: string): string {
    const own = this.#sessionOf(asked).name;
    if (own === undefined || (name !== undefined && name !== own))
      throw new CellError('E_NOT_ALLOWED', 'only the person may, by password');
    return own;
  }

  #me({ guest }: Any, session: Session | undefined): Me {
    const { sessions, credentials, store, enrolled, notice } = this.#people;
    const now = session === undefined ? guest.principal : this.#people.principalOf(session);
    const person = session?.name === undefined ? undefined : store.find(session.name);
    const idle = session === undefined ? undefined : sessions.idleOf(session);
    const here = sessions.rememberedIn(guest.browser).flatMap((name) => store.find(name) ?? []);
    return {
      actor: now?.actor ?? null,
      ...(person === undefined ? {} : { name: person.name, title: person.title }),
      ...(person?.language === undefined ? {} : { language: person.language }),
      roles: [...(person?.roles ?? [])],
      permissions: [...(now?.permissions ?? [])],
      commands: [...(now?.commands ?? [])],
      ...(session === undefined
        ? {}
        : { session: session.id, ends: sessions.timeOf(session.ends) }),
      ...(now === null ? {} : { proved: now.proved }),
      ...(idle === undefined ? {} : { idle_ms: idle }),
      secondFactor: person !== undefined && credentials.hasFactor(person),
      pin: person !== undefined && store.secret(person.name, 'pin') !== undefined,
      mustChange: person?.temporary === true,
      mustFactor: person !== undefined && this.#people.waitsFor(person) === 'factor',
      ...(notice === undefined ? {} : { notice }),
      enrolled,
      panel: guest.panel,
      switchable: here
        .filter(({ disabled, name }) => !disabled && store.secret(name, 'pin') !== undefined)
        .map(({ name, title }) => ({ name, title })),
    };
  }

  #row({ began, used, ends, ...session }: Session, by: Principal): SessionRow {
    const { id, actor, kind, address, panel } = session;
    const time = (moment: Instant): number => this.#people.sessions.timeOf(moment);
    const times = { began: time(began), used: time(used), ends: time(ends) };
    return { id, actor, kind, ...times, address, panel, own: id === by.credential };
  }

  #view({ name, title, roles, disabled, language, temporary, key, added }: Person): PersonView {
    return {
      name,
      title,
      roles: [...roles],
      disabled,
      ...(language === undefined ? {} : { language }),
      secondFactor: this.#people.credentials.hasFactor({ name }),
      pin: this.#people.store.secret(name, 'pin') !== undefined,
      temporary,
      key,
      added,
    };
  }
}

const fromOf = ({ guest, address }: Any): From => ({
  address,
  panel: guest.panel,
  browser: guest.browser,
});

/** One's own sessions; with the permission `people` everybody's. */
const mayRule = (by: Principal, session: Session): boolean =>
  by.permissions.has('people') || session.actor === by.actor;
