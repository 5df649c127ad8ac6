// Values and times as people read them, the catalogue of words, and the contrast of the colours.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'vite';
import { afterEach, describe, expect, test } from 'vitest';
import { status } from '#contract/quality.ts';
import { en as pageEn } from '#hmi/i18n/en.ts';
import { codes } from '#contract/error.ts';
import { actionOf } from '#hmi/i18n/codes.ts';
import { de as pageDe } from '#hmi/i18n/de.ts';
import { shellDe } from '#hmi/i18n/shell-de.ts';
import { shellEn } from '#hmi/i18n/shell-en.ts';
import { languageOf, learn, speak, t, textOf } from '#hmi/i18n/text.ts';
import { screensDe } from '#hmi/i18n/screens-de.ts';
import { screensEn } from '#hmi/i18n/screens-en.ts';
import { workDe } from '#hmi/i18n/work-de.ts';
import { workEn } from '#hmi/i18n/work-en.ts';
import {
  formatEnd,
  formatFineSpan,
  formatSpan,
  formatUnit,
  formatValue,
  qualityText,
} from '#hmi/parts/format.ts';

const en = { ...pageEn, ...screensEn, ...workEn, ...shellEn };
const de = { ...pageDe, ...screensDe, ...workDe, ...shellDe };
learn('en', en);
learn('de', de);
afterEach(() => speak('en', []));

describe('values', () => {
  test.each([
    [true, {}, 'yes'],
    [false, {}, 'no'],
    [null, {}, '----'],
    ['load', {}, 'load'],
    [7, { type: 'int' }, '7'],
    [3, {}, '3'],
    [4.256, { type: 'real', min: 0, max: 12 }, '4.26'],
    [41.96, { type: 'real', min: -20, max: 150 }, '42.0'],
    [12345.5, { type: 'real' }, '12345.50'],
    [-0.001, { type: 'real', min: -1, max: 1 }, '0.00'],
  ] as const)('%s as %j reads %s', (value, shape, text) => {
    expect(formatValue(value, shape)).toBe(text);
  });

  test.each([
    [0, '0 s'],
    [59_999, '59 s'],
    [61_000, '1 min 01 s'],
    [3_600_000, '1 h 00 min'],
    [90_000_000, '1 d 01 h'],
    [-5, '0 s'],
  ])('%d ms reads %s', (span, text) => {
    expect(formatSpan(span)).toBe(text);
  });

  test.each([
    [status.Good, 'good', 'good', ''],
    [status.GoodOverflow, 'good', 'good', ''],
    [status.BadTimeout, 'bad', 'bad', 'no answer in time'],
    [status.BadNoCommunication, 'bad', 'stale', 'no fresh value'],
    [status.UncertainSubstituteValue, 'uncertain', 'uncertain', 'substitute'],
    [0x80ff0000, 'bad', 'bad', '0x80ff0000'],
  ] as const)('status %d is %s and looks %s: %s', (s, quality, look, reason) => {
    expect(qualityText({ s })).toEqual({ quality, look, reason });
  });

  test.each([
    [0, '0.0 s'],
    [1234, '1.2 s'],
    [9940, '9.9 s'],
    [9999, '9 s'],
    [61_000, '1 min 01 s'],
  ])('%d ms that do not run read %s', (span, text) => {
    expect(formatFineSpan(span)).toBe(text);
  });

  test('an end of a scale has no more decimals than it needs', () => {
    expect([0, 12, 5.5, -20, 0.333].map(formatEnd)).toEqual(['0', '12', '5.5', '-20', '0.33']);
  });

  test('numbers are written as the language does', () => {
    speak('de', ['de-DE']);
    expect(formatValue(4.256, { type: 'real', min: 0, max: 12 })).toBe('4,26');
    expect(formatFineSpan(1234)).toBe('1,2 s');
    expect(formatValue(true)).toBe('ja');
  });

  test('a tag that was never heard is bad', () => {
    expect(qualityText(undefined)).toEqual({
      quality: 'bad',
      look: 'bad',
      reason: 'no value yet',
    });
  });

  test('units are written as people write them', () => {
    expect(['degC', 'm3', 'bar', undefined].map(formatUnit)).toEqual(['°C', 'm³', 'bar', '']);
  });
});

describe('words', () => {
  test('a text of a flow is taken in the language of the page, else in what there is', () => {
    expect(textOf('x')).toBe('x');
    expect(textOf({ ko: 'k', en: 'e' })).toBe('e');
    expect(textOf({ ko: 'k' })).toBe('k');
    expect(textOf(undefined)).toBe('');
    speak('de', []);
    expect(textOf({ de: 'd', en: 'e' })).toBe('d');
    expect(textOf({ ko: 'k', en: 'e' })).toBe('e');
  });

  test.each([
    [null, ['ko-KR', 'de-AT', 'en'], 'de'],
    ['en', ['de'], 'en'],
    ['xx', ['DE'], 'de'],
    [null, ['fr'], 'en'],
    [null, [], 'en'],
  ] as const)('of %s picked and %j asked for, %s is spoken', (picked, preferred, spoken) => {
    expect(languageOf(picked, preferred)).toBe(spoken);
  });

  test('both catalogues have the same keys and put in the same values', () => {
    expect(Object.keys(de)).toEqual(Object.keys(en));
    const other = Object.entries(en).filter(
      ([key, text]) => named(text).join() !== named(de[key as keyof typeof en]).join(),
    );
    expect(other).toEqual([]);
  });

  test('what to do about a code of a device is said in every language', () => {
    expect(actionOf('E_DEVICE_TIMEOUT')).toBe(codes.E_DEVICE_TIMEOUT.action);
    expect(actionOf('E_NO_SUCH_CODE')).toBeUndefined();
    const own = Object.keys(codes).filter((code) => code.startsWith('E_DEVICE_'));
    speak('de', []);
    const english = own.filter(
      (code) => actionOf(code) === codes[code as keyof typeof codes].action,
    );
    expect(english).toEqual([]);
  });

  test('no word for people stands outside the catalogues', () => {
    const files = readdirSync('hmi', { recursive: true, encoding: 'utf8' });
    const written = files
      .filter((file) => file.endsWith('.tsx'))
      .flatMap((file) => {
        const { program } = parseSync(file, readFileSync(join('hmi', file), 'utf8'));
        return writtenIn(program).map((text) => `${file}: ${text}`);
      });
    expect(written).toEqual([]);
    const planted = parseSync(
      'x.tsx',
      'const x = <p title="Top" lang={y}>Two words {z}<b>|</b></p>',
    );
    expect(writtenIn(planted.program)).toEqual(['Top', 'Two words']);
  });

  test('values are put in, and a missing one is seen', () => {
    expect(t('header.partsOf', { parts: 1, batch: 2 })).toBe('1 of 2');
    expect(t('header.partsOf', { parts: 1 })).toBe('1 of {batch}');
  });

  test('every bad status of the product has words', () => {
    const names = Object.keys(status).filter((name) => /^(?:Bad|Uncertain)/.test(name));
    expect(names.filter((name) => !Object.hasOwn(en, `quality.${name}`))).toEqual([]);
  });

  test('no word stands in the catalogue that nothing uses', () => {
    const made =
      /^(?:nav|quality|look|measured|write|by|devices|alarms|truth|link|draft|mirror|priority|spans|tier|right|role|session|approval|approvalState|work|people|part|tiers|recording|verified|own|shells\.as|locks\.kind)\./;
    const files = readdirSync('hmi', { recursive: true, encoding: 'utf8' });
    const source = files
      .filter((file) => /\.tsx?$/.test(file) && !/i18n.(?:[a-z]+-)?(?:en|de)\.ts$/.test(file))
      .map((file) => readFileSync(join('hmi', file), 'utf8'))
      .join('\n');
    const named = (key: string): boolean => ["'", '"'].some((q) => source.includes(q + key + q));
    const unused = Object.keys(en).filter((key) => !made.test(key) && !named(key));
    expect(unused).toEqual([]);
  });
});

/** What a text puts in. */
const named = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).toSorted();

/** Texts of JSX, and of attributes that are read out or shown. */
function writtenIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap((each) => writtenIn(each));
  if (typeof node !== 'object' || node === null) return [];
  const { type, value, name } = node as { type?: unknown; value?: unknown; name?: unknown };
  const inner = Object.values(node).flatMap((each) => writtenIn(each));
  if (type === 'JSXText' && typeof value === 'string' && /\p{L}/u.test(value))
    return [value.trim()];
  if (type !== 'JSXAttribute') return inner;
  const said = /^(?:title|alt|placeholder|aria-label|aria-description)$/;
  const text = (value as { value?: unknown } | null)?.value;
  const shown = said.test(String((name as { name?: unknown }).name)) && typeof text === 'string';
  return shown ? [text, ...inner] : inner;
}

/** Relative luminance after WCAG 2. */
const light = (hex: string): number => {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

describe('colours', () => {
  const tokens = readFileSync('hmi/tokens.css', 'utf8');
  const token = (name: string): string =>
    new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(tokens)?.[1] ?? '';
  const contrast = (one: string, other: string): number => {
    const [low = 0, high = 0] = [light(token(one)), light(token(other))].toSorted((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };

  test.each([
    ['text', 'bg', 4.5],
    ['text', 'panel', 4.5],
    ['text', 'band', 4.5],
    ['muted', 'bg', 4.5],
    ['muted', 'panel', 4.5],
    ['muted', 'raised', 4.5],
    ['muted', 'active', 4.5],
    ['text', 'forced', 4.5],
    ['live', 'panel', 4.5],
    ['live', 'raised', 4.5],
    ['on-dark', 'dark', 4.5],
    ['other', 'active', 4.5],
    ['edge', 'panel', 4.5],
    ['edge', 'p2', 3],
    ['edge', 'p3', 3],
    ['active', 'p1', 3],
    ['active', 'p4', 3],
    ['edge', 'forced', 3],
  ])('%s on %s has a contrast of at least %d', (one, other, least) => {
    expect(contrast(one, other)).toBeGreaterThanOrEqual(least);
  });
});
