// Where station or the broker listens, as it is written: `127.0.0.1:8080`.
import { isIP } from 'node:net';
import { CellError } from '#contract/error.ts';

/** Host and port of a loopback address; port 0 is any free one. Throws `E_MANIFEST_FIELD`. */
export function readListen(listen: string): { host: string; port: number } {
  const match = /^(\[::1\]|127(?:\.\d{1,3}){3}|localhost):(\d{1,5})$/.exec(listen);
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || port > 65_535) {
    throw new CellError('E_MANIFEST_FIELD', `${listen} is no loopback address`);
  }
  return { host: match[1].replaceAll(/[[\]]/g, ''), port };
}

/** The same of any address of this machine. */
export function readAddress(listen: string): { host: string; port: number } {
  const match = /^(\[[0-9a-f:]{2,39}\]|\d{1,3}(?:\.\d{1,3}){3}|localhost):(\d{1,5})$/.exec(listen);
  const host = match?.[1]?.replaceAll(/[[\]]/g, '');
  const port = Number(match?.[2]);
  if (host === undefined || port > 65_535 || (host !== 'localhost' && isIP(host) === 0)) {
    throw new CellError('E_MANIFEST_FIELD', `${listen} is no address of a machine`);
  }
  return { host, port };
}
