// Changes of people and tokens: one at a time, judged, in the chronicle, then in `station.db`, then told to every
// session that it concerns. No cell is left without an administrator who can sign in.
import type { Actor } from '#contract/actor.ts';
import { CellError } from '#contract/error.ts';
import type { PeopleEvent, Role } from '#contract/people.ts';
import type { Principal } from '#contract/people.ts';
import type { People } from './people.ts';
import { peopleLimit } from './store.ts';
import type { Person } from './store.ts';
import { isWeak } from './weak.ts';

/** What a person is enrolled with. */
export interface NewPerson {
  readonly name: string;
  readonly title?: string | undefined;
  readonly roles: readonly Role[];
  readonly password: string;
  readonly temporary: boolean;
  readonly language?: string | undefined;
}

/** What of a person becomes something else. */
export interface PersonChange {
  readonly title?: string | undefined;
  readonly roles?: readonly Role[] | undefined;
  readonly disabled?: boolean | undefined;
  readonly language?: string | undefined;
  readonly password?: string | undefined;
  readonly temporary: boolean;
}

/** One for each station. Each method throws what refuses it, before anything was changed. */
export class Changes {
  readonly #people: People;

  constructor(people: People) {
    this.#people = people;
  }

  /** Throws `E_PERSON_EXISTS`, `E_PERSON_LAST`, `E_PASSWORD_WEAK`, `E_PROOF_OLD`. */
  async add(by: Principal, plan: NewPerson): Promise<Person> {
    const { name, roles, password, temporary, language, title = name } = plan;
    strong(password, name);
    return this.#ruling(by, async () => {
      const all = this.#people.store.people();
      if (all.some((person) => person.name === name))
        throw new CellError('E_PERSON_EXISTS', `${name} is enrolled`);
      if (all.length >= peopleLimit)
        throw new CellError(
          'E_PERSON_EXISTS',
          `${peopleLimit} people are enrolled, and no more can be`,
        );
      if (!all.some(isAdmin) && !roles.includes('admin'))
        throw new CellError('E_PERSON_LAST', 'the first person must be an administrator');
      const { key, secret } = await this.#people.credentials.fresh(name, password);
      const added = this.#people.clock.time();
      const rest = { roles: unique(roles), disabled: false, language, temporary, key, added };
      const person: Person = { name, title, ...rest };
      await this.#keep(by.actor, {
        event: this.#people.enrolled ? 'person-added' : 'enrolled',
        subject: name,
        change: { roles: unique(roles), key },
        text: `${by.actor} enrolled ${name} as ${roles.join(', ')}`,
      });
      this.#people.enrol();
      this.#people.store.together(() => {
        this.#people.store.put(person);
        this.#people.store.putSecret(name, 'password', secret);
      });
      // Whoever came by a link may no longer do everything.
      this.#people.rejudge();
      return person;
    });
  }

  /** Throws `E_PERSON_NONE`, `E_PERSON_LAST`, `E_PASSWORD_WEAK`, `E_PROOF_OLD`. */
  async change(by: Principal, name: string, plan: PersonChange): Promise<Person> {
    const { password } = plan;
    if (password !== undefined) strong(password, name);
    return this.#ruling(by, async () => {
      const before = this.#find(name);
      const fresh =
        password === undefined ? undefined : await this.#people.credentials.fresh(name, password);
      const person: Person = {
        ...before,
        title: plan.title ?? before.title,
        roles: unique(plan.roles ?? before.roles),
        disabled: plan.disabled ?? before.disabled,
        language: plan.language ?? before.language,
        temporary: fresh === undefined ? before.temporary : plan.temporary,
        key: fresh?.key ?? before.key,
      };
      this.#notLast(before, person);
      const change = changeOf(before, person);
      const what = [...Object.keys(change), ...(fresh === undefined ? [] : ['password'])].join(
        ', ',
      );
      await this.#keep(by.actor, {
        event: 'person-changed',
        subject: name,
        change,
        text: `${by.actor} changed of ${name}: ${what === '' ? 'nothing' : what}`,
      });
      this.#people.store.together(() => {
        this.#people.store.put(person);
        if (fresh === undefined) return;
        this.#people.store.putSecret(name, 'password', fresh.secret);
        this.#people.store.removeSecret(name, 'pin');
      });
      if (fresh !== undefined || person.disabled) this.#endAll(name, by.credential);
      this.#people.rejudge(name);
      return person;
    });
  }

  /** Throws `E_PERSON_NONE`, `E_PERSON_LAST`, `E_PROOF_OLD`. */
  async remove(by: Principal, name: string): Promise<void> {
    return this.#ruling(by, async () => {
      const before = this.#find(name);
      this.#notLast(before, undefined);
      const text = `${by.actor} removed ${name}`;
      await this.#keep(by.actor, { event: 'person-removed', subject: name, text });
      const agents = this.#people.store.tokens().filter(({ owner }) => owner === name);
      this.#people.store.remove(name);
      for (const { id } of agents) this.#people.endToken(id);
      this.#endAll(name, undefined);
    });
  }

  /** One's own password. Throws `E_SIGN_IN`, `E_PASSWORD_WEAK`. */
  async setPassword(by: Principal, name: string, old: string, password: string): Promise<void> {
    strong(password, name);
    if (password === old) throw new CellError('E_PASSWORD_WEAK', 'it is the same as before');
    return this.#people.alone(async () => {
      const person = this.#find(name);
      const next = { kind: 'password', secret: password } as const;
      const secret = await this.#people.credentials.again(name, old, next);
      if (secret === undefined) throw new CellError('E_SIGN_IN', 'it is not the old password');
      const text = `${by.actor} chose a new password`;
      await this.#keep(by.actor, { event: 'person-changed', subject: name, text });
      this.#people.store.together(() => {
        this.#people.store.putSecret(name, 'password', secret);
        this.#people.store.removeSecret(name, 'pin');
        this.#people.store.put({ ...person, temporary: false });
      });
      this.#endAll(name, by.credential);
      this.#people.sessions.prove(by.credential, 'password');
      this.#people.rejudge(name);
    });
  }

  /** One's own PIN; null removes it. Throws `E_SIGN_IN`, `E_PASSWORD_WEAK`. */
  async setPin(by: Principal, name: string, password: string, pin: string | null): Promise<void> {
    if (pin !== null) strong(pin, name);
    return this.#people.alone(async () => {
      const { credentials, store } = this.#people;
      const next = pin === null ? undefined : ({ kind: 'pin', secret: pin } as const);
      const secret = next && (await credentials.again(name, password, next));
      const right = next === undefined ? await credentials.prove(name, { password }) : secret;
      if (right === undefined || right === false)
        throw new CellError('E_SIGN_IN', 'it is not the password');
      const text = `${by.actor} ${pin === null ? 'removed the' : 'set a'} PIN`;
      await this.#keep(by.actor, { event: 'person-changed', subject: name, text });
      if (secret === undefined) store.removeSecret(name, 'pin');
      else store.putSecret(name, 'pin', secret);
    });
  }

  async setLanguage(by: Principal, name: string, language: string): Promise<void> {
    return this.#people.alone(async () => {
      const person = this.#find(name);
      const text = `${by.actor} chose ${language} as language`;
      const change = { language: [person.language ?? null, language] };
      await this.#keep(by.actor, { event: 'person-changed', subject: name, change, text });
      this.#people.store.put({ ...person, language });
    });
  }

  /** The secret of a new second factor of one's own, that counts once it is confirmed. Throws `E_SIGN_IN`. */
  async beginFactor(by: Principal, name: string, password: string): Promise<Uint8Array> {
    return this.#people.alone(async () => {
      const { credentials } = this.#people;
      if (credentials.hasFactor({ name }))
        throw new CellError('E_PERSON_EXISTS', `${name} has a second factor: remove it first`);
      if (!(await credentials.prove(name, { password })))
        throw new CellError('E_SIGN_IN', 'it is not the password');
      const text = `${by.actor} began a second factor`;
      await this.#keep(by.actor, { event: 'person-changed', subject: name, text });
      return credentials.beginFactor(name);
    });
  }

  /** Throws `E_SIGN_IN` when the code is not right. */
  async confirmFactor(by: Principal, name: string, code: string): Promise<void> {
    return this.#people.alone(async () => {
      const { credentials, store } = this.#people;
      if (!credentials.useCode(name, code))
        throw new CellError('E_SIGN_IN', 'it is not the code of now, or it was used');
      const text = `${by.actor} has a second factor from now on`;
      await this.#keep(by.actor, { event: 'person-changed', subject: name, text });
      const factor = store.factor(name);
      if (factor !== undefined) store.putFactor(name, { ...factor, confirmed: true });
      this.#people.sessions.unprove(name, by.credential);
      // A role may have waited for it.
      this.#people.rejudge(name);
    });
  }

  /** Throws `E_PERSON_NONE`, `E_PROOF_OLD`. */
  async removeFactor(by: Principal, name: string): Promise<void> {
    const own = by.actor === `user:${name}`;
    if (own) this.#fresh(by);
    const run = async (): Promise<void> => {
      this.#find(name);
      const text = `${by.actor} removed the second factor of ${name}`;
      await this.#keep(by.actor, { event: 'person-changed', subject: name, text });
      this.#people.store.removeFactor(name);
      this.#people.rejudge(name);
    };
    return own ? this.#people.alone(run) : this.#ruling(by, run);
  }

  /** A change of others, by somebody who may rule over people when its turn comes. */
  async #ruling<T>(by: Principal, run: () => Promise<T>): Promise<T> {
    return this.#people.alone(async () => {
      const now = this.#people.find(by.credential);
      if (now === null) throw new CellError('E_NOT_SIGNED_IN', `${by.actor} is signed out`);
      if (!now.permissions.has('people')) throw new CellError('E_NOT_ALLOWED', by.actor);
      this.#fresh(now);
      return run();
    });
  }

  /** By password: a PIN is for quick things. Before anybody is enrolled there is nothing to prove with. */
  #fresh(by: Principal): void {
    if (this.#people.enrolled) this.#people.provedByPassword(by);
  }

  #find(name: string): Person {
    const person = this.#people.store.find(name);
    if (person === undefined) throw new CellError('E_PERSON_NONE', `nobody is called ${name}`);
    return person;
  }

  async #keep(actor: Actor, body: PeopleEvent): Promise<void> {
    await this.#people.keep(actor, body);
  }

  /** Every session of a person but the one that asks. */
  #endAll(name: string, but: string | undefined): void {
    this.#people.sessions.forget(name);
    for (const session of this.#people.sessions.list())
      if (session.name === name && session.id !== but) this.#people.endSession(session.id);
  }

  #notLast(before: Person, after: Person | undefined): void {
    if (!isAdmin(before) || (after !== undefined && isAdmin(after))) return;
    const others = this.#people.store.people().filter(({ name }) => name !== before.name);
    if (!others.some(isAdmin))
      throw new CellError('E_PERSON_LAST', `${before.name} is the last administrator`);
  }
}

const isAdmin = ({ roles, disabled }: Person): boolean => !disabled && roles.includes('admin');
const unique = (roles: readonly Role[]): Role[] => [...new Set(roles)];

function strong(secret: string, name: string): void {
  if (isWeak(secret, name)) throw new CellError('E_PASSWORD_WEAK', 'it is guessed first');
}

/** What differs, before and after: never a secret. */
function changeOf(before: Person, after: Person): Record<string, [Told, Told]> {
  const fields = ['title', 'roles', 'disabled', 'language', 'key', 'temporary'] as const;
  const differing = fields.filter(
    (field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  );
  return Object.fromEntries(
    differing.map((field) => [field, [told(before[field]), told(after[field])]]),
  );
}

type Told = string | boolean | string[] | null;
const told = (value: string | boolean | readonly Role[] | undefined): Told =>
  typeof value === 'object' ? [...value] : (value ?? null);
