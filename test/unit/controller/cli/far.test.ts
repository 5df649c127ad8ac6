// `--url`: the verbs that ask station alone, at a cell elsewhere, over TLS with a certificate that is believed or not.
import { mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { StationPlan } from '#contract/cell.ts';
import { approveVerbs } from '#controller/cli/approve.ts';
import { findLogin, keepLogin } from '#controller/cli/login-file.ts';
import { shellVerbs } from '#controller/cli/shell.ts';
import { farOptions, stationOf } from '#controller/cli/station-at.ts';
import { readInvocation } from '#controller/cli/verb.ts';
import type { Verb } from '#controller/cli/verb.ts';
import { askStation } from '#controller/server/client.ts';
import { removeFolder } from '#test/folder.ts';
import { codeOf } from '#test/unit/controller/approval/rig.ts';
import { openSpoken, quickClock } from '#test/unit/controller/console/spoken-station.ts';
import type { SpokenStation } from '#test/unit/controller/console/spoken-station.ts';

const plan: StationPlan = { tls: 'generated', names: [], idle_ms: 1_800_000 };
const password = 'blue tractor nine lamps';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rebe-far-'));
  vi.stubEnv('XDG_CONFIG_HOME', home);
  vi.stubEnv('REBE_TOKEN', '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  removeFolder(home);
});

const certificateOf = ({ data }: SpokenStation): string => join(data, 'station', 'tls.crt');

/** The exit code of a verb, and what it printed; its code where it was refused. */
async function rebe(verbs: readonly Verb[], name: string, ...words: string[]) {
  const verb = verbs.find((one) => one.name === name);
  const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    if (verb === undefined) throw new Error(`no verb ${name}`);
    let code: number | undefined;
    const refused = await codeOf(
      verb.run(readInvocation(verb, words)).then((given) => (code = given)),
    );
    return { code: refused ?? code, text: printed.mock.calls.map(([text]) => text).join('') };
  } finally {
    printed.mockRestore();
  }
}

test('whoever signed in, or has a token, asks a cell elsewhere; nobody else does', async () => {
  await using station = await openSpoken({}, quickClock(), plan);
  const { origin } = station;
  const far = ['--url', origin, '--ca', certificateOf(station)];
  const at = stationOf({ ...readInvocation(approve, far) });
  const cookie = await station.signIn();
  const ask = async (path: string, body: object, who: object = { cookie }) =>
    askStation(at, { method: 'POST', path, body, ...who });
  expect((await rebe(shellVerbs, 'shell', 'status', ...far)).code).toBe('E_NOT_SIGNED_IN');

  await ask('/api/people', { name: 'ada', roles: ['admin'], password, temporary: false });
  const signed = await ask('/api/sign-in', { name: 'ada', password, kind: 'cli' }, {});
  keepLogin(at, { name: 'ada', cookie: signed.cookies[0] ?? '' });
  const shown = await rebe(shellVerbs, 'shell', 'status', ...far);
  expect([shown.code, shown.text]).toEqual([0, expect.stringContaining('press-1')]);
  expect((await rebe(approveVerbs, 'approve', ...far)).text).toContain('nothing waits for a yes');
  expect(await codeOf(askStation(at, { method: 'GET', path: '/api/people' }))).toBe(
    'E_NOT_SIGNED_IN',
  );

  const mine = findLogin(at)?.cookie;
  const made = await ask(
    '/api/tokens',
    { name: 'mes', scopes: ['view'], for_ms: 3_600_000 },
    { cookie: mine },
  );
  vi.stubEnv('REBE_TOKEN', (made.body as { secret: string }).secret);
  expect((await rebe(shellVerbs, 'shell', 'tags', ...far)).code).toBe(0);
  const denied = await rebe(shellVerbs, 'shell', 'command press start --reason x', ...far);
  expect(denied.code).toBe(1);
}, 60_000);

test('to a certificate that nobody answers for nothing is said', async () => {
  await using station = await openSpoken({}, quickClock(), plan);
  const { origin } = station;
  vi.stubEnv('REBE_TOKEN', 'A'.repeat(43));
  expect((await rebe(shellVerbs, 'shell', 'status', '--url', origin)).code).toBe('E_STATION_TRUST');
  await using other = await openSpoken({}, quickClock(), plan);
  const far = ['--url', origin, '--ca', certificateOf(other)];
  expect((await rebe(approveVerbs, 'approve', ...far)).code).toBe('E_STATION_TRUST');
  expect(station.recorded.filter(({ body }) => body.event === 'refused')).toEqual([]);
}, 60_000);

const approve: Verb = { ...(approveVerbs[0] as Verb), options: farOptions };

test.each(['cell-7', 'http://cell-7.plant:8080', 'ftp://x', 'https:', ''])(
  '--url %s is none',
  (url) => {
    expect(() => stationOf(readInvocation(approve, ['--url', url]))).toThrow(/--url is such as/);
  },
);

test('a session at a cell elsewhere lies at home, for its owner alone, apart from those of others', () => {
  const [one, two] = [{ url: 'https://a.plant:8443' }, { url: 'https://b.plant:8443' }];
  keepLogin(one, { name: 'ada', cookie: 'x' });
  expect([findLogin(one)?.name, findLogin(two)]).toEqual(['ada', undefined]);
  const [file = ''] = readdirSync(join(home, 'rebe', 'logins'));
  expect(statSync(join(home, 'rebe', 'logins', file)).mode & 0o777).toBe(0o600);
});
