// An expression's text as tokens, with offsets in that text. A dotted path is one token; after
// `flow.` and `sys.device.` a word may have dashes, as the names of flows and devices do.
import type { Span } from '#contract/diagnostic.ts';

export interface Token {
  readonly kind: 'number' | 'text' | 'path' | 'operator' | 'end';
  /** Of a text what stands between its quotes. */
  readonly text: string;
  readonly span: Span;
}

export interface LexProblem {
  readonly span: Span;
  readonly text: string;
  readonly suggestion?: string;
}

const blank = /\s+/y;
const number = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const path =
  /(?:flow\.[A-Za-z0-9-]+|sys\.device\.[A-Za-z0-9-]+|[A-Za-z_][A-Za-z0-9_]*)(?:\.[A-Za-z_][A-Za-z0-9_]*)*/y;
const text = /'[^'\\\n]*'|"[^"\\\n]*"/y;
const operator = /&&|\|\||[=!<>]=|[-!<>+*/%?:(),]/y;

/** What people write in other languages, and what it is here. */
const foreignOperators: readonly (readonly [string, string])[] = [
  ['&', 'Write &&.'],
  ['|', 'Write ||.'],
  ['=', 'Compare with ==.'],
  ['[', 'There are no lists here.'],
  ['{', 'There are no maps here.'],
  ['.', 'A number begins with a digit: 0.5.'],
  ["'", 'Close the quote; there are no escapes in it.'],
  ['"', 'Close the quote; there are no escapes in it.'],
];

/** All tokens, ending with `end`, or the first thing that is none. */
export function tokensOf(source: string): { tokens: Token[]; problem?: LexProblem } {
  const tokens: Token[] = [];
  let place = 0;
  const take = (form: RegExp): string | undefined => {
    form.lastIndex = place;
    return form.exec(source)?.[0];
  };
  while (place < source.length) {
    const space = take(blank);
    if (space !== undefined) {
      place += space.length;
      continue;
    }
    const found = next(take);
    const last = tokens.at(-1);
    if (found === undefined) {
      const unit = source[place] ?? '';
      const span = { start: place, end: place + 1 };
      const problem = { span, text: `\`${unit}\` means nothing here` };
      const hint = foreignOperators.find(([sign]) => sign === unit)?.[1];
      return { tokens, problem: hint === undefined ? problem : { ...problem, suggestion: hint } };
    }
    const span = { start: place, end: place + found.length };
    if (found.kind === 'path' && last?.kind === 'number' && last.span.end === place) {
      const told = `\`${last.text}${found.text}\` is no number`;
      const hint = 'A number has no unit here; durations stand in `after` and `for`.';
      return {
        tokens,
        problem: { span: { start: last.span.start, end: span.end }, text: told, suggestion: hint },
      };
    }
    tokens.push({ kind: found.kind, text: found.text, span });
    place = span.end;
  }
  const end = { start: source.length, end: source.length };
  tokens.push({ kind: 'end', text: '', span: end });
  return { tokens };
}

function next(
  take: (form: RegExp) => string | undefined,
): { kind: Token['kind']; text: string; length: number } | undefined {
  for (const [kind, form] of [
    ['number', number],
    ['path', path],
    ['operator', operator],
  ] as const) {
    const found = take(form);
    if (found !== undefined) return { kind, text: found, length: found.length };
  }
  const found = take(text);
  if (found === undefined) return undefined;
  return { kind: 'text', text: found.slice(1, -1), length: found.length };
}
