// The language of this screen: what was picked on it before, else what the browser asks for.
import { effect } from '@preact/signals';
import { language, languageOf, learn, speak } from './text.ts';
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
}

/** A language whose words do not come is not spoken. */
async function speakSoon(spoken: Language): Promise<void> {
  await comes[spoken]().then(
    () => speak(spoken, navigator.languages),
    () => undefined,
  );
}

export function pickLanguage(picked: Language): void {
  void speakSoon(picked);
  try {
    localStorage.setItem(key, picked);
  } catch {
    // A browser that keeps nothing speaks it until the page is loaded again.
  }
}

function remembered(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
