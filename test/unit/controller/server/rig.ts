// Station's doors on a free loopback port, in a data directory of their own; time moves when a test says so.
// What would go to control is kept, and the test speaks for control.
import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { ToBrowser } from '#contract/live.ts';
import type { PeopleOptions } from '#contract/cell.ts';
import type { FromBrowser } from '#contract/live.ts';
import { instant, utcMs } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import type { FromClient } from '#contract/wire.ts';
import { HistoryDoor } from '#controller/server/history.ts';
import { HttpDoor } from '#controller/server/http.ts';
import { mintLink } from '#controller/server/link.ts';
import { Live } from '#controller/server/live.ts';
import type { StationLog } from '#controller/server/live.ts';
import { People } from '#controller/people/people.ts';
import { PeopleDoor } from '#controller/people/routes.ts';
import { Records } from '#controller/server/records.ts';
import { Cookies } from '#controller/server/session.ts';
import { hello } from '#test/unit/hmi/messages.ts';
import { removeFolder } from '#test/folder.ts';

/** Monotonic time by hand; UTC is real at its start, since files carry real times. */
export class HandClock implements Clock {
  #now = 0;
  #start = Date.now();
  readonly #timers = new Set<{ at: number; run: () => void }>();
  readonly now = () => instant(this.#now);
  readonly time = () => utcMs(this.#start + this.#now);
  readonly after = (delay: number, run: () => void) => {
    const timer = { at: this.#now + delay, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };
  /** Timers that are still to come. */
  get waiting(): number {
    return this.#timers.size;
  }
  /** Somebody sets the date, ms onwards or back; what runs by itself runs on. */
  setDate(by: number): void {
    this.#start += by;
  }
  advance(span: number): void {
    const end = this.#now + span;
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end);
      const next = due.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.at);
      this.#timers.delete(next);
      next.run();
    }
    this.#now = end;
  }
}

export interface Doors extends AsyncDisposable {
  readonly clock: HandClock;
  readonly live: Live;
  readonly records: Records;
  readonly door: HttpDoor;
  readonly people: People;
  readonly data: string;
  readonly port: number;
  readonly origin: string;
  /** What went to control. */
  readonly sent: FromClient[];
  readonly log: string[];
  page(options?: PageOptions): Promise<Page>;
  /** Trades a new link; the cookie of the session. */
  signIn(): Promise<string>;
}

export interface PageOptions {
  readonly cookie?: string;
  /** Undefined: none is sent. */
  readonly origin?: string | undefined;
  readonly host?: string;
  readonly protocol?: string;
}

/** How control answers: not at all, so far as it has heard it, or that it is on disk. */
export interface ControlRole {
  control: boolean;
  answers?: 'nothing' | 'receipt' | 'refused' | 'done';
}

export async function openDoors(
  up: ControlRole = { control: true },
  policy?: PeopleOptions,
): Promise<Doors> {
  const data = mkdtempSync(join(tmpdir(), 'rebe-doors-'));
  mkdirSync(join(data, 'page', 'assets'), { recursive: true });
  writeFileSync(join(data, 'page', 'index.html'), '<!doctype html><title>cell</title>');
  writeFileSync(join(data, 'page', 'assets', 'main-1a2b.js'), 'export {};');
  const clock = new HandClock();
  const sent: FromClient[] = [];
  const log: string[] = [];
  const note = (level: string, text: string) => void log.push(`${level} ${text}`);
  const toControl = (message: FromClient): boolean => {
    if (up.control) sent.push(message);
    if (up.control && message.type === 'record') respond(message.id);
    return up.control;
  };
  const respond = (id: string): void => {
    const { answers = 'done' } = up;
    if (answers === 'nothing') return;
    const result = answers === 'refused' ? 'refused' : 'accepted';
    queueMicrotask(() => {
      records.take({ type: 'receipt', id, result });
      if (answers === 'done') records.take({ type: 'done', id, seq: 1, outcome: 'recorded' });
    });
  };
  const live = new Live(clock, note, toControl);
  const records = new Records(clock, toControl);
  records.take(hello());
  const page = join(data, 'page');
  const history = new HistoryDoor(clock, data);
  // Stretching is the product's to do well, and costs each test that signs somebody in.
  const cost = { n: 1024, r: 8, p: 1 };
  const told: StationLog = (level, text, event) => {
    note(level, text);
    if (event !== undefined) records.tell(event);
  };
  const people = new People(clock, { data, records, log: told, cost, policy });
  const cookies = new Cookies();
  const entrance = new PeopleDoor(people, cookies, { data, cell: () => 'tending-1' });
  const door = new HttpDoor(
    clock,
    note,
    { people, entrance, cookies, sockets: [live], routes: [...history.routes] },
    { page, data, host: '127.0.0.1', port: 0 },
  );
  const port = await door.listen();
  const origin = `http://127.0.0.1:${port}`;
  const pages: Page[] = [];
  return {
    clock,
    live,
    records,
    door,
    people,
    data,
    port,
    origin,
    sent,
    log,
    page: async (options = {}) => {
      const opened = await openPage(port, { origin, protocol: 'cell.v1', ...options });
      pages.push(opened);
      return opened;
    },
    signIn: async () => {
      const key = await mintLink(data);
      const answer = await fetch(`${origin}/session`, {
        method: 'POST',
        headers: { origin, 'content-type': 'application/json' },
        body: JSON.stringify({ key }),
      });
      return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of pages) each.socket.terminate();
      live.close();
      await door.close();
      history.close();
      removeFolder(data);
    },
  };
}

/** A page's socket, with all that it heard. */
export interface Page {
  readonly socket: WebSocket;
  readonly heard: ToBrowser[];
  readonly closed: Promise<{ code: number; reason: string }>;
  say(message: FromBrowser): void;
  /** The first message of a type that fits, waited for. */
  hear<Type extends ToBrowser['type']>(
    type: Type,
    fits?: (message: Extract<ToBrowser, { type: Type }>) => boolean,
  ): Promise<Extract<ToBrowser, { type: Type }>>;
  /** Everything that is under way has arrived. */
  settle(): Promise<void>;
}

async function openPage(port: number, options: PageOptions): Promise<Page> {
  const { cookie, origin, host, protocol } = options;
  const headers = {
    ...(cookie === undefined ? {} : { cookie }),
    ...(host === undefined ? {} : { host }),
    ...(origin === undefined ? {} : { origin }),
  };
  const socket = new WebSocket(`ws://127.0.0.1:${port}/live`, protocol, { headers });
  const heard: ToBrowser[] = [];
  socket.on('message', (bytes: Buffer) => {
    heard.push(ToBrowser.parse(JSON.parse(bytes.toString('utf8'))));
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString('utf8') }));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  const page: Page = {
    socket,
    heard,
    closed,
    say: (message) => socket.send(JSON.stringify(message)),
    hear: async (type, fits = () => true) => {
      for (let turn = 0; turn < 400; turn += 1) {
        for (const message of heard) {
          const found = message as Extract<ToBrowser, { type: typeof type }>;
          if (message.type === type && fits(found)) return found;
        }
        await wait(5);
      }
      throw new Error(`no ${type} came; heard ${heard.map((message) => message.type).join(' ')}`);
    },
    settle: async () => {
      const pong = new Promise((resolve) => {
        socket.once('pong', resolve);
      });
      socket.ping();
      await pong;
    },
  };
  await page.hear('link');
  return page;
}
