// Values, spans and times as people read them. Pure; the page's language decides the form of numbers.
import { qualityOf, statusCode, statusText } from '#contract/quality.ts';
import type { Quality } from '#contract/quality.ts';
import type { Scalar, TagInfo } from '#contract/described.ts';
import type { TagState } from '#contract/wire.ts';
import { findText, language, t } from '#hmi/i18n/text.ts';

/** What is needed to write a value: of a tag, a parameter, a variable. */
export type Shape = Partial<Pick<TagInfo, 'type' | 'unit' | 'min' | 'max'>>;

/** A value without its unit. Numbers keep their digits still: as many decimals as the range deserves. */
export function formatValue(value: Scalar, shape: Shape = {}): string {
  if (value === null) return t('value.none');
  if (typeof value === 'boolean') return value ? t('value.yes') : t('value.no');
  if (typeof value === 'string') return value;
  const digits =
    shape.type === 'int' || (shape.type === undefined && Number.isInteger(value))
      ? 0
      : decimals(shape);
  return numbers(digits).format(value);
}

/** `°C` for `degC`; the flow language knows plain letters only. */
export const formatUnit = (unit: string | undefined): string =>
  (unit ?? '')
    .replace('degC', '°C')
    .replace('degF', '°F')
    .replace(/(?<=m)3$/, '³');

/** How good a value is, and in words why it is not good. */
export function qualityText(state: Pick<TagState, 's'> | undefined): {
  quality: Quality;
  reason: string;
} {
  if (state === undefined) return { quality: 'bad', reason: t('quality.BadWaitingForInitialData') };
  const status = statusCode(state.s);
  const quality = qualityOf(status);
  const name = statusText(status);
  return { quality, reason: quality === 'good' ? '' : (findText(`quality.${name}`) ?? name) };
}

const two = (count: number): string => String(count).padStart(2, '0');

/** Milliseconds as two units at most: `12 s`, `1 min 05 s`, `2 h 03 min`. */
export function formatSpan(span: number): string {
  const s = Math.max(0, Math.floor(span / 1000));
  if (s < 60) return t('span.s', { s });
  if (s < 3600) return t('span.min', { min: Math.floor(s / 60), s: two(s % 60) });
  const h = Math.floor(s / 3600);
  if (h < 24) return t('span.h', { h, min: two(Math.floor(s / 60) % 60) });
  return t('span.d', { d: Math.floor(h / 24), h: two(h % 24) });
}

const clock = new Intl.DateTimeFormat(language, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const zone = new Intl.DateTimeFormat(language, { timeZoneName: 'short' });

/** UTC milliseconds as the time of day here. */
export const formatTime = (utc: number): string => clock.format(utc);
/** The zone in which `formatTime` writes. */
export const zoneName = (): string =>
  zone.formatToParts(0).find(({ type }) => type === 'timeZoneName')?.value ?? '';

function decimals({ min, max }: Shape): number {
  if (min === undefined || max === undefined) return 2;
  return max - min >= 50 ? 1 : 2;
}

const formats = new Map<number, Intl.NumberFormat>();
function numbers(digits: number): Intl.NumberFormat {
  const known = formats.get(digits);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    useGrouping: false,
    signDisplay: 'negative',
  });
  formats.set(digits, made);
  return made;
}
