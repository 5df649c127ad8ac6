// Alarms in their lists: what waits for an answer, what was answered, what was; which came first of a burst.
// The words are those of ISA-18.2. Pure.
import type { PastAlarm } from '#contract/history.ts';
import type { TagInfo } from '#contract/described.ts';
import { isUnanswered } from './derive.ts';
import type { NamedAlarm } from './derive.ts';

/** Alarms that are raised so soon after the first have, as likely as not, the same cause. */
export const burst_ms = 2000;

/** An alarm as a row shows it, standing or past. */
export interface Raised {
  readonly id: string;
  readonly raised: number;
}

/** Those that wait for an answer, and those that stand and were answered; each in the order given. */
export const listsOf = (
  alarms: readonly NamedAlarm[],
): { readonly active: readonly NamedAlarm[]; readonly acknowledged: readonly NamedAlarm[] } => ({
  active: alarms.filter(isUnanswered),
  acknowledged: alarms.filter((alarm) => !isUnanswered(alarm)),
});

/**
 * The first alarm of each burst, and how many it began. Where two were raised in the same instant nobody knows which
 * was first, and none is.
 */
export function firstOuts(alarms: readonly Raised[]): ReadonlyMap<string, number> {
  const byTime = alarms.toSorted((one, other) => one.raised - other.raised);
  const firsts = new Map<string, number>();
  for (let at = 0; at < byTime.length;) {
    const first = byTime[at];
    if (first === undefined) break;
    let end = at + 1;
    while ((byTime[end]?.raised ?? Number.POSITIVE_INFINITY) <= first.raised + burst_ms) end += 1;
    const alone = byTime[at + 1]?.raised !== first.raised;
    if (end - at > 1 && alone) firsts.set(keyOf(first), end - at);
    at = end;
  }
  return firsts;
}

/** An alarm may be raised often: each time is another. */
export const keyOf = ({ id, raised }: Raised): string => `${id} ${raised}`;

/** What became of it. */
export function stateOf({
  cleared,
  acknowledged,
}: PastAlarm): 'unacknowledged' | 'acknowledged' | 'returned' | 'over' {
  if (cleared === null) return acknowledged === null ? 'unacknowledged' : 'acknowledged';
  return acknowledged === null ? 'returned' : 'over';
}

export interface Filter {
  /** Undefined: any. */
  readonly priority: number | undefined;
  /** Undefined: any; null: alarms that are no flow's. */
  readonly flow: string | null | undefined;
  /** Part of text or id, in the language of the page. */
  readonly word: string;
}

/** The newest first. `textOf`: an alarm's text as it is shown. */
export function filtered(
  alarms: readonly PastAlarm[],
  { priority, flow, word }: Filter,
  textOf: (alarm: PastAlarm) => string,
): readonly PastAlarm[] {
  const sought = word.trim().toLowerCase();
  return alarms
    .filter(
      (alarm) =>
        (priority === undefined || alarm.priority === priority) &&
        (flow === undefined || (alarm.flow ?? null) === flow) &&
        `${alarm.id} ${textOf(alarm)}`.toLowerCase().includes(sought),
    )
    .toSorted((one, other) => other.raised - one.raised);
}

/** Numbers that the alarm watches over. */
export const tagsOf = (alarm: string, tags: readonly TagInfo[]): string[] =>
  tags
    .filter(({ limits = [] }) => limits.some(({ flow, by }) => `${flow}.${by}` === alarm))
    .map(({ name }) => name);
