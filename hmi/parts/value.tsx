// One value with its unit and its quality. A value that is not good never looks like one that is:
// no digits when it is bad, hatched when it is uncertain, with the reason in words.
import type { JSX } from 'preact';
import type { TagInfo } from '#contract/described.ts';
import type { TagState } from '#contract/wire.ts';
import { store } from '#hmi/feed/cell.ts';
import { t, textOf } from '#hmi/i18n/text.ts';
import { formatUnit, formatValue, qualityText } from './format.ts';

interface ValueProps {
  readonly state: TagState | undefined;
  readonly info: TagInfo | undefined;
}

/** The value as text, for a row. */
export function Value({ state, info }: ValueProps): JSX.Element {
  const { quality, reason } = qualityText(state);
  const shown =
    state === undefined || quality === 'bad' ? t('value.none') : formatValue(state.v, info);
  return (
    <span class={`value ${quality}`}>
      <b>{shown}</b>
      {quality !== 'bad' && info?.unit !== undefined && <i>{formatUnit(info.unit)}</i>}
      {reason !== '' && (
        <em>{quality === 'bad' ? reason : `${t('value.uncertain')}: ${reason}`}</em>
      )}
      {state?.f === true && <strong class="forced">{t('signals.forced')}</strong>}
    </span>
  );
}

/** The live value of a tag. */
export function TagValue({ name }: { name: string }): JSX.Element {
  return <Value state={store.tag(name).value} info={store.info(name)} />;
}

/** What a person calls a tag. */
export const tagTitle = (info: TagInfo | undefined, name: string): string =>
  info?.title === undefined ? name : textOf(info.title);

/** Device and place: `io, input 20`. */
export const placeOf = (info: TagInfo | undefined): string =>
  [info?.device, info?.place].filter((part) => part !== undefined).join(', ');

/** A number in its range, large; the first thing read from afar. */
export function Gauge({ name }: { name: string }): JSX.Element {
  const info = store.info(name);
  const state = store.tag(name).value;
  const { quality } = qualityText(state);
  const { min = 0, max = 1 } = info ?? {};
  const number = typeof state?.v === 'number' ? state.v : min;
  const share = Math.min(1, Math.max(0, (number - min) / (max - min || 1)));
  return (
    <li class="gauge">
      <span class="name">{tagTitle(info, name)}</span>
      <Value state={state} info={info} />
      <span class={`bar ${quality}`} aria-hidden="true">
        {quality !== 'bad' && <span style={{ width: `${share * 100}%` }} />}
      </span>
      <span class="ends" aria-hidden="true">
        <span>{formatValue(min, { type: 'int' })}</span>
        <span class="place">{placeOf(info)}</span>
        <span>{formatValue(max, { type: 'int' })}</span>
      </span>
    </li>
  );
}
