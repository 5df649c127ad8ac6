// The line under a trend that says in words what was at the moment that is read, and the buttons that step from one
// state or alarm to the next.
import type { JSX } from 'preact';
import type { PastAlarm } from '#contract/history.ts';
import { store } from '#hmi/feed/cell.ts';
import { faceOf, stateTitle } from '#hmi/feed/derive.ts';
import { t, textOf } from '#hmi/i18n/text.ts';
import { formatMoment, formatSpan } from '#hmi/parts/format.ts';
import { happeningAt, stepFrom } from './events.ts';
import type { Happening } from './events.ts';
import { journal, moment, now, view } from './pens.ts';
import { drawnWindow, under } from './edge.ts';
import { read } from './pointing.ts';

/** Of the window: an alarm that is so near is meant by a finger. */
const near = 0.02;

export function Reading(): JSX.Element {
  const window = drawnWindow.value;
  const { all } = under.value;
  const at = moment.value ?? Math.min(now.value, window.to) - 1;
  const there = happeningAt(all, at, moment.value === undefined ? 0 : near * view.value.span);
  return (
    <div class="reading">
      <Step to={stepFrom(all, at, -1)} title={t('trends.before')} sign="◀" />
      <p role="status">
        <b>{moment.value === undefined ? t('trends.newest') : formatMoment(at)}</b>{' '}
        {there === undefined ? nothing() : said(there)}
      </p>
      <Step to={stepFrom(all, at, 1)} title={t('trends.after')} sign="▶" />
    </div>
  );
}

function nothing(): string {
  const known = journal.value;
  if (known === undefined) return t('trends.loading');
  if (!('states' in known)) return `${t('trends.failed')} ${known.code}`;
  const { from } = under.value;
  const cut = Number.isFinite(from);
  return cut ? t('trends.more', { at: formatMoment(from) }) : t('trends.quiet');
}

const Step = (props: { to: Happening | undefined; title: string; sign: string }): JSX.Element => {
  const { to, title, sign } = props;
  return (
    <button
      type="button"
      class="plain"
      aria-label={title}
      aria-disabled={to === undefined}
      onClick={() => {
        if (to !== undefined) read(to.from);
      }}
    >
      {sign}
    </button>
  );
};

/** What it was, since when, and for how long. */
function said(there: Happening): string {
  const { from, to } = there;
  const span = formatSpan(Math.min(to, now.value) - from);
  const about = { at: formatMoment(from), span };
  switch (there.kind) {
    case 'stay': {
      const state =
        there.value === 'many'
          ? t('trends.manyStates')
          : stateTitle(faceOf(store.hello.value), there.value);
      return t('trends.stay', { state, ...about });
    }
    case 'gap':
      return t('trends.nobody', { why: there.why, ...about });
    case 'alarm':
      return [there.alarm, ...there.others.slice(0, 2)].map(alarmSaid).join('; ');
  }
}

function alarmSaid({ priority, text, raised, cleared, by }: PastAlarm): string {
  const span = formatSpan((cleared ?? now.value) - raised);
  const about = { priority, text: textOf(text), at: formatMoment(raised), span };
  const end =
    by === undefined ? '' : `, ${t('alarms.ackedBy', { actor: by.replace(/^\w+:/, '') })}`;
  return t(cleared === null ? 'trends.alarmStands' : 'trends.alarm', about) + end;
}
