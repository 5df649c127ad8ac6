// The trend that is shown: which tags, which window, what is known of them. History is asked for when the window
// moves, live values are taken from the feed as they come, and after a loss all is asked for again.
import { batch, computed, effect, signal } from '@preact/signals';
import { journalLimit } from '#contract/history-limits.ts';
import type { Journal, LoggedTag } from '#contract/history.ts';
import { qualityOf, statusCode } from '#contract/quality.ts';
import type { Scalar } from '#contract/described.ts';
import { cellTime, live, store } from '#hmi/feed/cell.ts';
import { askHistory, askJournal, askLogged } from '#hmi/feed/history.ts';
import type { Asked } from '#hmi/feed/ask.ts';
import type { Window } from '#hmi/feed/history.ts';
import { faceOf, mainRegion } from '#hmi/feed/derive.ts';
import { indicatorsOf } from '#hmi/feed/indicators.ts';
import { withSample } from './points.ts';
import type { Sample, Series } from './points.ts';
import { linkOf, pensLimit, readLink, spans, windowOf } from './view.ts';
import type { View } from './view.ts';

/** One line of the trend. */
export interface Pen {
  readonly name: string;
  readonly info: LoggedTag;
  readonly series: Series;
  /** What the series covers. */
  readonly known: Window;
}
export interface KnownJournal extends Journal {
  readonly known: Window;
}
type Problem = Extract<Asked<never>, { kind: 'failed' }>;

/** So many points are asked for: more than a screen has columns. */
const pointsAsked = 2000;
const settled_ms = 150;
const together_ms = 50;
const refreshPace_ms = 5000;
const refreshLeast_ms = 30_000;
/** Tags of a trend that nobody picked. */
const firstPens = 3;

/** CSS pixels of the plot itself, and of the page's letters. */
export const place = signal({ width: 800, rem: 16 });
/** CSS pixels; what is narrower is drawn with its neighbours. */
export const leastStretch = 4;

export const chosen = signal<readonly string[]>([]);
export const view = signal<View>({ span: spans['10min'], end: undefined });
export const fit = signal(false);
/** The moment that is read; undefined: the newest. */
export const moment = signal<number | undefined>(undefined);
/** Times that the moment stays within while a recording is played: then a finger moves it, and not the window. */
export const held = signal<Window | undefined>(undefined);
export const logged = signal<Asked<readonly LoggedTag[]> | undefined>(undefined);
export const pens = signal<Readonly<Record<string, Pen | Problem>>>({});
export const journal = signal<KnownJournal | Problem | undefined>(undefined);
/** Counts what history answered: lines are drawn again, and else only as time goes on. */
export const answered = signal(0);
/** Questions that are not answered yet. */
const open = signal(0);
export const busy = computed(() => open.value > 0);

/** The cell's time; before the cell said any, the page's own. */
export const now = computed(() => (cellTime.value === 0 ? Date.now() : cellTime.value));
export const isPen = (pen: Pen | Problem | undefined): pen is Pen =>
  pen !== undefined && 'series' in pen;

let seeded = false;
let asking = new AbortController();
let askedAt = 0;
let ended = 0;
let drawing: ReturnType<typeof setTimeout> | undefined;

/** Begins to show trends; the result ends it. `named`: the address names what is shown. */
export function startPens(named = true): () => void {
  if (named) takeLink();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wasLive = live.peek();
  const ends = [
    effect(() => {
      const link = linkOf({ tags: chosen.value, view: view.value, fit: fit.value });
      if (named) history.replaceState(null, '', link);
    }),
    effect(() => {
      void [chosen.value, view.value];
      clearTimeout(timer);
      timer = setTimeout(askAll, settled_ms);
    }),
    effect(() => {
      // What came while there was no connection was not heard here.
      if (live.value && !wasLive) queueMicrotask(askAll);
      wasLive = live.value;
    }),
    effect(hearLive),
    effect(seed),
  ];
  const refresh = setInterval(() => {
    const due = Math.max(refreshLeast_ms, view.peek().span / 100);
    const follows = view.peek().end === undefined && live.peek();
    if (follows && performance.now() - askedAt > due) askAll();
  }, refreshPace_ms);
  if (named) addEventListener('hashchange', takeLink);
  void askList();
  return () => {
    for (const end of ends) end();
    clearTimeout(timer);
    clearInterval(refresh);
    removeEventListener('hashchange', takeLink);
    asking.abort();
  };
}

async function askList(): Promise<void> {
  const asked = await askLogged(new AbortController().signal);
  logged.value = asked.kind === 'answer' ? { ...asked, answer: asked.answer.tags } : asked;
}

export function toggle(name: string): void {
  const all = chosen.value;
  if (all.includes(name)) chosen.value = all.filter((each) => each !== name);
  else if (all.length < pensLimit) chosen.value = [...all, name];
}

function takeLink(): void {
  const linked = readLink(location.hash);
  if (linked === undefined || !location.hash.includes('?')) return;
  batch(() => {
    if (linked.tags.length > 0) {
      chosen.value = linked.tags;
      seeded = true;
    }
    view.value = linked.view;
    fit.value = linked.fit;
  });
}

/** A trend that nobody picked begins with the first numbers of the overview. */
function seed(): void {
  const list = logged.value;
  const hello = store.hello.value;
  if (seeded || hello === undefined || list?.kind !== 'answer') return;
  seeded = true;
  const known = new Set(list.answer.map(({ tag }) => tag));
  chosen.value = indicatorsOf(hello.tags)
    .map(({ name }) => name)
    .filter((name) => known.has(name))
    .slice(0, firstPens);
}

function askAll(): void {
  asking.abort();
  asking = new AbortController();
  askedAt = performance.now();
  const { signal: stop } = asking;
  const window = windowOf(view.peek(), now.peek());
  const names = chosen.peek();
  pens.value = Object.fromEntries(
    names.flatMap((name) => {
      const pen = pens.peek()[name];
      return pen === undefined ? [] : [[name, pen]];
    }),
  );
  for (const name of names) void counted(askPen(name, window, stop));
  void counted(askPast(window, stop));
}

/** Answers that come together are drawn together. */
async function counted(work: Promise<void>): Promise<void> {
  open.value += 1;
  await work;
  ended += 1;
  drawing ??= setTimeout(() => {
    batch(() => {
      open.value -= ended;
      answered.value += 1;
    });
    ended = 0;
    drawing = undefined;
  }, together_ms);
}

async function askPen(name: string, window: Window, stop: AbortSignal): Promise<void> {
  const asked = await askHistory({ tag: name, points: pointsAsked, ...window }, stop);
  if (asked.kind === 'ended') return;
  if (asked.kind === 'failed') {
    pens.value = { ...pens.value, [name]: asked };
    return;
  }
  const { tier, points, from, to, since: _, ...info } = asked.answer;
  const pen: Pen = { name, info, series: { tier, points }, known: { from, to } };
  pens.value = { ...pens.value, [name]: heard(pen) };
}

async function askPast({ from, to }: Window, stop: AbortSignal): Promise<void> {
  const flow = faceOf(store.hello.peek());
  // However wide the screen is, never more than an answer holds.
  const least = Math.max((leastStretch * (to - from)) / place.peek().width, (to - from) / 1000);
  const states = flow && {
    flow: flow.name,
    region: mainRegion(flow),
    least_ms: Math.ceil(least),
  };
  const asked = await askJournal(
    { from, to, limit: journalLimit, ...(states && { states }) },
    stop,
  );
  if (asked.kind === 'ended') return;
  journal.value = asked.kind === 'failed' ? asked : { ...asked.answer, known: { from, to } };
}

/** Takes what the cell says now into every line that follows it. */
function hearLive(): void {
  void live.value;
  for (const name of chosen.value) void [store.tag(name).value, store.outputs.value?.[name]];
  const all = pens.peek();
  const heardNow = Object.values(all).map((pen): readonly [string, Pen] | undefined => {
    if (!isPen(pen)) return undefined;
    const next = heard(pen);
    return next === pen ? undefined : [pen.name, next];
  });
  const changed = heardNow.filter((each) => each !== undefined);
  if (changed.length > 0) pens.value = { ...all, ...Object.fromEntries(changed) };
}

/** A pen with what the cell says of it now; the same while the trend does not follow. */
function heard(pen: Pen): Pen {
  if (!live.peek() || view.peek().end !== undefined) return pen;
  const sample = sampleOf(pen.name, pen.info);
  if (sample === undefined) return pen;
  const series = withSample(pen.series, sample);
  return series === pen.series ? pen : { ...pen, series };
}

function sampleOf(name: string, info: LoggedTag): Sample | undefined {
  const output = store.outputs.peek()?.[name];
  if (output !== undefined) return { time: now.peek(), value: numberOf(output.v, info) };
  const state = store.tag(name).peek();
  if (state === undefined) return undefined;
  const good = qualityOf(statusCode(state.s)) !== 'bad';
  // A device's clock may be ahead of the cell's.
  const time = good ? Math.min(state.t, now.peek()) : now.peek();
  return { time, value: good ? numberOf(state.v, info) : null };
}

/** A value as history has it: a bool as 0 or 1, an enum as its index. */
function numberOf(value: Scalar, { values }: LoggedTag): number | null {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  const index = values?.indexOf(value ?? '') ?? -1;
  return index < 0 ? null : index;
}
