// What is drawn of a trend, in steps of a column: between them nothing would move, and nothing is drawn.
import { computed } from '@preact/signals';
import { journalLimit } from '#contract/history-limits.ts';
import { store } from '#hmi/feed/cell.ts';
import { faceOf, mainRegion } from '#hmi/feed/derive.ts';
import type { Window } from '#hmi/feed/history.ts';
import { happeningsOf, marksOf, staysOf, unrecordedOf } from './events.ts';
import type { Happening, Mark, Stay, Unrecorded } from './events.ts';
import { journal, leastStretch, now, place, view } from './pens.ts';

const leastStep_ms = 500;
/** Between two marks of alarms. */
const markApartRem = 3;

/** Until when the newest column goes. */
const edge = computed(() => {
  const step = Math.max(leastStep_ms, Math.floor(view.value.span / place.value.width));
  return Math.ceil(now.value / step) * step;
});
export const drawnWindow = computed((): Window => {
  const to = view.value.end ?? edge.value;
  return { from: to - view.value.span, to };
});
/** Until when a pen is known: while the trend follows, the feed says what came since it was asked for. */
export const knownTo = (known: Window): number =>
  view.value.end === undefined ? edge.value : known.to;

/** What happened in the window beside the values: drawn, and stepped through. */
export interface Under {
  readonly stays: readonly Stay[];
  readonly marks: readonly Mark[];
  readonly gaps: readonly Unrecorded[];
  readonly all: readonly Happening[];
  /** From when on alarms are told; before it they are too many. */
  readonly from: number;
}

export const under = computed((): Under => {
  const known = journal.value;
  const flow = faceOf(store.hello.value);
  if (known === undefined || !('states' in known) || flow === undefined) {
    return { stays: [], marks: [], gaps: [], all: [], from: Number.NEGATIVE_INFINITY };
  }
  const window = drawnWindow.value;
  const { width, rem } = place.value;
  const ms = (window.to - window.from) / width;
  const within = { ...window, until: knownTo(known.known) };
  const which = { flow: flow.name, region: mainRegion(flow) };
  const stays = staysOf(known.states, which, within, leastStretch * ms);
  const marks = marksOf(known.alarms, window, markApartRem * rem * ms);
  const gaps = unrecordedOf(known.gaps, window);
  const cut = known.alarms.length >= journalLimit ? known.alarms[0]?.raised : undefined;
  const from = cut ?? Number.NEGATIVE_INFINITY;
  return { stays, marks, gaps, all: happeningsOf(stays, marks, gaps), from };
});
