// Values and times as people read them, the catalogue of words, and the contrast of the colours.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { status } from '#contract/quality.ts';
import { en } from '#hmi/i18n/en.ts';
import { t, textOf } from '#hmi/i18n/text.ts';
import { formatSpan, formatUnit, formatValue, qualityText } from '#hmi/parts/format.ts';

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
    [status.Good, 'good', ''],
    [status.GoodOverflow, 'good', ''],
    [status.BadTimeout, 'bad', 'no answer in time'],
    [status.UncertainSubstituteValue, 'uncertain', 'substitute'],
    [0x80ff0000, 'bad', '0x80ff0000'],
  ] as const)('status %d is %s: %s', (s, quality, reason) => {
    expect(qualityText({ s })).toEqual({ quality, reason });
  });

  test('a tag that was never heard is bad', () => {
    expect(qualityText(undefined)).toEqual({ quality: 'bad', reason: 'no value yet' });
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
    const made = /^(?:nav|quality|write|by|devices|alarms|truth|link)\./;
    const files = readdirSync('hmi', { recursive: true, encoding: 'utf8' });
    const source = files
      .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('en.ts'))
      .map((file) => readFileSync(join('hmi', file), 'utf8'))
      .join('\n');
    const unused = Object.keys(en).filter((key) => !made.test(key) && !source.includes(`'${key}'`));
    expect(unused).toEqual([]);
  });
});

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
