// What the chronicle was told of a recording: all of it for `rebe verify`, or what proves one recording's end without
// reading the years before it.
import { join } from 'node:path';
import { SessionBody } from '#contract/entry.ts';
import type { Entry } from '#contract/entry.ts';
import type { RecordingEvent } from '#contract/recording.ts';
import type { SessionId } from '#contract/shell.ts';
import { readBody } from '#controller/chronicle/body.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import type { Reader } from '#controller/chronicle/reader.ts';

/** The clock of who wrote the chronicle and that of who recorded agree so far, ms. */
const slack = 15_000;
/** Entries after that moment that are looked through: what was told while control was away comes late. */
const stride = 20_000;

export interface Told {
  readonly seq: number;
  readonly event: RecordingEvent;
}

/** What the record was told of a session around `at` (UTC ms) and soon after. Throws `E_CHRONICLE_*`. */
export function toldAround(data: string, session: SessionId, at: number): Told[] {
  const reader = openReader(join(data, 'chronicle.db'));
  try {
    const from = seqAt(reader, at - slack);
    const found: Told[] = [];
    for (const entry of reader.entries({ from, to: from + stride, kinds: ['session'] })) {
      const body = sessionBody(entry);
      if (body?.event === 'recorded' && body.session === session)
        found.push({ seq: entry.seq, event: body });
    }
    return found;
  } finally {
    reader.close();
  }
}

const ends: ReadonlySet<string> = new Set(['Ended', 'Killed', 'Denied', 'Expired']);

/** Whether a session is over after this; undefined where it says nothing of that. */
export function isOver(body: SessionBody): boolean | undefined {
  // Station came back and found it cut.
  if (body.event === 'shell-lost') return true;
  if (body.event !== 'shell-step') return undefined;
  return Object.values(body.states).some((state) => ends.has(state.split('.').at(-1) ?? ''));
}

export const sessionOf = (body: SessionBody): SessionId | undefined =>
  'session' in body ? body.session : undefined;

/** The record says that a session that began at `began` (UTC ms) goes on. Throws `E_CHRONICLE_*`. */
export function goesOn(data: string, session: SessionId, began: number): boolean {
  const reader = openReader(join(data, 'chronicle.db'));
  try {
    for (const entry of reader.backwards({ kinds: ['session'], since: began - slack })) {
      const body = sessionBody(entry);
      const over = body !== undefined && sessionOf(body) === session ? isOver(body) : undefined;
      if (over !== undefined) return !over;
    }
    return false;
  } finally {
    reader.close();
  }
}

/** The entry by which a recording left to make room; undefined: none did. Throws `E_CHRONICLE_*`. */
export function leftIn(data: string, session: SessionId): Entry | undefined {
  const reader = openReader(join(data, 'chronicle.db'));
  try {
    for (const entry of reader.backwards({ kinds: ['session'] })) {
      const body = sessionBody(entry);
      if (body?.event === 'recording-left' && body.session === session) return entry;
    }
    return undefined;
  } finally {
    reader.close();
  }
}

/** The body of a `session` entry; undefined where this version cannot read it. */
export function sessionBody(entry: Entry): SessionBody | undefined {
  try {
    return SessionBody.safeParse(readBody(entry)).data;
  } catch {
    return undefined;
  }
}

/** The first entry at or after a time, as far as its clock never went back. */
function seqAt(reader: Reader, at: number): number {
  let { first, last } = reader.range();
  while (first < last) {
    const middle = Math.floor((first + last) / 2);
    if ((reader.entry(middle)?.at ?? 0) < at) first = middle + 1;
    else last = middle;
  }
  return first;
}
