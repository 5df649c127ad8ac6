// Alarms in three lists: those that wait for an answer, those that were answered and still stand, and those that were.
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { cellTime, store } from '#hmi/feed/cell.ts';
import { firstOuts, keyOf, listsOf } from '#hmi/feed/alarms.ts';
import { isUnanswered, sortAlarms } from '#hmi/feed/derive.ts';
import type { NamedAlarm } from '#hmi/feed/derive.ts';
import { t } from '#hmi/i18n/text.ts';
import { AckButton } from '#hmi/parts/act-button.tsx';
import { AlarmRow } from '#hmi/parts/alarm-row.tsx';
import { later } from '#hmi/parts/later.tsx';
import { Rows } from '#hmi/parts/rows.tsx';

const lists = ['active', 'acknowledged', 'past'] as const;
const picked = signal<(typeof lists)[number]>('active');
const past = later(() => import('#hmi/parts/past-alarms.tsx').then(({ PastAlarms }) => PastAlarms));

export function Alarms(): JSX.Element {
  const all = sortAlarms(store.alarms.value);
  const standing = listsOf(all);
  const list = picked.value;
  return (
    <main class="stale-scope list" tabIndex={0} aria-label={t('nav.alarms')}>
      <div class="choices" role="group" aria-label={t('alarms.lists')}>
        {lists.map((each) => (
          <button
            key={each}
            type="button"
            class="plain"
            aria-pressed={each === list}
            onClick={() => {
              picked.value = each;
            }}
          >
            {t(`alarms.list.${each}`)} {each !== 'past' && <b>{standing[each].length}</b>}
          </button>
        ))}
      </div>
      {list === 'past' ? (
        <past.Part />
      ) : (
        <Standing alarms={standing[list]} all={all} empty={list} />
      )}
    </main>
  );
}

function Standing(props: {
  alarms: readonly NamedAlarm[];
  /** Those of the other list too: the first of a burst may have been answered. */
  all: readonly NamedAlarm[];
  empty: 'active' | 'acknowledged';
}): JSX.Element {
  const { alarms, all, empty } = props;
  const firsts = firstOuts(all);
  return (
    <section class="panel" aria-label={t(`alarms.list.${empty}`)}>
      {alarms.length === 0 && <p class="quiet">{t(`alarms.none.${empty}`)}</p>}
      <Rows
        class="alarms"
        items={alarms}
        row={(alarm) => (
          <AlarmRow
            key={alarm.id}
            alarm={{
              ...alarm,
              span: (alarm.cleared ?? cellTime.value) - alarm.raised,
              first: firsts.get(keyOf(alarm)),
            }}
          >
            {isUnanswered(alarm) && <AckButton alarm={alarm.id} />}
          </AlarmRow>
        )}
      />
    </section>
  );
}
