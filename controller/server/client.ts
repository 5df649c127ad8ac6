// Asks station's port: the command line's way to what people may. On this machine it is the certificate that station left in
// the data directory, elsewhere one that an authority answers for, or nothing is said.
import { request } from 'node:http';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import { WebSocket } from 'ws';
import * as z from 'zod';
import { CellError, codes } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import { readStation } from './link.ts';

const patience = 15_000;
const answerLimit = 4 * 1024 * 1024;

export interface StationAsk {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** `name=value` of each cookie. */
  readonly cookie?: string | undefined;
  /** A program's or an agent's. */
  readonly token?: string | undefined;
}

export interface StationAnswer {
  readonly body: unknown;
  /** `name=value` of each cookie that the answer sets. */
  readonly cookies: readonly string[];
}

/** A station elsewhere. */
export interface FarStation {
  /** `https://cell-7.plant:8443`; without TLS on loopback alone. */
  readonly url: string;
  /** Of the authorities that are believed, PEM; without it those that Node knows. */
  readonly ca?: string;
}
/** The station of a data directory here, or one elsewhere. */
export type StationAt = string | FarStation;

/** By what a certificate is believed: by its SHA-256 alone, or by who signed it. */
type Trust = { readonly fingerprint: string } | { readonly ca?: string };

/** Without `trust` it speaks no TLS. */
async function find(at: StationAt): Promise<{ url: URL; trust: Trust | undefined }> {
  if (typeof at === 'string') {
    const { url, fingerprint } = await readStation(at);
    return { url: new URL(url), trust: fingerprint === undefined ? undefined : { fingerprint } };
  }
  const url = new URL(at.url);
  const { ca } = at;
  const trust = ca === undefined ? {} : { ca };
  return { url, trust: url.protocol === 'https:' ? trust : undefined };
}

const Refusal = z.looseObject({ code: z.string(), reason: z.string().optional() });

/** Throws its refusals, `E_CELL_NOT_RUNNING`, `E_STATION_TRUST`. */
export async function askStation(at: StationAt, ask: StationAsk): Promise<StationAnswer> {
  const { url, trust } = await find(at);
  const { status, text, cookies } = await send(url, trust, ask);
  const body = parsed(text);
  if (status >= 200 && status < 300) return { body, cookies };
  const refusal = Refusal.safeParse(body);
  const code = refusal.success ? knownCode(refusal.data.code) : undefined;
  if (code === undefined) throw new CellError('E_CELL_NOT_RUNNING', `station answered ${status}`);
  throw new CellError(code, refusal.data?.reason ?? codes[code].meaning);
}

/** A WebSocket of station's port, on its way to be open. Throws `E_CELL_NOT_RUNNING`, `E_STATION_TRUST`. */
export async function dialStation(
  at: StationAt,
  socket: { readonly path: string; readonly protocol: string } & Pick<
    StationAsk,
    'cookie' | 'token'
  >,
): Promise<WebSocket> {
  const { url, trust } = await find(at);
  const { host, origin } = url;
  const secure = trust === undefined ? undefined : await secured(url, trust);
  return new WebSocket(`ws://${host}${socket.path}`, socket.protocol, {
    perMessageDeflate: false,
    handshakeTimeout: patience,
    maxPayload: 2 * 1024 * 1024,
    headers: { host, origin, ...whose(socket) },
    ...(secure === undefined ? {} : { createConnection: () => secure }),
  });
}

interface Sent {
  readonly status: number;
  readonly text: string;
  readonly cookies: readonly string[];
}

async function send(url: URL, trust: Trust | undefined, ask: StationAsk): Promise<Sent> {
  const socket = trust === undefined ? undefined : await secured(url, trust);
  const { method, path, body } = ask;
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(new CellError('E_CELL_NOT_RUNNING', `station at ${url.host}: ${String(cause)}`));
    const sent = request(
      {
        host: bare(url.hostname),
        port: portOf(url),
        path,
        method,
        timeout: patience,
        ...(socket === undefined ? {} : { createConnection: () => socket }),
        headers: {
          host: url.host,
          origin: url.origin,
          connection: 'close',
          ...whose(ask),
          ...(text === undefined ? {} : { 'content-type': 'application/json' }),
          ...(text === undefined ? {} : { 'content-length': Buffer.byteLength(text) }),
        },
      },
      (answer) => {
        let read = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          read += part;
          if (read.length > answerLimit) sent.destroy(new Error('its answer is too long'));
        });
        answer.on('error', fail);
        answer.on('end', () => {
          const cookies = (answer.headers['set-cookie'] ?? []).map(
            (one) => one.split(';')[0] ?? '',
          );
          resolve({ status: answer.statusCode ?? 0, text: read, cookies });
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('it does not answer')));
    sent.on('error', fail);
    sent.end(text);
  });
}

const whose = ({
  cookie,
  token,
}: Pick<StationAsk, 'cookie' | 'token'>): Record<string, string> => ({
  ...(cookie === undefined ? {} : { cookie }),
  ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
});

/** A connection to whoever holds the key of a certificate that is believed; nothing is sent to anybody else. */
async function secured(url: URL, trust: Trust): Promise<Socket> {
  const host = bare(url.hostname);
  const pinned = 'fingerprint' in trust ? trust.fingerprint : undefined;
  const { ca } = 'fingerprint' in trust ? {} : trust;
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: portOf(url),
      // By its fingerprint alone is stricter than any chain.
      rejectUnauthorized: pinned === undefined,
      minVersion: 'TLSv1.2',
      timeout: patience,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca }),
    });
    const fail = (why: string, code: Code = 'E_CELL_NOT_RUNNING'): void => {
      socket.destroy();
      reject(new CellError(code, `station at ${url.host}: ${why}`));
    };
    socket.once('timeout', () => fail('it does not answer'));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // What OpenSSL says of a certificate has no errno.
      const untrusted = error.errno === undefined && socket.authorizationError !== null;
      fail(String(error), untrusted ? 'E_STATION_TRUST' : undefined);
    });
    socket.once('secureConnect', () => {
      const shown = socket.getPeerCertificate().fingerprint256;
      if (pinned === undefined || shown === pinned) resolve(socket);
      else fail('somebody else’s certificate is shown there', 'E_STATION_TRUST');
    });
  });
}

const bare = (host: string): string => host.replaceAll(/[[\]]/g, '');
const portOf = ({ port, protocol }: URL): number =>
  port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
const knownCode = (code: string): Code | undefined =>
  Object.keys(codes).find((known): known is Code => known === code);

function parsed(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return undefined;
  }
}
