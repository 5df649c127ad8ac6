// Lines to meanings and back; pure. The protocol is one page: README.md.
import type { Value } from '#contract/sample.ts';

/** What a device said to one request. */
export type Answer =
  | { readonly kind: 'values'; readonly values: readonly (Value | undefined)[] }
  | { readonly kind: 'refused'; readonly reason: string };

export const encodeGet = (number: number, names: readonly string[]): string =>
  `${number} get ${names.join(' ')}\n`;

export const encodeSet = (number: number, name: string, value: boolean | number): string =>
  `${number} set ${name} ${value}\n`;

/** The number of the request that a line answers, and the answer; undefined for any other line. */
export function decodeLine(line: string): { number: number; answer: Answer } | undefined {
  const [number = '', verb, ...words] = line.split(' ');
  if (!/^\d{1,9}$/.test(number)) return undefined;
  if (verb === 'ok') {
    const values = words.map(decodeValue);
    return { number: Number(number), answer: { kind: 'values', values } };
  }
  if (verb === 'no') {
    return { number: Number(number), answer: { kind: 'refused', reason: words.join(' ') } };
  }
  return undefined;
}

/** `true`, `false` or a decimal number; anything else is no value. */
function decodeValue(word: string): Value | undefined {
  if (word === 'true' || word === 'false') return word === 'true';
  return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(word) ? Number(word) : undefined;
}
