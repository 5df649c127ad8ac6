// Who may speak to station's port at all: Host and Origin are compared whole, with loopback names and this port only.
// A page of another site, and a name that someone else's DNS points at this machine, end here.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** The names under which the page may be opened, each with the port: `127.0.0.1:8080`. */
export function ownHosts(listen: { readonly host: string; readonly port: number }): Set<string> {
  const names = new Set(['127.0.0.1', 'localhost', '[::1]', bracketed(listen.host)]);
  // A browser leaves the port out where it is http's own.
  const port = listen.port === 80 ? '' : `:${listen.port}`;
  return new Set([...names].map((name) => `${name}${port}`));
}

/** True for a request to us by our own name and, where a browser says which page asks, from our own page. */
export function isOwn(
  hosts: ReadonlySet<string>,
  headers: IncomingHttpHeaders,
  needs: { readonly origin: boolean },
): boolean {
  const host = headers.host;
  if (host === undefined || !hosts.has(host)) return false;
  if (headers.origin === undefined) return !needs.origin;
  return headers.origin === `http://${host}`;
}

/**
 * What changes anything comes from our own page, and says so; or it carries a token, which no page of another site
 * can send, and which a browser never adds by itself.
 */
export const needsOrigin = ({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>) =>
  method !== 'GET' && method !== 'HEAD' && !/^bearer /i.test(headers.authorization ?? '');

/** 127.0.0.0/8 and ::1, as Node writes a peer's address. */
export function isLoopback(address: string | undefined): boolean {
  return (
    address !== undefined &&
    (address === '::1' || /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address))
  );
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);
