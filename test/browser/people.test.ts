// Who is at the page: sign-in, refusal, PIN, idle; that what somebody may not says so on its button; that the stops ask
// for nobody; and the screens of people, as an administrator works them.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApprovalView } from '#contract/approval.ts';
import { button, confirm, goTo, inState, twice } from './hands.ts';
import { axe, launch, openPage, overflows, shoot, smallTargets } from './open-page.ts';
import { openPart, passwordOf, portOf, signInAt, startStaffedCell } from './staffed-cell.ts';
import type { StaffedCell } from './staffed-cell.ts';

const limit = 20_000;
let browser: Browser;
let staffed: StaffedCell;
beforeAll(async () => {
  browser = await launch();
  staffed = await startStaffedCell({
    ada: ['admin'],
    otto: ['operator'],
    mia: ['maintenance'],
    sue: ['supervisor'],
  });
}, 120_000);
afterAll(async () => {
  await staffed[Symbol.asyncDispose]();
  await browser.close();
});

const hintOf = (page: Page, title: string): Promise<string> =>
  button(page, title).locator('.hint').innerText();
const who = (page: Page, name: string): Promise<void> =>
  page.locator('.who', { hasText: name }).waitFor({ timeout: limit });

test('a kiosk shows all and stops; a wrong password is refused in words; an operator may what operators may', async () => {
  await using open = await openPage(browser, staffed.address);
  const { page } = open;
  await who(page, 'nobody');
  expect(await hintOf(page, 'Clear')).toBe('nobody is signed in');
  await page.locator('.who').click();
  // The panel leaves the stops free: one is pressed under it.
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('otto');
  await dialog.getByLabel('Password').fill('a wrong one of many letters');
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await dialog.getByRole('alert').filter({ hasText: 'E_SIGN_IN' }).waitFor({ timeout: limit });
  await shoot(page, 'sign-in-refused');
  expect(await axe(page)).toEqual([]);
  await button(page, 'Abort').click();
  await inState(page, 'unit.Aborted');
  expect(open.acts().map(({ args }) => args['name'])).toEqual(['abort']);
  await dialog.getByLabel('Password').fill(passwordOf('otto'));
  await page.keyboard.press('Enter');
  await who(page, 'Otto');
  // The connection is his own now.
  const clear = (said: string): Promise<void> =>
    button(page, 'Clear').filter({ hasText: said }).waitFor({ timeout: limit });
  await clear('tap, then confirm');
  expect(await hintOf(page, 'Manual')).toBe('needs maintenance');
  await twice(button(page, 'Clear'));
  await inState(page, 'unit.Stopped');
  expect(open.acts().at(-1)?.args).toMatchObject({ name: 'clear' });
  // What he may changes under his hands.
  const ada = portOf(staffed.address);
  await ada('api/sign-in', { name: 'ada', password: passwordOf('ada') });
  await ada('api/people/otto', { roles: ['auditor'] });
  await button(page, 'Reset').filter({ hasText: 'needs operator' }).waitFor({ timeout: limit });
  await ada('api/people/otto', { roles: ['operator'] });
  await button(page, 'Reset').filter({ hasNotText: 'needs operator' }).waitFor({ timeout: limit });
  // A browser says itself that an answer was a refusal.
  expect(open.problems.filter((each) => !each.includes('401'))).toEqual([]);
}, 60_000);

test('people change at a panel by PIN, with keys for a glove; signing out leaves a kiosk', async () => {
  await using open = await openPage(browser, staffed.address);
  const { page } = open;
  const dialog = page.getByRole('dialog');
  await signInAt(page, 'mia');
  await page.locator('.who').click();
  await dialog.getByRole('button', { name: 'PIN' }).click();
  await dialog.getByLabel('Password').fill(passwordOf('mia'));
  await dialog.getByLabel('New PIN').fill('271828');
  await dialog.getByRole('button', { name: 'Set PIN' }).click();
  await dialog.getByText('You have a PIN.').waitFor({ timeout: limit });
  await dialog.getByRole('button', { name: 'Close' }).click();
  // A parameter says why it was changed.
  await goTo(page, 'settings');
  await page.locator('.parameters th button', { hasText: 'batch' }).click();
  await page.locator('.editor input').fill('7');
  await page.locator('.editor .act', { hasText: 'needs a reason' }).waitFor({ timeout: limit });
  await page.locator('.reason').click();
  await shoot(page, 'why');
  expect([await axe(page), await smallTargets(page, 56)]).toEqual([[], []]);
  await dialog.getByRole('button', { name: 'New order' }).click();
  await twice(page.locator('.editor .act'));
  const batch = page.locator('.parameters tr', { hasText: 'batch' });
  await batch.locator('td b', { hasText: '7' }).waitFor({ timeout: limit });
  expect(open.acts().at(-1)?.args).toMatchObject({ name: 'batch', reason: 'New order' });
  // Her language goes with her; the screen keeps its own.
  await page.locator('button[lang="de"]').click();
  await page.locator('html[lang="de"]').waitFor({ timeout: limit });
  await page.locator('.who').click();
  await dialog.getByRole('button', { name: 'Abmelden' }).click();
  await who(page, 'nobody');
  await page.locator('html[lang="en"]').waitFor({ timeout: limit });
  await page.locator('.who').click();
  await dialog.getByRole('button', { name: 'Mia' }).click();
  for (const digit of '271828')
    await dialog.getByRole('button', { name: digit, exact: true }).click();
  await shoot(page, 'pin');
  expect(await smallTargets(page, 48)).toEqual([]);
  await dialog.getByRole('button', { name: 'OK' }).click();
  await who(page, 'Mia');
  await page.locator('html[lang="de"]').waitFor({ timeout: limit });
}, 60_000);

test('a page that is left alone warns, a hand keeps it, and it ends as a kiosk', async () => {
  await using open = await openPage(browser, staffed.address);
  const { page } = open;
  await page.clock.install();
  await signInAt(page, 'otto');
  const warning = page.getByRole('alertdialog');
  await page.clock.fastForward('04:45');
  await warning.waitFor({ timeout: limit });
  await shoot(page, 'idle');
  await warning.getByRole('button', { name: 'Stay' }).click();
  await warning.waitFor({ state: 'detached', timeout: limit });
  await page.clock.fastForward('05:05');
  await who(page, 'nobody');
  await page
    .locator('.accepted .hint', { hasText: 'nobody is signed in' })
    .first()
    .waitFor({ timeout: limit });
  expect(open.acts()).toEqual([]);
}, 60_000);

test('an administrator adds a person, gives roles, sees sessions, and a token once', async () => {
  await using open = await openPage(browser, staffed.address);
  const { page } = open;
  await signInAt(page, 'ada');
  await openPart(page, 'people');
  await page.getByLabel('Name', { exact: true }).fill('eve');
  await page.getByLabel('First password').fill('eve begins with this one');
  await page.getByRole('button', { name: 'engineer' }).click();
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page
    .locator('[data-person="eve"]', { hasText: 'first password' })
    .waitFor({ timeout: limit });
  expect([await axe(page), await smallTargets(page, 48)]).toEqual([[], []]);
  await page.locator('[data-value="sessions"]').click();
  await page.locator('[data-session]', { hasText: 'THIS ONE' }).waitFor({ timeout: limit });
  await page.locator('[data-value="roles"]').click();
  expect(await page.locator('.rights tbody tr').count()).toBeGreaterThan(10);
  expect([await axe(page), await overflows(page)]).toEqual([[], []]);
  await page.locator('[data-value="tokens"]').click();
  await page.getByLabel('Name', { exact: true }).fill('reader');
  await page.getByRole('button', { name: 'Make it' }).click();
  expect((await page.locator('.secret').innerText()).length).toBeGreaterThan(30);
  await page.getByRole('button', { name: 'I have kept it' }).click();
  await page.locator('[data-token]', { hasText: 'reader' }).waitFor({ timeout: limit });
  expect(await page.locator('.secret').count()).toBe(0);
  await page.locator('[data-value="events"]').click();
  const added = page.locator('[data-event="person-added"]', { hasText: 'eve' });
  await added.waitFor({ timeout: limit });
  await page.getByLabel('With this word').fill('reader');
  await page.getByRole('button', { name: 'Look' }).click();
  await added.waitFor({ state: 'detached', timeout: limit });
  await page.locator('[data-event="token-added"]').waitFor({ timeout: limit });
  expect(open.problems).toEqual([]);
}, 60_000);

test('what needs a second person is asked for at the console, never approved by oneself, and says who approved', async () => {
  await using open = await openPage(browser, staffed.address);
  const { page } = open;
  await signInAt(page, 'mia');
  await page.locator('html[lang="de"]').waitFor({ timeout: limit });
  await goTo(page, 'settings');
  await page.locator('button[lang="en"]').click();
  await goTo(page, 'overview');
  await confirm(page, 'Manual');
  await page.locator('.fact', { hasText: 'Manual' }).waitFor({ timeout: limit });
  await openPart(page, 'console');
  await page
    .getByLabel('Line for the console')
    .fill('force coolant.pump true --for 30min --reason "bleeding the pump"');
  await page.keyboard.press('Enter');
  const press = (name: string): Promise<void> =>
    page.locator('.answer').getByRole('button', { name }).last().click({ timeout: limit });
  await press('Do it');
  await press('Ask a second person');
  await press('Approvals');
  const card = page.locator('[data-approval]', { hasText: 'bleeding the pump' });
  await card.filter({ hasText: 'somebody else must say yes' }).waitFor({ timeout: limit });
  expect(await card.getByRole('button', { name: 'Yes' }).count()).toBe(0);
  const sue = portOf(staffed.address);
  await sue('api/sign-in', { name: 'sue', password: passwordOf('sue') });
  const [asked] = ApprovalView.array().parse(await sue('api/approvals'));
  await sue(`api/approvals/${asked?.request.id}/yes`, {
    hash: asked?.hash,
    proof: { password: passwordOf('sue') },
  });
  await card.getByRole('button', { name: 'Do it now' }).click({ timeout: limit });
  await page.locator('.strip.forces').click({ timeout: limit });
  await page
    .locator('tr.held', { hasText: 'approved by sue' })
    .filter({ hasText: 'bleeding the pump' })
    .waitFor({ timeout: limit });
  await shoot(page, 'forced');
  expect([await axe(page), await smallTargets(page, 56)]).toEqual([[], []]);
}, 60_000);
