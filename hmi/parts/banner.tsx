// The line under the header, always there: that nothing is live, that control was restarted,
// or the alarm that most needs an answer.
import type { JSX } from 'preact';
import { age, live, store } from '#hmi/feed/cell.ts';
import { isUnanswered, sortAlarms } from '#hmi/feed/derive.ts';
import { t, textOf } from '#hmi/i18n/text.ts';
import { AckButton } from './act-button.tsx';
import { formatSpan, formatTime } from './format.ts';
import { Priority } from './mark.tsx';

export function Banner(): JSX.Element {
  if (!live.value) return <Lost />;
  if (store.restarted.value !== undefined) return <Restarted at={store.restarted.value} />;
  return <TopAlarm />;
}

function Lost(): JSX.Element {
  const known = Number.isFinite(age.value);
  const span = formatSpan(age.value * 1000);
  return (
    <div class="banner lost" role="alert" aria-label={t('banner.lostLabel')}>
      <span class="said">
        <strong>
          {t('banner.lost')}{' '}
          <b class="count">{known ? t('banner.lostAge', { age: span }) : t('banner.never')}</b>
        </strong>
        <span class="help">{t('banner.lostHelp')}</span>
      </span>
    </div>
  );
}

const Restarted = ({ at }: { at: number }): JSX.Element => (
  <div class="banner restarted" role="alert">
    <span class="said">
      <strong>{t('banner.restarted', { time: formatTime(at) })}</strong>
      <span class="help">{t('banner.restartedHelp')}</span>
    </span>
  </div>
);

function TopAlarm(): JSX.Element {
  const alarms = sortAlarms(store.alarms.value);
  const open = alarms.filter(isUnanswered);
  const top = open[0];
  if (top === undefined) {
    const count = alarms.length;
    return (
      <div class="banner none" role="status">
        <span>{t('banner.none')}</span>
        {count > 0 && <b>{t('banner.active', { count })}</b>}
      </div>
    );
  }
  return (
    <div class={`banner alarm p${top.priority}`} role="alert" aria-label={t('banner.label')}>
      <Priority priority={top.priority} waits={top.state === 'unacknowledged'} />
      <time>{formatTime(top.raised)}</time>
      <span class="said">
        <strong>{textOf(top.text)}</strong>
        <span class="help">
          {top.state === 'returned' ? t('alarms.returned') : textOf(top.response)}
        </span>
      </span>
      {open.length > 1 && <b class="more">{t('banner.more', { count: open.length - 1 })}</b>}
      <AckButton key={top.id} alarm={top.id} />
    </div>
  );
}
