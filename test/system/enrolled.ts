// People enrolled at a running cell, and their sessions, as a page makes them: over station's port.
import { askStation } from '#controller/server/client.ts';
import { mintLink } from '#controller/server/link.ts';
import { until } from './test-cell.ts';

export const password = 'a long enough phrase';

/** An administrator, an engineer and a supervisor of a cell where nobody was; their cookies by name. */
export async function enrolled(data: string): Promise<Record<'root' | 'sven' | 'rita', string>> {
  const link = await until('station answers', 60_000, async () =>
    askStation(data, {
      method: 'POST',
      path: '/session',
      body: { key: await mintLink(data) },
    }).catch(() => undefined),
  );
  const cookie = link.cookies.join('; ');
  const people = { root: 'admin', sven: 'engineer', rita: 'supervisor' } as const;
  const cookies = { root: '', sven: '', rita: '' };
  for (const name of ['root', 'sven', 'rita'] as const) {
    // oxlint-disable no-await-in-loop -- the administrator comes first
    const body = { name, roles: [people[name]], password, temporary: false };
    await askStation(data, { method: 'POST', path: '/api/people', body, cookie });
    const signedIn = { name, password, kind: 'cli' };
    const session = await askStation(data, {
      method: 'POST',
      path: '/api/sign-in',
      body: signedIn,
    });
    cookies[name] = session.cookies.find((one) => /^rebe-\d+=/.test(one)) ?? '';
    // oxlint-enable no-await-in-loop
  }
  return cookies;
}
