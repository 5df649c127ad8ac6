// Station's port: the page, its assets, the trade of a link for a session, and the socket. Loopback only.
// Every answer that is not the page is JSON with a code; nothing here knows what a flow is.
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import fastifyStatic from '@fastify/static';
import fastify from 'fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { WebSocketServer } from 'ws';
import * as z from 'zod';
import type { Actor } from '#contract/actor.ts';
import { CellError, codes } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import { liveProtocol } from '#contract/pace.ts';
import type { Clock } from '#contract/time.ts';
import { consoleActor } from '#controller/console-actor.ts';
import { HistoryDoor } from './history.ts';
import { knowsLink, redeemLink } from './link.ts';
import type { Live, StationLog } from './live.ts';
import type { Records } from './records.ts';
import { isLoopback, isOwn, ownHosts } from './origin.ts';
import { messageLimit } from './page-socket.ts';
import { Sessions } from './session.ts';

export interface HttpOptions {
  readonly data: string;
  /** The folder of the built page. */
  readonly page: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** Headers of every answer: nothing from elsewhere, nobody may frame us, nothing is guessed. */
const guards = {
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

const statuses: Readonly<Partial<Record<Code, number>>> = {
  E_DOOR_FRAME: 400,
  E_DOOR_ORIGIN: 403,
  E_LINK_USED: 403,
  E_DOOR_ROUTE: 404,
  E_DOOR_SIZE: 413,
  E_DOOR_PROTOCOL: 426,
  E_DOOR_FULL: 503,
  E_CELL_NOT_RUNNING: 503,
  E_CHRONICLE_STALL: 503,
  E_CHRONICLE_LOST: 503,
  E_HISTORY_RATE: 429,
  E_HISTORY_OPEN: 503,
  E_HISTORY_FORMAT: 503,
  E_FILE_READ: 500,
  E_INTERNAL: 500,
};
const SessionRequest = z.strictObject({ key: z.string().max(64) });
const connectionLimit = 512;
const bodyLimit = 1024;

/** The listening port of station. */
export class HttpDoor {
  readonly #clock: Clock;
  readonly #log: StationLog;
  readonly #live: Live;
  readonly #records: Records;
  readonly #options: HttpOptions;
  readonly #history: HistoryDoor;
  readonly #app: FastifyInstance;
  readonly #sockets: WebSocketServer;
  #hosts: ReadonlySet<string> = new Set();
  #sessions: Sessions | undefined;
  /** Keys whose sign-in is on its way to the chronicle. */
  readonly #claimed = new Set<string>();

  constructor(
    clock: Clock,
    log: StationLog,
    { live, records }: { readonly live: Live; readonly records: Records },
    options: HttpOptions,
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#live = live;
    this.#records = records;
    this.#options = options;
    // A little above the limit, so that what is too large is closed with our code.
    this.#sockets = new WebSocketServer({ noServer: true, maxPayload: 4 * messageLimit });
    this.#history = new HistoryDoor(clock, options.data);
    this.#app = this.#build();
  }

  /** The app, for tests that need no port; `ready` must have been called. */
  get app(): FastifyInstance {
    return this.#app;
  }

  /** Everything but the port. `port` is the one that pages will name. */
  async ready(port: number): Promise<void> {
    const { data, host } = this.#options;
    this.#hosts = ownHosts({ host, port });
    this.#sessions = new Sessions(this.#clock, data, port);
    await this.#app.ready();
  }

  /** Listens; resolves to the port taken. */
  async listen(): Promise<number> {
    const { host, port } = this.#options;
    await this.#app.listen({ host, port });
    const taken = (this.#app.server.address() as AddressInfo).port;
    await this.ready(taken);
    return taken;
  }

  async close(): Promise<void> {
    this.#sockets.close();
    await this.#app.close();
    this.#history.close();
  }

  #build(): FastifyInstance {
    const app = fastify({
      bodyLimit,
      requestTimeout: 10_000,
      connectionTimeout: 30_000,
      forceCloseConnections: true,
      exposeHeadRoutes: true,
      frameworkErrors: (_error, _request, reply) => void refuse(reply, 'E_DOOR_FRAME'),
      clientErrorHandler: (_error, socket) => refuseRaw(socket, 'E_DOOR_FRAME'),
    });
    app.server.maxConnections = connectionLimit;
    app.addHook('onRequest', async (request, reply) => {
      void reply.headers(guards);
      const origin = request.method !== 'GET' && request.method !== 'HEAD';
      if (!isOwn(this.#hosts, request.headers, { origin })) {
        this.#refused('E_DOOR_ORIGIN', `a request: ${describe(request.headers)}`);
        return refuse(reply, 'E_DOOR_ORIGIN');
      }
    });
    app.setNotFoundHandler((_request, reply) => refuse(reply, 'E_DOOR_ROUTE'));
    app.setErrorHandler((error, _request, reply) => refuse(reply, this.#codeOf(error)));
    app.get('/', async (_request, reply) => this.#index(reply));
    this.#history.addTo(app);
    app.post('/session', async (request, reply) => this.#signIn(request.body, reply));
    void app.register(fastifyStatic, {
      root: join(this.#options.page, 'assets'),
      prefix: '/assets/',
      index: false,
      immutable: true,
      preCompressed: true,
      maxAge: '365d',
      decorateReply: false,
    });
    app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
    return app;
  }

  async #index(reply: FastifyReply): Promise<FastifyReply> {
    const page = await readFile(join(this.#options.page, 'index.html')).catch(() => undefined);
    if (page === undefined) return refuse(reply, 'E_FILE_READ');
    return reply.header('cache-control', 'no-store').type('text/html; charset=utf-8').send(page);
  }

  async #signIn(body: unknown, reply: FastifyReply): Promise<FastifyReply> {
    const request = SessionRequest.safeParse(body);
    if (!request.success || this.#sessions === undefined) return refuse(reply, 'E_DOOR_FRAME');
    const { key } = request.data;
    // A link is made by whoever may write in the data directory.
    const actor = consoleActor();
    const problem = this.#claimed.has(key) ? 'E_LINK_USED' : await this.#spend(key, actor);
    if (problem !== undefined) {
      this.#refused(problem, 'a page: sign-in');
      return refuse(reply, problem);
    }
    const cookie = this.#sessions.begin(actor);
    return reply.header('set-cookie', cookie).header('cache-control', 'no-store').code(204).send();
  }

  /** Spends a link once its sign-in stands in the chronicle: without control it is good until later. */
  async #spend(key: string, actor: Actor): Promise<Code | undefined> {
    const { data } = this.#options;
    this.#claimed.add(key);
    try {
      if (!(await knowsLink(data, key, this.#clock.time()))) return 'E_LINK_USED';
      const event = { event: 'signed-in', actor } as const;
      const problem = await this.#records.keep(`signed in ${actor}`, event);
      if (problem !== undefined) return problem;
      return (await redeemLink(data, key, this.#clock.time())) ? undefined : 'E_LINK_USED';
    } finally {
      this.#claimed.delete(key);
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const code = this.#upgradeRefusal(request);
    if (code !== undefined) {
      this.#refused(code, `a socket: ${describe(request.headers)}`);
      refuseRaw(socket, code);
      return;
    }
    const visitor = {
      actor: this.#sessions?.actorOf(request.headers.cookie) ?? null,
      panel: isLoopback(request.socket.remoteAddress),
    };
    this.#sockets.handleUpgrade(request, socket, head, (live) => this.#live.add(live, visitor));
  }

  #upgradeRefusal(request: IncomingMessage): Code | undefined {
    if (!isOwn(this.#hosts, request.headers, { origin: true })) return 'E_DOOR_ORIGIN';
    if (request.url !== '/live') return 'E_DOOR_ROUTE';
    const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(/, */);
    if (!protocols.includes(liveProtocol)) return 'E_DOOR_PROTOCOL';
    return this.#live.full ? 'E_DOOR_FULL' : undefined;
  }

  #refused(code: Code, what: string): void {
    const event = { event: 'refused', actor: 'console:panel', code } as const;
    this.#log('warn', `refused ${code}: ${what}`, event);
  }

  #codeOf(error: unknown): Code {
    if (error instanceof CellError) return error.code;
    const status = (error as { statusCode?: unknown }).statusCode;
    if (status === 413) return 'E_DOOR_SIZE';
    if (typeof status === 'number' && status < 500) return 'E_DOOR_FRAME';
    this.#log('warn', `a request failed: ${String(error)}`);
    return 'E_INTERNAL';
  }
}

const bodyOf = (code: Code): string => JSON.stringify({ code, ...codes[code] });

async function refuse(reply: FastifyReply, code: Code): Promise<FastifyReply> {
  return reply
    .headers(guards)
    .header('cache-control', 'no-store')
    .code(statuses[code] ?? 400)
    .type('application/json; charset=utf-8')
    .send(bodyOf(code));
}

/** The same answer where there is no reply to write it with. */
function refuseRaw(socket: Duplex | Socket, code: Code): void {
  if (!socket.writable) return;
  const body = bodyOf(code);
  const status = statuses[code] ?? 400;
  socket.on('error', () => undefined);
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

const describe = (headers: IncomingMessage['headers']): string =>
  JSON.stringify({ host: headers.host, origin: headers.origin }).slice(0, 300);
