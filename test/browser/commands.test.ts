// Commands from the page to the machine: one tap stops, a second's hold starts, others are confirmed; what came of it is said.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '#test/system/test-cell.ts';
import type { TestCell } from '#test/system/test-cell.ts';
import { linkOf, startCalmCell } from './calm-cell.ts';
import type { CalmCell } from './calm-cell.ts';
import { button, confirm, hold, inState } from './hands.ts';
import { launch, openPage } from './open-page.ts';

let calm: CalmCell;
let cell: TestCell;
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
  calm = await startCalmCell();
  ({ cell } = calm);
}, 180_000);

afterAll(async () => {
  await browser.close();
  await calm[Symbol.asyncDispose]();
}, 180_000);

const link = (): Promise<string> => linkOf(cell);
test('a person brings the machine from Aborted to parts and stops it, by the page alone', async () => {
  await using open = await openPage(browser, await link());
  const { page } = open;
  const names = () => open.acts().map(({ args }) => args['name']);
  await inState(page, 'unit.Aborted');

  await button(page, 'Clear').click();
  await page.waitForTimeout(400);
  expect(names()).toEqual([]);
  expect(await button(page, 'Clear').getAttribute('data-phase')).toBe('asking');
  await button(page, 'Clear').click();
  await inState(page, 'unit.Stopped');
  expect(names()).toEqual(['clear']);

  await confirm(page, 'I have looked: no part in chuck or gripper');
  await page.waitForSelector('.accepted .act.start[aria-disabled="false"]');
  await hold(page, 'Reset', 600);
  await page.waitForTimeout(600);
  expect(names()).toEqual(['clear', 'empty']);
  await hold(page, 'Reset');
  await inState(page, 'unit.Idle');
  await hold(page, 'Start');
  await inState(page, 'unit.Execute');

  await button(page, 'Stop').click();
  await page.waitForSelector('.act.stop.done', { timeout: 20_000 });
  await inState(page, 'unit.Stopp');
  expect(names()).toEqual(['clear', 'empty', 'reset', 'start', 'stop']);
  expect(open.problems).toEqual([]);
}, 120_000);

test('a stop needs nobody who is signed in, and a tap of a finger is enough', async () => {
  await using open = await openPage(browser, (await link()).replace(/#.*/, ''), { touch: true });
  const { page } = open;
  await button(page, 'Abort').tap();
  await page.waitForSelector('.act.stop.done', { timeout: 20_000 });
  expect(open.acts()).toHaveLength(1);
  await inState(page, 'unit.Abort');
  const record = cell.rebe('chronicle', 'tail', '--json').stdout;
  expect(record).toContain('console:panel');
}, 180_000);

test('a jog runs while it is pressed: it says so ten times a second, and that the hand is gone', async () => {
  await using open = await openPage(browser, await link());
  const { page } = open;
  await inState(page, 'unit.Aborted');
  await confirm(page, 'Manual');
  await page.waitForSelector('.act.keep[aria-disabled="false"]', { timeout: 20_000 });
  const jog = page.locator('.act.keep[aria-disabled="false"]').first();
  await jog.hover();
  await page.mouse.down();
  await page.waitForTimeout(1000);
  await page.mouse.up();
  await page.waitForTimeout(300);
  const downs = open
    .acts()
    .filter(({ verb }) => verb === 'keep')
    .map(({ args }) => args['down']);
  expect(downs.length).toBeGreaterThanOrEqual(7);
  expect(downs.length).toBeLessThanOrEqual(14);
  expect(downs.slice(0, -1).every((down) => down === true)).toBe(true);
  expect(downs.at(-1)).toBe(false);

  await jog.hover();
  await page.mouse.down();
  await page.waitForTimeout(300);
  await page.mouse.move(600, 300);
  await page.waitForTimeout(500);
  expect(open.acts().at(-1)?.args['down']).toBe(false);
  await page.mouse.up();
}, 180_000);

test('an alarm is answered from the banner', async () => {
  await using open = await openPage(browser, await link());
  const { page } = open;
  cell.rebe('fault', 'plant', 'gate-open');
  await page.waitForSelector('.banner.alarm.p1', { timeout: 10_000 });
  expect(await page.locator('.banner .help').textContent()).toContain('Close the gate');
  const waiting = () => page.locator('nav button', { hasText: 'Alarms' }).textContent();
  const before = await waiting();
  await page.locator('.banner .act').click();
  await until('one alarm less waits', 10_000, async () =>
    (await waiting()) === before ? undefined : true,
  );
  await page.locator('nav button', { hasText: 'Alarms' }).click();
  await page.locator('.choices .plain', { hasText: 'Acknowledged, active' }).click();
  expect(await page.locator('.alarms .acknowledged').first().textContent()).toContain(
    'by console:',
  );
  cell.rebe('fault', '--clear');
}, 180_000);
