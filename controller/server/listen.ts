// Where station or the broker listens, as it is written: `127.0.0.1:8080`. Loopback only.
import { CellError } from '#contract/error.ts';

/** Host and port of an address; port 0 is any free one. Throws `E_MANIFEST_FIELD`. */
export function readListen(listen: string): { host: string; port: number } {
  const match = /^(\[::1\]|127(?:\.\d{1,3}){3}|localhost):(\d{1,5})$/.exec(listen);
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || port > 65_535) {
    throw new CellError('E_MANIFEST_FIELD', `${listen} is no loopback address`);
  }
  return { host: match[1].replaceAll(/[[\]]/g, ''), port };
}
