// What the text of a plant file may not be, found before it is composed: too long, too deep, or with
// an alias. YAML is composed by recursion, so that a very deep text would end the process; the tokens
// looked at here are made without.
import type { CST } from 'yaml';
import { Parser } from 'yaml';
import type { Span } from '#contract/diagnostic.ts';

/** UTF-16 units. */
const longest = 256 * 1024;
/** Maps and lists inside each other. */
const deepest = 32;

export interface Refusal {
  readonly span: Span;
  readonly text: string;
}

/** Why the text is not to be composed; undefined when it may be. */
export function refusalOf(text: string): Refusal | undefined {
  if (text.length > longest) return at(0, `longer than ${longest / 1024} KiB`);
  let level: CST.Token[] = [...new Parser().parse(text)].flatMap((token) =>
    token.type === 'document' ? (token.value ?? []) : [],
  );
  for (let depth = 0; level.length > 0; depth += 1) {
    const alias = level.find(({ type }) => type === 'alias');
    if (alias !== undefined) return at(alias.offset, 'an alias is not used here');
    const open = level.filter((token) => 'items' in token);
    if (depth === deepest && open[0] !== undefined)
      return at(open[0].offset, `nested more than ${deepest} levels deep`);
    level = open.flatMap(({ items }) =>
      items.flatMap(({ key, value }) => [key ?? [], value ?? []].flat()),
    );
  }
  return undefined;
}

const at = (start: number, text: string): Refusal => ({ span: { start, end: start + 1 }, text });
