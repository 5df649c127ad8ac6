// What a person's hands do at the page: find a command, tap it, confirm it, hold it; and what they wait for.
import type { Locator, Page } from 'playwright-core';

/** The screens, as the navigation has them. */
export const screens = [
  'overview',
  'alarms',
  'trends',
  'signals',
  'devices',
  'settings',
  'work',
] as const;
export const goTo = (page: Page, screen: (typeof screens)[number]): Promise<void> =>
  page.locator(`nav button[data-screen="${screen}"]`).click();

/** A command by its title. */
export const button = (page: Page, title: string): Locator =>
  page.locator('.commands .act').filter({ has: page.locator(`.title:text-is("${title}")`) });

/** One that can be pressed now. */
const ready = async (page: Page, title: string): Promise<Locator> => {
  const found = button(page, title).and(page.locator('[aria-disabled="false"]'));
  await found.waitFor({ timeout: 30_000 });
  return found;
};

/** Says why, for all acts that follow: by one of the buttons that are offered. */
export async function sayWhy(page: Page, why = 'Test run'): Promise<void> {
  await page.locator('.reason').first().click();
  await page.getByRole('dialog').getByRole('button', { name: why }).click();
  await page.locator('.reason', { hasText: why }).first().waitFor({ timeout: 30_000 });
}

/** Waits until the unit is in a state whose path begins so. */
export const inState = (page: Page, state: string, limit = 30_000): Promise<unknown> =>
  page.waitForSelector(`[data-unit^="${state}"]`, { timeout: limit });

export const tap = async (page: Page, title: string): Promise<void> =>
  (await ready(page, title)).click();

/** Two taps of a person on the same button. */
export async function twice(target: Locator): Promise<void> {
  await target.click();
  await target.page().waitForTimeout(400);
  await target.click();
}

export const confirm = async (page: Page, title: string): Promise<void> =>
  twice(await ready(page, title));

/** A finger that stays for so many ms. */
export async function hold(page: Page, title: string, span = 1300): Promise<void> {
  await (await ready(page, title)).hover();
  await page.mouse.down();
  await page.waitForTimeout(span);
  await page.mouse.up();
}
