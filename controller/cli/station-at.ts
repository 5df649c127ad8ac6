// Which station a verb asks: that of a data directory here, or with `--url` one elsewhere, over HTTPS.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CellError } from '#contract/error.ts';
import type { StationAt } from '#controller/server/client.ts';
import { isLoopback } from '#controller/server/origin.ts';
import type { Invocation, OptionPlan } from './verb.ts';

/** Of each verb that asks station alone. */
export const farOptions = {
  url: {
    type: 'string',
    help: 'a cell elsewhere, by the address of its page: https://cell-7:8443',
  },
  ca: { type: 'string', help: 'PEM file of who signed its certificate, if nobody knows them' },
} as const satisfies Readonly<Record<string, OptionPlan>>;

/** Throws `E_USAGE`, `E_FILE_READ`. */
export function stationOf(invocation: Invocation): StationAt {
  const [address, file] = [invocation.option('url'), invocation.option('ca')];
  if (address === undefined) return resolve(invocation.data);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const host = url?.hostname.replaceAll(/[[\]]/g, '') ?? '';
  const plain = url?.protocol === 'http:' && (host === 'localhost' || isLoopback(host));
  if (url === undefined || (url.protocol !== 'https:' && !plain))
    throw new CellError('E_USAGE', `--url is such as https://cell-7.plant:8443, not ${address}`);
  if (file === undefined) return { url: url.origin };
  try {
    return { url: url.origin, ca: readFileSync(file, 'utf8') };
  } catch (cause) {
    throw new CellError('E_FILE_READ', file, { cause });
  }
}
