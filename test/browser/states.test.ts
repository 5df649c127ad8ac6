// The page of the demo in each state that a person may find it in, on each screen that it is made for: accessible,
// nothing cut or covered, colour only for what is not normal, and the words that tell what is the matter.
// The pictures stay under dist/screens.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clearFaults, fault } from '#test/system/simulator-door.ts';
import { until } from '#test/system/test-cell.ts';
import type { TestCell } from '#test/system/test-cell.ts';
import { linkOf, produce, startCalmCell } from './calm-cell.ts';
import type { CalmCell } from './calm-cell.ts';
import { inState, tap } from './hands.ts';
import {
  axe,
  colourShare,
  launch,
  movedPixels,
  openPage,
  overflows,
  overlaps,
  shoot,
  sizes,
  smallTargets,
} from './open-page.ts';
import type { OpenPage } from './open-page.ts';

let calm: CalmCell;
let cell: TestCell;
let browser: Browser;
const pages: OpenPage[] = [];

beforeAll(async () => {
  browser = await launch();
  calm = await startCalmCell();
  ({ cell } = calm);
  await produce(cell);
  for (const size of Object.values(sizes)) {
    // oxlint-disable-next-line no-await-in-loop -- a link is good once
    pages.push(await openPage(browser, await linkOf(cell), { size }));
  }
}, 120_000);

afterAll(async () => {
  await browser.close();
  await calm[Symbol.asyncDispose]();
}, 180_000);

const first = (): Page => {
  const [open] = pages;
  if (open === undefined) throw new Error('no page');
  return open.page;
};

/** Each page in this state: kept as a picture, and held against every rule. `most`: the share that may be coloured. */
async function look(name: string, most: number): Promise<void> {
  for (const [index, size] of Object.keys(sizes).entries()) {
    const open = pages[index];
    if (open === undefined) throw new Error('no page');
    const { page, context } = open;
    // oxlint-disable no-await-in-loop -- one page after the other
    await page.waitForTimeout(300);
    const picture = await shoot(page, `${name}-${size}`);
    const found = {
      broken: await axe(page),
      cut: await overflows(page),
      covered: await overlaps(page),
      small: await smallTargets(page, 56),
      problems: open.problems,
    };
    expect({ size, ...found }).toEqual({
      size,
      broken: [],
      cut: [],
      covered: [],
      small: [],
      problems: [],
    });
    expect(await colourShare(context, picture)).toBeLessThan(most);
    // oxlint-enable no-await-in-loop
  }
}

/** The page without what may move: banner and clock. */
const still = (page: Page): Promise<Buffer> =>
  page.screenshot({ mask: [page.locator('.banner'), page.locator('.clock')] });

const textOf = (selector: string): Promise<string> => first().locator(selector).first().innerText();

describe('a person who comes to the machine sees', () => {
  test('that it runs: bands, usual times, the part in hand', async () => {
    await inState(first(), 'unit.Execute.Machining', 60_000);
    await until('times are known', 60_000, async () =>
      (await first().locator('.regions .time-in .bar').count()) >= 3 ? true : undefined,
    );
    expect(await first().locator('.indicator .band').count()).toBeGreaterThanOrEqual(3);
    expect(await textOf('.at-hand')).toMatch(/Part code\s+\S+-\d+/);
    await look('running', 0.005);
  }, 120_000);

  test('what held it, and what leads back', async () => {
    await inState(first(), 'unit.Execute.Machining', 60_000);
    await tap(first(), 'Hold');
    await inState(first(), 'unit.Held', 60_000);
    expect(await textOf('.stopped')).toContain('command Hold');
    expect(await first().locator('.again .number').count()).toBeGreaterThanOrEqual(4);
    await look('held', 0.005);
  }, 120_000);

  test('that a device is lost: which, since when, why, and what to do', async () => {
    await fault(cell.data, 'plc', 'hang');
    await first().locator('.at-hand .wrong', { hasText: 'plc DOES NOT ANSWER' }).waitFor({
      timeout: 30_000,
    });
    await first().locator('.indicator .value.bad, .indicator .value.stale').waitFor({
      timeout: 30_000,
    });
    await look('device-lost', 0.03);
    for (const { page } of pages) {
      // oxlint-disable-next-line no-await-in-loop -- one page after the other
      await page.locator('nav button', { hasText: 'Devices' }).click();
    }
    expect(await textOf('.troubled')).toMatch(/plc\s+DOES NOT ANSWER\s+E_DEVICE_\w+ .*\s+Check/);
    await first().locator('.devices th button', { hasText: 'plc' }).click();
    expect(await textOf('.devices .tags')).toMatch(/STALE|BAD/);
    await look('device-lost-devices', 0.03);
    await clearFaults(cell.data);
    await first().locator('.trouble .quiet').waitFor({ timeout: 30_000 });
    for (const { page } of pages) {
      // oxlint-disable-next-line no-await-in-loop -- one page after the other
      await page.locator('nav button', { hasText: 'Overview' }).click();
    }
  }, 120_000);

  test('an alarm, and the safety input behind it', async () => {
    await fault(cell.data, 'plant', 'gate-open');
    await first().locator('.banner.alarm.p1').waitFor({ timeout: 30_000 });
    await inState(first(), 'unit.Abort');
    expect(await textOf('.at-hand .wrong')).toMatch(/Safety\s+Gate closed\s+no/);
    await look('alarm', 0.03);
    await clearFaults(cell.data);
  }, 120_000);

  test('that the page has lost the cell, and how to stop it all the same', async () => {
    const control = cell.pidOf('control');
    process.kill(control, 'SIGSTOP');
    try {
      await Promise.all(pages.map(({ page }) => page.waitForSelector('.banner.lost')));
      expect(await textOf('.banner')).toContain('emergency stop');
      // No colour at all.
      await look('disconnected', Number.MIN_VALUE);
      const before = await Promise.all(pages.map(({ page }) => still(page)));
      await first().waitForTimeout(3000);
      const after = await Promise.all(pages.map(({ page }) => still(page)));
      const moved = pages.map(({ context }, index) => {
        const [past, picture] = [before[index], after[index]];
        if (past === undefined || picture === undefined) throw new Error('no picture');
        return movedPixels(context, past, picture);
      });
      expect(await Promise.all(moved)).toEqual(pages.map(() => 0));
    } finally {
      process.kill(control, 'SIGCONT');
    }
  }, 120_000);
});
