// A recording that is played beside the machine, on every screen: one time line that fingers, keys and buttons move,
// with what was typed, what was typed unseen, programs, pauses, states and values on it; nothing cut, nothing covered.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '#test/system/test-cell.ts';
import { soak } from '#test/system/chance.ts';
import { axe, launch, overflows, overlaps, shoot, sizes, smallTargets } from './open-page.ts';
import { openPart } from './staffed-cell.ts';
import { worst } from './told-cell.ts';
import { openTold } from './told-page.ts';
import type { ToldPage } from './told-page.ts';
import { richPast } from './told-past.ts';
import { calmCrew } from './told-people.ts';
import { began, withRecording } from './told-recording.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
}, 180_000);
afterAll(() => browser.close());

const limit = 30_000;

async function play(size: { width: number; height: number }, locale: string): Promise<ToldPage> {
  const crew = withRecording(calmCrew);
  const open = await openTold(browser, worst(), { size, locale, past: richPast, crew });
  const { page } = open;
  await openPart(page, 'recordings');
  await page.locator('[data-recording] button').click({ timeout: limit });
  await page.locator('.playback .plot').waitFor({ timeout: limit });
  await page.locator('.playback .pane').first().waitFor({ timeout: limit });
  return open;
}

const screenOf = (page: Page): Promise<string> => page.locator('.xterm-rows').innerText();
const shows = (page: Page, text: string): Promise<unknown> =>
  until(`${text} on the terminal`, limit, async () =>
    (await screenOf(page)).includes(text) ? true : undefined,
  );
const hides = (page: Page, text: string): Promise<unknown> =>
  until(`no ${text} on the terminal`, limit, async () =>
    (await screenOf(page)).includes(text) ? undefined : true,
  );
/** Seconds since the session began. */
const second = async (page: Page): Promise<number> => {
  const at = Number(await page.locator('.plot').getAttribute('aria-valuenow'));
  return Math.floor((at - began) / 1000);
};
const standsAt = (page: Page, seconds: number): Promise<unknown> =>
  until(`the time line at ${seconds} s`, limit, async () =>
    (await second(page)) === seconds ? true : undefined,
  );

const shown = [
  ['panel', 'en-GB'],
  ['upright', 'de-DE'],
  ['desk', 'en-GB'],
  ['panel', 'de-DE'],
] as const;

describe.each(shown.filter((_, index) => soak || index < 2))(
  'on a %s screen in %s',
  (name, locale) => {
    test('all of a recording can be seen and hit', async () => {
      await using open = await play(sizes[name], locale);
      const { page } = open;
      await page.locator('.marks-list li.unseen button').click();
      await shows(page, 'Password:');
      await shoot(page, `playback-${name}-${locale}`);
      expect([
        ...(await axe(page)),
        ...(await overflows(page)),
        ...(await overlaps(page)),
        ...(await smallTargets(page, 56)),
      ]).toEqual([]);
      const [glass, pane] = await Promise.all(
        ['.glass', '.playback .pane'].map((each) => page.locator(each).first().boundingBox()),
      );
      // Ten lines of a terminal at least, also under an alarm and a force.
      expect(glass?.height).toBeGreaterThan(150);
      expect(pane?.height).toBeGreaterThan(50);
      expect(open.problems).toEqual([]);
    }, 60_000);
  },
);

test('one time line: fingers, keys, buttons and the list move terminal and machine together', async () => {
  await using open = await play(sizes.panel, 'en-GB');
  const { page } = open;
  await page.locator('.marks-list li.process', { hasText: 'grep' }).getByRole('button').click();
  await shows(page, 'grep -c timeout');
  await standsAt(page, 26);
  await hides(page, '214');
  // To the next event, and back over it.
  await page.getByRole('button', { name: 'Next event' }).click();
  await shows(page, '214');
  await standsAt(page, 40);
  await page.getByRole('button', { name: 'Previous event' }).click();
  await standsAt(page, 26);
  // What nobody knows stays unknown, and the machine's own changes are events too.
  const unknown = page.locator('.key .value.bad');
  await unknown.waitFor();
  await page.locator('.marks-list li.state', { hasText: 'PAUSED' }).getByRole('button').click();
  await standsAt(page, 80);
  await page.getByRole('button', { name: 'Next event' }).click();
  await standsAt(page, 100);
  const plot = page.locator('.playback .plot');
  await plot.press('End');
  await shows(page, 'exit');
  await standsAt(page, 240);
  await plot.press('Home');
  await hides(page, 'mia@press-7');
  await standsAt(page, 0);
  // A finger drags the moment, and the window stays.
  const box = await page.locator('.hands .track').boundingBox();
  if (box === null) throw new Error('no time line');
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.1, y);
  await page.mouse.down();
  for (let step = 1; step <= 30; step += 1)
    await page.mouse.move(box.x + box.width * (0.1 + step * 0.02), y);
  await page.mouse.up();
  await shows(page, 'Welcome to gauge');
  const dragged = await second(page);
  expect(dragged).toBeGreaterThan(120);
  expect(dragged).toBeLessThan(240);
  expect(await page.locator('.key tbody tr').count()).toBeGreaterThan(0);
  expect(await unknown.count()).toBe(0);
  const lane = page.locator('.marks-list li.state', { hasText: 'PAUSED' });
  expect(await lane.innerText()).toContain('pressing left mode.Manual');
  expect(await page.locator('.hands i.unseen').count()).toBe(1);
  expect(await page.locator('.marks-list li.unseen').innerText()).toContain(
    '12 bytes typed unseen',
  );
  await page.getByRole('button', { name: 'Tags' }).click();
  await page.locator('.picker').waitFor();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'Larger' }).click();
  expect(await page.locator('.playback .pane').first().isVisible()).toBe(false);
  expect(open.problems).toEqual([]);
}, 180_000);
