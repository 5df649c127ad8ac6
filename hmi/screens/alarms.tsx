// All alarms that are not normal, those that wait for an answer first.
import type { JSX } from 'preact';
import { cellTime, store } from '#hmi/feed/cell.ts';
import { isUnanswered, sortAlarms } from '#hmi/feed/derive.ts';
import type { NamedAlarm } from '#hmi/feed/derive.ts';
import { t, textOf } from '#hmi/i18n/text.ts';
import { AckButton } from '#hmi/parts/act-button.tsx';
import { formatSpan, formatTime } from '#hmi/parts/format.ts';
import { Priority } from '#hmi/parts/mark.tsx';

export function Alarms(): JSX.Element {
  const alarms = sortAlarms(store.alarms.value);
  return (
    <main class="stale-scope list" tabIndex={0} aria-label={t('nav.alarms')}>
      <section class="panel">
        <h2>{t('alarms.title')}</h2>
        {alarms.length === 0 && <p class="quiet">{t('alarms.none')}</p>}
        <ul class="alarms">
          {alarms.map((alarm) => (
            <AlarmRow key={alarm.id} alarm={alarm} />
          ))}
        </ul>
      </section>
    </main>
  );
}

function AlarmRow({ alarm }: { alarm: NamedAlarm }): JSX.Element {
  const { id, state, priority, text, response, raised, cleared, by } = alarm;
  return (
    <li class={`alarm ${state} p${priority}`}>
      <Priority priority={priority} waits={state === 'unacknowledged'} />
      <span class="when">
        <time>{formatTime(raised)}</time>
        <small>
          {t('alarms.since', { span: formatSpan((cleared ?? cellTime.value) - raised) })}
        </small>
      </span>
      <span class="what">
        <b>{textOf(text)}</b>
        <small>{textOf(response)}</small>
      </span>
      <span class="state">
        <b>{t(`alarms.${state}`)}</b>
        <small>{by === undefined ? id : t('alarms.by', { actor: by })}</small>
      </span>
      {isUnanswered(alarm) ? <AckButton alarm={id} /> : <span />}
    </li>
  );
}
