// Words for people: the page's own from a catalogue, a flow's own in the page's language.
import type { Text } from '#contract/described.ts';
import { en } from './en.ts';
import type { Key } from './en.ts';

/** The language of this page; one catalogue so far. */
export const language = 'en';
const catalogue: Readonly<Record<Key, string>> = en;

/** The text of `key`, with `{name}` replaced. */
export function t(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  return catalogue[key].replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    String(values[name] ?? whole),
  );
}

/** As `t`, for a key that is made at run time; undefined when the catalogue has none. */
export const findText = (key: string): string | undefined =>
  Object.hasOwn(catalogue, key) ? catalogue[key as Key] : undefined;

/** A flow's text: in the page's language, else English, else whatever there is. */
export function textOf(text: Text | undefined): string {
  if (text === undefined || typeof text === 'string') return text ?? '';
  return text[language] ?? text['en'] ?? Object.values(text)[0] ?? '';
}
