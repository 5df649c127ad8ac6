// Asks station's port from the same machine: the command line's way to what people may. Over TLS it is the certificate
// that station left in the data directory, or nothing is said.
import { request } from 'node:http';
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

const Refusal = z.looseObject({ code: z.string(), reason: z.string().optional() });

/** Asks the station of a data directory. Throws its refusals, and `E_CELL_NOT_RUNNING`. */
export async function askStation(data: string, ask: StationAsk): Promise<StationAnswer> {
  const { url, fingerprint } = await readStation(data);
  const { status, text, cookies } = await send(new URL(url), fingerprint, ask);
  const body = parsed(text);
  if (status >= 200 && status < 300) return { body, cookies };
  const refusal = Refusal.safeParse(body);
  const code = refusal.success ? knownCode(refusal.data.code) : undefined;
  if (code === undefined) throw new CellError('E_CELL_NOT_RUNNING', `station answered ${status}`);
  throw new CellError(code, refusal.data?.reason ?? codes[code].meaning);
}

/** A WebSocket of station's port, on its way to be open. Throws `E_CELL_NOT_RUNNING`. */
export async function dialStation(
  data: string,
  at: { readonly path: string; readonly protocol: string; readonly cookie: string },
): Promise<WebSocket> {
  const { url, fingerprint } = await readStation(data);
  const { host, origin } = new URL(url);
  const secure = fingerprint === undefined ? undefined : await secured(new URL(url), fingerprint);
  return new WebSocket(`ws://${host}${at.path}`, at.protocol, {
    perMessageDeflate: false,
    handshakeTimeout: patience,
    maxPayload: 2 * 1024 * 1024,
    headers: { host, origin, cookie: at.cookie },
    ...(secure === undefined ? {} : { createConnection: () => secure }),
  });
}

interface Sent {
  readonly status: number;
  readonly text: string;
  readonly cookies: readonly string[];
}

async function send(url: URL, fingerprint: string | undefined, ask: StationAsk): Promise<Sent> {
  const socket = fingerprint === undefined ? undefined : await secured(url, fingerprint);
  const { method, path, body, cookie, token } = ask;
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
          ...(cookie === undefined ? {} : { cookie }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
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

/** A connection to whoever holds the key of that certificate; nothing is sent to anybody else. */
async function secured(url: URL, fingerprint: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Whose certificate it is, is judged by its fingerprint alone: stricter than any chain.
    const socket = connect({
      host: bare(url.hostname),
      port: portOf(url),
      rejectUnauthorized: false,
      timeout: patience,
    });
    const fail = (why: string): void => {
      socket.destroy();
      reject(new CellError('E_CELL_NOT_RUNNING', `station at ${url.host}: ${why}`));
    };
    socket.once('timeout', () => fail('it does not answer'));
    socket.once('error', (error) => fail(String(error)));
    socket.once('secureConnect', () => {
      if (socket.getPeerCertificate().fingerprint256 === fingerprint) resolve(socket);
      else fail('somebody else’s certificate is shown there');
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
