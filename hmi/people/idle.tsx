// Ends the session of somebody who has left the page: says so before, and any hand on the page keeps it. Station ends it
// too, whether this page is there or not.
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { signOut, touch } from '#contract/people-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import { askMe, me } from '#hmi/feed/me.ts';
import { reopen } from '#hmi/feed/cell.ts';
import { t } from '#hmi/i18n/text.ts';
import { Dialog } from '#hmi/parts/dialog.tsx';

/** The warning stands for so long. */
export const warning_ms = 30_000;
/** Station is told of a hand at most so often. */
const told_ms = 15_000;

/** Seconds until the session ends; undefined while there is time. */
const left = signal<number | undefined>(undefined);

export function Idle(): JSX.Element | null {
  const idle = me.value?.actor == null ? undefined : me.value.idle_ms;
  useEffect(() => (idle === undefined ? undefined : watch(idle)), [idle, me.value?.session]);
  if (left.value === undefined) return null;
  return (
    <Dialog title={t('idle.title', { seconds: left.value })} alert close={() => undefined}>
      <p>{t('idle.text')}</p>
      <button type="button" class="act stay">
        <span class="title">{t('idle.stay')}</span>
      </button>
    </Dialog>
  );
}

/** Until the result is called. */
function watch(idle: number): () => void {
  let hand = performance.now();
  let told = Number.NEGATIVE_INFINITY;
  const touched = (): void => {
    hand = performance.now();
    left.value = undefined;
    if (hand - told < told_ms) return;
    told = hand;
    void tell();
  };
  const tell = async (): Promise<void> => {
    const answer = await ask<typeof touch>('POST', '/api/touch', { body: {} });
    if (answer.kind === 'failed' && answer.code === 'E_NOT_SIGNED_IN') await leave();
  };
  touched();
  const timer = setInterval(() => {
    const rest = idle - (performance.now() - hand);
    left.value = rest < Math.min(warning_ms, idle / 2) ? Math.ceil(rest / 1000) : undefined;
    if (rest <= 0) void leave();
  }, 250);
  const hands = ['pointerdown', 'keydown', 'wheel'] as const;
  for (const each of hands) addEventListener(each, touched, { capture: true, passive: true });
  const end = (): void => {
    clearInterval(timer);
    left.value = undefined;
    for (const each of hands) removeEventListener(each, touched, { capture: true });
  };
  const leave = async (): Promise<void> => {
    end();
    await signOutNow();
  };
  return end;
}

/** Nobody is at the page from now on; the page is a kiosk. */
export async function signOutNow(): Promise<void> {
  await ask<typeof signOut>('POST', '/api/sign-out', { body: {} });
  await askMe();
  reopen();
}
