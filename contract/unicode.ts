// Text that can be recorded: canonical JSON (RFC 8785) and UTF-8 know no lone surrogates.
import type { Json } from './canonical.ts';

/** Has no text in this value, names of members included, a lone surrogate? */
export function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return !/\p{Surrogate}/u.test(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, inner]) => isWellFormed(name) && isWellFormed(inner));
}

/** With U+FFFD for each lone surrogate: those of others, and the halves that a cut leaves. */
export const wellFormed = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, '\u{FFFD}');

/** The same JSON, each text in it made well formed. */
export function wellFormedJson(value: Json): Json {
  if (typeof value === 'string') return wellFormed(value);
  if (Array.isArray(value)) return value.map((item: Json) => wellFormedJson(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [wellFormed(name), wellFormedJson(item ?? null)]),
  );
}
