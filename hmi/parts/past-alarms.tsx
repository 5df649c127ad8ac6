// Alarms that were, from the record: a window of time, newest first, found by priority, flow and word.
// Asked for when the window moves and when an alarm comes, goes or is answered.
import { effect, signal, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { journalLimit } from '#contract/history-limits.ts';
import type { Journal, PastAlarm } from '#contract/history.ts';
import { cellTime, store } from '#hmi/feed/cell.ts';
import { filtered, firstOuts, keyOf, stateOf, tagsOf } from '#hmi/feed/alarms.ts';
import type { Filter } from '#hmi/feed/alarms.ts';
import { askJournal } from '#hmi/feed/history.ts';
import type { Asked } from '#hmi/feed/ask.ts';
import { t, textOf } from '#hmi/i18n/text.ts';
import { beginScreens } from '#hmi/screens/begin.ts';
import { linkOf, moved, spans, windowOf } from '#hmi/trend/view.ts';
import type { SpanName, View } from '#hmi/trend/view.ts';
import { AlarmRow } from './alarm-row.tsx';
import { formatMoment } from './format.ts';
import { Priority } from './mark.tsx';
import { Rows } from './rows.tsx';

beginScreens();

const windows = ['8h', '24h', '7d'] as const satisfies readonly SpanName[];
const view = signal<View>({ span: spans['24h'], end: undefined });
const filter = signal<Filter>({ priority: undefined, flow: undefined, word: '' });
const answer = signal<Exclude<Asked<Journal>, { kind: 'ended' }> | undefined>(undefined);
const settled_ms = 150;
const again_ms = 2000;

const now = (): number => (cellTime.peek() === 0 ? Date.now() : cellTime.peek());

export function PastAlarms(): JSX.Element {
  useJournal();
  const asked = answer.value;
  const alarms = asked?.kind === 'answer' ? asked.answer.alarms : [];
  const found = filtered(alarms, filter.value, ({ text }) => textOf(text));
  const firsts = firstOuts(alarms);
  return (
    <section class="panel past" aria-label={t('alarms.list.past')}>
      <Windows />
      <Filters alarms={alarms} />
      <p class="quiet" role="status">
        {statusText(found.length)}
      </p>
      <Rows
        class="alarms"
        items={found}
        row={(alarm) => (
          <PastRow key={keyOf(alarm)} alarm={alarm} first={firsts.get(keyOf(alarm))} />
        )}
      />
    </section>
  );
}

function useJournal(): void {
  useSignalEffect(() => {
    void view.value;
    const ended = new AbortController();
    const timer = setTimeout(() => void ask(ended.signal), settled_ms);
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  });
  useEffect(() => {
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = effect(() => {
      // An alarm that comes, goes or is answered is in the record soon after; a flood of them asks no oftener.
      void store.alarms.value;
      timer ??= setTimeout(() => {
        timer = undefined;
        void ask(ended.signal);
      }, again_ms);
    });
    return () => {
      stop();
      clearTimeout(timer);
      ended.abort();
      answer.value = undefined;
    };
  }, []);
}

async function ask(ended: AbortSignal): Promise<void> {
  const asked = await askJournal({ ...windowOf(view.peek(), now()), limit: journalLimit }, ended);
  if (asked.kind !== 'ended') answer.value = asked;
}

function statusText(count: number): string {
  const asked = answer.value;
  const { from, to } = windowOf(view.value, now());
  const about = { count, from: formatMoment(from), to: formatMoment(to) };
  if (asked === undefined) return t('trends.loading');
  if (asked.kind === 'failed') return `${t('trends.failed')} ${asked.code} ${asked.text}`;
  const cut = asked.answer.alarms.length >= journalLimit;
  return t(cut ? 'alarms.foundCut' : 'alarms.found', about);
}

const Windows = (): JSX.Element => (
  <div class="choices" role="group" aria-label={t('trends.window')}>
    {windows.map((name) => (
      <button
        key={name}
        type="button"
        class="plain"
        aria-pressed={view.value.span === spans[name]}
        onClick={() => {
          view.value = { ...view.value, span: spans[name] };
        }}
      >
        {t(`spans.${name}`)}
      </button>
    ))}
    {([-1, 1] as const).map((direction) => (
      <button
        key={direction}
        type="button"
        class="plain sign"
        aria-label={t(direction < 0 ? 'trends.earlier' : 'trends.later')}
        aria-disabled={direction > 0 && view.value.end === undefined}
        onClick={() => {
          view.value = moved(view.value, direction, now());
        }}
      >
        {direction < 0 ? '◀' : '▶'}
      </button>
    ))}
    <input
      type="search"
      autocomplete="off"
      placeholder={t('alarms.search')}
      aria-label={t('alarms.search')}
      value={filter.value.word}
      onInput={(event) => {
        filter.value = { ...filter.value, word: event.currentTarget.value };
      }}
    />
  </div>
);

/** A tap picks one, another tap lets it go. */
function Filters({ alarms }: { alarms: readonly PastAlarm[] }): JSX.Element {
  const flows = [...new Set(alarms.map(({ flow }) => flow ?? null))].toSorted((one, other) =>
    (one ?? '').localeCompare(other ?? ''),
  );
  const { priority, flow } = filter.value;
  return (
    <div class="choices" role="group" aria-label={t('alarms.filter')}>
      {([1, 2, 3, 4] as const).map((each) => (
        <button
          key={each}
          type="button"
          class="plain"
          aria-pressed={priority === each}
          onClick={() => {
            filter.value = { ...filter.value, priority: priority === each ? undefined : each };
          }}
        >
          <Priority priority={each} waits={false} /> {t(`priority.${each}`)}
        </button>
      ))}
      {flows.length > 1 &&
        flows.map((each) => (
          <button
            key={each ?? ''}
            type="button"
            class="plain"
            aria-pressed={flow === each}
            onClick={() => {
              filter.value = { ...filter.value, flow: flow === each ? undefined : each };
            }}
          >
            {each ?? t('alarms.ofCell')}
          </button>
        ))}
    </div>
  );
}

function PastRow(props: { alarm: PastAlarm; first: number | undefined }): JSX.Element {
  const { alarm, first } = props;
  const { id, priority, text, response, raised, cleared, acknowledged, by } = alarm;
  return (
    <AlarmRow
      alarm={{
        id,
        priority,
        text,
        response,
        raised,
        state: stateOf(alarm),
        span: (cleared ?? now()) - raised,
        acknowledged: acknowledged ?? undefined,
        by,
        first,
      }}
    >
      <button type="button" class="plain" onClick={() => showTrend(alarm)}>
        {t('alarms.trend')}
      </button>
    </AlarmRow>
  );
}

/** The minutes around it, with the numbers that it watches over. */
function showTrend({ id, raised }: PastAlarm): void {
  const tags = tagsOf(id, store.hello.value?.tags ?? []);
  const span = spans['10min'];
  location.hash = linkOf({ tags, view: { span, end: raised + span / 2 }, fit: false });
}
