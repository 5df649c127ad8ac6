// Values, spans and times as people read them. Pure; the page's language decides the form of numbers.
import { qualityOf, status, statusCode, statusText } from '#contract/quality.ts';
import type { Quality } from '#contract/quality.ts';
import type { Scalar, TagInfo } from '#contract/described.ts';
import type { TagState } from '#contract/wire.ts';
import { findText, locale, t } from '#hmi/i18n/text.ts';

/** What is needed to write a value: of a tag, a parameter, a variable. */
export type Shape = Partial<Pick<TagInfo, 'type' | 'unit' | 'min' | 'max'>>;

/** A value without its unit. Numbers keep their digits still: as many decimals as the range deserves. */
export function formatValue(value: Scalar, shape: Shape = {}): string {
  if (value === null) return t('value.none');
  if (typeof value === 'boolean') return value ? t('value.yes') : t('value.no');
  if (typeof value === 'string') return value;
  const whole = shape.type === 'int' || (shape.type === undefined && Number.isInteger(value));
  return formatNumber(value, whole ? 0 : decimals(shape));
}

/** An end of a scale or a bound: no more decimals than it needs. */
export const formatEnd = (value: number): string => formatNumber(value, 0, 2);

/** Every digit of a number that somebody sets. */
export const formatExact = (value: number): string => formatNumber(value, 0, 12);

/** `°C` for `degC`; the flow language knows plain letters only. */
export const formatUnit = (unit: string | undefined): string =>
  (unit ?? '')
    .replace('degC', '°C')
    .replace('degF', '°F')
    .replace(/(?<=m)3$/, '³');

/** How a value looks: `stale` is bad too, for want of news. */
export type Look = Quality | 'stale';

/** How good a value is, and in words why it is not good. */
export function qualityText(state: Pick<TagState, 's'> | undefined): {
  quality: Quality;
  look: Look;
  reason: string;
} {
  if (state === undefined) {
    return { quality: 'bad', look: 'bad', reason: t('quality.BadWaitingForInitialData') };
  }
  const code = statusCode(state.s);
  const quality = qualityOf(code);
  const name = statusText(code);
  const stale = name === statusText(status.BadNoCommunication);
  const reason = quality === 'good' ? '' : (findText(`quality.${name}`) ?? name);
  return { quality, look: stale ? 'stale' : quality, reason };
}

/** Milliseconds as two units at most: `12 s`, `1 min 05 s`, `2 h 03 min`. */
export function formatSpan(span: number): string {
  const s = Math.max(0, Math.floor(span / 1000));
  if (s < 60) return t('span.s', { s });
  if (s < 3600) return t('span.min', { min: Math.floor(s / 60), s: two(s % 60) });
  const h = Math.floor(s / 3600);
  if (h < 24) return t('span.h', { h, min: two(Math.floor(s / 60) % 60) });
  return t('span.d', { d: Math.floor(h / 24), h: two(h % 24) });
}
const two = (count: number): string => String(count).padStart(2, '0');

/** As `formatSpan`, with tenths below ten seconds: for spans that do not run. */
export const formatFineSpan = (span: number): string =>
  span < 9950 ? t('span.s', { s: formatNumber(Math.max(0, span) / 1000, 1) }) : formatSpan(span);

/** UTC milliseconds as the time of day here. */
export const formatTime = (utc: number): string =>
  of(clocks, locale.value, () => {
    const digits = '2-digit';
    const shape = { hour: digits, minute: digits, second: digits, hourCycle: 'h23' } as const;
    return new Intl.DateTimeFormat(locale.value, shape);
  }).format(utc);
/** As `formatTime`, without seconds. */
export const formatMinute = (utc: number): string =>
  of(minutes, locale.value, () => {
    const digits = '2-digit';
    const shape = { hour: digits, minute: digits, hourCycle: 'h23' } as const;
    return new Intl.DateTimeFormat(locale.value, shape);
  }).format(utc);
/** The day here: `24 Nov`. */
export const formatDay = (utc: number): string =>
  of(days, locale.value, () => {
    const shape = { day: 'numeric', month: 'short' } as const;
    return new Intl.DateTimeFormat(locale.value, shape);
  }).format(utc);
/** The time of day, and the day where it is not today. */
export const formatMoment = (utc: number): string =>
  formatDay(utc) === formatDay(Date.now())
    ? formatTime(utc)
    : `${formatDay(utc)} ${formatTime(utc)}`;
/** The zone in which `formatTime` writes. */
export const zoneName = (): string =>
  of(zones, locale.value, () => new Intl.DateTimeFormat(locale.value, { timeZoneName: 'short' }))
    .formatToParts(0)
    .find(({ type }) => type === 'timeZoneName')?.value ?? '';

/** A number with so many decimals, `most` at the most; digits of thousands stay together. */
export function formatNumber(value: number, digits: number, most = digits): string {
  const format = of(numbers, `${locale.value} ${digits} ${most}`, () => {
    const shape = { useGrouping: false, signDisplay: 'negative' } as const;
    const places = { minimumFractionDigits: digits, maximumFractionDigits: most };
    return new Intl.NumberFormat(locale.value, { ...shape, ...places });
  });
  return format.format(value);
}

function decimals({ min, max }: Shape): number {
  if (min === undefined || max === undefined) return 2;
  return max - min >= 50 ? 1 : 2;
}

const numbers = new Map<string, Intl.NumberFormat>();
const clocks = new Map<string, Intl.DateTimeFormat>();
const minutes = new Map<string, Intl.DateTimeFormat>();
const days = new Map<string, Intl.DateTimeFormat>();
const zones = new Map<string, Intl.DateTimeFormat>();
/** Making a format costs more than using it. */
function of<T>(made: Map<string, T>, key: string, make: () => T): T {
  const known = made.get(key);
  if (known !== undefined) return known;
  const fresh = make();
  made.set(key, fresh);
  return fresh;
}
