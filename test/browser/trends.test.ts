// The trends of a cell whose past is known to the test: drawn, read, moved, passed on and lost, on each screen and in
// both languages. What a picture shows is also told by words, and those are what is tested.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
import { normal, picture, told, worst } from './told-cell.ts';
import { brokenPast, emptyPast, loggedTags, richPast } from './told-past.ts';
import type { Past } from './told-past.ts';
import { openTold } from './told-page.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
}, 180_000);
afterAll(() => browser.close());

const minute = 60_000;
const tags = 'axis0.force,axis1.force,axis2.force,safety.curtain,oven.mode';
const slider = (page: Page) => page.locator('.plot[role="slider"]');
/** The row of a line in the table at the moment that is read. */
const row = (page: Page, name: string): Promise<string> =>
  page.locator('.key tbody tr', { hasText: name }).innerText();
const drawn = async (page: Page): Promise<void> => {
  await page.waitForSelector('.trends .pane canvas');
  await page.waitForSelector('.plot[aria-busy="false"]');
};
const until = (page: Page, script: string): Promise<unknown> =>
  page.waitForFunction(script, undefined, { timeout: 10_000 });

describe.each([
  ['panel', 'en-GB', '10min'],
  ['desk', 'de-DE', '8h'],
  ['upright', 'de-DE', '7d'],
] as const)('on a %s screen in %s over %s', (name, locale, span) => {
  test('nothing is cut or covered, all is accessible, and what is normal has no colour', async () => {
    const hash = `#trends?tags=${tags}&span=${span}`;
    const size = sizes[name];
    const cell = span === '7d' ? worst() : normal();
    await using open = await openTold(browser, cell, { size, locale, hash, past: richPast });
    const { page } = open;
    await drawn(page);
    const look = async (): Promise<unknown> => ({
      broken: await axe(page),
      cut: await overflows(page),
      covered: await overlaps(page),
      small: await smallTargets(page, 56),
      wide: await page.evaluate(
        `[...document.querySelectorAll('.trends .scroll, .room')].filter((each) => each.scrollWidth > each.clientWidth + 1).length`,
      ),
    });
    const fine = { broken: [], cut: [], covered: [], small: [], wide: 0 };
    const png = await shoot(page, `trends-${locale}-${name}`);
    const looks = [await look()];
    expect(await colourShare(open.context, png)).toBeLessThan(span === '7d' ? 0.03 : 0.005);
    if (name !== 'desk') {
      await page.locator('.tools [aria-expanded]').click();
      await page.waitForSelector('.picker .tag-choice');
      await shoot(page, `trends-pick-${locale}-${name}`);
      looks.push(await look());
    }
    expect(looks).toEqual(looks.map(() => fine));
    expect(open.problems).toEqual([]);
  }, 180_000);
});

test('a moment is read by finger and by key, with value, quality, time and state', async () => {
  const end = Math.floor((Date.now() - 60 * minute) / (40 * minute)) * 40 * minute + 30 * minute;
  const hash = `#trends?tags=${tags}&span=10min&end=${end}`;
  await using open = await openTold(browser, normal(), { size: sizes.panel, hash, past: richPast });
  const { page } = open;
  await drawn(page);
  expect(await page.locator('.edge').innerText()).toBe('PAST, does not follow');
  // The state changes 24 minutes into each round of 40, and a burst of alarms begins with it.
  await page.locator('.reading button').first().click();
  await page.locator('.reading button').first().click();
  const said = page.locator('.reading p');
  await until(page, `document.querySelector('.reading p').innerText.includes('Alarm')`);
  expect(await said.innerText()).toMatch(
    /Alarm 2: Ram overloaded, raised .*over after 3 min 00 s, acknowledged by ada; Alarm 3: Ram valve/,
  );
  await page.keyboard.press('Tab');
  await slider(page).focus();
  const at = async (): Promise<number> => Number(await slider(page).getAttribute('aria-valuenow'));
  const before = await at();
  await page.keyboard.press('ArrowRight');
  await until(page, `document.querySelector('.plot').ariaValueNow !== '${before}'`);
  expect(await at()).toBe(before + 6000);
  await page.keyboard.press('PageDown');
  await until(page, `document.querySelector('.reading p').innerText.includes('Held since')`);
  expect(await row(page, 'axis1.force')).toMatch(/\d\.\d\d ?kN\s+good, since .*\d\d:\d\d:\d\d/);
  expect(await row(page, 'Light curtain free')).toMatch(/yes|no/);
  expect(await row(page, 'oven.mode')).toMatch(/cold|heating|hot/);
  // A finger in the last two minutes of every twenty: no good value of the second axis.
  const box = await page.locator('.plot .track').first().boundingBox();
  if (box === null) throw new Error('no plot');
  const gap = end - 11 * minute;
  expect(gap % (20 * minute)).toBe(19 * minute);
  await page.locator('.tools [aria-label="Earlier"]').click();
  await drawn(page);
  await page.mouse.click(box.x + box.width * (1 - (end - 5 * minute - gap) / (10 * minute)), box.y);
  await until(page, `document.querySelector('.key').innerText.includes('no good value')`);
  expect(await row(page, 'axis1.force')).toMatch(/----\s*no good value\s*since/);
  expect(await row(page, 'axis2.force')).toContain('good, since');
  expect(open.problems).toEqual([]);
}, 180_000);

test('the window is moved and zoomed by buttons, keys and a drag, and the address brings it back', async () => {
  const hash = `#trends?tags=${tags}&span=1h`;
  await using open = await openTold(browser, normal(), { size: sizes.panel, hash, past: richPast });
  const { page } = open;
  await drawn(page);
  const link = (): string => decodeURIComponent(new URL(page.url()).hash);
  expect(await page.locator('.edge').innerText()).toBe('LIVE');
  await page.locator('.tools [aria-label="Zoom in"]').click();
  await until(page, `location.hash.includes('span=1800')`);
  await slider(page).focus();
  await page.keyboard.press('Shift+ArrowLeft');
  await until(page, `location.hash.includes('end=')`);
  const ended = (): number => Number(/end=(\d+)/.exec(link())?.[1]);
  const before = ended();
  const box = await slider(page).boundingBox();
  if (box === null) throw new Error('no plot');
  await page.mouse.move(box.x + box.width / 2, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 + 150, box.y + 40, { steps: 5 });
  await page.mouse.up();
  expect(before - ended()).toBeGreaterThan(3 * minute);
  expect(before - ended()).toBeLessThan(8 * minute);
  const shared = link();
  await page.reload();
  await page.waitForSelector('.page.live');
  await drawn(page);
  expect(link()).toBe(shared);
  expect(await page.locator('.key tbody tr').count()).toBe(5);
  await slider(page).focus();
  await page.keyboard.press('End');
  await until(page, `document.querySelector('.edge').innerText === 'LIVE'`);
  // Who leaves the trends leaves the address.
  await goTo(page, 'overview');
  expect(new URL(page.url()).hash).toBe('');
  expect(open.problems).toEqual([]);
}, 180_000);

test('signals are picked by group and by word, eight at the most', async () => {
  await using open = await openTold(browser, normal(), { size: sizes.panel, past: richPast });
  const { page } = open;
  await goTo(page, 'trends');
  await drawn(page);
  // Nobody picked any: the first numbers of the overview.
  expect(await page.locator('.key tbody th').allInnerTexts()).toEqual([
    expect.stringContaining('Force of the main ram'),
    'axis1.force',
    'axis2.force',
  ]);
  const csv = page.locator('.key a[download]').first();
  const link = new URL((await csv.getAttribute('href')) ?? '', page.url());
  expect([link.pathname, link.searchParams.get('tag')]).toEqual([
    '/api/history/csv',
    'axis0.force',
  ]);
  const [from, to] = ['from', 'to'].map((each) => Number(link.searchParams.get(each)));
  expect((to ?? 0) - (from ?? 0)).toBe(10 * minute);
  await page.locator('.key [aria-label="Remove axis1.force"]').click();
  await page.locator('.tools [aria-expanded]').click();
  const shown = page.locator('.picker .tag-choice');
  expect(await shown.count()).toBe(40);
  await page.locator('.picker .groups .plain', { hasText: /^d99$/ }).click();
  await page.locator('.picker input').fill('zone23');
  expect(await shown.count()).toBe(11);
  for (let index = 0; index < 6; index += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one finger
    await shown.nth(index).click();
  }
  expect(await page.locator('.picker [role="status"]').innerText()).toBe('8 of 8 picked');
  expect(await shown.nth(6).getAttribute('aria-disabled')).toBe('true');
  await page.locator('.picker .plain', { hasText: 'Done' }).click();
  // Lanes of the six that were picked, of states, of alarms, and of time.
  await page.locator('.plot .lane .name').nth(8).waitFor({ state: 'attached' });
  expect(await page.locator('.plot .lane .name').allInnerTexts()).toEqual([
    '3',
    '4',
    '5',
    '6',
    '7',
    '8',
    'State',
    'Alarms',
    '',
  ]);
  expect(loggedTags.length).toBeGreaterThan(200);
  expect(open.problems).toEqual([]);
}, 180_000);

test('live values go on from the past, and a lost feed is not told as live', async () => {
  const hash = '#trends?tags=axis0.force&span=10min&fit=1';
  await using open = await openTold(browser, normal(), { size: sizes.panel, hash, past: richPast });
  const { page } = open;
  await drawn(page);
  open.tell(picture({ tags: { 'axis0.force': { v: 17.25, s: 0, t: Date.now() } } }));
  await until(page, `document.querySelector('.key').innerText.includes('17.25')`);
  // The moment just before now is read from the line, not from the feed.
  await slider(page).focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowRight');
  await until(page, `/17\\.25 ?kN\\s+good, since/.test(document.querySelector('.key').innerText)`);
  await page.keyboard.press('End');
  open.silence();
  await until(page, `document.querySelector('.edge').innerText.startsWith('NOT LIVE since ')`);
  expect(await page.locator('.edge').getAttribute('class')).toContain('lost');
  expect(await page.locator('.page.stale .stale-scope.trends').count()).toBe(1);
  await shoot(page, 'trends-lost');
  expect(await colourShare(open.context, await page.screenshot())).toBe(0);
}, 180_000);

test('a history that does not answer says so, with its code', async () => {
  const hash = '#trends?tags=axis0.force';
  const options = { size: sizes.panel, hash, past: brokenPast };
  await using open = await openTold(browser, normal(), options);
  await open.page.waitForSelector('.key .problem');
  expect(await row(open.page, 'Force')).toMatch(/The history did not answer:\s+E_HISTORY_TAG/);
  expect(await open.page.locator('.reading p').innerText()).toContain('E_HISTORY_TAG');
}, 180_000);

test('eight lines of 4,000 points over 24 hours are drawn in 100 ms', async () => {
  const names = told.tags.filter(({ type }) => type === 'real').map(({ name }) => name);
  const to = Date.now();
  const points = Array.from({ length: 4000 }, (_, index) => {
    const value = Math.round(800 + 600 * Math.sin(index / 7) + 33 * (index % 5)) / 100;
    return [to - 24 * 60 * minute + index * 21_600, value - 1, value + 1, value];
  });
  const many: Past = (path, query) => {
    if (path !== 'history') return emptyPast(path, query);
    const info = loggedTags.find(({ tag }) => tag === query.get('tag'));
    const window = { from: Number(query.get('from')), to: Number(query.get('to')) };
    return { status: 200, body: { ...info, ...window, tier: '1s', points, since: 0 } };
  };
  const hash = `#trends?tags=${names.slice(0, 8).join(',')}&span=24h&end=${to}`;
  await using open = await openTold(browser, normal(), { size: sizes.desk, hash, past: many });
  const { page } = open;
  await drawn(page);
  // Time of the page's own thread until another scale is drawn: others use this machine too.
  const session = await open.context.newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const taken = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1000;
  };
  const before = await taken();
  const turns = await page.evaluate<number>(
    `(async () => {
      const fit = [...document.querySelectorAll('.tools .plain')].find((each) => each.textContent === 'Fit scales');
      let turns = 0;
      for (let turn = 0; turn < 8; turn += 1) {
        const before = fit.ariaPressed;
        fit.click();
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        if (fit.ariaPressed !== before) turns += 1;
      }
      return turns;
    })()`,
  );
  const each = ((await taken()) - before) / turns;
  expect(turns).toBe(8);
  expect(each).toBeGreaterThan(0.1);
  expect(each).toBeLessThan(100);
}, 180_000);
