// Words for people: the page's own from catalogues, a flow's own in the page's language.
// The language is a signal, so that whatever was drawn with it is drawn again when it changes.
import { signal } from '@preact/signals';
import type { Text } from '#contract/described.ts';
import { en } from './en.ts';
import type { PageKey } from './en.ts';
import type { shellEn } from './shell-en.ts';
import type { screensEn } from './screens-en.ts';
import type { workEn } from './work-en.ts';

/** Every language of the page, by what its speakers call it. */
export const languages = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof languages;
/** Every word that some part of the page says. */
export type Key = PageKey | keyof typeof workEn | keyof typeof shellEn | keyof typeof screensEn;
/** What was learnt: parts of the page that come later bring their words, and a language comes when it is spoken. */
const catalogues: Record<Language, Partial<Record<Key, string>>> = { en: { ...en }, de: {} };

export function learn(spoken: Language, words: Partial<Record<Key, string>>): void {
  Object.assign(catalogues[spoken], words);
}

export const language = signal<Language>('en');
/** How numbers and times are written: the browser's own kind of the language, such as `en-GB`. */
export const locale = signal<string>('en');

export const isLanguage = (word: string | null | undefined): word is Language =>
  word != null && Object.hasOwn(languages, word);

/** The language that was picked on this screen, else the first of the browser's that the page speaks, else English. */
export function languageOf(picked: string | null, preferred: readonly string[]): Language {
  if (isLanguage(picked)) return picked;
  return preferred.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? 'en';
}

/** Speaks `spoken` from now on; `preferred` are the browser's own languages. */
export function speak(spoken: Language, preferred: readonly string[]): void {
  locale.value = preferred.find((tag) => tag.toLowerCase().startsWith(spoken)) ?? spoken;
  language.value = spoken;
}

/** The text of `key`, with `{name}` replaced. */
export function t(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  const text = catalogues[language.value][key] ?? catalogues.en[key] ?? key;
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** As `t`, for a key that is made at run time; undefined when the catalogue has none. */
export const findText = (key: string): string | undefined =>
  Object.hasOwn(catalogues.en, key) ? t(key as Key) : undefined;

/** A flow's text: in the page's language, else English, else whatever there is. */
export function textOf(text: Text | undefined): string {
  if (text === undefined || typeof text === 'string') return text ?? '';
  return text[language.value] ?? text['en'] ?? Object.values(text)[0] ?? '';
}
