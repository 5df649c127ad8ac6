// A whole batch by the page's own commands: clear, empty, reset, start, hold, unhold, stop; and back to work after an
// E-stop while the machine cuts, by the steps that the page itself names.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clearFaults, fault } from '#test/system/simulator-door.ts';
import { until } from '#test/system/test-cell.ts';
import { linkOf, produce, startCalmCell } from './calm-cell.ts';
import { confirm, hold, inState, tap, sayWhy, twice } from './hands.ts';
import { axe, launch, openPage, shoot, smallTargets } from './open-page.ts';

/** Both take the time of a machine that makes parts: CI has their steps in commands.test.ts and states.test.ts. */
const soak = process.env['SOAK'] === '1';
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
}, 180_000);
afterAll(() => browser.close());

const empty = 'I have looked: no part in chuck or gripper';
const done = (words: { code: number; stdout: string; stderr: string }): void => {
  expect([words.code, words.stderr]).toEqual([0, '']);
};
const parts = (page: Page): Promise<string> =>
  page.locator('.fact', { hasText: 'Parts' }).innerText();
/** The numbered steps of the way back, without marks. */
const steps = async (page: Page): Promise<string[]> =>
  (await page.locator('.again li p b').allInnerTexts()).map((step) => step.trim());
/** As a person does it on the screen of settings. */
async function setParameter(page: Page, name: string, value: string): Promise<void> {
  await page.locator('nav button', { hasText: 'Settings' }).click();
  await page.locator('.parameters th button', { hasText: name }).click();
  await page.locator('.editor input').fill('0');
  expect(await page.locator('.editor .act').getAttribute('aria-disabled')).toBe('true');
  expect(await page.locator('.editor .act .hint').innerText()).toBe('not below 1');
  await page.locator('.editor input').fill(value);
  await sayWhy(page, 'New order');
  await twice(page.locator('.editor .act'));
  await page
    .locator('.parameters tr', { hasText: name })
    .locator('td b', { hasText: value })
    .waitFor();
  expect(await axe(page)).toEqual([]);
  expect(await smallTargets(page, 56)).toEqual([]);
  await shoot(page, 'settings');
  await page.locator('nav button', { hasText: 'Overview' }).click();
}
const restart = async (page: Page): Promise<void> => {
  await hold(page, 'Reset');
  await inState(page, 'unit.Idle');
  await hold(page, 'Start');
  await inState(page, 'unit.Execute');
};

test.runIf(soak)(
  'a batch is made by the page alone: cleared, emptied, reset, started, held, let go on, stopped',
  async () => {
    await using calm = await startCalmCell();
    const { cell } = calm;
    await using open = await openPage(browser, await linkOf(cell));
    const { page } = open;
    await inState(page, 'unit.Aborted');
    await setParameter(page, 'batch', '1');
    expect(await steps(page)).toEqual(['Clear', empty, 'Reset', 'Start']);
    await confirm(page, 'Clear');
    await inState(page, 'unit.Stopped');
    await confirm(page, empty);
    // Nothing to load yet: the unit waits, and a hold finds it with empty hands.
    done(cell.rebe('force', 'infeed.part', 'false', '--for', '2min', '--reason', 'no part yet'));
    await restart(page);
    await inState(page, 'unit.Suspended');
    await page.locator('.at-hand .wrong', { hasText: 'Forces' }).waitFor();
    await tap(page, 'Hold');
    await inState(page, 'unit.Held');
    await hold(page, 'Unhold');
    await inState(page, 'unit.Suspended');
    await page.locator('nav button', { hasText: 'Settings' }).click();
    expect(await page.locator('tr.held', { hasText: 'infeed.part' }).innerText()).toMatch(
      /no part yet[\s\S]+1 min \d\d s/,
    );
    await twice(page.locator('tr.held .act'));
    await page
      .locator('main .quiet', { hasText: 'Nothing is forced' })
      .waitFor({ timeout: 30_000 });
    await page.locator('nav button', { hasText: 'Overview' }).click();
    await inState(page, 'unit.Complete', 90_000);
    expect(await parts(page)).toContain('1 of 1');
    await tap(page, 'Stop');
    await inState(page, 'unit.Stopped');
    await shoot(page, 'stopped');
    expect(open.acts().map(({ args }) => args['name'])).toEqual([
      'batch',
      'clear',
      'empty',
      'reset',
      'start',
      'hold',
      'unhold',
      undefined,
      'stop',
    ]);
    expect(open.problems).toEqual([]);
  },
  240_000,
);

test.runIf(soak)(
  'after an E-stop under the tool the page leads back to parts',
  async () => {
    await using calm = await startCalmCell();
    const { cell } = calm;
    await produce(cell);
    await using open = await openPage(browser, await linkOf(cell));
    const { page } = open;
    await inState(page, 'unit.Execute.Machining', 60_000);
    await fault(cell.data, 'plant', 'estop');
    await inState(page, 'unit.Aborted');
    await page.locator('.at-hand .wrong', { hasText: 'E-stop released' }).waitFor();
    expect(await page.locator('.stopped .leaf').first().innerText()).toMatch(
      /E-stop released\s*no\s*io, /,
    );
    expect(await steps(page)).toEqual(['Clear', empty, 'Reset', 'Start']);
    expect(await page.locator('.again li').first().innerText()).toContain('needs E-stop released');
    expect(await axe(page)).toEqual([]);
    await shoot(page, 'estop');
    await clearFaults(cell.data);
    await confirm(page, 'Clear');
    await inState(page, 'unit.Stopped');

    // The part is in the chuck, and a person takes it out.
    await confirm(page, 'Manual');
    await hold(page, 'Jog open', 2500);
    await hold(page, 'Jog unclamp', 1500);
    await fault(cell.data, 'plant', 'take-part');
    await confirm(page, empty);
    await confirm(page, 'Automatic');
    await restart(page);
    const before = await parts(page);
    await until('another part is made', 90_000, async () =>
      (await parts(page)) === before ? undefined : true,
    );
    expect(open.problems).toEqual([]);
  },
  240_000,
);
