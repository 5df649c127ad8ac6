// The built page in a real browser, told over its own protocol what some cell says: cells larger, stranger and worse
// than the demo can be. The other side of the socket is the test; nothing of the product is replaced.
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Browser, BrowserContext, Page, WebSocketRoute } from 'playwright-core';
import type { FromBrowser, ToBrowser } from '#contract/live.ts';
import { heartbeat_ms } from '#contract/pace.ts';
import { root } from '#test/system/test-cell.ts';
import { emptyPast } from './told-past.ts';
import type { Past } from './told-past.ts';
import { calmCrew } from './told-people.ts';
import type { Crew } from './told-people.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

export interface ToldPage extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly heard: FromBrowser[];
  readonly problems: string[];
  tell(...messages: readonly ToBrowser[]): void;
  /** From now on nothing more is told: the connection stays open. */
  silence(): void;
}

export interface ToldOptions {
  readonly size: { readonly width: number; readonly height: number };
  /** The browser's own language. */
  readonly locale?: string;
  /** What is answered to questions about the past. */
  readonly past?: Past;
  /** Who is here, and what waits for people. */
  readonly crew?: Crew;
  /** Where the page is opened: `#trends?...`. */
  readonly hash?: string;
}

/** Opens the page and tells it `messages`; its link is told over and over, so that it stays live. */
export async function openTold(
  browser: Browser,
  messages: readonly ToBrowser[],
  { size, locale = 'en-GB', past = emptyPast, crew = calmCrew, hash = '' }: ToldOptions,
): Promise<ToldPage> {
  const context = await browser.newContext({ viewport: size, locale });
  const heard: FromBrowser[] = [];
  const problems: string[] = [];
  const sockets = new Set<WebSocketRoute>();
  const tell = (...told: readonly ToBrowser[]): void => {
    for (const socket of sockets) {
      for (const message of told) socket.send(JSON.stringify(message));
    }
  };
  await context.route('**/*', (route) => {
    const { pathname, searchParams } = new URL(route.request().url());
    if (pathname.startsWith('/api/')) {
      const path = pathname.slice('/api/'.length);
      const { status, body } = crew(path, searchParams) ?? past(path, searchParams);
      return route.fulfill({ status, json: body });
    }
    const path = pathname === '/' ? '/index.html' : pathname;
    const file = readFileSync(join(root, 'dist/hmi', path));
    return route.fulfill({ body: file, contentType: types[extname(path)] ?? 'text/plain' });
  });
  await context.routeWebSocket('**/live', (socket) => {
    sockets.add(socket);
    socket.onMessage((text) => {
      heard.push(JSON.parse(String(text)) as FromBrowser);
    });
    tell(link(), ...messages);
  });
  const timer = setInterval(() => tell(link()), heartbeat_ms);
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => void problems.push(String(error)));
  await page.goto(`http://localhost/${hash}`);
  await page.waitForSelector('.page.live', { timeout: 20_000 });
  return {
    page,
    context,
    heard,
    problems,
    tell,
    silence: () => clearInterval(timer),
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await context.close();
    },
  };
}

const link = (): ToBrowser => ({
  type: 'link',
  control: 'up',
  lastFrame: Date.now(),
  time: Date.now(),
  actor: 'user:ada',
  changes: 0,
  panel: true,
  news: 0,
});
