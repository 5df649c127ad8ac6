// A cell with people: enrolled over its port as an administrator would, each with a password of their own.
import type { Role } from '#contract/people.ts';
import type { Page } from 'playwright-core';
import { linkOf } from './calm-cell.ts';
import { TestCell } from '#test/system/test-cell.ts';

export interface StaffedCell extends AsyncDisposable {
  readonly cell: TestCell;
  /** The page's address. */
  readonly address: string;
}

export const passwordOf = (name: string): string => `the ${name} of this cell knocks twice`;

/** The first one must be an administrator. */
export async function startStaffedCell(
  people: Readonly<Record<string, readonly Role[]>>,
  options: { readonly edit?: (manifest: string) => string } = {},
): Promise<StaffedCell> {
  const cell = await TestCell.start({ ...options, calm: {} });
  const end = (): Promise<void> => cell[Symbol.asyncDispose]();
  try {
    const link = await linkOf(cell);
    const address = link.replace(/#.*/, '');
    const ask = portOf(address);
    await ask('session', { key: link.replace(/.*#key=/, '') });
    let first = true;
    for (const [name, roles] of Object.entries(people)) {
      // oxlint-disable no-await-in-loop -- the first must be there before the next
      const password = passwordOf(name);
      await ask('api/people', { name, title: titleOf(name), roles, password, temporary: false });
      if (first) await ask('api/sign-in', { name, password });
      first = false;
      // oxlint-enable no-await-in-loop
    }
    return { cell, address, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

export const titleOf = (name: string): string =>
  name.replace(/^./, (letter) => letter.toUpperCase());

/** Asks station's port as one browser would: cookies are kept. With a token it asks as a program does. */
export function portOf(
  address: string,
  token?: string,
): (path: string, body?: unknown) => Promise<unknown> {
  const cookies = new Map<string, string>();
  const { origin } = new URL(address);
  return async (path, body) => {
    const answer = await fetch(new URL(path, address), {
      headers: {
        'content-type': 'application/json',
        ...(token === undefined
          ? { origin, cookie: [...cookies].map((each) => each.join('=')).join('; ') }
          : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    for (const text of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(text) ?? [];
      cookies.set(name, value);
    }
    const said = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${said}`);
    return said === '' ? undefined : (JSON.parse(said) as unknown);
  };
}

/** Signs in by the page itself. */
export async function signInAt(page: Page, name: string): Promise<void> {
  await page.locator('.who').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('Password').fill(passwordOf(name));
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('.who', { hasText: titleOf(name) }).waitFor({ timeout: 15_000 });
}

/** Opens a part of maintenance. */
export async function openPart(page: Page, part: string): Promise<void> {
  await page.locator('nav button[data-screen="work"]').click();
  await page.locator(`.work > .choices [data-value="${part}"]`).click();
}
