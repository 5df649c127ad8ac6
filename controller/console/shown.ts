// What a verb that asks answers: a value for programs, a page for people. The command line prints it, the
// console sends it; both say the same.
import { rowLimit } from '#contract/console.ts';
import type { ConsoleAnswer } from '#contract/console.ts';
import { printable } from '#contract/diagnostic.ts';
import { CellError, codes } from '#contract/error.ts';
import { table } from '#controller/cli/verb.ts';

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Lines that follow it. */
  readonly notes?: readonly string[];
}

export interface Shown {
  /** What JSON says. */
  readonly value: unknown;
  readonly page: string | Table;
  /** What was looked at is not as it should be: the command line then ends with 1. */
  readonly unwell?: boolean;
  /** An act was refused, or did nothing. */
  readonly code?: string | undefined;
}

/** As text, for a terminal: whatever a device, a name or a reason says steers it in nothing. */
export function printed({ page }: Pick<Shown, 'page'>): string {
  if (typeof page === 'string') return page.split('\n').map(printable).join('\n');
  const { head, rows, notes = [] } = page;
  const cells = rows.map((row) => row.map((cell) => printable(cell.replaceAll('\n', ' '))));
  const lines = rows.length === 0 ? [] : [table([head, ...cells])];
  return [...lines, ...notes.map((note) => printable(note))].join('\n');
}

/** As the console sends it. */
export function answerOf(shown: Shown, json: boolean): ConsoleAnswer {
  const { value, page, code } = shown;
  const outcome = code === undefined ? { ok: true } : { ok: false, code };
  if (json) return { kind: 'json', ...outcome, value: plain(value) };
  if (typeof page === 'string') return { kind: 'text', ...outcome, text: page };
  const { head, rows, notes = [] } = page;
  const more = rows.length - rowLimit;
  const left = more > 0 ? [`${more} more rows are not shown; say more exactly which`] : [];
  return {
    kind: 'table',
    ...outcome,
    head: [...head],
    rows: rows.slice(0, rowLimit).map((row) => [...row]),
    notes: [...notes, ...left],
  };
}

/** What went wrong, as an answer; what is no operating error goes on. */
export function refusalOf(error: unknown): Shown {
  if (!(error instanceof CellError)) throw error;
  const { code, message } = error;
  const { action } = codes[code];
  // What is wrong in the line itself says already what to write instead.
  const page = code === 'E_USAGE' ? message : `${message}\n  ${action}`;
  return { code, value: { code, reason: message, action }, page };
}

/** Only what JSON has: what is undefined is left out, 64-bit integers are decimal strings. */
const plain = (value: unknown): Extract<ConsoleAnswer, { kind: 'json' }>['value'] =>
  JSON.parse(
    JSON.stringify(value ?? null, (_, member: unknown) =>
      typeof member === 'bigint' ? member.toString() : member,
    ),
  );
