// A shell as people go through it: one asks, another approves and watches, a third looks on; it is paused, goes on, is
// ended, and is played back beside what the machine did. And an agent's command: proposed, refused, proposed, executed.
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '#test/system/test-cell.ts';
import { confirm } from './hands.ts';
import { axe, launch, openPage, shoot } from './open-page.ts';
import type { OpenPage } from './open-page.ts';
import { openPart, passwordOf, portOf, signInAt, startStaffedCell } from './staffed-cell.ts';
import type { StaffedCell } from './staffed-cell.ts';

const limit = 60_000;
let browser: Browser;
let staffed: StaffedCell;
let driver: OpenPage;
let supervisor: OpenPage;
beforeAll(async () => {
  browser = await launch();
  staffed = await startStaffedCell(
    { ada: ['admin'], mia: ['maintenance'], sue: ['supervisor'], max: ['maintenance'] },
    {
      edit: (manifest) =>
        manifest.replace('shell: {on: true,', 'shell: {on: true, agents: {on: true},'),
    },
  );
  driver = await come('mia');
  supervisor = await come('sue');
  await confirm(driver.page, 'Manual');
}, 120_000);
afterAll(async () => {
  await staffed[Symbol.asyncDispose]();
  await browser.close();
});

async function come(name: string): Promise<OpenPage> {
  const open = await openPage(browser, staffed.address);
  await signInAt(open.page, name);
  return open;
}

/** A line that stands in the terminal. */
const line = (page: Page, text: string): Locator =>
  page.locator('.xterm-rows > div', { hasText: text }).first();
const stands = (page: Page, state: string): Promise<void> =>
  page.locator(`.room[data-state="${state}"]`).waitFor({ timeout: limit });
const press = (place: Page | Locator, name: string): Promise<void> =>
  place.getByRole('button', { name }).first().click({ timeout: limit });

/** Keys go to the shell. */
const typesInto = (page: Page): Promise<void> =>
  page.locator('.glass[data-types="true"]').waitFor({ timeout: limit });

/** The card of an approval, as whoever may say yes sees it. */
async function cardOf(page: Page, text: string): Promise<Locator> {
  await openPart(page, 'approvals');
  const card = page.locator('.card.requested', { hasText: text });
  await card.waitFor({ timeout: limit });
  return card;
}

test('people ask, approve, watch, pause, resume and end a shell, and play it back beside the machine', async () => {
  const [mia, sue] = [driver.page, supervisor.page];
  await using observer = await come('max');
  const max = observer.page;
  await openPart(mia, 'shells');
  await mia.getByLabel('Reason').fill('the gauge drops out');
  await press(mia, 'Ask');
  const card = await cardOf(sue, 'the gauge drops out');
  await card.getByLabel('Your password or PIN').fill(passwordOf('sue'));
  await press(card, 'Yes');
  await press(mia, 'Begin');
  await stands(mia, 'Running');
  await openPart(sue, 'shells');
  await press(sue, 'Supervise');
  await openPart(max, 'shells');
  await press(max, 'Watch');
  await line(mia, '$').waitFor({ timeout: limit });
  await typesInto(mia);
  await mia.keyboard.type('echo $((40 + 2))\n');
  for (const page of [mia, sue, max]) await line(page, '42').waitFor({ timeout: limit });
  await shoot(sue, 'shell-supervised');
  expect(await axe(mia)).toEqual([]);

  // Everybody on the floor sees it, whatever screen they look at.
  await max.locator('nav button[data-screen="overview"]').click();
  const strip = max.locator('.strip.shell', { hasText: 'RUNNING' });
  await strip.waitFor({ timeout: limit });
  expect(await strip.innerText()).toMatch(/MAINTENANCE SHELL\s+mia\s+RUNNING\s+\d+ min left/);

  await press(sue, 'Pause');
  await stands(mia, 'Paused');
  await mia.locator('.glass').click();
  await mia.keyboard.type('echo typed-while-paused\n');
  await press(sue, 'Resume');
  await stands(mia, 'Running');
  await typesInto(mia);
  await mia.keyboard.type('echo $((50 + 5))\n');
  await line(sue, '55').waitFor({ timeout: limit });
  expect(await line(sue, 'typed-while-paused').count()).toBe(0);
  await press(sue.locator('.rail'), 'END');
  await stands(mia, 'Ended');

  await openPart(sue, 'recordings');
  await press(sue, 'Play');
  await sue.locator('.playback .plot').waitFor({ timeout: limit });
  expect(await line(sue, '42').count()).toBe(0);
  // A moment of the machine's time line is a moment of the terminal.
  await press(sue, 'Next event');
  await sue.locator('.marks-list li').last().getByRole('button').click();
  await line(sue, '55').waitFor({ timeout: limit });
  const listed = sue.locator('.marks-list li');
  expect(await listed.filter({ hasText: 'PAUSED' }).count()).toBeGreaterThan(0);
  // What was typed stands apart from what was shown, and programs that were seen to start are told.
  expect(await sue.locator('.marks-list li.typed', { hasText: 'echo $((50 + 5))' }).count()).toBe(
    1,
  );
  expect(await sue.locator('.marks-list li.process', { hasText: 'bash' }).count()).toBeGreaterThan(
    0,
  );
  await shoot(sue, 'shell-played');
  await sue.locator('.playback .plot').press('Home');
  await until('the terminal goes back with the machine', limit, async () =>
    (await line(sue, '42').count()) === 0 ? true : undefined,
  );
  await sue.locator('.playback .plot').press('End');
  await line(sue, '55').waitFor({ timeout: limit });
  expect(await axe(sue)).toEqual([]);
  await press(sue, 'Back');
  expect([...driver.problems, ...supervisor.problems, ...observer.problems]).toEqual([]);
}, 240_000);

test('an agent proposes, is refused, proposes again, is approved and watched, and executes', async () => {
  const sue = supervisor.page;
  const admin = portOf(staffed.address);
  await admin('api/sign-in', { name: 'ada', password: passwordOf('ada') });
  const { secret } = (await admin('api/tokens', {
    name: 'fixer',
    owner: 'mia',
    scopes: ['view', 'shell.open'],
    for_ms: 3_600_000,
  })) as { secret: string };
  const agent = portOf(staffed.address, secret);
  const propose = async (...argv: string[]): Promise<string> => {
    const { id } = (await agent('api/agent/commands', {
      argv,
      reason: 'the disk fills up',
      expects: 'a line is written',
      model: 'model-1',
      prompt: 'a'.repeat(64),
    })) as { id: string };
    return id;
  };
  const bad = await propose('rm', '-rf', '/tmp/x');
  const refused = await cardOf(sue, 'rm -rf /tmp/x');
  expect(await refused.getAttribute('class')).toContain('agent');
  expect(await refused.innerText()).toContain('a line is written');
  await shoot(sue, 'agent-proposes');
  await refused.getByLabel('Reason of a no').fill('not that');
  await press(refused, 'No');
  await until('the agent hears the no', limit, async () => {
    const { session } = (await agent(`api/agent/commands/${bad}`)) as {
      session: { state: string };
    };
    return session.state === 'Denied' ? true : undefined;
  });

  const good = await propose('echo', 'all is well');
  const asked = await cardOf(sue, "echo 'all is well'");
  await asked.getByLabel('Your password or PIN').fill(passwordOf('sue'));
  await press(asked, 'Approve once');
  await until('the agent may begin', limit, async () => {
    const { session } = (await agent(`api/agent/commands/${good}`)) as {
      session: { state: string };
    };
    return session.state === 'Approved' ? true : undefined;
  });
  await openPart(sue, 'shells');
  // A shell that was looked at before is left, where it is still there.
  await sue
    .getByRole('button', { name: 'Leave' })
    .click({ timeout: 1000 })
    .catch(() => undefined);
  await press(sue.locator('.card.agent'), 'Supervise');
  await sue.locator('.room.agent').waitFor({ timeout: limit });
  await agent(`api/agent/commands/${good}/execute`, {});
  await line(sue, 'all is well').waitFor({ timeout: limit });
  const output = await until('it has ended', limit, async () => {
    const told = (await agent(`api/agent/commands/${good}`)) as {
      session: { state: string };
      output?: { text: string; code?: number };
    };
    return told.session.state === 'Ended' ? told.output : undefined;
  });
  expect(output).toMatchObject({ code: 0, untrusted: true });
  expect(output.text).toContain('all is well');
  await shoot(sue, 'agent-executed');
  expect(supervisor.problems).toEqual([]);
}, 180_000);
