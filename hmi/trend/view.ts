// The window of a trend: how long it is and where it ends, moved and zoomed; and the link that brings it back.
// Pure; times are UTC milliseconds.
import type { Window } from '#hmi/feed/history.ts';

export interface View {
  readonly span: number;
  /** Undefined while it follows the live edge. */
  readonly end: number | undefined;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** The windows with a button each, by what a link calls them. */
export const spans = {
  '10min': 10 * minute,
  '1h': hour,
  '8h': 8 * hour,
  '24h': day,
  '7d': 7 * day,
} as const;
export type SpanName = keyof typeof spans;
const shortest = 10_000;
const longest = 31 * day;
/** More lines are not told apart. */
export const pensLimit = 8;

export const windowOf = ({ span, end }: View, now: number): Window => {
  const to = end ?? now;
  return { from: to - span, to };
};

/** `share` of the window later, or earlier; one that reaches now follows it. */
export function moved(view: View, share: number, now: number): View {
  return endingAt(view, (view.end ?? now) + share * view.span, now);
}

/** `factor` times as long, with what is at `anchor` (0 left, 1 right) where it is. */
export function zoomed(view: View, factor: number, anchor: number, now: number): View {
  const span = Math.round(Math.min(longest, Math.max(shortest, view.span * factor)));
  if (view.end === undefined && anchor >= 1) return { span, end: undefined };
  const { from } = windowOf(view, now);
  const at = from + anchor * view.span;
  return endingAt({ ...view, span }, at + (1 - anchor) * span, now);
}

/** The view so that `time` is in it. */
export function showing(view: View, time: number, now: number): View {
  const { from, to } = windowOf(view, now);
  return time >= from && time <= to ? view : endingAt(view, time + view.span / 2, now);
}

const endingAt = ({ span }: View, end: number, now: number): View =>
  end >= now ? { span, end: undefined } : { span, end: Math.max(span, Math.round(end)) };

/** What a link says. */
export interface Linked {
  /** None: those that are picked already. */
  readonly tags: readonly string[];
  readonly view: View;
  /** Scales as wide as what is drawn, not as the tags' ranges. */
  readonly fit: boolean;
}

/** `#trends?tags=a,b&span=1h`; with `end=UTC` where it does not follow. */
export function linkOf({ tags, view, fit }: Linked): string {
  const named = Object.entries(spans).find(([, span]) => span === view.span)?.[0];
  const words = [
    `tags=${tags.map((tag) => encodeURIComponent(tag)).join(',')}`,
    `span=${named ?? Math.round(view.span / 1000)}`,
    ...(view.end === undefined ? [] : [`end=${view.end}`]),
    ...(fit ? ['fit=1'] : []),
  ];
  return `#trends?${words.join('&')}`;
}

/** Undefined where it is no link to a trend; what it says wrongly is left out. */
export function readLink(hash: string): Linked | undefined {
  const words = /^#trends(?:\?(.{0,2000}))?$/.exec(hash);
  if (words === null) return undefined;
  const said = new URLSearchParams(words[1] ?? '');
  const tags = (said.get('tags') ?? '').split(',').filter((tag) => /^[^\s,]{1,128}$/.test(tag));
  const named = said.get('span') ?? '';
  const seconds = /^\d{1,9}$/.test(named) ? Number(named) * 1000 : spans['10min'];
  const span = Object.hasOwn(spans, named) ? spans[named as SpanName] : seconds;
  const end = /^\d{12,14}$/.exec(said.get('end') ?? '')?.[0];
  return {
    tags: [...new Set(tags)].slice(0, pensLimit),
    view: {
      span: Math.min(longest, Math.max(shortest, span)),
      end: end === undefined ? undefined : Number(end),
    },
    fit: said.get('fit') === '1',
  };
}
