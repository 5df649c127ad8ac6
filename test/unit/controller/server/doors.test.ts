// Station's port: who may speak to it, what it answers, and how a link becomes a session.
import { existsSync, readFileSync, statSync, utimesSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CellError } from '#contract/error.ts';
import {
  makeLink,
  mintLink,
  readStationUrl,
  redeemLink,
  writeStation,
} from '#controller/server/link.ts';
import { isLoopback } from '#controller/server/origin.ts';
import { minutes } from '#contract/time.ts';
import { Sessions } from '#controller/people/sessions.ts';
import { Cookies } from '#controller/server/session.ts';
import { hello } from '#test/unit/hmi/messages.ts';
import { openDoors } from './rig.ts';
import type { ControlRole, Doors } from './rig.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** A request with exactly these headers; fetch would put its own Host. */
function ask(
  doors: Doors,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: doors.port, path, method, headers, setHost: !('host' in headers) },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => (text += part));
        answer.on('end', () => {
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const codeOf = ({ text }: Answer): unknown => (JSON.parse(text) as { code: unknown }).code;

describe('a request', () => {
  test.each<[name: string, headers: (doors: Doors) => Record<string, string>, status: number]>([
    ['our own address', ({ port }) => ({ host: `127.0.0.1:${port}` }), 200],
    ['localhost with our port', ({ port }) => ({ host: `localhost:${port}` }), 200],
    ['IPv6 loopback with our port', ({ port }) => ({ host: `[::1]:${port}` }), 200],
    ['a foreign name', ({ port }) => ({ host: `cell.evil:${port}` }), 403],
    ['a name that begins like ours', ({ port }) => ({ host: `localhost.evil:${port}` }), 403],
    ['our name without a port', () => ({ host: '127.0.0.1' }), 403],
    ['our name with another port', ({ port }) => ({ host: `127.0.0.1:${port + 1}` }), 403],
    ['capitals', ({ port }) => ({ host: `LOCALHOST:${port}` }), 403],
    ['our own origin', ({ port, origin }) => ({ host: `127.0.0.1:${port}`, origin }), 200],
    [
      'the origin of our other name',
      ({ port }) => ({ host: `127.0.0.1:${port}`, origin: `http://localhost:${port}` }),
      403,
    ],
    ['a null origin', ({ port }) => ({ host: `127.0.0.1:${port}`, origin: 'null' }), 403],
    ['a foreign origin', ({ port }) => ({ host: `127.0.0.1:${port}`, origin: 'http://evil' }), 403],
    [
      'our origin over https',
      ({ port }) => ({ host: `127.0.0.1:${port}`, origin: `https://127.0.0.1:${port}` }),
      403,
    ],
  ])('to %s', async (_, headers, status) => {
    await using doors = await openDoors();
    for (const path of ['/', '/assets/main-1a2b.js', '/nowhere']) {
      const answer = await ask(doors, path, { headers: headers(doors) });
      expect(answer.status).toBe(status === 200 && path === '/nowhere' ? 404 : status);
      expect(answer.text.includes('E_DOOR_ORIGIN')).toBe(status === 403);
    }
    expect(doors.log.join().includes('E_DOOR_ORIGIN')).toBe(status === 403);
  });

  test('is guarded on every answer, refusals too, against all that is not ours', async () => {
    await using doors = await openDoors();
    const foreign = { headers: { host: 'evil' } };
    const answers = [
      await ask(doors, '/'),
      await ask(doors, '/assets/main-1a2b.js'),
      await ask(doors, '/nowhere'),
      await ask(doors, '/', foreign),
      await ask(doors, '/%ff'),
      await ask(doors, '/session', { method: 'POST' }),
    ];
    for (const { headers } of answers) {
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test('shows the page to anyone, never from a cache; assets for ever', async () => {
    await using doors = await openDoors();
    const page = await ask(doors, '/');
    expect([page.status, page.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const asset = await ask(doors, '/assets/main-1a2b.js');
    expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(asset.headers['content-type']).toContain('javascript');
  });

  test.each([
    ['/nowhere', 404, 'E_DOOR_ROUTE'],
    ['/index.html', 404, 'E_DOOR_ROUTE'],
    ['/live', 404, 'E_DOOR_ROUTE'],
    ['/session', 404, 'E_DOOR_ROUTE'],
    ['/assets/../index.html', 400, 'E_DOOR_FRAME'],
    ['/assets/..%2f..%2fsessions.json', 400, 'E_DOOR_FRAME'],
    ['/assets/%2e%2e/sessions.json', 400, 'E_DOOR_FRAME'],
    ['/%ff', 400, 'E_DOOR_FRAME'],
  ])('for %s gets %d %s', async (path, status, code) => {
    await using doors = await openDoors();
    await doors.signIn();
    const answer = await ask(doors, path);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  });

  test('that is not HTTP gets a code and disturbs nobody', async () => {
    await using doors = await openDoors();
    const text = await new Promise<string>((resolve) => {
      const socket = connect(doors.port, '127.0.0.1', () =>
        socket.write('\0\x01\x02 what\r\n\r\n'),
      );
      let heard = '';
      socket.on('data', (bytes) => (heard += bytes.toString('utf8')));
      socket.on('close', () => resolve(heard));
    });
    expect(text).toMatch(/^HTTP\/1.1 400 .*"E_DOOR_FRAME"/s);
    expect((await ask(doors, '/')).status).toBe(200);
  });
});

const post = (doors: Doors, body: string, headers: Record<string, string> = {}) =>
  ask(doors, '/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: doors.origin, ...headers },
    body,
  });

describe('signing in', () => {
  test('trades a link for a session, once', async () => {
    await using doors = await openDoors();
    const body = JSON.stringify({ key: await mintLink(doors.data) });
    const first = await post(doors, body);
    expect(first.status).toBe(200);
    const cookie = String(first.headers['set-cookie']);
    expect(cookie).toMatch(
      new RegExp(
        `^rebe-${doors.port}=[A-Za-z0-9_-]{43}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict$`,
      ),
    );
    const second = await post(doors, body);
    expect([second.status, codeOf(second)]).toEqual([403, 'E_LINK_USED']);
    expect(second.headers).not.toHaveProperty('set-cookie');
  });

  test('of two who come with one link at once lets one in', async () => {
    await using doors = await openDoors();
    const body = JSON.stringify({ key: await mintLink(doors.data) });
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(doors, body)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('stands in the record before it takes effect', async () => {
    const up = { control: true, answers: 'nothing' } as ControlRole;
    await using doors = await openDoors(up);
    const body = JSON.stringify({ key: await mintLink(doors.data) });
    const asked = post(doors, body);
    await expect.poll(() => doors.sent.length).toBe(1);
    expect(doors.sent[0]).toMatchObject({ type: 'record', body: { event: 'signed-in' } });
    expect(existsSync(join(doors.data, 'sessions.json'))).toBe(false);
    const id = doors.sent[0]?.type === 'record' ? doors.sent[0].id : '';
    doors.records.take({ type: 'receipt', id, result: 'accepted' });
    doors.records.take({ type: 'done', id, seq: 7, outcome: 'recorded' });
    expect((await asked).status).toBe(200);
    expect(readdirSync(join(doors.data, 'links'))).toEqual([]);
  });

  test.each<[name: string, up: ControlRole, code: string]>([
    ['is away', { control: false }, 'E_CELL_NOT_RUNNING'],
    ['does not answer', { control: true, answers: 'nothing' }, 'E_CELL_NOT_RUNNING'],
    ['has it, and the disk does not', { control: true, answers: 'receipt' }, 'E_CHRONICLE_STALL'],
    ['has no room for it', { control: true, answers: 'refused' }, 'E_CHRONICLE_LOST'],
  ])('while control %s is refused, and the link stays good', async (_, up, code) => {
    await using doors = await openDoors(up);
    const body = JSON.stringify({ key: await mintLink(doors.data) });
    const waits = setInterval(() => doors.clock.advance(1000), 20);
    const answer = await post(doors, body);
    clearInterval(waits);
    expect([answer.status, codeOf(answer)]).toEqual([503, code]);
    expect(answer.headers).not.toHaveProperty('set-cookie');
    expect(doors.log.join()).toContain(code);
    Object.assign(up, { control: true, answers: 'done' });
    expect((await post(doors, body)).status).toBe(200);
  });

  test('waits for a control that is about to come', async () => {
    const up: ControlRole = { control: true };
    await using doors = await openDoors(up);
    doors.records.lost();
    const asked = post(doors, JSON.stringify({ key: await mintLink(doors.data) }));
    setTimeout(() => doors.records.take(hello(2)), 50);
    expect((await asked).status).toBe(200);
    expect(doors.sent).toHaveLength(1);
  });

  test.each<[name: string, body: string, headers: Record<string, string>, code: string]>([
    ['a wrong key', `{"key":"${'A'.repeat(43)}"}`, {}, 'E_LINK_USED'],
    ['a path for a key', '{"key":"../../sessions.json"}', {}, 'E_LINK_USED'],
    ['a key of another type', '{"key":7}', {}, 'E_DOOR_FRAME'],
    ['a field too many', `{"key":"${'A'.repeat(43)}","as":"root"}`, {}, 'E_DOOR_FRAME'],
    ['no JSON', '{"key":', {}, 'E_DOOR_FRAME'],
    ['nothing', '', {}, 'E_DOOR_FRAME'],
    ['a form', 'key=1', { 'content-type': 'application/x-www-form-urlencoded' }, 'E_DOOR_TYPE'],
    ['too much', `{"key":"${'A'.repeat(2000)}"}`, {}, 'E_DOOR_SIZE'],
    ['a foreign origin', '{"key":""}', { origin: 'http://evil' }, 'E_DOOR_ORIGIN'],
  ])('with %s is refused', async (_, body, headers, code) => {
    await using doors = await openDoors();
    const answer = await post(doors, body, headers);
    expect(codeOf(answer)).toBe(code);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  test('without an Origin is refused: a browser always says it', async () => {
    await using doors = await openDoors();
    const body = JSON.stringify({ key: await mintLink(doors.data) });
    const headers = { 'content-type': 'application/json' };
    const answer = await ask(doors, '/session', { method: 'POST', headers, body });
    expect([answer.status, codeOf(answer)]).toEqual([403, 'E_DOOR_ORIGIN']);
  });
});

describe('a link', () => {
  test('is void after twelve hours, and spent by the attempt', async () => {
    await using doors = await openDoors();
    const now = Date.now();
    const key = await mintLink(doors.data);
    const file = join(doors.data, 'links', readdirSync(join(doors.data, 'links'))[0] ?? '');
    utimesSync(file, now / 1000, now / 1000 - 13 * 3600);
    expect(await redeemLink(doors.data, key, now)).toBe(false);
    expect(readdirSync(join(doors.data, 'links'))).toEqual([]);
  });

  test('lies on disk as a hash only, for its owner only, and only so many wait', async () => {
    await using doors = await openDoors();
    const keys: string[] = [];
    for (let count = 0; count < 40; count += 1) keys.push(await mintLink(doors.data));
    const names = readdirSync(join(doors.data, 'links'));
    expect(names).toHaveLength(32);
    expect(names.filter((name) => keys.includes(name))).toEqual([]);
    const file = join(doors.data, 'links', names[0] ?? '');
    expect([statSync(file).mode & 0o777, statSync(join(file, '..')).mode & 0o777]).toEqual([
      0o600, 0o700,
    ]);
  });

  test('names the station that serves the data directory', async () => {
    await using doors = await openDoors();
    await expect(makeLink(doors.data)).rejects.toThrow(CellError);
    await writeStation(doors.data, { url: `${doors.origin}/` });
    expect(await readStationUrl(doors.data)).toBe(`${doors.origin}/`);
    expect(await makeLink(doors.data)).toMatch(
      new RegExp(`^${doors.origin}/#key=[A-Za-z0-9_-]{43}$`),
    );
  });
});

describe('a session', () => {
  test('is known to a station that starts again, lies there as a hash, and ends', async () => {
    await using doors = await openDoors();
    const cookie = await doors.signIn();
    const file = join(doors.data, 'sessions.json');
    expect(readFileSync(file, 'utf8')).not.toContain(cookie.split('=')[1]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = new Sessions(doors.clock, doors.data, minutes(5), () => undefined);
    const cookies = new Cookies();
    cookies.bind(doors.port, { secure: false });
    const actorOf = (header?: string): string | undefined => {
      const { session } = cookies.read({ cookie: header });
      return session === undefined ? undefined : again.find(session)?.actor;
    };
    expect(actorOf(`a=b; ${cookie}`)).toMatch(/^console:/);
    expect(actorOf(`x${cookie}`)).toBeUndefined();
    expect(actorOf()).toBeUndefined();
    doors.clock.advance(13 * 3_600_000);
    expect(actorOf(cookie)).toBeUndefined();
    again.close();
  });
});

test.each([
  ['127.0.0.1', true],
  ['127.8.9.1', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['10.0.0.1', false],
  ['127.0.0.1.evil', false],
  ['::ffff:10.0.0.1', false],
  [undefined, false],
])('%s is loopback: %s', (address, yes) => {
  expect(isLoopback(address)).toBe(yes);
});
