// How station's port behaves whatever is asked of it: bounds, types, origins, paces; and what it says of itself.
import { describe, expect, test } from 'vitest';
import { addressLimit, bodyLimit } from '#contract/api.ts';
import { instant } from '#contract/time.ts';
import { allPace, guestPace, Paces } from '#controller/server/paces.ts';
import { openSpoken, quickClock } from '#test/unit/controller/console/spoken-station.ts';
import type { Answer, SpokenStation } from '#test/unit/controller/console/spoken-station.ts';
import { HandClock } from './rig.ts';

const codeOf = ({ text }: Answer): unknown => (JSON.parse(text) as { code: unknown }).code;

const stop = JSON.stringify({ verb: 'command', args: { flow: 'press', name: 'stop' } });
const line = JSON.stringify({ line: 'status' });

/** As the page asks: from its own origin, with JSON. */
async function post(
  { origin, send }: SpokenStation,
  path: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const own = { host: origin.slice(7), origin, 'content-type': 'application/json' };
  return send(path, { method: 'POST', headers: { ...own, ...headers }, body });
}

/** Time stands still: what a bucket holds is all there is. */
const still = () => ({ ...quickClock(), now: () => instant(1) });

describe('a request', () => {
  test('of a body that is no JSON, too long, or at too long an address is refused with its code', async () => {
    await using station = await openSpoken();
    const cookie = await station.signIn();
    const asked = async (body: string, headers: Readonly<Record<string, string>>) =>
      post(station, '/api/console', body, { cookie, ...headers });
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const answer = await asked(line, { 'content-type': type });
      expect([answer.status, codeOf(answer)]).toEqual([415, 'E_DOOR_TYPE']);
    }
    const long = await asked(JSON.stringify({ line: 'x'.repeat(bodyLimit) }), {});
    expect([long.status, codeOf(long)]).toEqual([413, 'E_DOOR_SIZE']);
    const { origin } = station;
    const far = await station.send(`/api/me?x=${'y'.repeat(addressLimit)}`, {
      headers: { host: origin.slice(7) },
    });
    expect([far.status, codeOf(far)]).toEqual([413, 'E_DOOR_SIZE']);
    expect((await asked(line, {})).status).toBe(200);
  });

  test('that changes anything names our page, or carries a token in place of a cookie', async () => {
    await using station = await openSpoken();
    const cookie = await station.signIn();
    const { origin, send } = station;
    const host = origin.slice(7);
    const asked = async (headers: Readonly<Record<string, string>>) =>
      send('/api/console', {
        method: 'POST',
        headers: { host, 'content-type': 'application/json', ...headers },
        body: line,
      });
    expect(codeOf(await asked({ cookie }))).toBe('E_DOOR_ORIGIN');
    expect(codeOf(await asked({ cookie, origin: 'null' }))).toBe('E_DOOR_ORIGIN');
    expect(codeOf(await asked({ cookie, origin: 'http://evil.example' }))).toBe('E_DOOR_ORIGIN');
    // Whoever sends a token sends no cookie that counts, and no page of another site can send one.
    const token = { authorization: `Bearer ${'A'.repeat(43)}` };
    expect(codeOf(await asked({ cookie, ...token }))).toBe('E_NOT_SIGNED_IN');
    expect(codeOf(await asked({ ...token, origin: 'http://evil.example' }))).toBe('E_DOOR_ORIGIN');
    expect((await asked({ cookie, origin })).status).toBe(200);
  });

  test('of a browser that asks first whether another site may is answered no', async () => {
    await using station = await openSpoken();
    const { origin, send } = station;
    const asked = await send('/api/console', {
      method: 'OPTIONS',
      headers: {
        host: origin.slice(7),
        origin: 'http://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect([asked.status, codeOf(asked)]).toEqual([403, 'E_DOOR_ORIGIN']);
    expect(Object.keys(asked.headers).filter((name) => name.startsWith('access-control'))).toEqual(
      [],
    );
  });

  test('beyond the pace of its guest is refused; others, and a stop at the panel, never for that', async () => {
    await using station = await openSpoken({}, still());
    const [first, second] = [await station.signIn(), await station.signIn()];
    const asked = async (cookie: string) => post(station, '/api/console', line, { cookie });
    const answers: Answer[] = [];
    for (let turn = 0; turn < guestPace.burst + 5; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      answers.push(await asked(first));
    }
    expect(answers.slice(0, guestPace.burst).every(({ status }) => status === 200)).toBe(true);
    const late = answers.slice(guestPace.burst);
    expect(late.map((answer) => [answer.status, codeOf(answer)])).toEqual(
      late.map(() => [429, 'E_DOOR_RATE']),
    );
    expect(late[0]?.headers['retry-after']).toBe('1');
    expect((await asked(second)).status).toBe(200);
    const stopped = await post(station, '/api/acts', stop, { cookie: first });
    expect(stopped.status).toBe(200);
    const other = JSON.stringify({ verb: 'resume', args: { flow: 'press' } });
    const resumed = await post(station, '/api/acts', other, { cookie: first });
    expect(codeOf(resumed)).toBe('E_DOOR_RATE');
  });

  test('of strangers beyond the bound of guests costs those at the panel or signed in nothing, nor memory', () => {
    const clock = new HandClock();
    const paces = new Paces(clock);
    const taken = Array.from({ length: 2000 }, (_, guest) => paces.take(`guest ${guest}`, false));
    expect(taken.filter((one) => one)).toHaveLength(allPace.burst);
    expect(paces.take('guest 1', false)).toBe(false);
    expect(paces.take('the panel', true)).toBe(true);
    clock.advance(10_000);
    expect(paces.take('guest 1', false)).toBe(true);
  });
});

describe('what station says of itself', () => {
  test('is OpenAPI 3.1: each route with who may, what it takes and gives, and its refusals', async () => {
    await using station = await openSpoken();
    const told = JSON.parse((await station.send('/api/openapi.json')).text) as {
      openapi: string;
      paths: Record<string, Record<string, Record<string, unknown>>>;
    };
    expect(told.openapi).toBe('3.1.0');
    for (const [path, methods] of Object.entries(told.paths)) {
      for (const operation of Object.values(methods)) {
        const {
          parameters = [],
          responses,
          description,
        } = operation as {
          parameters?: { name: string; in: string }[];
          responses: Record<string, unknown>;
          description: string;
        };
        const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
        const inPath = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
        expect(inPath, path).toEqual(named);
        expect(Object.keys(responses), path).toEqual(['200', 'default']);
        expect(description, path).toMatch(/may\.$|^Needs the permission `[a-z.]+`\.$/);
      }
    }
    expect(told.paths['/api/history/csv']?.['get']?.['responses']).toMatchObject({
      200: { content: { 'text/csv; charset=utf-8': {} } },
    });
    expect(told.paths['/api/console']?.['post']?.['security']).toEqual([
      { session: [] },
      { token: [] },
    ]);
  });

  test('is a page too, without script, and without anything from elsewhere', async () => {
    await using station = await openSpoken();
    const page = await station.send('/api');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(String(page.headers['content-security-policy'])).toContain("default-src 'none'");
    expect(page.text).not.toMatch(/<script|style=|\bon\w+=|https?:\/\//i);
    const used = [...page.text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, to = '']) => to);
    for (const path of new Set(used)) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      expect((await station.send(path)).status, path).toBe(200);
    }
    for (const path of ['/api/console', '/api/acts', '/api/history/csv'])
      expect(page.text).toContain(path);
  });
});
