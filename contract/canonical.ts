// Canonical JSON after RFC 8785: one text for one value, so that its hash means something.
import { assert } from './error.ts';
import type { JsonValue } from './sample.ts';

export type Json = JsonValue | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Members sorted by UTF-16 units, no white space, numbers as ECMAScript writes them; absent members are left out. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    assert(Number.isFinite(value), 'canonical JSON has finite numbers only');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonicalJson(item)).join(',')}]`;
  const members = Object.entries(value)
    .filter((entry): entry is [string, Json] => entry[1] !== undefined)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}
