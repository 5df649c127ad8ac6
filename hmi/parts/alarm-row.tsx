// What every list of alarms shows of one: priority by shape and word, when and for how long, what it is and what to do,
// its state in words and who answered.
import type { ComponentChildren, JSX } from 'preact';
import type { AlarmState } from '#contract/wire.ts';
import { t, textOf } from '#hmi/i18n/text.ts';
import { formatMoment, formatSpan } from './format.ts';
import { Priority } from './mark.tsx';

export interface ShownAlarm {
  readonly id: string;
  readonly state: 'unacknowledged' | 'acknowledged' | 'returned' | 'over';
  readonly priority: number;
  readonly text: AlarmState['text'];
  readonly response?: AlarmState['response'] | undefined;
  readonly raised: number;
  /** From being raised until it was over, or until now. */
  readonly span: number;
  readonly acknowledged?: number | undefined;
  readonly by?: string | undefined;
  /** How many alarms it was the first of. */
  readonly first?: number | undefined;
}

/** `children`: what can be done with it. */
export function AlarmRow(props: { alarm: ShownAlarm; children?: ComponentChildren }): JSX.Element {
  const { id, state, priority, text, response, raised, span, acknowledged, by, first } =
    props.alarm;
  const stands = state === 'unacknowledged' || state === 'acknowledged';
  return (
    <li class={`alarm ${state} p${priority}`}>
      <span class="priority-word">
        <Priority priority={priority} waits={state === 'unacknowledged'} />
        <small>{t(`priority.${priorityOf(priority)}`)}</small>
      </span>
      <span class="when">
        <time>{formatMoment(raised)}</time>
        <small>{t(stands ? 'alarms.since' : 'alarms.lasted', { span: formatSpan(span) })}</small>
      </span>
      <span class="what">
        <b>{textOf(text)}</b>{' '}
        {first !== undefined && (
          <strong class="first">{t('alarms.first', { count: first })}</strong>
        )}
        {response !== undefined && <small>{textOf(response)}</small>}
      </span>
      <span class="state">
        <b>{t(`alarms.${state}`)}</b>
        {by !== undefined && (
          <small>
            {acknowledged === undefined
              ? t('alarms.by', { actor: by })
              : t('alarms.byAt', { actor: by, at: formatMoment(acknowledged) })}
          </small>
        )}
        <small>{id}</small>
      </span>
      <span class="do">{props.children}</span>
    </li>
  );
}

const priorityOf = (priority: number): 1 | 2 | 3 | 4 =>
  priority === 1 || priority === 2 || priority === 3 ? priority : 4;
