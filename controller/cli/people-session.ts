// As whom the command line asks station's port: as the person who signed in at this terminal, or by a link of the cell's
// own console, which whoever can write in the data directory may open.
import { resolve } from 'node:path';
import type { WebSocket } from 'ws';
import type * as z from 'zod';
import { CellError } from '#contract/error.ts';
import { askStation, dialStation } from '#controller/server/client.ts';
import type { StationAsk, StationAt } from '#controller/server/client.ts';
import { mintLink } from '#controller/server/link.ts';
import { findLogin } from './login-file.ts';
import { stationOf } from './station-at.ts';
import type { Invocation } from './verb.ts';

/** Somebody who asks. */
export interface Asker {
  ask<T extends z.ZodType>(
    answer: T,
    ask: Omit<StationAsk, 'cookie' | 'token'>,
  ): Promise<z.infer<T>>;
  /** A socket of station's port, on its way to be open. */
  dial(path: string, protocol: string): Promise<WebSocket>;
}

const askerOf = (at: StationAt, who: Pick<StationAsk, 'cookie' | 'token'>): Asker => ({
  ask: async (answer, ask) => {
    const { body } = await askStation(at, { ...ask, ...who });
    const read = answer.safeParse(body);
    if (!read.success) throw new CellError('E_CELL_NOT_RUNNING', 'station is of another version');
    return read.data;
  },
  dial: async (path, protocol) => dialStation(at, { path, protocol, ...who }),
});

/**
 * The person who signed in at this terminal; undefined: nobody did. At a cell elsewhere also whoever the token in the
 * environment is of.
 */
export function findAsker(at: StationAt): Asker | undefined {
  const token = typeof at === 'string' ? '' : (process.env['REBE_TOKEN'] ?? '');
  if (token !== '') return askerOf(at, { token });
  const login = findLogin(at);
  return login === undefined ? undefined : askerOf(at, { cookie: login.cookie });
}

/** Asks as the person who signed in; else, and with `--console`, by a link that ends with it. */
export async function asAdministrator<T>(
  invocation: Invocation,
  run: (asker: Asker) => Promise<T>,
): Promise<T> {
  const at = stationOf(invocation);
  const person = invocation.flag('console') ? undefined : findAsker(at);
  if (person !== undefined) return run(person);
  if (typeof at !== 'string')
    throw new CellError('E_NOT_SIGNED_IN', `at ${at.url}: \`rebe login NAME --url ${at.url}\``);
  const data = resolve(at);
  const key = await mintLink(data);
  const { cookies } = await askStation(data, { method: 'POST', path: '/session', body: { key } });
  const cookie = cookies.join('; ');
  try {
    return await run(askerOf(data, { cookie }));
  } finally {
    await askStation(data, { method: 'POST', path: '/api/sign-out', body: {}, cookie }).catch(
      () => undefined,
    );
  }
}
