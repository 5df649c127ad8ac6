// The record's entries of what people did, as a list shows them, and the line of the console that asks for them. Pure.
// Entries of a newer product have events that this page does not know: they are shown by their text.
import type { Actor } from '#contract/actor.ts';

export const spans = ['1h', '8h', '24h', '7d'] as const;
export type EventSpan = (typeof spans)[number];
const countMost = 200;

export interface EventRow {
  readonly seq: number;
  /** UTC ms. */
  readonly at: number;
  readonly actor: Actor;
  readonly event: string;
  readonly code?: string;
  readonly text: string;
  readonly change: unknown;
}

/** `word`: only entries whose line has it; whatever it is, it stays one word of the console. */
export function queryOf(span: EventSpan, word: string): string {
  const hours = span === '7d' ? '168h' : span;
  const line = `chronicle query --kind session --count ${countMost} --from=-${hours}`;
  const text = word.trim();
  return text === '' ? line : `${line} --text "${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** Newest first; what is no entry is left out. */
export function eventsOf(told: unknown): readonly EventRow[] {
  if (!Array.isArray(told)) return [];
  return told.flatMap((each: unknown) => rowOf(each) ?? []).toReversed();
}

function rowOf(entry: unknown): EventRow | undefined {
  const { seq, at, actor, body } = membersOf(entry);
  const { event, code, text, change } = membersOf(body);
  if (typeof seq !== 'number' || typeof at !== 'number' || typeof actor !== 'string')
    return undefined;
  return {
    seq,
    at,
    actor,
    event: typeof event === 'string' ? event : '?',
    ...(typeof code === 'string' ? { code } : {}),
    text: typeof text === 'string' ? text : JSON.stringify(body ?? null).slice(0, 200),
    change,
  };
}

/** Before and after of each thing that changed, in words as the record has them. */
export function changesOf(
  change: unknown,
): readonly { readonly name: string; readonly from: string; readonly to: string }[] {
  return Object.entries(membersOf(change)).flatMap(([name, pair]) =>
    Array.isArray(pair) && pair.length === 2
      ? [{ name, from: said(pair[0]), to: said(pair[1]) }]
      : [],
  );
}

const said = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : Array.isArray(value)
      ? value.map((each) => said(each)).join(', ')
      : JSON.stringify(value ?? null);

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
