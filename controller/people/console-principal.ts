// Whoever came by a one-time link, which only those who may write in the data directory can make.
import type { Actor } from '#contract/actor.ts';
import { permissions } from '#contract/people.ts';
import type { Principal } from '#contract/people.ts';

/** May do everything, as long as nobody is enrolled. */
export const consolePrincipal = (actor: Actor, credential: string, proved: number): Principal => ({
  actor,
  permissions: new Set(permissions),
  commands: new Set(['anyone', 'operator', 'maintenance', 'engineer'] as const),
  credential,
  proved,
});
