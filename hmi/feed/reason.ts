// Why acts are given that ask for a reason: what whoever is here said last, recorded with each of them, until they say
// another or are gone. Which acts ask for one is data; this decides nothing.
import { computed, effect, signal } from '@preact/signals';
import { needsOf } from '#contract/act-rules.ts';
import { store } from './cell.ts';
import { me } from './me.ts';

/** Of this page, offered again. */
const recentLimit = 6;

/** Empty: none was said. */
export const reason = signal('');
/** Newest first. */
export const recentReasons = signal<readonly string[]>([]);

export function sayReason(said: string): void {
  const others = recentReasons.value.filter((each) => each !== said);
  recentReasons.value = [said, ...others].slice(0, recentLimit);
  reason.value = said;
}

export function asksReason(verb: string, args: Readonly<Record<string, unknown>>): boolean {
  const hello = store.hello.value;
  if (hello === undefined) return false;
  return needsOf(verb, args, { hello, snapshot: { flows: {} } }).reason === 'everybody';
}

// Nobody acts for the reason of another.
const session = computed(() => me.value?.session);
effect(() => {
  void session.value;
  reason.value = '';
});
