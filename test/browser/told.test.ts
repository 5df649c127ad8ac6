// The page of cells that the demo is not: a hundred devices, twelve numbers, everything wrong at once, another
// language. What holds for the demo must hold for them, because the page knows no cell.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MirrorFigures } from '#contract/wire.ts';
import { soak } from '#test/system/chance.ts';
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
import { goTo, screens } from './hands.ts';
import { normal, overload, picture, told, two, worst } from './told-cell.ts';
import { openTold } from './told-page.ts';
import { calmCrew } from './told-people.ts';
import type { Crew } from './told-people.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
}, 180_000);
afterAll(() => browser.close());

const cells = { normal, two, worst } as const;

const shown = [
  ['normal', 'en-GB'],
  ['two', 'en-GB'],
  ['worst', 'en-GB'],
  ['worst', 'de-DE'],
] as const;

describe.each(Object.entries(sizes))('on a %s screen', (name, size) => {
  // Where time is short, all of them on the smallest screen, and the longest texts on the narrowest.
  test.each(
    shown.filter(
      ([, locale]) => soak || name === 'panel' || (name === 'upright' && locale === 'de-DE'),
    ),
  )(
    'the %s cell in %s is accessible, and nothing is cut or covered',
    async (cell, locale) => {
      await using open = await openTold(browser, cells[cell](), { size, locale });
      const { page } = open;
      // The trends have a past of their own to be told: trends.test.ts.
      for (const [index, screen] of screens.entries()) {
        if (screen === 'trends') continue;
        // oxlint-disable no-await-in-loop -- one screen after the other
        await goTo(page, screen);
        await page.waitForTimeout(200);
        await shoot(page, `told-${cell}-${locale}-${name}-${index}-${screen}`);
        expect({
          screen,
          broken: await axe(page),
          cut: await overflows(page),
          covered: await overlaps(page),
          small: await smallTargets(page, 56),
        }).toEqual({ screen, broken: [], cut: [], covered: [], small: [] });
        // oxlint-enable no-await-in-loop
      }
      expect(open.problems).toEqual([]);
    },
    180_000,
  );

  test('a normal cell has no colour to speak of', async () => {
    await using open = await openTold(browser, normal(), { size });
    const share = await colourShare(open.context, await open.page.screenshot());
    expect(share).toBeLessThan(0.005);
  }, 180_000);
});

describe('a value that is not good', () => {
  test('is told by a sign and a word, by an outline and by its writing, without any colour', async () => {
    await using open = await openTold(browser, worst(), { size: sizes.desk });
    const looks = await open.page.evaluate<Record<string, string>[]>(
      `['bad', 'stale', 'uncertain', 'good'].map((look) => {
        const value = document.querySelector('.indicator .value.' + look);
        const style = getComputedStyle(value.querySelector('b'));
        return {
          word: value.querySelector('em')?.textContent ?? '',
          sign: value.querySelector('svg.sign path')?.getAttribute('d') ?? '',
          outline: style.outlineStyle,
          writing: [style.fontStyle, style.fontWeight, style.letterSpacing].join(' '),
          digits: /\\d/.test(value.querySelector('b').textContent),
        };
      })`,
    );
    expect(looks.map(({ word, digits }) => [word, digits])).toEqual([
      ['BAD', false],
      ['STALE', false],
      ['UNCERTAIN', true],
      ['', true],
    ]);
    for (const way of ['word', 'sign', 'outline', 'writing']) {
      expect([way, new Set(looks.map((look) => look[way])).size]).toEqual([way, 4]);
    }
  }, 180_000);

  test('that is forced says so, and the header and the line at hand with it', async () => {
    await using open = await openTold(browser, worst(), { size: sizes.panel });
    const { page } = open;
    expect(await page.locator('.indicator .overridden .forced').innerText()).toBe('FORCED');
    expect(await page.locator('.facts .forced').innerText()).toBe('FORCED 1');
    expect(await page.locator('.at-hand .wrong', { hasText: 'Forces' }).count()).toBe(1);
    await page.locator('.strip.forces').click();
    expect(await page.locator('main').innerText()).toMatch(
      /axis5\.force[\s\S]+ada[\s\S]+1 min \d\d s/,
    );
  }, 180_000);
});

test('how the mirror does is said in words on the devices screen', async () => {
  const mirroring: MirrorFigures = {
    state: 'mirroring',
    ok: true,
    since: Date.now() - 60_000,
    broker: 'mqtt://127.0.0.1:18830',
    topic: 'rebe/press',
    lag: { entries: 12, ms: 340 },
    rate: 87,
    inflight: 2,
    waiting: 0,
    cursor: [3, 41_200],
    gaps: 0,
  };
  const messages = [told, picture({ mirror: mirroring })];
  await using open = await openTold(browser, messages, { size: sizes.panel });
  const { page } = open;
  await goTo(page, 'devices');
  const line = page.locator('h2:has-text("Mirror") + p');
  await line.scrollIntoViewIfNeeded();
  expect(await line.innerText()).toMatch(
    /^tells the plant: mqtt:\/\/127\.0\.0\.1:18830; 12 entries \(.*\) behind the record; 87 messages\/s$/,
  );
  expect(await line.locator('.held').count()).toBe(0);
  await shoot(page, 'told-mirror');
  const error = { code: 'E_MIRROR_TWIN', text: 'rebe/press is told by another', at: Date.now() };
  open.tell(picture({ mirror: { ...mirroring, state: 'silent', ok: false, error } }));
  await line.locator('.held').waitFor();
  expect(await line.innerText()).toMatch(
    /^SILENT, ANOTHER CELL HAS THIS NAME:[\s\S]*Last error .*: E_MIRROR_TWIN rebe\/press is told/,
  );
  await shoot(page, 'told-mirror-silent');
  // A cell without a mirror has no line of it.
  open.tell(picture());
  await line.waitFor({ state: 'detached' });
}, 180_000);

test('an alarm that nobody answered is not told as if it still stood', async () => {
  const over = { ...overload, state: 'returned', cleared: Date.now() - 1000 } as const;
  const messages = [told, picture({ alarms: { 'pressing.overload': over } })];
  await using open = await openTold(browser, messages, { size: sizes.panel });
  const banner = open.page.locator('.banner');
  expect(await banner.locator('strong').innerText()).toBe('Ram overloaded');
  expect(await banner.locator('.help').innerText()).toBe('CAUSE GONE, UNACKNOWLEDGED');
  expect(await banner.locator('.act').count()).toBe(1);
}, 180_000);

describe('the overview of any cell', () => {
  test('marks only the number whose alarm stands, and says on which side of its limit the others are', async () => {
    await using open = await openTold(browser, worst(), { size: sizes.desk });
    const { page } = open;
    const abnormal = await page.locator('.indicator.abnormal').allInnerTexts();
    expect(abnormal).toHaveLength(1);
    expect(abnormal[0]).toMatch(/Force of the main ram[\s\S]*above 15/);
    expect(await page.locator('.indicator', { hasText: 'axis1.force' }).innerText()).toContain(
      'below 4',
    );
  }, 180_000);

  test('says in words that a state lasts longer than usual', async () => {
    await using open = await openTold(browser, normal(), { size: sizes.panel });
    const long = open.page.locator('.regions .long');
    expect((await long.allInnerTexts()).join('\n')).toMatch(/4\d s\s+LONG, usual 1\.2 s/);
  }, 180_000);

  test('of two flows shows the one that is picked', async () => {
    await using open = await openTold(browser, two(), { size: sizes.panel });
    const { page } = open;
    expect(await page.locator('.now h2').innerText()).toBe('Pressing');
    await page.locator('.flows button', { hasText: 'lamp' }).click();
    expect(await page.locator('.now h2').innerText()).toBe('Lit');
    expect(await page.locator('.regions li').count()).toBe(1);
    expect(await page.locator('.unit').innerText()).toBe('EXECUTE');
  }, 180_000);

  test('shows what the clock will bring about, by station', async () => {
    await using open = await openTold(browser, normal(), { size: sizes.desk });
    const next = open.page.locator('.regions .next');
    await next.waitFor();
    expect(await next.allInnerTexts()).toEqual([expect.stringMatching(/^Held in (?:30|29|28) s$/)]);
  }, 180_000);

  test('leads back in numbered steps, each with what it lacks', async () => {
    await using open = await openTold(browser, worst(), { size: sizes.panel });
    await open.page.locator('.again li').nth(2).waitFor();
    const steps = await open.page.locator('.again li').allInnerTexts();
    expect(steps.map((step) => step.replaceAll(/\s+/g, ' '))).toEqual([
      '1 Clear ready then Held by itself',
      '2 Reset needs Light curtain free',
      '3 Start',
    ]);
  }, 180_000);
});

describe('the devices', () => {
  test('of a hundred those that need a look stand first, with code, cause, what to do and the next try', async () => {
    await using open = await openTold(browser, worst(), { size: sizes.panel });
    const { page } = open;
    await goTo(page, 'devices');
    expect(await page.locator('.devices > tbody > tr').count()).toBe(told.devices.length);
    const troubled = await page.locator('.troubled li').allInnerTexts();
    expect(troubled).toHaveLength(3);
    expect(troubled[0]).toMatch(
      /^d2\s+DOES NOT ANSWER\s+E_DEVICE_TIMEOUT no answer[^]+Check the device[^]+tries: 7\s+next try in \d+ s/,
    );
    expect(await page.locator('.devices tr.backoff').innerText()).toMatch(/1 min \d\d s ago/);
  }, 180_000);

  test('show their tags by key or by finger, a bounded number at a time', async () => {
    await using open = await openTold(browser, worst(), { size: sizes.panel });
    const { page } = open;
    await goTo(page, 'devices');
    const last = page.locator('.devices th button').last();
    await last.focus();
    await page.keyboard.press('Enter');
    expect(await last.getAttribute('aria-expanded')).toBe('true');
    const rows = page.locator('.devices .tags tbody tr');
    expect(await rows.count()).toBe(100);
    await page.locator('.tags .plain').click();
    await page.locator('.tags .plain').click();
    expect(await rows.count()).toBe(240);
    expect(await page.locator('.tags .plain').count()).toBe(0);
    expect(await axe(page)).toEqual([]);
  }, 180_000);
});

test('the language is the browser’s, can be picked on the page, and is kept with whoever is here', async () => {
  let kept = {};
  const crew: Crew = (path, query) => {
    if (path === 'me/language') kept = { language: 'en' };
    if (path !== 'me' && path !== 'me/language') return calmCrew(path, query);
    return { status: 200, body: Object.assign({}, calmCrew('me', query)?.body, kept) };
  };
  await using open = await openTold(browser, worst(), {
    size: sizes.panel,
    locale: 'de-DE',
    crew,
  });
  const { page } = open;
  expect(await page.locator('html').getAttribute('lang')).toBe('de');
  expect(await page.locator('.banner strong').innerText()).toBe('Stößel überlastet');
  expect(await page.locator('.indicator .value b').first().innerText()).toBe('18,40');
  await goTo(page, 'settings');
  await page.locator('button[lang="en"]').click();
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  expect(await page.locator('.banner strong').innerText()).toBe('Ram overloaded');
  await page.reload();
  await page.waitForSelector('.page.live');
  await page.locator('nav button', { hasText: 'Overview' }).waitFor({ timeout: 20_000 });
}, 180_000);
