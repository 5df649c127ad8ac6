// Every route of a station, asked from its own schemas and just beside them, by its page and by others: it answers or
// refuses with a code. Nothing of it breaks, tells where it broke, lets a stranger in, or grows.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Route } from '#contract/api.ts';
import { codes } from '#contract/error.ts';
import { keptMemory } from '#test/kept-memory.ts';
import { loadContract } from '#test/reference/api.ts';
import { openSpoken } from '#test/unit/controller/console/spoken-station.ts';
import type { Answer, SpokenStation } from '#test/unit/controller/console/spoken-station.ts';
import { hostileRequest } from './hostile-requests.ts';
import type { HostileRequest } from './hostile-requests.ts';

const soak = process.env['SOAK'] === '1';
const seed = Number(process.env['SEED'] ?? 20261123);
/** Requests to each route. */
const runs = soak ? 400 : 14;
/** What station says while control, a disk or a place is not there. */
const away: readonly string[] = [
  'E_CELL_NOT_RUNNING',
  'E_CHRONICLE_STALL',
  'E_CHRONICLE_LOST',
  'E_HISTORY_OPEN',
  'E_HISTORY_FORMAT',
  'E_DOOR_FULL',
];

const { routes } = await loadContract();

const isPeople = ({ path }: Route): number => (path.startsWith('/api/people') ? 1 : 0);

function headersOf(
  { sender, signedIn, contentType }: HostileRequest,
  origin: string,
  cookie: string,
): Record<string, string> {
  const host = origin.slice(7);
  const from: Record<HostileRequest['sender'], Record<string, string>> = {
    own: { host, origin },
    'no origin': { host },
    'null origin': { host, origin: 'null' },
    'foreign origin': { host, origin: 'http://evil.example' },
    'https origin': { host, origin: `https://${host}` },
    'foreign host': { host: 'evil.example', origin: 'http://evil.example' },
    'no host': { host: '', origin },
    'a token that is none': { host, authorization: `Bearer ${'A'.repeat(43)}` },
  };
  return {
    ...from[sender],
    ...(signedIn ? { cookie } : {}),
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
  };
}

function judge(route: Route, asked: HostileRequest, answer: Answer, data: string): void {
  const { status, text, headers } = answer;
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  expect(headers).not.toHaveProperty('access-control-allow-origin');
  expect(text).not.toMatch(/\bat .{1,200}\.[jt]s:\d+|node_modules|SqliteError/);
  expect(text).not.toContain(process.cwd());
  // Where things stand on the PC is for its log.
  expect(text).not.toContain(data);
  expect(text.length).toBeLessThan(4_000_000);
  if (status === 200) {
    expect(headers['cache-control']).toBe('no-store');
  } else {
    const refusal = JSON.parse(text) as { code: string };
    expect(Object.keys(codes)).toContain(refusal.code);
    if (status >= 500) expect(away).toContain(refusal.code);
  }
  const foreign = !['own', 'no origin', 'a token that is none'].includes(asked.sender);
  const unsaid = asked.sender === 'no origin' && asked.method !== 'GET';
  if (foreign || unsaid) expect([403, 400]).toContain(status);
  const nobody = !asked.signedIn || asked.sender === 'a token that is none';
  if (nobody && route.needs !== 'anyone') expect(status).toBeGreaterThanOrEqual(400);
}

async function fuzz(station: SpokenStation, route: Route): Promise<number> {
  let cookie = await station.signIn();
  let reached = 0;
  await fc.assert(
    fc.asyncProperty(hostileRequest(route), async (asked) => {
      const headers = headersOf(asked, station.origin, cookie);
      const { method, path, body } = asked;
      const answer = await station.send(path, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
      });
      judge(route, asked, answer, station.data);
      if (![401, 403, 429].includes(answer.status)) reached += 1;
      // Some routes end the session that asks them.
      if (asked.signedIn && answer.status === 401) cookie = await station.signIn();
    }),
    { seed, numRuns: runs },
  );
  return reached;
}

test(`every route refuses or answers, whatever it is asked (seed ${seed})`, async () => {
  await using station = await openSpoken();
  const before = keptMemory();
  const unreached: string[] = [];
  // Once somebody is enrolled, whoever came by a link may do less: that is tried last.
  const ordered = routes.toSorted((left, right) => isPeople(left) - isPeople(right));
  for (const route of ordered) {
    // oxlint-disable-next-line no-await-in-loop -- a station at a time, so that a failure has its route
    const reached = await fuzz(station, route).catch((error: unknown) => {
      throw new Error(`${route.method} ${route.path}: ${String(error)}`, { cause: error });
    });
    if (reached === 0) unreached.push(`${route.method} ${route.path}`);
  }
  // Otherwise only the gate was tried.
  expect(unreached).toEqual([]);
  expect(keptMemory() - before).toBeLessThan(40_000_000);
  // What was no request is in the record, and nothing of it steers a terminal.
  const refused = station.recorded.flatMap(({ body }) => (body.event === 'refused' ? [body] : []));
  expect(refused.map(({ code }) => code)).toContain('E_DOOR_FRAME');
  for (const { text } of refused) expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  // It is as it was.
  const answer = await station.send('/api/openapi.json');
  expect(answer.status).toBe(200);
}, 240_000);

test('station serves exactly the routes that contract/ has', async () => {
  await using station = await openSpoken();
  const described = JSON.parse((await station.send('/api/openapi.json')).text) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const served = Object.entries(described.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const known = routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
  expect(served.toSorted()).toEqual(known.toSorted());
});
