// Asks station about the past: points of a logged tag, which tags are logged, the journal.
// Every question ends, with an answer or with why there is none; nothing is asked again by itself.
import { outerDepth } from '#contract/history-limits.ts';
import type { History, Journal, LoggedTags } from '#contract/history.ts';
import { askAt } from './ask.ts';
import type { Asked } from './ask.ts';

/** UTC milliseconds. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** All pages together may ask so often in a second; what came too soon is asked again, so many times. */
const tooSoon = 'E_HISTORY_RATE';
const turns = 4;
const turn_ms = 700;

export const askHistory = (
  { tag, points, ...window }: Window & { readonly tag: string; readonly points: number },
  ended: AbortSignal,
): Promise<Asked<History>> => askPatiently('history', { tag, points, ...whole(window) }, ended);

export const askLogged = (ended: AbortSignal): Promise<Asked<LoggedTags>> =>
  askPatiently('history/tags', {}, ended);

/** `states`: those of one region by their outer name, as far as they can be drawn apart. */
export const askJournal = (
  { from, to, limit, states }: Window & { readonly limit: number; readonly states?: StatesAsked },
  ended: AbortSignal,
): Promise<Asked<Journal>> => {
  const drawn = states === undefined ? {} : { ...states, depth: outerDepth };
  return askPatiently('journal', { limit, ...drawn, ...whole({ from, to }) }, ended);
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

async function askPatiently<Answer>(
  path: string,
  query: Readonly<Record<string, string | number>>,
  ended: AbortSignal,
): Promise<Asked<Answer>> {
  for (let turn = 1; ; turn += 1) {
    // oxlint-disable no-await-in-loop -- one after the other
    const asked = await askAt<Answer>(`api/${path}?${wordsOf(query)}`, {}, ended);
    if (asked.kind !== 'failed' || asked.code !== tooSoon || turn === turns) return asked;
    await new Promise((again) => setTimeout(again, turn_ms * (turn + Math.random())));
    // oxlint-enable no-await-in-loop
  }
}
