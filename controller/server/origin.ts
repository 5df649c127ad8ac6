// Who may speak to station's port at all: Host and Origin are compared whole, with loopback names and this port only.
// A page of another site, and a name that someone else's DNS points at this machine, end here.
import type { IncomingMessage } from 'node:http';

/** By what a page may call us. */
export interface Own {
  readonly scheme: 'http' | 'https';
  /** Names and addresses with the port: `127.0.0.1:8080`. */
  readonly hosts: ReadonlySet<string>;
  /** What follows a name; a browser leaves the port out where it is the scheme's own. */
  readonly port: string;
}

/** The names under which the page may be opened. */
export function ownNames(listen: {
  readonly host: string;
  readonly port: number;
  readonly secure?: boolean;
  readonly names?: readonly string[];
}): Own {
  const { host, secure = false, names = [] } = listen;
  const all = new Set(['127.0.0.1', 'localhost', '::1', host, ...names]);
  const port = listen.port === (secure ? 443 : 80) ? '' : `:${listen.port}`;
  const hosts = new Set([...all].map((name) => `${bracketed(name)}${port}`));
  return { scheme: secure ? 'https' : 'http', hosts, port };
}

/** True for a request to us by our own name and, where a browser says which page asks, from our own page. */
export function isOwn(
  { scheme, hosts, port }: Own,
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
  needs: { readonly origin: boolean },
): boolean {
  const { host, origin } = headers;
  // The address at which we were met is ours, and nobody's DNS says it.
  const met = `${bracketed(plain(socket.localAddress))}${port}`;
  if (host === undefined || (!hosts.has(host) && host !== met)) return false;
  if (origin === undefined) return !needs.origin;
  return origin === `${scheme}://${host}`;
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

/** An IPv4 address as it is written, however Node met it. */
const plain = (address = ''): string => address.replace(/^::ffff:/, '');
const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);
