// What screens conclude from the feed: which flow is the cell's face, what a state is called, what matters first.
// Pure; draws nothing and keeps nothing.
import type { AlarmState, Candidate, FlowInfo, FlowState, Hello, Term } from '#contract/wire.ts';
import { textOf } from '#hmi/i18n/text.ts';

/** The flow whose unit the header shows: the first with a region `unit`, else the first. */
export const faceOf = (hello: Hello | undefined): FlowInfo | undefined =>
  hello?.flows.find(({ regions }) => regions.some(({ name }) => name === 'unit')) ??
  hello?.flows[0];

/** The region whose state is the flow's own: `unit`, else the first. */
export const mainRegion = (flow: FlowInfo): string =>
  flow.regions.find(({ name }) => name === 'unit')?.name ?? flow.regions[0]?.name ?? '';

/** The title of a state by its path; the last word of the path where the flow names none. */
export function stateTitle(flow: FlowInfo | undefined, path: string): string {
  for (const region of flow?.regions ?? []) {
    const state = region.states.find((candidate) => candidate.path === path);
    if (state !== undefined) return textOf(state.title);
  }
  return path.split('.').at(-1) ?? path;
}

/** Titles from the state below the region down to the leaf: `['Execute', 'Loading']`. */
export function stateTitles(flow: FlowInfo | undefined, path: string): string[] {
  const words = path.split('.');
  return words.slice(1).map((_, index) => stateTitle(flow, words.slice(0, index + 2).join('.')));
}

/** PackML's state: the one directly in the region. */
export const outerState = (path: string): string => path.split('.').slice(0, 2).join('.');

export interface Waiting {
  /** What the active state itself waits for, in the flow's order. */
  readonly next: readonly Candidate[];
  /** Where time alone leads. */
  readonly deadlines: readonly Candidate[];
  /** What encloses it and would take over. Commands are buttons, not watchers. */
  readonly watches: readonly Candidate[];
}

/** Sorts the candidates of one region by what a reader needs first. */
export function sortCandidates(candidates: readonly Candidate[], leaf: string): Waiting {
  const own = candidates.filter(({ from }) => from === leaf);
  const timed = own.filter(({ term }) => isTimed(term));
  const waits = own.filter((candidate) => !timed.includes(candidate));
  return {
    next: [...waits.filter(({ term }) => !asks(term)), ...waits.filter(({ term }) => asks(term))],
    deadlines: timed,
    watches: candidates.filter(({ from, term }) => from !== leaf && term.kind !== 'command'),
  };
}

/** True when time since entry is one of the things it waits for. */
const isTimed = (term: Term): boolean =>
  term.kind === 'after' ||
  (term.kind === 'all' && (term.of ?? []).some(({ kind }) => kind === 'after'));

/** True when it also needs a command. */
const asks = (term: Term): boolean =>
  term.kind === 'command' || (term.kind === 'all' && (term.of ?? []).some((part) => asks(part)));

/** The part of a deadline that counts down. */
export function remainingOf(term: Term): number | undefined {
  if (term.remaining_ms !== undefined) return term.remaining_ms;
  return (term.of ?? []).map((part) => remainingOf(part)).find((span) => span !== undefined);
}

export interface NamedAlarm extends AlarmState {
  readonly id: string;
}

/** Those that wait for an answer first, then by priority, then the newest. */
export function sortAlarms(
  alarms: Readonly<Record<string, AlarmState | null>> | undefined,
): NamedAlarm[] {
  return Object.entries(alarms ?? {})
    .flatMap(([id, alarm]) => (alarm === null ? [] : [{ id, ...alarm }]))
    .toSorted(
      (left, right) =>
        rank(left) - rank(right) || left.priority - right.priority || right.raised - left.raised,
    );
}

export const isUnanswered = (alarm: AlarmState): boolean => alarm.state !== 'acknowledged';
const rank = ({ state }: AlarmState): number =>
  state === 'unacknowledged' ? 0 : state === 'returned' ? 1 : 2;

/** The part counter, where the flow counts parts. */
export function partsOf(
  state: FlowState | undefined,
): { parts: number; batch?: number } | undefined {
  const parts = state?.ctx['parts'];
  const batch = state?.parameters['batch'];
  if (typeof parts !== 'number') return undefined;
  return typeof batch === 'number' ? { parts, batch } : { parts };
}

/** A condition as a person says it: titles for tags, `not` for `!`. Longer ones stay as the flow writes them. */
export function phraseOf(
  text: string,
  title: (name: string) => string | undefined,
): {
  text: string;
  negated: boolean;
} {
  const negated = /^!\s*[a-z][\w.]*$/.test(text);
  const name = negated ? text.replace(/^!\s*/, '') : text;
  return { text: title(name) ?? name, negated };
}
