// What happened in a window beside the values: the states of the cell's unit, alarms, and times that nobody recorded.
// Put together so that each can be drawn, reached and read. Pure.
import type { HistoryGap, PastAlarm, StateVisit } from '#contract/history.ts';
import { outerState } from '#hmi/feed/derive.ts';
import type { Window } from '#hmi/feed/history.ts';
import { joined } from './points.ts';

/** A time in one of PackML's states; `many`: several that are too short to be drawn apart. */
export interface Stay extends Window {
  readonly kind: 'stay';
  /** `unit.Execute`, or `many`. */
  readonly value: string;
}
export interface Mark extends Window {
  readonly kind: 'alarm';
  readonly alarm: PastAlarm;
  /** Others that began so near to it that one mark stands for all. */
  readonly others: readonly PastAlarm[];
}
export interface Unrecorded extends Window {
  readonly kind: 'gap';
  readonly why: string;
}
export type Happening = Stay | Mark | Unrecorded;

/** States of one region by their outer name, oldest first; what is shorter than `least` ms goes together. */
export function staysOf(
  visits: readonly StateVisit[],
  { flow, region }: { readonly flow: string; readonly region: string },
  { from, to, until }: Window & { readonly until: number },
  least: number,
): Stay[] {
  const end = Math.min(to, until);
  const made: Stay[] = [];
  const exact: Stay[] = [];
  for (const visit of visits) {
    if (visit.flow !== flow || visit.region !== region) continue;
    const [start, stop] = [Math.max(from, visit.from), Math.min(end, visit.to ?? end)];
    if (stop <= start) continue;
    const value = visit.state === null ? 'many' : outerState(visit.state);
    joined(exact, { kind: 'stay', from: start, to: stop, value }, 0);
  }
  for (const stay of exact) joined(made, stay, least);
  return made;
}

/** Alarms that were raised in the window, oldest first; those within `near` ms of another under its mark. */
export function marksOf(alarms: readonly PastAlarm[], window: Window, near: number): Mark[] {
  const raised = alarms
    .filter((alarm) => alarm.raised >= window.from && alarm.raised <= window.to)
    .toSorted((one, other) => one.raised - other.raised || one.priority - other.priority);
  const made: Mark[] = [];
  for (const alarm of raised) {
    const before = made.at(-1);
    if (before === undefined || alarm.raised - before.from >= near) {
      const to = alarm.cleared ?? window.to;
      made.push({ kind: 'alarm', from: alarm.raised, to, alarm, others: [] });
      continue;
    }
    // The most important one gives the mark its face.
    const first = alarm.priority < before.alarm.priority;
    made[made.length - 1] = {
      ...before,
      alarm: first ? alarm : before.alarm,
      others: [...before.others, first ? before.alarm : alarm],
    };
  }
  return made;
}

export const unrecordedOf = (gaps: readonly HistoryGap[], window: Window): Unrecorded[] =>
  gaps
    .filter((gap) => gap.to > window.from && gap.from < window.to && gap.to > gap.from)
    .map((gap) => ({
      kind: 'gap',
      from: Math.max(window.from, gap.from),
      to: Math.min(window.to, gap.to),
      why: gap.why,
    }));

/** All of them by when they began. */
export const happeningsOf = (...kinds: readonly (readonly Happening[])[]): Happening[] =>
  kinds.flat().toSorted((one, other) => one.from - other.from);

/** The next one after `time`, or before it. */
export function stepFrom(
  happenings: readonly Happening[],
  time: number,
  direction: 1 | -1,
): Happening | undefined {
  return direction === 1
    ? happenings.find(({ from }) => from > time)
    : happenings.findLast(({ from }) => from < time);
}

/** What was at `time`: an alarm that is within `near` ms, else a time without record, else the state. */
export function happeningAt(
  happenings: readonly Happening[],
  time: number,
  near: number,
): Happening | undefined {
  const apart = (each: Happening): number => Math.abs(each.from - time);
  const [alarm] = happenings
    .filter((each) => each.kind === 'alarm' && apart(each) <= near)
    .toSorted((one, other) => apart(one) - apart(other));
  const during = (kind: Happening['kind']): Happening | undefined =>
    happenings.findLast((each) => each.kind === kind && each.from <= time && time < each.to);
  return alarm ?? during('gap') ?? during('stay');
}
