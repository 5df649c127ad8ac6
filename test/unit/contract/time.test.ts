import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DurationText,
  formatDuration,
  hours,
  milliseconds,
  minutes,
  parseDuration,
  seconds,
} from '#contract/time.ts';

describe('a duration is a number with its unit', () => {
  test.each([
    ['0ms', 0],
    ['20ms', 20],
    ['1s', 1000],
    ['1.5s', 1500],
    ['0.001s', 1],
    ['1.001s', 1001],
    ['2min', 120_000],
    ['0.5min', 30_000],
    ['8h', 28_800_000],
    ['1.0ms', 1],
  ])('%s is %d ms', (text, span) => {
    expect(parseDuration(text)).toBe(span);
    expect(DurationText.parse(text)).toBe(span);
  });

  test.each([
    '',
    '20',
    'ms',
    '20 ms',
    '20MS',
    '20m',
    '-1s',
    '1e3ms',
    '.5s',
    '1.s',
    '1.5ms',
    '0.0001s',
    '1h30min',
    ' 1s',
    '1s\n',
    '1d',
    '99999999999s',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
    expect(DurationText.safeParse(text).success).toBe(false);
  });

  test('is shown with the largest unit that fits whole', () => {
    expect(
      [0, 1, 999, 1000, 1500, 1234, 60_000, 90_000, 3_600_000, 5_400_000].map((span) =>
        formatDuration(milliseconds(span)),
      ),
    ).toEqual(['0ms', '1ms', '999ms', '1s', '1.5s', '1234ms', '1min', '90s', '1h', '90min']);
  });

  test('reads back as it is shown', () => {
    fc.assert(
      fc.property(fc.nat({ max: 999_999_999 }), (span) => {
        expect(parseDuration(formatDuration(milliseconds(span)))).toBe(span);
      }),
      { seed: 60, numRuns: 5000 },
    );
  });

  test('its makers agree', () => {
    expect(seconds(60)).toBe(minutes(1));
    expect(minutes(60)).toBe(hours(1));
    expect(milliseconds(1000)).toBe(seconds(1));
  });
});
