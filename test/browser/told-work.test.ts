// The screens of maintenance with everything at once, and with what is longer than a demo's: accessible, nothing cut,
// nothing covered, on every screen and in each language.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { soak } from '#test/system/chance.ts';
import { goTo } from './hands.ts';
import { axe, launch, overflows, overlaps, shoot, sizes, smallTargets } from './open-page.ts';
import { openPart } from './staffed-cell.ts';
import { worst } from './told-cell.ts';
import { openTold } from './told-page.ts';
import { busyCrew } from './told-people.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
}, 180_000);
afterAll(() => browser.close());

const shown = [
  ['panel', 'de-DE'],
  ['panel', 'en-GB'],
  ['desk', 'en-GB'],
  ['upright', 'de-DE'],
] as const;

describe.each(shown.filter((_, index) => soak || index % 3 === 0))(
  'on a %s screen in %s',
  (name, locale) => {
    test('every part of maintenance is accessible, and nothing is cut or covered', async () => {
      const size = sizes[name];
      await using open = await openTold(browser, worst(), { size, locale, crew: busyCrew });
      const { page } = open;
      await page.locator('.strip.shell').waitFor({ timeout: 20_000 });
      const found: unknown[] = [];
      const look = async (part: string): Promise<void> => {
        await page.waitForTimeout(150);
        await shoot(page, `told-work-${name}-${locale}-${part}`);
        const small = await smallTargets(page, 56);
        // A panel lies over the screen: that is what it is for.
        const covered = part === 'dialog' ? [] : await overlaps(page);
        // A row of keys is a row, not the screen.
        const tall = await page.evaluate<string[]>(
          `[...document.querySelectorAll('.choices > button')]
            .filter((each) => each.getBoundingClientRect().height > 160)
            .map((each) => 'tall ' + each.textContent)`,
        );
        const lost = [...tall, ...(await overflows(page)), ...covered, ...small];
        found.push(...[...(await axe(page)), ...lost].map((each) => `${part}: ${each}`));
      };
      await look('overview');
      await goTo(page, 'work');
      for (const part of ['approvals', 'forces', 'console', 'shells', 'recordings', 'people']) {
        // oxlint-disable no-await-in-loop -- one after the other
        await openPart(page, part);
        if (part === 'people') await page.locator('[data-person]').first().waitFor();
        await look(part);
      }
      for (const list of ['sessions', 'tokens', 'roles', 'events']) {
        await page.locator(`.people [data-value="${list}"]`).click();
        if (list === 'events') await page.locator('[data-event]').first().waitFor();
        await look(list);
        // oxlint-enable no-await-in-loop
      }
      await page.locator('.who').click();
      await page.getByRole('dialog').waitFor();
      await look('dialog');
      expect(found).toEqual([]);
    }, 60_000);
  },
);
