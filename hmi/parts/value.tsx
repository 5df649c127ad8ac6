// One value with its unit and its quality. A value that is not good never looks like one that is, in three ways that
// need no colour: a sign and a word, an outline, and the writing itself; no digits when it is bad.
import type { JSX } from 'preact';
import type { TagInfo } from '#contract/described.ts';
import type { TagState } from '#contract/wire.ts';
import { store } from '#hmi/feed/cell.ts';
import { t, textOf } from '#hmi/i18n/text.ts';
import { formatUnit, formatValue, qualityText } from './format.ts';
import { QualitySign } from './mark.tsx';

interface ValueProps {
  readonly state: TagState | undefined;
  readonly info: TagInfo | undefined;
  /** Where there is no room: the sign and the word, without the reason. */
  readonly brief?: boolean;
}

/** The value as text, for a row. */
export function Value({ state, info, brief = false }: ValueProps): JSX.Element {
  const { quality, look, reason } = qualityText(state);
  const shown =
    state === undefined || quality === 'bad' ? t('value.none') : formatValue(state.v, info);
  return (
    <span class={`value ${look} ${state?.f === true ? 'overridden' : ''}`}>
      {look !== 'good' && <QualitySign look={look} />}
      <b>{shown}</b>
      {quality !== 'bad' && info?.unit !== undefined && <i>{formatUnit(info.unit)}</i>}
      {look !== 'good' && (
        <em>
          {t(`look.${look}`)}
          {!brief && reason !== '' && `: ${reason}`}
        </em>
      )}
      {state?.f === true && <strong class="forced">{t('look.forced')}</strong>}
    </span>
  );
}

/** The live value of a tag. */
export function TagValue(props: { name: string; brief?: boolean }): JSX.Element {
  const { name, brief = false } = props;
  return <Value state={store.tag(name).value} info={store.info(name)} brief={brief} />;
}

/** What a person calls a tag. */
export const tagTitle = (info: TagInfo | undefined, name: string): string =>
  info?.title === undefined ? name : textOf(info.title);

/** Device and place: `rack, input 20`. */
export const placeOf = (info: TagInfo | undefined): string =>
  [info?.device, info?.place].filter((part) => part !== undefined).join(', ');
