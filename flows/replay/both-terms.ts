// The terms of one transition on both sides in one list: what reads alike stands in one line, what only one
// side has stands by itself.
import type { BothTerms } from '#contract/comparison.ts';
import type { Term } from '#contract/wire.ts';

export interface TermLine {
  readonly text: string;
  /** How deep it stands in the condition. */
  readonly depth: number;
  /** Undefined: that side does not have it. */
  readonly recorded: Term['truth'] | undefined;
  readonly candidate: Term['truth'] | undefined;
}

/** The whole condition first, then its parts. */
export function termLines({ recorded, candidate }: BothTerms): readonly TermLine[] {
  const [one, two] = [linesOf(recorded), linesOf(candidate)];
  const lengths = commonLengths(one, two);
  const lines: TermLine[] = [];
  let [at, to] = [0, 0];
  while (at < one.length || to < two.length) {
    const [left, right] = [one[at], two[to]];
    if (left !== undefined && right !== undefined && alike(left, right)) {
      lines.push(lineOf(left, left.truth, right.truth));
      at += 1;
      to += 1;
      continue;
    }
    const without = lengths[at + 1]?.[to] ?? -1;
    const before =
      left !== undefined && (right === undefined || without >= (lengths[at]?.[to + 1] ?? 0));
    if (before) lines.push(lineOf(left, left.truth, undefined));
    else if (right !== undefined) {
      lines.push(lineOf(right, undefined, right.truth));
    }
    if (before) at += 1;
    else to += 1;
  }
  return lines;
}

interface Line {
  readonly text: string;
  readonly depth: number;
  readonly truth: Term['truth'];
}

const lineOf = (
  { text, depth }: Line,
  recorded: TermLine['recorded'],
  candidate: TermLine['candidate'],
): TermLine => ({ text, depth, recorded, candidate });

function linesOf(term: Term | null, depth = 0): Line[] {
  if (term === null) return [];
  const [only, ...others] = term.of ?? [];
  // A condition of one clause would say it twice.
  if (depth === 0 && only !== undefined && others.length === 0) return linesOf(only);
  const tags = (term.tags ?? []).filter((tag) => !term.text.includes(tag));
  const text = tags.length === 0 ? term.text : `${term.text} (${tags.join(', ')})`;
  const parts = (term.of ?? []).flatMap((part) => linesOf(part, depth + 1));
  return [{ text, depth, truth: term.truth }, ...parts];
}

const alike = (one: Line, two: Line): boolean => one.text === two.text && one.depth === two.depth;

/** By place in both: how many lines the rests have in common. */
function commonLengths(one: readonly Line[], two: readonly Line[]): number[][] {
  const lengths = Array.from({ length: one.length + 1 }, () =>
    Array.from({ length: two.length + 1 }, () => 0),
  );
  for (let at = one.length - 1; at >= 0; at -= 1) {
    for (let to = two.length - 1; to >= 0; to -= 1) {
      const [left, right] = [one[at], two[to]];
      const both = left !== undefined && right !== undefined && alike(left, right);
      const next = both
        ? 1 + (lengths[at + 1]?.[to + 1] ?? 0)
        : Math.max(lengths[at + 1]?.[to] ?? 0, lengths[at]?.[to + 1] ?? 0);
      lengths[at]?.splice(to, 1, next);
    }
  }
  return lengths;
}
