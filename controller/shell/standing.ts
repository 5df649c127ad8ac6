// What somebody may now, by who they are and not by the session they came in: a role that is taken away ends a shell
// also while its login lasts, and a login that ends alone does not.
import type { Actor } from '#contract/actor.ts';
import type { Clock } from '#contract/time.ts';
import type { People } from '#controller/people/people.ts';
import { consolePrincipal, rightsOfAll, tokenPrincipal } from '#controller/people/principal.ts';
import type { Standing } from './request.ts';

export const standingIn =
  (clock: Clock, people: Pick<People, 'store' | 'enrolled' | 'waitsFor'>) =>
  (actor: Actor): Standing | undefined => {
    try {
      return standingOf(clock, people, actor);
    } catch {
      // A database that cannot be read knows nobody.
      return undefined;
    }
  };

function standingOf(
  clock: Clock,
  people: Pick<People, 'store' | 'enrolled' | 'waitsFor'>,
  actor: Actor,
): Standing | undefined {
  const [kind, name = ''] = actor.split(/:(.*)/s);
  if (kind === 'user') {
    const person = people.store.find(name);
    if (person === undefined || person.disabled) return undefined;
    if (people.waitsFor(person) !== undefined) return undefined;
    const { roles } = person;
    return { permissions: rightsOfAll(roles).permissions, roles };
  }
  if (kind === 'console') {
    const { permissions } = consolePrincipal(actor, { id: '', proved: 0 }, people.enrolled);
    return { permissions, roles: [] };
  }
  for (const token of people.store.tokens()) {
    const principal = tokenPrincipal(token);
    if (principal.actor !== actor || token.ends <= clock.time()) continue;
    const owner = token.owner === undefined ? undefined : people.store.find(token.owner);
    if (token.owner !== undefined && owner?.disabled !== false) return undefined;
    return { permissions: principal.permissions, roles: [] };
  }
  return undefined;
}
