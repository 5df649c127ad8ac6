// Alarms by the hundred, and those that were: in their lists, found, answered, and a bounded number at a time.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AlarmState } from '#contract/wire.ts';
import { goTo } from './hands.ts';
import {
  axe,
  colourShare,
  launch,
  overflows,
  overlaps,
  shoot,
  sizes,
  smallTargets,
} from './open-page.ts';
import { normal, overload, picture, told } from './told-cell.ts';
import { brokenPast, richPast } from './told-past.ts';
import { openTold } from './told-page.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
}, 180_000);
afterAll(() => browser.close());

const list = (page: Page, name: string): Promise<void> =>
  page.locator('main > .choices .plain', { hasText: name }).click();
const texts = (page: Page): Promise<string[]> => page.locator('.alarms > li').allInnerTexts();

/** Many, seven seconds apart, a third of each state; and two more, one right after the other. */
function flood(count = 300): Record<string, AlarmState> {
  const now = Date.now();
  const states = ['unacknowledged', 'acknowledged', 'returned'] as const;
  const many = Array.from({ length: count }, (_, index): [string, AlarmState] => {
    const state = states[index % 3] ?? 'returned';
    return [
      `pressing.a${index}`,
      {
        ...overload,
        priority: 1 + (index % 4),
        raised: now - 10_000 - index * 7000,
        state,
        ...(state === 'returned' ? { cleared: now - 1000 } : {}),
        ...(state === 'acknowledged' ? { acknowledged: now - 500, by: 'console:ada' } : {}),
      },
    ];
  });
  const burst = [0, 900].map((after, index): [string, AlarmState] => [
    `pressing.b${index}`,
    { ...overload, priority: 1, raised: now - 5000 + after },
  ]);
  return Object.fromEntries([...many, ...burst]);
}

test.each([
  ['panel', 'en-GB', 'History', 'Not acknowledged'],
  ['upright', 'de-DE', 'Verlauf', 'Nicht quittiert'],
] as const)(
  'on a %s screen in %s nothing is cut or covered, and all is accessible',
  async (name, locale, past, active) => {
    const messages = [told, picture({ alarms: flood(12) })];
    await using open = await openTold(browser, messages, {
      size: sizes[name],
      locale,
      past: richPast,
    });
    const { page } = open;
    await goTo(page, 'alarms');
    const looks: unknown[] = [];
    for (const each of [active, past]) {
      // oxlint-disable no-await-in-loop -- one list after the other
      await list(page, each);
      await page.locator('.alarms > li').nth(5).waitFor();
      await shoot(page, `alarms-${each === past ? 'past' : 'active'}-${locale}-${name}`);
      looks.push({
        broken: await axe(page),
        cut: await overflows(page),
        covered: await overlaps(page),
        small: await smallTargets(page, 56),
      });
      // oxlint-enable no-await-in-loop
    }
    expect(looks).toEqual(looks.map(() => ({ broken: [], cut: [], covered: [], small: [] })));
    expect(open.problems).toEqual([]);
  },
  180_000,
);

test('hundreds of alarms stand in two lists, counted, so many at a time, and are answered there', async () => {
  const messages = [told, picture({ alarms: flood() })];
  await using open = await openTold(browser, messages, { size: sizes.panel });
  const { page } = open;
  expect(await page.locator('nav .count').innerText()).toBe('202');
  await goTo(page, 'alarms');
  const rows = page.locator('.alarms > li');
  expect(await rows.count()).toBe(50);
  const [first = '', second = ''] = await texts(page);
  expect(first).toMatch(
    /1\s+critical[\s\S]+Ram overloaded[\s\S]+Look at the die[\s\S]+ACTIVE, UNACKNOWLEDGED\s+pressing\.b1/,
  );
  expect(second).toMatch(/FIRST of 2[\s\S]+pressing\.b0/);
  await page.locator('.plain.more').click();
  expect(await rows.count()).toBe(100);
  await rows.first().locator('.act').click();
  await page.locator('.alarms .act.sent').waitFor();
  const acts = open.heard.filter(({ type }) => type === 'act');
  expect(acts).toMatchObject([{ verb: 'acknowledge', args: { alarm: 'pressing.b1' } }]);
  await list(page, 'Acknowledged, active');
  expect(await page.locator('[aria-pressed="true"]').innerText()).toBe('Acknowledged, active 100');
  expect((await texts(page))[0]).toMatch(/active, acknowledged\s+by console:ada, \d\d:\d\d:\d\d/);
  expect(await page.locator('.alarms .act').count()).toBe(0);
}, 180_000);

test('what was is found by window, priority, flow and word, by key alone', async () => {
  await using open = await openTold(browser, normal(), { size: sizes.panel, past: richPast });
  const { page } = open;
  await goTo(page, 'alarms');
  await list(page, 'History');
  const found = async (count: RegExp): Promise<void> => {
    await page.locator('.past [role="status"]', { hasText: count }).waitFor({ timeout: 10_000 });
  };
  // Four in each round of forty minutes.
  await found(/^14\d alarms from/);
  const past = await colourShare(open.context, await page.screenshot());
  expect(past).toBeLessThan(0.005);
  const key = async (name: string): Promise<void> => {
    await page.locator('.past .choices button', { hasText: name }).focus();
    await page.keyboard.press('Enter');
  };
  await key('8 h');
  await found(/^(?:4|5)\d alarms/);
  // The newest may have begun just now.
  await key('high');
  await found(/^1\d alarms/);
  expect((await texts(page))[1]).toMatch(
    /Ram overloaded\s+FIRST of 3\s+Look at pressing\.overload[\s\S]+over, acknowledged\s+by console:ada, .*\d\d:\d\d:\d\d/,
  );
  await key('high');
  await key('of the cell itself');
  await found(/^1\d alarms/);
  expect((await texts(page))[0]).toContain('Device d7 does not answer');
  await key('of the cell itself');
  await page.locator('.past input').focus();
  await page.keyboard.type('CURTAIN');
  await found(/^1\d alarms/);
  expect((await texts(page))[0]).toMatch(/lasted 20 s[\s\S]+CAUSE GONE, UNACKNOWLEDGED/);
  await page.locator('.past input').fill('overloaded');
  await found(/^1\d alarms/);
  await page.locator('.alarms button').first().click();
  await page.waitForSelector('.trends .pane canvas');
  expect(await page.locator('.key tbody th').first().innerText()).toContain(
    'Force of the main ram',
  );
  expect(decodeURIComponent(new URL(page.url()).hash)).toMatch(
    /^#trends\?tags=axis0\.force,.*&end=\d+$/,
  );
  expect(open.problems).toEqual([]);
}, 180_000);

test('a history that does not answer says so', async () => {
  await using open = await openTold(browser, normal(), { size: sizes.panel, past: brokenPast });
  await goTo(open.page, 'alarms');
  await list(open.page, 'History');
  await open.page
    .locator('.past [role="status"]', { hasText: 'did not answer: E_HISTORY_TAG' })
    .waitFor({ timeout: 10_000 });
  expect(await open.page.locator('.alarms > li').count()).toBe(0);
}, 180_000);
