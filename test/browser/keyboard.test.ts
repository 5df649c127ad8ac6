// The page without a pointer: everything is reached and done by key, and what has the focus is seen.
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '#test/system/test-cell.ts';
import { linkOf, startCalmCell } from './calm-cell.ts';
import { button, goTo, inState, screens } from './hands.ts';
import { launch, openPage, sizes } from './open-page.ts';
import { worst } from './told-cell.ts';
import { openTold } from './told-page.ts';
import { richPast } from './told-past.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
}, 180_000);
afterAll(() => browser.close());

/** What can be worked: all of it must be reached by Tab. */
const workable = 'button, summary, input, a[href]';
const focused = (page: Page): Promise<string> =>
  page.evaluate<string>(
    `(() => {
      const { activeElement: each } = document;
      if (each === document.body) return '';
      const { outlineStyle, outlineWidth } = getComputedStyle(each);
      const seen = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 3;
      return (each.dataset.order ?? 'other') + (seen ? '' : ' unseen ' + each.outerHTML.slice(0, 80));
    })()`,
  );

test('every screen is gone through by Tab, and what has the focus is seen', async () => {
  await using open = await openTold(browser, worst(), { size: sizes.panel, past: richPast });
  const { page } = open;
  // A hundred devices are a hundred keys more of the same kind.
  for (const screen of screens.filter((each) => each !== 'devices')) {
    // oxlint-disable no-await-in-loop -- key by key
    await goTo(page, screen);
    await page.waitForSelector('main');
    const count = await page.evaluate<number>(
      `(() => {
        const all = [...document.querySelectorAll(${JSON.stringify(workable)})].filter((each) => each.checkVisibility());
        for (const [index, each] of all.entries()) each.dataset.order = 'w' + index;
        document.activeElement.blur();
        return all.length;
      })()`,
    );
    const reached = new Set<string>();
    for (let turn = 0; turn < count + 30; turn += 1) {
      await page.keyboard.press('Tab');
      reached.add(await focused(page));
    }
    const missed = Array.from({ length: count }, (_, index) => `w${index}`).filter(
      (each) => !reached.has(each),
    );
    const unseen = [...reached].filter((each) => each.includes('unseen'));
    expect({ screen, missed, unseen }).toEqual({ screen, missed: [], unseen: [] });
    // oxlint-enable no-await-in-loop
  }
}, 180_000);

/** A key on a button, as long as a person holds it; the keyboard repeats it meanwhile. */
async function key(target: Locator, name: 'Enter' | ' ', span: number): Promise<void> {
  const page = target.page();
  await target.focus();
  for (let past = 0; past <= span; past += 100) {
    // oxlint-disable no-await-in-loop -- in time
    await page.keyboard.down(name);
    if (past < span) await page.waitForTimeout(100);
    // oxlint-enable no-await-in-loop
  }
  await page.keyboard.up(name);
}

// SOAK=1 alone: each screen and its keys are gone through above.
test.runIf(process.env['SOAK'] === '1')(
  'a person brings the machine to parts and jogs it by key alone',
  async () => {
    await using calm = await startCalmCell();
    const { cell } = calm;
    await using open = await openPage(browser, await linkOf(cell));
    const { page } = open;
    const names = () => open.acts().map(({ args }) => args['name']);
    await inState(page, 'unit.Aborted');
    const clear = button(page, 'Clear');
    // A key that is held is one press: it asks, and confirms nothing.
    await key(clear, 'Enter', 900);
    expect(await clear.getAttribute('data-phase')).toBe('asking');
    expect(names()).toEqual([]);
    await key(clear, 'Enter', 0);
    await inState(page, 'unit.Stopped');
    expect(names()).toEqual(['clear']);

    const empty = button(page, 'I have looked: no part in chuck or gripper');
    await key(empty, ' ', 0);
    await page.waitForTimeout(400);
    await key(empty, ' ', 0);
    const reset = button(page, 'Reset').and(page.locator('[aria-disabled="false"]'));
    await reset.waitFor({ timeout: 30_000 });
    await key(reset, ' ', 500);
    await page.waitForTimeout(800);
    expect(names()).toEqual(['clear', 'empty']);
    await key(reset, ' ', 1300);
    await inState(page, 'unit.Idle');
    await key(button(page, 'Start'), 'Enter', 1300);
    await inState(page, 'unit.Execute');
    await key(button(page, 'Abort'), 'Enter', 900);
    await inState(page, 'unit.Aborted');
    expect(names()).toEqual(['clear', 'empty', 'reset', 'start', 'abort']);

    const manual = button(page, 'Manual');
    await key(manual, 'Enter', 0);
    await page.waitForTimeout(400);
    await key(manual, 'Enter', 0);
    const jog = page.locator('.act.keep[aria-disabled="false"]').first();
    await jog.waitFor({ timeout: 30_000 });
    await key(jog, ' ', 800);
    const downs = () =>
      open.acts().flatMap(({ verb, args }) => (verb === 'keep' ? [args['down']] : []));
    await until('the hand is gone', 5000, () => (downs().at(-1) === false ? true : undefined));
    expect(downs().length).toBeGreaterThanOrEqual(4);
    expect(downs().filter((down) => down === false)).toHaveLength(1);
  },
  180_000,
);
