// Who is at this page, and what they may: asked when it opens and whenever the connection is somebody else's.
// It decides nothing: station does, and refuses what a button here did not.
import { effect, signal } from '@preact/signals';
import type { CommandRole, Permission } from '#contract/people.ts';
import type { Me, getMe } from '#contract/people-routes.ts';
import { t } from '#hmi/i18n/text.ts';
import type { Key } from '#hmi/i18n/text.ts';
import { ask } from './ask.ts';
import { connected, reopen, store } from './cell.ts';

/** Undefined until station has said it. */
export const me = signal<Me | undefined>(undefined);

/** What signing in or out told: the connection carries who opened it, so it is opened anew. */
export function become(told: Me): void {
  const same = told.session === me.peek()?.session;
  me.value = told;
  if (!same) reopen();
}

export async function askMe(): Promise<void> {
  const told = await ask<typeof getMe>('GET', '/api/me', {});
  if (told.kind === 'answer') me.value = told.answer;
}

/** From now on `me` follows the connection: who opened it, what station says has changed, and each time it is back. */
export function startMe(): void {
  let known: string | undefined;
  effect(() => {
    const link = store.link.value;
    const now = link && `${link.actor} ${link.changes} ${connected.value}`;
    if (now === known) return;
    known = now;
    if (now !== undefined) void askMe();
  });
}

/** Why whoever is here may not, in words; undefined where they may. */
export function lackOf(permission: Permission): string | undefined {
  return lack(me.value?.permissions.includes(permission), `right.${permission}`);
}

/** As `lackOf`, of the commands that a role gives. */
export function commandLack(role: CommandRole): string | undefined {
  return lack(me.value?.commands.includes(role), `role.${role}`);
}

function lack(may: boolean | undefined, who: Key): string | undefined {
  if (store.link.value?.actor == null) return t('press.signIn');
  return may === false ? t('press.needs', { who: t(who) }) : undefined;
}
