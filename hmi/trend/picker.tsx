// Picks the tags of a trend: by device or flow with a finger, or by a word. So many are drawn at a time.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { LoggedTag } from '#contract/history.ts';
import { store } from '#hmi/feed/cell.ts';
import { t, textOf } from '#hmi/i18n/text.ts';
import { formatUnit } from '#hmi/parts/format.ts';
import { chosen, logged, toggle } from './pens.ts';
import { pensLimit } from './view.ts';

const step = 40;

export function Picker({ done }: { done: () => void }): JSX.Element {
  const word = useSignal('');
  const group = useSignal<string | undefined>(undefined);
  const shown = useSignal(step);
  const list = logged.value;
  const all = list?.kind === 'answer' ? list.answer : [];
  const found = all.filter(
    (tag) =>
      (group.value === undefined || groupOf(tag) === group.value) && isNamed(tag, word.value),
  );
  const groups = [...new Set(all.map(groupOf))].toSorted((one, other) =>
    one.localeCompare(other, undefined, { numeric: true }),
  );
  return (
    <section class="panel picker" aria-label={t('trends.pick')}>
      <div class="choices">
        <input
          type="search"
          autocomplete="off"
          placeholder={t('trends.search')}
          aria-label={t('trends.search')}
          value={word.value}
          onInput={(event) => {
            word.value = event.currentTarget.value;
            shown.value = step;
          }}
        />
        <b role="status">{t('trends.picked', { count: chosen.value.length, most: pensLimit })}</b>
        <span class="push" />
        <button type="button" class="plain" onClick={done}>
          {t('trends.done')}
        </button>
      </div>
      <div class="scroll groups" role="group" aria-label={t('trends.groups')} tabIndex={0}>
        {[undefined, ...groups].map((each) => (
          <button
            key={each ?? ''}
            type="button"
            class="plain"
            aria-pressed={group.value === each}
            onClick={() => {
              group.value = each;
              shown.value = step;
            }}
          >
            {each ?? t('trends.all')}
          </button>
        ))}
      </div>
      <div class="scroll signals" role="group" aria-label={t('trends.signals')} tabIndex={0}>
        {found.slice(0, shown.value).map((tag) => (
          <TagButton key={tag.tag} tag={tag} />
        ))}
        {found.length === 0 && <p class="quiet">{nothing()}</p>}
        {found.length > shown.value && (
          <button
            type="button"
            class="plain"
            onClick={() => {
              shown.value += step;
            }}
          >
            {t('devices.tagsMore', { count: Math.min(step, found.length - shown.value) })}
          </button>
        )}
      </div>
    </section>
  );
}

function nothing(): string {
  const list = logged.value;
  if (list === undefined) return t('trends.loading');
  if (list.kind === 'failed') return `${t('trends.failed')} ${list.code}`;
  return t(
    list.kind === 'answer' && list.answer.length > 0 ? 'trends.noneFound' : 'trends.noneLogged',
  );
}

function TagButton({ tag }: { tag: LoggedTag }): JSX.Element {
  const picked = chosen.value.includes(tag.tag);
  const full = chosen.value.length >= pensLimit;
  return (
    <button
      type="button"
      class="plain tag-choice"
      aria-pressed={picked}
      aria-disabled={full && !picked}
      onClick={() => toggle(tag.tag)}
    >
      <b>
        {picked && `${chosen.value.indexOf(tag.tag) + 1}. `}
        {tag.title === undefined ? tag.tag : textOf(tag.title)}{' '}
        <small>{formatUnit(tag.unit)}</small>
      </b>
      {tag.title !== undefined && <small>{tag.tag}</small>}
    </button>
  );
}

/** Its device; what has none is told by its flow, or is the controller's own. */
function groupOf({ tag }: LoggedTag): string {
  const info = store.info(tag);
  return info?.device ?? info?.flow ?? t('signals.system');
}

const isNamed = ({ tag, title }: LoggedTag, word: string): boolean =>
  `${tag} ${textOf(title)}`.toLowerCase().includes(word.trim().toLowerCase());
