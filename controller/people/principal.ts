// What a person, a token or whoever came by a link may, made of what is known of them now.
import type { Actor } from '#contract/actor.ts';
import { permissions, rightsOf } from '#contract/people.ts';
import type { CommandRole, Permission, Principal, Role } from '#contract/people.ts';
import { minutes } from '#contract/time.ts';
import type { Person, Token } from './store.ts';

/** How old a proof may be for changes of people and of what proves them. */
export const freshProof = minutes(10);

/** What all of these roles together may. */
export function rightsOfAll(roles: readonly Role[]): {
  readonly permissions: ReadonlySet<Permission>;
  readonly commands: ReadonlySet<CommandRole>;
} {
  const rights = roles.map((role) => rightsOf[role]);
  return {
    permissions: new Set(rights.flatMap((right) => right.permissions)),
    commands: new Set(rights.flatMap((right) => right.commands)),
  };
}

/** A disabled person is nobody. */
export function personPrincipal(
  person: Person,
  { id, proved }: { readonly id: string; readonly proved: number },
): Principal | null {
  if (person.disabled) return null;
  const rights = rightsOfAll(person.roles);
  return { actor: `user:${person.name}`, ...rights, credential: id, proved };
}

export const actorOfToken = ({ name, owner }: Pick<Token, 'name' | 'owner'>): Actor =>
  owner === undefined ? `token:${name}` : `agent:${owner}/${name}`;

/** A program, or an agent of a person: what its scopes say, whatever that person's roles are. */
export const tokenPrincipal = (token: Token): Principal => ({
  actor: actorOfToken(token),
  permissions: new Set(token.scopes),
  commands: new Set(token.commands),
  credential: `token-${token.id}`,
  owner: token.owner === undefined ? undefined : `user:${token.owner}`,
  verbs: token.verbs === undefined ? undefined : new Set(token.verbs),
  proved: token.added,
});

/**
 * Whoever came by a one-time link, which only those who may write in the data directory can make: may do everything
 * as long as nobody is enrolled, and then what is needed to add or repair people.
 */
export function consolePrincipal(
  actor: Actor,
  { id, proved }: { readonly id: string; readonly proved: number },
  enrolled: boolean,
): Principal {
  const everything = ['anyone', 'operator', 'maintenance', 'engineer'] as const;
  return {
    actor,
    permissions: new Set(enrolled ? (['view', 'people'] as const) : permissions),
    commands: new Set(enrolled ? [] : everything),
    credential: id,
    proved,
  };
}
