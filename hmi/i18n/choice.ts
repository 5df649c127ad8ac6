// The language of the page: that of whoever is signed in; else what was picked on this screen before, or what the
// browser asks for.
import { effect } from '@preact/signals';
import type { setOwnLanguage } from '#contract/people-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import { become, me } from '#hmi/feed/me.ts';
import { isLanguage, language, languageOf, learn, speak } from './text.ts';
import type { Language } from './text.ts';

const key = 'language';
/** Words of a language that come when it is spoken first. */
const comes: Readonly<Record<Language, () => Promise<void>>> = {
  en: () => Promise.resolve(),
  de: () => import('./de.ts').then(({ de }) => learn('de', de)),
};

/** Before anything is drawn. The document says its language too, for those who are read to. */
export async function startLanguage(): Promise<void> {
  await speakSoon(languageOf(remembered(), navigator.languages));
  effect(() => {
    document.documentElement.lang = language.value;
  });
  let own: string | undefined;
  effect(() => {
    const now = me.value?.language?.slice(0, 2);
    if (now === own) return;
    own = now;
    void speakSoon(languageOf(isLanguage(now) ? now : remembered(), navigator.languages));
  });
}

let wanted: Language | undefined;
/** A language whose words do not come, or come after another was asked for, is not spoken. */
async function speakSoon(spoken: Language): Promise<void> {
  wanted = spoken;
  const came = await comes[spoken]().then(
    () => true,
    () => false,
  );
  if (came && wanted === spoken) speak(spoken, navigator.languages);
}

/** A person's own is kept with the person; without one it is this screen's. */
export function pickLanguage(picked: Language): void {
  void speakSoon(picked);
  if (me.peek()?.name !== undefined) {
    void keepOwn(picked);
    return;
  }
  try {
    localStorage.setItem(key, picked);
  } catch {
    // A browser that keeps nothing speaks it until the page is loaded again.
  }
}

async function keepOwn(picked: Language): Promise<void> {
  const body = { language: picked };
  const told = await ask<typeof setOwnLanguage>('POST', '/api/me/language', { body });
  if (told.kind === 'answer') become(told.answer);
}

function remembered(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
