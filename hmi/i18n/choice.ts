// The language of this screen: what was picked on it before, else what the browser asks for.
import { effect } from '@preact/signals';
import { language, languageOf, speak } from './text.ts';
import type { Language } from './text.ts';

const key = 'language';

/** Before anything is drawn. The document says its language too, for those who are read to. */
export function startLanguage(): void {
  speak(languageOf(remembered(), navigator.languages), navigator.languages);
  effect(() => {
    document.documentElement.lang = language.value;
  });
}

export function pickLanguage(picked: Language): void {
  speak(picked, navigator.languages);
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
