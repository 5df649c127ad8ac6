// Where the embedded broker of a data directory listens, and the secret that the mirror signs in with: made
// at each start of the broker, in `<data>/broker.json`, for its owner alone.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

/** What the mirror needs to sign in. `url` is `mqtt://127.0.0.1:1883`. */
export const BrokerAddress = z.strictObject({
  url: z.string().regex(/^mqtt:\/\/[^/]+:\d{1,5}$/),
  user: z.string(),
  secret: z.string(),
});
export type BrokerAddress = z.infer<typeof BrokerAddress>;

const addressFile = (data: string): string => join(data, 'broker.json');

/** Read afresh at each connect: a broker that was started again has another secret. Undefined while there is none. */
export async function findBrokerAddress(data: string): Promise<BrokerAddress | undefined> {
  try {
    return BrokerAddress.parse(JSON.parse(await readFile(addressFile(data), 'utf8')));
  } catch {
    return undefined;
  }
}

/** The port that a broker of this data directory had before, whether it still runs or not. */
export async function findPastPort(data: string): Promise<number | undefined> {
  const port = /:(\d+)$/.exec((await findBrokerAddress(data))?.url ?? '')?.[1];
  return port === undefined ? undefined : Number(port);
}

/** Leaves the address where the mirror finds it. */
export async function writeBrokerAddress(data: string, address: BrokerAddress): Promise<void> {
  const file = addressFile(data);
  await writeFile(`${file}.new`, JSON.stringify(address), { mode: 0o600 });
  await rename(`${file}.new`, file);
}
