// A shell that somebody else says yes to, over station's port as their page does; and who is signed in at a cell's terminal.
import * as z from 'zod';
import { approvalRoutes } from '#contract/approval-routes.ts';
import { keepLogin } from '#controller/cli/login-file.ts';
import { askStation } from '#controller/server/client.ts';
import { password } from './enrolled.ts';

/** A yes to what is waited for, of whoever's cookie it is. */
export async function sayYes(data: string, approval: string, cookie: string): Promise<void> {
  const { list, yes } = approvalRoutes;
  const { body } = await askStation(data, { method: list.method, path: list.path, cookie });
  const waits = z.array(
    z.looseObject({ request: z.looseObject({ id: z.string() }), hash: z.string() }),
  );
  const found = waits.parse(body).find(({ request }) => request.id === approval);
  if (found === undefined) throw new Error(`there is no approval ${approval}`);
  const path = yes.path.replace(':id', approval);
  const said = { hash: found.hash, proof: { password } };
  await askStation(data, { method: yes.method, path, body: said, cookie });
}

/** Whoever runs `rebe` for this cell is this person from now on. */
export function signedInHere(data: string, name: string, cookie: string): void {
  keepLogin(data, { name, cookie });
}
