// Collects what is wrong with one flow: every problem once, in the order of the text.
import type { Diagnostic, Span } from '#contract/diagnostic.ts';
import { nearest } from '#contract/diagnostic.ts';
import type { FlowCode } from './codes.ts';
import { nameLimit, problemLimit } from './limits.ts';

/** Names shown in one message. */
const listLimit = 16;

export class Report {
  readonly #file: string;
  readonly #length: number;
  readonly #found = new Map<string, Diagnostic>();
  #full = false;

  constructor(file: string, length: number) {
    this.#file = file;
    this.#length = length;
  }

  error(code: FlowCode, span: Span, text: string, suggestion?: string): void {
    this.#add(code, 'error', span, text, suggestion);
  }

  warning(code: FlowCode, span: Span, text: string, suggestion?: string): void {
    this.#add(code, 'warning', span, text, suggestion);
  }

  get failed(): boolean {
    return [...this.#found.values()].some(({ severity }) => severity === 'error');
  }

  /** Sorted by place. */
  diagnostics(): Diagnostic[] {
    return [...this.#found.values()].toSorted((a, b) => a.span.start - b.span.start);
  }

  #add(
    code: FlowCode,
    severity: 'error' | 'warning',
    span: Span,
    text: string,
    suggestion?: string,
  ): void {
    if (this.#full) return;
    if (this.#found.size >= problemLimit) {
      this.#full = true;
      const last = { start: this.#length, end: this.#length };
      const more = `more than ${problemLimit} problems; the rest is not listed`;
      this.#put({ code: 'CF0007', severity: 'error', file: this.#file, span: last, text: more });
      return;
    }
    const found = { code, severity, file: this.#file, span, text };
    this.#put(suggestion === undefined ? found : { ...found, suggestion });
  }

  #put(found: Diagnostic): void {
    this.#found.set(`${found.code} ${found.span.start} ${found.text}`, found);
  }
}

/** A suggestion that names the nearest of `names`; undefined when none is near. */
export function didYouMean(wrong: string, names: Iterable<string>): string | undefined {
  // To one letter every other one is near.
  if (wrong.length < 2 || wrong.length > nameLimit) return undefined;
  const near = nearest(wrong, names);
  return near === undefined ? undefined : `Did you mean \`${near}\`?`;
}

/** `a, b or c`, for lists of what may stand somewhere; long lists are cut. */
export function oneOf(names: readonly string[]): string {
  const last = names.at(-1) ?? 'nothing';
  if (names.length < 2) return last;
  return names.length > listLimit
    ? `${names.slice(0, listLimit).join(', ')} ...`
    : `${names.slice(0, -1).join(', ')} or ${last}`;
}
