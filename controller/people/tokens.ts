// Tokens of programs and agents: made, listed, ended. What a token may is its own scopes; a person's roles never come
// with it, and nothing that two persons are needed for can be given by one.
import { randomBytes } from 'node:crypto';
import { CellError } from '#contract/error.ts';
import type { CommandRole, Principal } from '#contract/people.ts';
import type { TokenScope, TokenView } from '#contract/people-routes.ts';
import { hashOf, makeSecret } from '#controller/server/secret.ts';
import type { People } from './people.ts';
import { actorOfToken } from './principal.ts';
import { tokenLimit } from './store.ts';
import type { Token } from './store.ts';

/** Names of programs that the product itself is known by. */
const ownNames = /^(?:demo|mqtt-.*)$/;

export interface NewToken {
  readonly name: string;
  readonly owner?: string | undefined;
  readonly scopes: readonly TokenScope[];
  readonly commands: readonly CommandRole[];
  readonly verbs?: readonly string[] | undefined;
  readonly for_ms: number;
}

/** One for each station. */
export class Tokens {
  readonly #people: People;

  constructor(people: People) {
    this.#people = people;
  }

  list(): TokenView[] {
    return this.#people.store.tokens().map(viewOf);
  }

  /** The token and its secret, which is told this once. Throws `E_PERSON_EXISTS`, `E_PERSON_NONE`, `E_PROOF_OLD`. */
  async add(by: Principal, plan: NewToken): Promise<{ secret: string; token: TokenView }> {
    this.#people.provedByPassword(by);
    const { name, owner, scopes, commands, verbs, for_ms: span } = plan;
    return this.#people.alone(async () => {
      const { store, clock, enrolled } = this.#people;
      // Its turn may come after a change that took this away.
      if (this.#people.find(by.credential)?.permissions.has('people') !== true)
        throw new CellError('E_NOT_ALLOWED', by.actor);
      if (!enrolled)
        throw new CellError('E_PERSON_LAST', 'an administrator must be enrolled first');
      if (owner !== undefined && store.find(owner) === undefined)
        throw new CellError('E_PERSON_NONE', `nobody is called ${owner}`);
      const all = store.tokens();
      const actor = actorOfToken({ name, owner });
      if (owner === undefined && ownNames.test(name))
        throw new CellError('E_PERSON_EXISTS', `${actor} is the product's own`);
      if (all.some((token) => actorOfToken(token) === actor))
        throw new CellError('E_PERSON_EXISTS', `there is a token of ${actor}`);
      if (all.length >= tokenLimit)
        throw new CellError(
          'E_PERSON_EXISTS',
          `there are ${tokenLimit} tokens, and no more can be`,
        );
      const secret = makeSecret();
      const now = clock.time();
      const token: Token = {
        id: randomBytes(8).toString('hex'),
        name,
        owner,
        hash: hashOf(secret),
        scopes: [...new Set(scopes)],
        commands: [...new Set(commands)],
        verbs: verbs === undefined ? undefined : [...new Set(verbs)],
        added: now,
        ends: now + span,
        used: undefined,
      };
      await this.#people.keep(by.actor, {
        event: 'token-added',
        subject: actor,
        change: { id: token.id, scopes: [...token.scopes], commands: [...token.commands] },
        text: `${by.actor} made a token of ${actor} until ${new Date(token.ends).toISOString()}`,
      });
      store.putToken(token);
      this.#people.watchTokens();
      return { secret, token: viewOf(token) };
    });
  }

  /** Throws `E_SESSION_NONE`. */
  async remove(by: Principal, id: string): Promise<void> {
    return this.#people.alone(async () => {
      const token = this.#people.store.tokens().find((one) => one.id === id);
      if (token === undefined) throw new CellError('E_SESSION_NONE', `no token ${id}`);
      const actor = actorOfToken(token);
      const text = `${by.actor} ended the token of ${actor}`;
      await this.#people.keep(by.actor, { event: 'token-removed', subject: actor, text });
      this.#people.endToken(id);
    });
  }
}

const viewOf = (token: Token): TokenView => {
  const { id, owner, scopes, commands, verbs, added, ends, used } = token;
  return {
    id,
    actor: actorOfToken(token),
    ...(owner === undefined ? {} : { owner }),
    scopes: [...scopes],
    commands: [...commands],
    ...(verbs === undefined ? {} : { verbs: [...verbs] }),
    added,
    ends,
    ...(used === undefined ? {} : { used }),
  };
};
