// What happened in a recording as a list, each a way to its moment: what was typed apart from what was noted, what was
// typed unseen as its length, programs as they were started.
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '#hmi/i18n/text.ts';
import { formatTime } from '#hmi/parts/format.ts';
import type { Happened, Kind } from './happened.ts';

/** Said by shape: a state, a key, a black bar, a reply, a program, an end, a dot. */
const signs: Readonly<Record<Kind, string>> = {
  state: '■',
  typed: '❯',
  unseen: '▬',
  answer: '↩',
  process: '▶',
  exit: '◼',
  other: '•',
};

export function Marks(props: {
  readonly happened: readonly Happened[];
  readonly at: Signal<number>;
  readonly seek: (to_us: number) => void;
}): JSX.Element {
  const { happened, at, seek } = props;
  const list = useRef<HTMLOListElement>(null);
  const current = happened.findLast(({ t_us }) => t_us <= at.value);
  useEffect(() => {
    list.current?.querySelector('[aria-pressed="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  if (happened.length === 0) return <p class="quiet">{t('playback.none')}</p>;
  return (
    <ol class="marks-list" aria-label={t('playback.marks')} ref={list}>
      {happened.map((each) => (
        <li key={each.key} class={each.kind}>
          <button
            type="button"
            class="plain"
            aria-pressed={each === current}
            onClick={() => seek(each.t_us)}
          >
            <small>{formatTime(each.at)}</small>
            <span aria-hidden="true">{signs[each.kind]}</span>
            <span class="said">
              {each.kind === 'typed' || each.kind === 'process' ? (
                <code>{each.said}</code>
              ) : (
                <b>{each.said}</b>
              )}
              {each.more !== '' && <small>{each.more}</small>}
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}
