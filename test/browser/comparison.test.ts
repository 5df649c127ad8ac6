// The page that `rebe replay --page` writes, opened from a disk: it asks nobody for anything, and keys and
// clicks lead through the differences with the terms of both sides.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ComparisonReport } from '#contract/comparison.ts';
import { machine } from '#test/flow/machine-flow.ts';
import { runRebe } from '#test/system/test-cell.ts';
import { CellFolder, ControlRig } from '#test/unit/controller/control-rig.ts';
import { axe, launch, overflows, shoot, sizes } from './open-page.ts';

const folder = new CellFolder();
const file = join(folder.data, 'change.html');
let browser: Browser;
let report: ComparisonReport;

/** Three works, and a candidate that ends none of them; its name tries to be a tag. */
beforeAll(async () => {
  const rig = await ControlRig.start(folder);
  for (let work = 0; work < 3; work += 1) {
    rig.give({ part: true, level: 0 });
    rig.command('start');
    // oxlint-disable-next-line no-await-in-loop -- one work after the other
    await rig.pass(400);
    rig.give({ level: 55 });
    // oxlint-disable-next-line no-await-in-loop -- as above
    await rig.pass(200);
    rig.give({ part: false, level: 0 });
    // oxlint-disable-next-line no-await-in-loop -- as above
    await rig.pass(100);
  }
  await rig.stop();
  const flow = join(folder.data, '<img src=x onerror=alert(1)>.flow.yaml');
  const slow = machine.replace('level > param.limit', 'level > param.limit + 9.0 && part');
  writeFileSync(flow, slow);
  const words = [join(folder.data, 'chronicle.db'), '--flow', flow, '--page', file, '--json'];
  const ran = runRebe('replay', ...words);
  if (ran.code !== 1) throw new Error(`it ended with ${ran.code}: ${ran.stderr}`);
  report = ComparisonReport.parse(JSON.parse(ran.stdout));
  browser = await launch();
}, 120_000);
afterAll(async () => {
  await browser.close();
  folder[Symbol.dispose]();
});

interface Opened {
  readonly page: Page;
  /** All that it asked for but itself, complained about, or had refused. */
  readonly problems: string[];
}

async function open(size: { width: number; height: number }): Promise<Opened> {
  const context = await browser.newContext({ viewport: size });
  const page = await context.newPage();
  const address = pathToFileURL(file).href;
  const problems: string[] = [];
  page.on('console', (message) => void problems.push(message.text()));
  page.on('pageerror', (error) => void problems.push(String(error)));
  page.on('dialog', (dialog) => {
    problems.push(dialog.message());
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (request.url() !== address) problems.push(request.url());
  });
  await page.goto(address);
  await page.waitForSelector('.timeline .mark.chosen');
  return { page, problems };
}

test('it shows the first difference, and keys lead to the next, zoom and move', async () => {
  const { page, problems } = await open(sizes.panel);
  const detail = page.locator('.detail');
  expect(await detail.textContent()).toContain('U3 to unit.Done');
  expect(await detail.locator('tr', { hasText: 'level > param.limit' }).count()).toBeGreaterThan(0);
  const truths = await detail.locator('.truth').allTextContents();
  expect(truths).toContain('✓ true');
  expect(truths).toContain('✗ false');
  const [first, second] = report.moments.map(({ scan }) => `scan ${scan} of`);
  expect(await detail.textContent()).toContain(first);
  await page.locator('.timeline').focus();
  await page.keyboard.press('ArrowRight');
  expect(await detail.textContent()).toContain(second);
  await page.keyboard.press('Home');
  expect(await detail.textContent()).toContain(first);
  await page.keyboard.press('End');
  expect(await page.locator('output').textContent()).toBe(
    `difference ${report.moments.length} of ${report.moments.length}`,
  );
  const ticks = (): Promise<string[]> => page.locator('.tick text').allTextContents();
  const before = await ticks();
  await page.keyboard.press('+');
  expect(await ticks()).not.toEqual(before);
  await page.keyboard.press('0');
  await page.keyboard.press('Home');
  await page.locator('.groups button').last().click();
  await page.getByRole('button', { name: 'Next difference' }).click();
  expect(problems).toEqual([]);
});

test.each(['panel', 'desk'] as const)(
  'on a %s nothing is cut off, and it is readable for everybody',
  async (name) => {
    const { page, problems } = await open(sizes[name]);
    await shoot(page, `comparison-${name}`);
    expect(await page.locator('.state.otherwise').count()).toBeGreaterThan(0);
    expect(await overflows(page)).toEqual([]);
    expect(problems).toEqual([]);
  },
);

test('axe finds nothing', async () => {
  // Its script is let in past the page's policy.
  const context = await browser.newContext({ viewport: sizes.panel, bypassCSP: true });
  const page = await context.newPage();
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector('.timeline .mark.chosen');
  expect(await axe(page)).toEqual([]);
});
