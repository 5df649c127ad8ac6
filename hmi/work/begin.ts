// What every part of maintenance, people, shells and recordings needs before it is drawn: its words and its looks.
import { shellDe } from '#hmi/i18n/shell-de.ts';
import { shellEn } from '#hmi/i18n/shell-en.ts';
import { learn } from '#hmi/i18n/text.ts';
import { workDe } from '#hmi/i18n/work-de.ts';
import { workEn } from '#hmi/i18n/work-en.ts';
import { beginScreens } from '#hmi/screens/begin.ts';
// oxlint-disable-next-line import/no-unassigned-import -- of a style sheet there is nothing to name
import '#hmi/work.css';

let begun = false;

/** Called by each part that is loaded by itself, before it draws. */
export function beginWork(): void {
  if (begun) return;
  begun = true;
  beginScreens();
  learn('en', { ...workEn, ...shellEn });
  learn('de', { ...workDe, ...shellDe });
}
