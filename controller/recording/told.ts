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
