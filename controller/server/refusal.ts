// A refusal at station's port: its status, its headers, its body of a code with what it means and what to do.
import { basename } from 'node:path';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { CellError, codes } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';

/** Headers of every answer: nothing from elsewhere, nobody may frame us, nothing is guessed. */
export const guards = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
    "img-src 'self'; font-src 'self'; manifest-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
} as const;

/** 400 where none is named. */
const statuses: Readonly<Partial<Record<Code, number>>> = {
  E_DOOR_FRAME: 400,
  E_NOT_SIGNED_IN: 401,
  E_SIGN_IN: 401,
  E_SIGN_IN_CODE: 401,
  E_DOOR_ORIGIN: 403,
  E_LINK_USED: 403,
  E_NOT_ALLOWED: 403,
  E_PIN_NOT_HERE: 403,
  E_PROOF_OLD: 403,
  E_PERSON_NONE: 404,
  E_SESSION_NONE: 404,
  E_PERSON_EXISTS: 409,
  E_PERSON_LAST: 409,
  E_SIGN_IN_LOCKED: 429,
  E_SIGN_IN_BUSY: 429,
  E_PEOPLE_STORE: 503,
  E_AGENT_LOCKED: 403,
  E_AGENT_ONLY: 403,
  E_AGENT_OFF: 403,
  E_AGENT_NONE: 404,
  E_AGENT_BUDGET: 429,
  E_APPROVAL_NONE: 404,
  E_APPROVAL_STATE: 409,
  E_APPROVAL_EXPIRED: 409,
  E_APPROVAL_ALTERED: 409,
  E_APPROVAL_SELF: 403,
  E_APPROVAL_OWNER: 403,
  E_APPROVAL_TWICE: 403,
  E_APPROVAL_PERSON: 403,
  E_APPROVAL_MANY: 429,
  E_APPROVAL_STORE: 503,
  E_SHELL_OFF: 403,
  E_SHELL_PART: 403,
  E_SHELL_LOCKED: 403,
  E_SHELL_UNKNOWN: 404,
  E_SHELL_STATE: 409,
  E_SHELL_FULL: 429,
  E_SHELL_LAYER: 503,
  E_SHELL_STORE: 503,
  E_SHELL_TERMINAL: 503,
  E_DOOR_ROUTE: 404,
  E_DOOR_SIZE: 413,
  E_DOOR_TYPE: 415,
  E_DOOR_PROTOCOL: 426,
  E_HISTORY_RATE: 429,
  E_DOOR_RATE: 429,
  E_DOOR_FULL: 503,
  E_CELL_NOT_RUNNING: 503,
  E_CHRONICLE_STALL: 503,
  E_CHRONICLE_LOST: 503,
  E_HISTORY_OPEN: 503,
  E_HISTORY_FORMAT: 503,
  E_RECORDING_NONE: 404,
  E_RECORDING_DAMAGED: 422,
  E_FILE_READ: 500,
  E_INTERNAL: 500,
};

const bodyOf = (code: Code, reason?: string): string =>
  JSON.stringify({ code, ...codes[code], ...(reason === undefined ? {} : { reason }) });

/** `reason` is what is wrong in this very request, for people. */
export async function refuse(
  reply: FastifyReply,
  code: Code,
  reason?: string,
): Promise<FastifyReply> {
  const status = statuses[code] ?? 400;
  if (status === 429) void reply.header('retry-after', '1');
  return reply
    .headers(guards)
    .header('cache-control', 'no-store')
    .code(status)
    .type('application/json; charset=utf-8')
    .send(bodyOf(code, reason));
}

/** The same answer where there is no reply to write it with. */
export function refuseRaw(socket: Duplex | Socket, code: Code): void {
  if (!socket.writable) return;
  const body = bodyOf(code);
  const status = statuses[code] ?? 400;
  socket.on('error', () => undefined);
  const guarded = Object.entries(guards).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `${guarded.join('')}Cache-Control: no-store\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** What is refused of a file names the file alone: where it stands on this PC is no client's matter. */
export function withoutPlace<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    const text = error.message.replaceAll(path, basename(path));
    throw new CellError(error.code, text, { cause: error });
  }
}

export const describe = (headers: IncomingMessage['headers']): string =>
  JSON.stringify({ host: headers.host, origin: headers.origin }).slice(0, 300);
