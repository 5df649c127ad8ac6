// The reason that the next acts are recorded with, on a button that asks for another.
import type { JSX } from 'preact';
import { reason } from '#hmi/feed/reason.ts';
import { t } from '#hmi/i18n/text.ts';
import { later } from './later.tsx';
import { over } from './shown.ts';

const Chooser = later(() => import('#hmi/work/why.tsx').then(({ Why }) => Why)).Part;

export function askReason(): void {
  over.value = Chooser;
}

export const Reason = (): JSX.Element => (
  <button
    type="button"
    class={`plain reason ${reason.value === '' ? 'missing' : ''}`}
    onClick={askReason}
  >
    <small>{t('press.reason')}</small>
    <b>{reason.value === '' ? t('press.noReason') : reason.value}</b>
  </button>
);
