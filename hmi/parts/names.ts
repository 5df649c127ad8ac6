// Names of those who act, as people say them.
import type { Actor } from '#contract/actor.ts';
import { t } from '#hmi/i18n/text.ts';

/** `ada` for `user:ada`; an agent says whose it is. */
export function nameOf(actor: Actor): string {
  const agent = /^agent:([^/]+)\/(.+)$/.exec(actor);
  if (agent !== null) return t('name.agent', { name: agent[2] ?? '', owner: agent[1] ?? '' });
  if (actor.startsWith('token:')) return t('name.program', { name: actor.slice(6) });
  return actor.replace(/^\w+:/, '');
}

export const isAgent = (actor: Actor): boolean => actor.startsWith('agent:');
