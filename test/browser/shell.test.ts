// A shell as people go through it: one asks, another approves and watches, a third looks on; it is paused, goes on, is
// ended, and is played back beside what the machine did. And an agent's command: proposed, refused, proposed, executed.
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frameTypes, shellPath } from '#contract/shell-frames.ts';
import { until } from '#test/system/test-cell.ts';
import { confirm } from './hands.ts';
import { axe, launch, launchForPerson, openIn, openPage, shoot, sizes } from './open-page.ts';
import type { OpenPage, PersonsBrowser } from './open-page.ts';
import { openPart, passwordOf, portOf, signInAt, startStaffedCell } from './staffed-cell.ts';
import type { StaffedCell } from './staffed-cell.ts';

const limit = 60_000;
let browser: Browser;
let staffed: StaffedCell;
let own: PersonsBrowser;
let driver: OpenPage;
let supervisor: OpenPage;
beforeAll(async () => {
  browser = await launch();
  staffed = await startStaffedCell(
    { ada: ['admin'], mia: ['maintenance'], sue: ['supervisor'], max: ['maintenance'] },
    {
      edit: (manifest) =>
        manifest.replace(
          'shell: {on: true,',
          'shell: {on: true, T2: {presence: true}, agents: {on: true},',
        ),
    },
  );
  driver = await come('mia');
  own = await launchForPerson();
  supervisor = await openIn(own.context, staffed.address);
  await supervisor.page.setViewportSize(sizes.panel);
  await signInAt(supervisor.page, 'sue');
  await confirm(driver.page, 'Manual');
}, 120_000);
afterAll(async () => {
  await staffed[Symbol.asyncDispose]();
  await own[Symbol.asyncDispose]();
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
/** What a program named a link: the last line that says so, below the command that wrote it. */
const link = (page: Page): Locator =>
  page.locator('.xterm-rows > div', { hasText: /^a link/ }).first();
const stands = (page: Page, state: string): Promise<void> =>
  page.locator(`.room[data-state="${state}"]`).waitFor({ timeout: limit });
const press = (place: Page | Locator, name: string): Promise<void> =>
  place.getByRole('button', { name }).first().click({ timeout: limit });

/** Types it once: whoever is told that the shell runs can type. */
async function run(page: Page, command: string, seenBy: Page, text: string): Promise<void> {
  await page.keyboard.type(`${command}\n`);
  await line(seenBy, text).waitFor({ timeout: limit });
}

/** Keys go to the shell. */
const typesInto = (page: Page): Promise<void> =>
  page.locator('.glass[data-types="true"]').waitFor({ timeout: limit });

const next = (page: Page, text: string): Promise<void> =>
  page.locator('.room .next', { hasText: text }).waitFor({ timeout: limit });

/** What was sent into a shell from a page, by the type of its frames. */
function sentInto(page: Page): number[] {
  const sent: number[] = [];
  page.on('websocket', (socket) => {
    if (!socket.url().endsWith(shellPath)) return;
    socket.on('framesent', ({ payload }) => void sent.push(Buffer.from(payload)[0] ?? 0));
  });
  return sent;
}

/** From now on the page keeps when somebody could no longer type here, and when nobody looked at it, both UTC ms. */
const keepTimes = `(() => {
  const glass = document.querySelector('.glass');
  new MutationObserver(() => {
    if (glass.dataset.types === 'false') window.stoppedAt = Date.now();
  }).observe(glass, { attributes: true });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') window.hiddenAt = Date.now();
  });
})()`;

const seenAs = (page: Page, how: 'hidden' | 'visible'): Promise<true> =>
  until(`its tab is ${how}`, limit, async () =>
    (await page.evaluate('document.visibilityState')) === how ? true : undefined,
  );

/** Another tab of its window comes to the front; what it gives brings this one back. */
async function hide({ page, context }: OpenPage): Promise<() => Promise<void>> {
  const other = await context.newPage();
  await other.bringToFront();
  await seenAs(page, 'hidden');
  return async () => {
    await other.close();
    await page.bringToFront();
    await seenAs(page, 'visible');
  };
}

/** A busy machine may be late once; a page that says nothing is late each time. */
async function soonest(stops: () => Promise<number>): Promise<number> {
  let best = Infinity;
  for (let nth = 0; nth < 3 && best >= 1000; nth += 1) best = Math.min(best, await stops());
  return best;
}

/** Closes its supervisor's tab, and tells how long the driver could type after that, in ms. Another supervises then. */
async function stopsAfterClosing(): Promise<number> {
  const mia = driver.page;
  const closed = Date.now();
  await supervisor.page.close();
  await stands(mia, 'Paused');
  const stopped = Number(await mia.evaluate('stoppedAt'));
  expect(supervisor.problems).toEqual([]);
  supervisor = await come('sue');
  await openPart(supervisor.page, 'shells');
  await press(supervisor.page, 'Supervise');
  await press(supervisor.page, 'Resume');
  await typesInto(mia);
  return stopped - closed;
}

/** Shows its supervisor's tab no more, and tells how long the driver could type after that, in ms. */
async function stopsAfterHiding(): Promise<number> {
  const [mia, sue] = [driver.page, supervisor.page];
  const show = await hide(supervisor);
  await stands(mia, 'Paused');
  await next(mia, 'A supervisor must watch');
  await mia.locator('.glass').click();
  await mia.keyboard.type('echo typed-while-hidden\n');
  const [stopped, hidden] = [await mia.evaluate('stoppedAt'), await sue.evaluate('hiddenAt')];
  await show();
  await sue.locator('.presence', { hasText: /^Supervised/ }).waitFor({ timeout: limit });
  await press(sue, 'Resume');
  await typesInto(mia);
  return Number(stopped) - Number(hidden);
}

/** Clipboard, title, a link, what are you, where is your cursor, what is set; then the mouse, each move of it. */
const questions = [
  String.raw`\033]52;c;c3RvbGVu\007\033]0;stolen\007`,
  String.raw`\033]8;;https://example.test\007a link\033]8;;\007\n`,
  String.raw`\033[c\033[6n\033[5n\033P$qm\033\\\033[?1003h\033[?1006h`,
].join('');

/** As from a clipboard. */
const pasteInto = (page: Page, text: string): Promise<unknown> =>
  page.evaluate(`(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', ${JSON.stringify(text)});
    const paste = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
    document.querySelector('.glass textarea').dispatchEvent(paste);
  })()`);

/** The card of an approval, as whoever may say yes sees it. */
async function cardOf(page: Page, text: string): Promise<Locator> {
  await openPart(page, 'approvals');
  const card = page.locator('.card.requested', { hasText: text });
  await card.waitFor({ timeout: limit });
  return card;
}

test('people ask, approve, watch, pause, resume and end a shell, and play it back beside the machine', async () => {
  const mia = driver.page;
  let sue = supervisor.page;
  await using observer = await come('max');
  const max = observer.page;
  const [driven, watched, seen] = [mia, sue, max].map(sentInto) as [number[], number[], number[]];
  await openPart(mia, 'shells');
  await mia.getByLabel('Reason').fill('the gauge drops out');
  await press(mia, 'Ask');
  const card = await cardOf(sue, 'the gauge drops out');
  await card.getByLabel('Your password or PIN').fill(passwordOf('sue'));
  await press(card, 'Yes');
  await press(mia, 'Begin');
  await stands(mia, 'Waiting');
  await next(mia, 'A supervisor must watch');
  await openPart(sue, 'shells');
  await press(sue, 'Supervise');
  await stands(mia, 'Running');
  await openPart(max, 'shells');
  await press(max, 'Watch');
  await line(mia, '$').waitFor({ timeout: limit });
  await typesInto(mia);
  await run(mia, 'echo $((40 + 2))', mia, '42');
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
  await run(mia, 'echo $((50 + 5))', sue, '55');
  expect(await line(sue, 'typed-while-paused').count()).toBe(0);

  // Whatever output asks a terminal for, nobody's answers; a mouse is heard where its person drives.
  const title = await mia.title();
  await max.locator('nav button[data-screen="work"]').click();
  await max.locator('.room').waitFor({ timeout: limit });
  await mia.keyboard.type(`printf '${questions}'\n`);
  await link(max).waitFor({ timeout: limit });
  await link(max).click({ force: true });
  await link(sue).click({ force: true });
  const typed = frameTypes.in;
  const before = driven.filter((type) => type === typed).length;
  await link(mia).click({ force: true });
  await until('the click is told', limit, async () =>
    driven.filter((type) => type === typed).length > before ? true : undefined,
  );
  await mia.keyboard.press('Control+c');
  await mia.keyboard.type(`printf '\\033[?1003l'\n`);
  for (const sent of [seen, watched]) {
    expect(sent.filter((type) => type === typed || type === frameTypes.auto)).toEqual([]);
  }
  expect(driven).not.toContain(frameTypes.auto);
  expect(await mia.title()).toBe(title);
  expect(driver.context.pages()).toHaveLength(1);

  // A paste that would run is asked about first.
  for (const text of ['w\n', 'echo pasted\u000F']) {
    await pasteInto(mia, text);
    await press(mia.locator('.pasted'), 'Do not paste');
  }

  // The supervisor's tab is hidden, then closed.
  for (const page of [mia, sue]) await page.evaluate(keepTimes);
  expect(await soonest(stopsAfterHiding)).toBeLessThan(1000);
  await run(mia, 'echo $((60 + 6))', mia, '66');
  expect(await line(mia, 'typed-while-hidden').count()).toBe(0);
  expect(await soonest(stopsAfterClosing)).toBeLessThan(1000);
  sue = supervisor.page;

  // The keyboard changes hands by its driver's word.
  await press(max, 'Leave');
  await press(max, 'Take part');
  await press(mia, 'Hand over');
  await typesInto(max);
  await mia.locator('.glass[data-types="false"]').waitFor({ timeout: limit });
  await run(max, 'echo $((70 + 7))', mia, '77');

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
