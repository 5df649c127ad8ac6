// Asks station about the past: points of a logged tag, which tags are logged, the journal.
// Every question ends, with an answer or with why there is none; nothing is asked again by itself.
import { outerDepth } from '#contract/history-limits.ts';
import type { History, Journal, LoggedTags } from '#contract/history.ts';

/** What came of a question. `ended`: whoever asked wants it no more. */
export type Asked<Answer> =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly code: string; readonly text: string }
  | { readonly kind: 'ended' };

/** UTC milliseconds. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

const patience_ms = 10_000;
/** All pages together may ask so often in a second; what came too soon is asked again, so many times. */
const tooSoon = 'E_HISTORY_RATE';
const turns = 4;
const turn_ms = 700;

export const askHistory = (
  { tag, points, ...window }: Window & { readonly tag: string; readonly points: number },
  ended: AbortSignal,
): Promise<Asked<History>> => ask('history', { tag, points, ...whole(window) }, ended);

export const askLogged = (ended: AbortSignal): Promise<Asked<LoggedTags>> =>
  ask('history/tags', {}, ended);

/** `states`: those of one region by their outer name, as far as they can be drawn apart. */
export const askJournal = (
  { from, to, limit, states }: Window & { readonly limit: number; readonly states?: StatesAsked },
  ended: AbortSignal,
): Promise<Asked<Journal>> => {
  const drawn = states === undefined ? {} : { ...states, depth: outerDepth };
  return ask('journal', { limit, ...drawn, ...whole({ from, to }) }, ended);
};

export interface StatesAsked {
  readonly flow: string;
  readonly region: string;
  /** What is shorter is told with its neighbours. */
  readonly least_ms: number;
}

/** Where a tag's history is to be had as a file. */
export const csvAt = (tag: string, window: Window): string =>
  `api/history/csv?${wordsOf({ tag, ...whole(window) })}`;

const whole = ({ from, to }: Window): Window => ({
  from: Math.max(0, Math.floor(from)),
  to: Math.max(0, Math.ceil(to)),
});

const wordsOf = (query: Readonly<Record<string, string | number>>): URLSearchParams =>
  new URLSearchParams(Object.entries(query).map(([key, value]) => [key, `${value}`]));

async function ask<Answer>(
  path: string,
  query: Readonly<Record<string, string | number>>,
  ended: AbortSignal,
): Promise<Asked<Answer>> {
  for (let turn = 1; ; turn += 1) {
    // oxlint-disable no-await-in-loop -- one after the other
    const asked = await askOnce<Answer>(path, query, ended);
    if (asked.kind !== 'failed' || asked.code !== tooSoon || turn === turns) return asked;
    await new Promise((again) => setTimeout(again, turn_ms * (turn + Math.random())));
    // oxlint-enable no-await-in-loop
  }
}

async function askOnce<Answer>(
  path: string,
  query: Readonly<Record<string, string | number>>,
  ended: AbortSignal,
): Promise<Asked<Answer>> {
  try {
    const answer = await fetch(`api/${path}?${wordsOf(query)}`, {
      signal: AbortSignal.any([ended, AbortSignal.timeout(patience_ms)]),
    });
    const body: unknown = await answer.json();
    if (answer.ok) return { kind: 'answer', answer: body as Answer };
    return { kind: 'failed', ...problemOf(body, `${answer.status}`) };
  } catch (error) {
    if (ended.aborted) return { kind: 'ended' };
    const late = error instanceof DOMException && error.name === 'TimeoutError';
    return { kind: 'failed', code: '', text: late ? 'timeout' : '' };
  }
}

/** Of what station says when it refuses: code and sentence. */
function problemOf(body: unknown, status: string): { code: string; text: string } {
  const { code, meaning, message } = (body ?? {}) as Readonly<Record<string, unknown>>;
  const text = [message, meaning].find((each) => typeof each === 'string');
  return {
    code: typeof code === 'string' ? code : status,
    text: typeof text === 'string' ? text : '',
  };
}
