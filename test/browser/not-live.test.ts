// When control or station stands still nothing on the page may look live, and nothing that is tapped may come later.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linkOf, produce, startCalmCell } from './calm-cell.ts';
import { axe, colourShare, launch, openPage } from './open-page.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
}, 180_000);
afterAll(() => browser.close());

/** Stops a process for a while; ms until the page says that nothing is live, as the page itself saw it. */
async function stopUntilLost(page: Page, pid: number): Promise<number> {
  await page.evaluate(
    `new MutationObserver((_, observer) => {
       if (document.querySelector('.banner.lost') === null) return;
       globalThis.lostAt = Date.now();
       observer.disconnect();
     }).observe(document.body, { childList: true, subtree: true, attributes: true });`,
  );
  const start = Date.now();
  process.kill(pid, 'SIGSTOP');
  await page.waitForSelector('.banner.lost', { timeout: 10_000 });
  return (await page.evaluate<number>('globalThis.lostAt')) - start;
}

/** The page without what may move: banner and clock. */
const still = (page: Page): Promise<Buffer> =>
  page.screenshot({ mask: [page.locator('.banner'), page.locator('.clock')] });

describe('a page whose control stands still', () => {
  test('says so within 2.5 s, looks like nothing live, and sends nothing that is tapped', async () => {
    await using calm = await startCalmCell();
    const { cell } = calm;
    await produce(cell);
    await using open = await openPage(browser, await linkOf(cell));
    const { page } = open;
    await page.waitForTimeout(1000);
    const control = cell.pidOf('control');
    try {
      expect(await stopUntilLost(page, control)).toBeLessThanOrEqual(2500);
      await page.waitForTimeout(500);
      const first = await still(page);
      const counted = await page.locator('.banner .count').textContent();
      await page.waitForTimeout(3000);
      expect((await still(page)).equals(first)).toBe(true);
      expect(await page.locator('.banner .count').textContent()).not.toBe(counted);
      expect(await colourShare(open.context, await page.screenshot())).toBe(0);
      expect(await axe(page)).toEqual([]);
      for (const each of await page.locator('.act').all()) {
        expect(await each.getAttribute('aria-disabled')).toBe('true');
        await each.click({ force: true });
      }
      await page.locator('nav button', { hasText: 'Devices' }).click();
      expect(await page.locator('main').getAttribute('aria-label')).toBe('Devices');
    } finally {
      process.kill(control, 'SIGCONT');
    }
    await page.waitForSelector('.page.live', { timeout: 5000 });
    await page.waitForTimeout(1500);
    expect(open.acts()).toEqual([]);
  }, 120_000);
});

describe('a page whose station stands still', () => {
  test('says so within 2.5 s and comes back to what changed meanwhile', async () => {
    await using calm = await startCalmCell();
    const { cell } = calm;
    await using open = await openPage(browser, await linkOf(cell));
    const { page } = open;
    const station = cell.pidOf('station');
    try {
      expect(await stopUntilLost(page, station)).toBeLessThanOrEqual(2500);
      cell.rebe('fault', 'plant', 'gate-open');
      for (const each of await page.locator('.act').all()) await each.click({ force: true });
    } finally {
      process.kill(station, 'SIGCONT');
    }
    await page.waitForSelector('.page.live', { timeout: 10_000 });
    await page.waitForSelector('.banner.alarm.p1', { timeout: 5000 });
    expect(open.acts()).toEqual([]);
  }, 180_000);

  test('that is killed is replaced, and who was signed in still is', async () => {
    await using calm = await startCalmCell();
    const { cell } = calm;
    await using open = await openPage(browser, await linkOf(cell));
    const { page } = open;
    const station = cell.pidOf('station');
    process.kill(station, 'SIGKILL');
    await page.waitForSelector('.banner.lost', { timeout: 10_000 });
    await page.waitForSelector('.page.live', { timeout: 20_000 });
    expect(await page.locator('.facts').textContent()).not.toContain('nobody');
  }, 180_000);
});

test('a control that stands still longer than its watchdog is replaced, and the page says that it was', async () => {
  await using calm = await startCalmCell({ hasty: true });
  const { cell } = calm;
  await using open = await openPage(browser, await linkOf(cell));
  const { page } = open;
  process.kill(cell.pidOf('control'), 'SIGSTOP');
  await page.waitForSelector('.banner.restarted', { timeout: 15_000 });
  expect(await page.locator('.banner').textContent()).toContain('CONTROL WAS RESTARTED');
  await page.waitForSelector('.banner:not(.restarted)', { timeout: 15_000 });
}, 180_000);
