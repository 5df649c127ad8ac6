// What is wrong in a file that a person wrote: where, what, and what to write instead.
// Checks of flows and of manifests both end in these.

/** How much of a line is shown. */
const lineShown = 160;

/** A stretch of a source text, as offsets in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Diagnostic {
  /** `CFnnnn` of the flow language, or `E_MANIFEST_...`. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly file: string;
  readonly span: Span;
  readonly text: string;
  readonly suggestion?: string;
}

/** Line and column from 1, as editors count. */
export function placeOf(source: string, offset: number): { line: number; column: number } {
  let line = 1;
  let begin = 0;
  for (
    let end = source.indexOf('\n');
    end !== -1 && end < offset;
    end = source.indexOf('\n', begin)
  ) {
    line += 1;
    begin = end + 1;
  }
  return { line, column: offset - begin + 1 };
}

/** `file:line:col code text`, the line, a caret under the place, and the suggestion. */
export function formatDiagnostic(diagnostic: Diagnostic, source: string): string {
  const { line, column } = placeOf(source, diagnostic.span.start);
  const begin = diagnostic.span.start - column + 1;
  const lineEnd = source.indexOf('\n', begin);
  const whole = source.slice(begin, lineEnd === -1 ? source.length : lineEnd);
  // Of a long line what is around the place.
  const cut = whole.length > lineShown ? Math.max(0, column - 1 - lineShown / 2) : 0;
  const text = whole.slice(cut, cut + lineShown);
  const before = column - 1 - cut;
  const end = Math.min(diagnostic.span.end - diagnostic.span.start, text.length - before);
  const gutter = String(line).length;
  const kind = diagnostic.severity === 'warning' ? ' warning:' : '';
  return [
    `${diagnostic.file}:${line}:${column} ${diagnostic.code}${kind} ${diagnostic.text}`,
    `  ${line} | ${printable(text)}`,
    `  ${' '.repeat(gutter)} | ${' '.repeat(before)}${'^'.repeat(Math.max(1, end))}`,
    ...(diagnostic.suggestion === undefined
      ? []
      : [`  ${' '.repeat(gutter)} = ${diagnostic.suggestion}`]),
  ].join('\n');
}

/** The name of `names` nearest to `wrong`, when it is near enough to be what was meant. */
export function nearest(wrong: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wrong.length / 3)) + 1;
  for (const name of names) {
    const distance = editDistance(wrong, name, least);
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}

/** The end of a sentence about a name that is not there: `; did you mean x?`, or nothing. */
export function didYouMean(wrong: string, names: Iterable<string>): string {
  const near = nearest(wrong, names);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

/** One line with nothing in it that steers a terminal or turns its direction, as long as it was. */
export function printable(text: string): string {
  return text
    .replace(/\r$/, '')
    .replaceAll('\t', ' ')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '\ufffd');
}

/** A text of the user's in a message, cut when it is long. */
export function quoted(text: string): string {
  const line = printable(text.replaceAll(/\s+/g, ' '));
  return line.length > 60 ? `\`${line.slice(0, 57)}...\`` : `\`${line}\``;
}

/** Letters added, left out, replaced, or two neighbours exchanged; `limit` when it is not less. */
function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) >= limit) return limit;
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const same = left[i - 1] === right[j - 1] ? 0 : 1;
      const swapped =
        i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      next.push(
        Math.min(
          (row[j] ?? 0) + 1,
          (next[j - 1] ?? 0) + 1,
          (row[j - 1] ?? 0) + same,
          swapped ? (before[j - 2] ?? 0) + 1 : limit,
        ),
      );
    }
    [before, row] = [row, next];
  }
  return row[right.length] ?? limit;
}
