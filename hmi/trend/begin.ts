// The words that every part needs that shows a window of time: trends, alarms of the past, a recording.
import { learn } from '#hmi/i18n/text.ts';
import { trendDe } from '#hmi/i18n/trend-de.ts';
import { trendEn } from '#hmi/i18n/trend-en.ts';

let begun = false;

/** Called by each part that is loaded by itself, before it draws. */
export function beginTrends(): void {
  if (begun) return;
  begun = true;
  learn('en', trendEn);
  learn('de', trendDe);
}
