// A real browser at the product's page: what it sent, heard, complained about and fetched is kept.
// Scripts that run in the page are texts, so that this folder needs no types of a browser.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { present } from '#contract/error.ts';
import type { FromBrowser, ToBrowser } from '#contract/live.ts';
import { root } from '#test/system/test-cell.ts';

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: '/usr/bin/chromium', args });

/** A browser of one person, whose tabs are hidden when another comes to the front; else each is taken for looked at. */
export interface PersonsBrowser extends AsyncDisposable {
  readonly context: BrowserContext;
}

export async function launchForPerson(): Promise<PersonsBrowser> {
  const folder = mkdtempSync(join(tmpdir(), 'rebe-browser-'));
  const port = ['--headless=new', '--remote-debugging-port=0', `--user-data-dir=${folder}`];
  const started = spawn('/usr/bin/chromium', [...args, ...port], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const gone = once(started, 'exit');
  let said = '';
  const address = await new Promise<string>((resolve, reject) => {
    started.once('exit', () => reject(new Error(`no browser: ${said}`)));
    started.stderr.on('data', (text) => {
      said += String(text);
      const [found] = /ws:\S+/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  // Its own ways stay as they are: a page that is driven is otherwise made to believe that it is looked at.
  const browser = await chromium.connectOverCDP(address, { noDefaults: true });
  const [context] = browser.contexts();
  return {
    context: present(context, 'a browser opens with one'),
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      started.kill();
      await gone;
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export const sizes = {
  panel: { width: 1280, height: 800 },
  desk: { width: 1920, height: 1080 },
  upright: { width: 1080, height: 1920 },
} as const;

export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly sent: FromBrowser[];
  readonly heard: ToBrowser[];
  /** Refusals of the page's policy, errors and uncaught exceptions. */
  readonly problems: string[];
  readonly requests: string[];
  /** Acts that left this page. */
  acts(): Extract<FromBrowser, { type: 'act' }>[];
}

/** Opens `address` in a context of its own and waits until the cell is live. */
export async function openPage(
  browser: Browser,
  address: string,
  options: { size?: { width: number; height: number }; touch?: boolean } = {},
): Promise<OpenPage> {
  const { size = sizes.panel, touch = false } = options;
  return openIn(await browser.newContext({ viewport: size, hasTouch: touch }), address);
}

/** As `openPage`, in a context that is there. */
export async function openIn(context: BrowserContext, address: string): Promise<OpenPage> {
  const page = await context.newPage();
  const sent: FromBrowser[] = [];
  const heard: ToBrowser[] = [];
  const problems: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => void problems.push(String(error)));
  page.on('request', (request) => void requests.push(request.url()));
  page.on('websocket', (socket) => {
    requests.push(socket.url());
    // Other sockets speak in bytes.
    if (!socket.url().endsWith('/live')) return;
    socket.on('framesent', ({ payload }) => {
      sent.push(JSON.parse(String(payload)) as FromBrowser);
    });
    socket.on('framereceived', ({ payload }) => {
      heard.push(JSON.parse(String(payload)) as ToBrowser);
    });
  });
  await page.addInitScript(
    `document.addEventListener('securitypolicyviolation', (event) =>
       console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI));`,
  );
  await page.goto(address);
  await page.waitForSelector('.page.live', { timeout: 10_000 });
  return {
    page,
    context,
    sent,
    heard,
    problems,
    requests,
    acts: () => sent.filter((message) => message.type === 'act'),
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** Keeps a picture of the page, for whoever wants to look: `dist/screens/NAME.png`. */
export async function shoot(page: Page, name: string): Promise<Buffer> {
  return page.screenshot({ path: join(root, 'dist/screens', `${name}.png`) });
}

/** Names of the rules that axe-core finds broken, with the first element of each. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate<string[]>(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
      .then(({ violations }) => violations.map(({ id, nodes }) => id + ' ' + nodes[0].html.slice(0, 120)))`,
  );
}

/** Buttons and links smaller than a gloved finger can hit, in CSS px. */
export const smallTargets = (page: Page, least: number): Promise<string[]> =>
  page.evaluate<string[]>(
    `[...document.querySelectorAll('button, summary, a')]
      .map((each) => ({ each, box: each.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && (box.width < ${least} || box.height < ${least}))
      .map(({ each, box }) => each.textContent + ' ' + box.width + 'x' + box.height)`,
  );

/** Elements whose text is cut off or runs out of them, and whether the page itself scrolls. */
export const overflows = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(
    `[...document.querySelectorAll('html, main, header, nav, button, .unit, .fact, .step, .leaf')]
      .filter((each) => each.scrollWidth > each.clientWidth + 1)
      .map((each) => each.tagName + '.' + each.className + ' ' + each.textContent.slice(0, 60))`,
  );

/**
 * Texts that lie over one another, as far as they can be seen: clipped where an ancestor clips them, and without the
 * marks that lie on what they mark.
 */
export const overlaps = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(
    `(() => {
      const seen = (node) => {
        const range = document.createRange();
        range.selectNodeContents(node);
        return [...range.getClientRects()].map((line) => {
          let { left, top, right, bottom } = line;
          for (let up = node.parentElement; up !== null; up = up.parentElement) {
            if (getComputedStyle(up).overflow === 'visible') continue;
            const clip = up.getBoundingClientRect();
            left = Math.max(left, clip.left);
            top = Math.max(top, clip.top);
            right = Math.min(right, clip.right);
            bottom = Math.min(bottom, clip.bottom);
          }
          return { node, left, top, right, bottom };
        });
      };
      const walker = document.createTreeWalker(document.querySelector('#app'), NodeFilter.SHOW_TEXT);
      const lines = [];
      while (walker.nextNode()) {
        const { currentNode: node } = walker;
        const { parentElement: parent } = node;
        const drawn = parent.checkVisibility() && parent.closest('svg') === null;
        if (drawn && node.data.trim() !== '') lines.push(...seen(node));
      }
      const found = [];
      for (const [index, a] of lines.entries()) {
        for (const b of lines.slice(index + 1)) {
          if (a.node === b.node) continue;
          const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
          const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
          if (wide > 3 && high > 6) found.push(a.node.data.slice(0, 30) + ' / ' + b.node.data.slice(0, 30));
        }
      }
      return found;
    })()`,
  );

/** The share of pixels whose colour says something: channels more than 60 apart. */
export const colourShare = (context: BrowserContext, png: Buffer): Promise<number> =>
  inBlank(
    context,
    `(async () => {
      const data = await pixelsOf('${png.toString('base64')}');
      let count = 0;
      for (let i = 0; i < data.length; i += 4) {
        const high = Math.max(data[i], data[i + 1], data[i + 2]);
        if (high - Math.min(data[i], data[i + 1], data[i + 2]) > 60) count += 1;
      }
      return (count * 4) / data.length;
    })()`,
  );

/** Pixels of two pictures of one size that an eye can tell apart: a browser draws one edge in two shades of nearly the same. */
export const movedPixels = (
  context: BrowserContext,
  before: Buffer,
  after: Buffer,
): Promise<number> =>
  inBlank(
    context,
    `(async () => {
      const before = await pixelsOf('${before.toString('base64')}');
      const after = await pixelsOf('${after.toString('base64')}');
      if (before.length !== after.length) return before.length;
      let count = 0;
      for (let i = 0; i < before.length; i += 4) {
        const apart = [0, 1, 2].some((channel) => Math.abs(before[i + channel] - after[i + channel]) > 2);
        if (apart) count += 1;
      }
      return count;
    })()`,
  );

/** Runs a text in a page of its own; `pixelsOf(base64)` gives it the bytes of a picture. */
async function inBlank(context: BrowserContext, text: string): Promise<number> {
  const blank = await context.newPage();
  const found = await blank.evaluate<number>(
    `(() => {
      const pixelsOf = async (png) => {
        const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0));
        const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
        const canvas = new OffscreenCanvas(image.width, image.height);
        const drawn = canvas.getContext('2d');
        drawn.drawImage(image, 0, 0);
        return drawn.getImageData(0, 0, image.width, image.height).data;
      };
      return ${text};
    })()`,
  );
  await blank.close();
  return found;
}
