// Station's port: the page, its assets, the trade of a link for a session, and the sockets.
// Every answer that is not the page is JSON with a code; nothing here knows what a flow is.
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import fastifyStatic from '@fastify/static';
import fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyServerOptions } from 'fastify';
import { WebSocketServer } from 'ws';
import type { Actor } from '#contract/actor.ts';
import { addressLimit } from '#contract/api.ts';
import { CellError } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import type { Principal } from '#contract/people.ts';
import type { Clock } from '#contract/time.ts';
import type { People } from '#controller/people/people.ts';
import type { PeopleDoor } from '#controller/people/routes.ts';
import { panelActor } from './acts.ts';
import type { StationLog } from './live.ts';
import { refusedEvent } from './records.ts';
import { isLoopback, isOwn, needsOrigin, ownNames } from './origin.ts';
import type { Own } from './origin.ts';
import { apiPage, apiStyle, describing } from './openapi.ts';
import { Malformed } from './malformed.ts';
import { Paces } from './paces.ts';
import { Places } from './places.ts';
import { describe, guards, refuse, refuseRaw } from './refusal.ts';
import { addRoutes } from './routes.ts';
import type { Guest, Served } from './routes.ts';
import type { SocketPath } from './socket-path.ts';
import type { Tls } from './tls.ts';
import { hashOf } from './secret.ts';
import type { Cookies } from './session.ts';

export interface HttpOptions {
  /** The folder of the built page. */
  readonly page: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** The data directory: no answer tells where it is. */
  readonly data: string;
  /** Without it HTTP, for this machine alone. */
  readonly tls?: Tls | undefined;
  /** Under which other machines open the page. */
  readonly names?: readonly string[];
}

const bodyLimit = 1024;

/** What is served at the port, and who is known there. */
export interface HttpParts {
  readonly people: People;
  readonly entrance: PeopleDoor;
  readonly cookies: Cookies;
  readonly sockets: readonly SocketPath[];
  readonly routes: readonly Served[];
  /** Why an agent is locked out of everything; nobody else ever is. */
  readonly barred?: (principal: Principal) => string | undefined;
}

/** Only for a certificate that was given: one of our own may be another after a new start. */
const strictTransport = `max-age=${180 * 86_400}`;

/** The listening port of station. */
export class HttpDoor {
  readonly #clock: Clock;
  readonly #log: StationLog;
  readonly #people: People;
  readonly #barred: (principal: Principal) => string | undefined;
  readonly #cookies: Cookies;
  readonly #options: HttpOptions;
  readonly #app: FastifyInstance;
  readonly #sockets: ReadonlyMap<SocketPath, WebSocketServer>;
  readonly #routes: readonly Served[];
  readonly #malformed: Malformed;
  #own: Own = ownNames({ host: 'localhost', port: 0 });

  constructor(clock: Clock, log: StationLog, served: HttpParts, options: HttpOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#malformed = new Malformed(clock, log);
    this.#people = served.people;
    this.#barred = served.barred ?? (() => undefined);
    this.#cookies = served.cookies;
    const routes = [...served.entrance.routes, ...served.routes];
    this.#routes = [...routes, describing(routes)];
    this.#options = options;
    this.#sockets = new Map(
      served.sockets.map((path) => {
        const { maxPayload } = path;
        return [
          path,
          new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false }),
        ];
      }),
    );
    served.people.onChanged((credential, principal) => {
      for (const path of served.sockets) path.changed?.(credential, principal);
    });
    this.#app = this.#build();
  }

  /** The app, for tests that need no port; `ready` must have been called. */
  get app(): FastifyInstance {
    return this.#app;
  }

  /** Everything but the port. `port` is the one that pages will name. */
  async ready(port: number): Promise<void> {
    const { host, tls, names = [] } = this.#options;
    const secure = tls !== undefined;
    this.#own = ownNames({ host, port, secure, names });
    this.#cookies.bind(port, { secure });
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
    for (const sockets of this.#sockets.values()) sockets.close();
    this.#malformed.close();
    await this.#app.close();
  }

  #build(): FastifyInstance {
    const { tls } = this.#options;
    const settings = {
      bodyLimit,
      requestTimeout: 10_000,
      connectionTimeout: 30_000,
      forceCloseConnections: true,
      exposeHeadRoutes: true,
      frameworkErrors: (_error, request, reply) =>
        void this.#refuseForm(reply, request.raw, 'E_DOOR_FRAME'),
      clientErrorHandler: (error, socket) => {
        this.#malformed.takeRaw(error, socket);
        refuseRaw(socket, 'E_DOOR_FRAME');
      },
    } satisfies FastifyServerOptions;
    const app = openApp(settings, tls);
    new Places((crowded) => this.#malformed.full(crowded)).guard(app.server);
    // A form or a text can be sent from anywhere without being asked; JSON cannot.
    app.removeContentTypeParser('text/plain');
    app.addHook('onRequest', async (request, reply) => {
      void reply.headers(guards);
      if (tls?.own === false) void reply.header('strict-transport-security', strictTransport);
      if (!isOwn(this.#own, request.raw, { origin: needsOrigin(request) })) {
        this.#refused('E_DOOR_ORIGIN', `a request: ${describe(request.headers)}`);
        return refuse(reply, 'E_DOOR_ORIGIN');
      }
      if (request.url.length > addressLimit)
        return this.#refuseForm(reply, request.raw, 'E_DOOR_SIZE');
    });
    app.setNotFoundHandler((request, reply) => {
      // A browser asks for icons and the like that are nowhere: nobody meant anything by it.
      return /^\/(?:api|session)\b/.test(request.url)
        ? this.#refuseForm(reply, request.raw, 'E_DOOR_ROUTE')
        : refuse(reply, 'E_DOOR_ROUTE');
    });
    app.setErrorHandler((error, request, reply) =>
      this.#refuseForm(reply, request.raw, this.#codeOf(error), this.#reasonOf(error)),
    );
    app.get('/', async (_request, reply) => this.#index(reply));
    this.#describe(app);
    addRoutes(app, this.#routes, {
      paces: new Paces(this.#clock),
      guestOf: ({ raw }) => this.#guestOf(raw),
      barred: (principal) => this.#barred(principal),
      refused: (guest, code, what) => this.#refused(code, what, guest.principal?.actor),
    });
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

  /** What can be asked here, for people; programs read /api/openapi.json. */
  #describe(app: FastifyInstance): void {
    const page = apiPage(this.#routes.map(({ route }) => route));
    const give = (path: string, type: string, text: string): void => {
      app.get(path, async (_request, reply) =>
        reply.header('cache-control', 'no-store').type(`${type}; charset=utf-8`).send(text),
      );
    };
    give('/api', 'text/html', page);
    give('/api/page.css', 'text/css', apiStyle);
  }

  async #index(reply: FastifyReply): Promise<FastifyReply> {
    const page = await readFile(join(this.#options.page, 'index.html')).catch(() => undefined);
    if (page === undefined) return refuse(reply, 'E_FILE_READ');
    return reply.header('cache-control', 'no-store').type('text/html; charset=utf-8').send(page);
  }

  /** Nothing catches what an upgrade throws: it would end station. */
  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      this.#connect(request, socket, head);
    } catch (error) {
      refuseRaw(socket, this.#codeOf(error));
    }
  }

  #connect(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const code = this.#upgradeRefusal(request);
    if (code !== undefined) {
      this.#refused(code, `a socket: ${describe(request.headers)}`);
      refuseRaw(socket, code);
      return;
    }
    const path = this.#pathOf(request);
    const guest = this.#guestOf(request);
    const sockets = path === undefined ? undefined : this.#sockets.get(path);
    sockets?.handleUpgrade(request, socket, head, (opened) => path?.accept(opened, guest));
  }

  #pathOf(request: IncomingMessage): SocketPath | undefined {
    return [...this.#sockets.keys()].find(({ path }) => path === request.url);
  }

  #guestOf({ headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>): Guest {
    const panel = isLoopback(socket.remoteAddress);
    const { session, browser, token } = this.#cookies.read(headers);
    if (token !== undefined) return { principal: this.#people.byToken(token), panel };
    const principal = session === undefined ? null : this.#people.bySession(session);
    return { principal, panel, browser: browser === undefined ? undefined : hashOf(browser) };
  }

  #upgradeRefusal(request: IncomingMessage): Code | undefined {
    if (!isOwn(this.#own, request, { origin: true })) return 'E_DOOR_ORIGIN';
    const path = this.#pathOf(request);
    if (path === undefined) return 'E_DOOR_ROUTE';
    const guest = this.#guestOf(request);
    if (guest.principal !== null && this.#barred(guest.principal) !== undefined)
      return 'E_AGENT_LOCKED';
    const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(/, */);
    return protocols.includes(path.protocol) ? path.refusal(guest) : 'E_DOOR_PROTOCOL';
  }

  #refused(code: Code, what: string, actor: Actor = panelActor): void {
    const text = `refused ${code}: ${what}`;
    this.#log('warn', text, refusedEvent(actor, code, text));
  }

  /** Answers a refusal, and records one for the form of what was asked. */
  async #refuseForm(
    reply: FastifyReply,
    request: IncomingMessage,
    code: Code,
    reason?: string,
  ): Promise<FastifyReply> {
    this.#malformed.take(code, request, () => {
      try {
        return this.#guestOf(request).principal?.actor ?? panelActor;
      } catch {
        return panelActor;
      }
    });
    return refuse(reply, code, reason);
  }

  #codeOf(error: unknown): Code {
    if (error instanceof CellError) return error.code;
    const status = (error as { statusCode?: unknown }).statusCode;
    if (status === 413) return 'E_DOOR_SIZE';
    if (status === 415) return 'E_DOOR_TYPE';
    if (typeof status === 'number' && status < 500) return 'E_DOOR_FRAME';
    this.#log('warn', `a request failed: ${String(error)}`);
    return 'E_INTERNAL';
  }

  /** Names of files as they stand in the data directory; where that is stays in the log. */
  #reasonOf(error: unknown): string | undefined {
    if (!(error instanceof CellError)) return undefined;
    const { data } = this.#options;
    if (!error.message.includes(data)) return error.message;
    this.#log('warn', `refused ${error.code}: ${error.message}`);
    return error.message.replaceAll(`${data}/`, '').replaceAll(data, 'the data directory');
  }
}

/** The same app with TLS or without: where it listens is all that differs. */
function openApp(settings: FastifyServerOptions, tls: Tls | undefined): FastifyInstance {
  if (tls === undefined) return fastify(settings);
  const { cert, key } = tls;
  const https = { cert, key, minVersion: 'TLSv1.2', handshakeTimeout: 10_000 } as const;
  return fastify({ ...settings, https } as FastifyServerOptions);
}
