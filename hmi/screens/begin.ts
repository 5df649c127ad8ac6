// The words that every part needs that is loaded when it is opened.
import { screensDe } from '#hmi/i18n/screens-de.ts';
import { screensEn } from '#hmi/i18n/screens-en.ts';
import { learn } from '#hmi/i18n/text.ts';

let begun = false;

/** Called by each such part, before it draws. */
export function beginScreens(): void {
  if (begun) return;
  begun = true;
  learn('en', screensEn);
  learn('de', screensDe);
}
