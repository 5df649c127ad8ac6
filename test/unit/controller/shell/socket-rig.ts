// Shell sockets on a free loopback port, as station's port lets them in, with a real program behind.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { shellProtocol } from '#contract/shell-frames.ts';
import type { Permission, Principal } from '#contract/people.ts';
import type { Part } from '#contract/shell.ts';
import type { Clock } from '#contract/time.ts';
import { realClock } from '#controller/clock.ts';
import type { Launch } from '#controller/shell/parts.ts';
import { ShellSocket } from '#controller/shell/socket.ts';
import { Tickets } from '#controller/shell/tickets.ts';
import { loadTerminals } from '#controller/shell/terminal.ts';
import { LoopClient } from './loop-client.ts';
import { PlainSession } from './plain-session.ts';
import { until } from './until.ts';

export const bash = (script: string, args: readonly string[] = []): Launch => ({
  file: '/bin/bash',
  args: ['--norc', '--noprofile', '-c', script, 'bash', ...args],
  env: { PATH: '/usr/bin:/bin', TERM: 'xterm-256color', PS1: '\u0024 ' },
  cwd: '/',
});

export const person = (name: string): Principal => ({
  actor: `user:${name}`,
  permissions: new Set<Permission>(['view', 'shell.open']),
  commands: new Set(),
  credential: `session-${name}`,
  proved: 0,
});

export interface Rig extends AsyncDisposable {
  readonly session: PlainSession;
  readonly shell: ShellSocket;
  readonly tickets: Tickets;
  readonly log: string[];
  readonly refusals: string[];
  /** A socket of this person that is not open yet. */
  dial(who: Principal | null): WebSocket;
  /** A socket of this person; nothing was said on it. */
  socket(who: Principal | null): Promise<Socket>;
  /** A client that comes back whenever it is told to. */
  viewer(name: string, part: Part, id?: string): Viewer;
}

export interface Socket {
  readonly ws: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
}

export interface Viewer {
  readonly loop: LoopClient;
  ws: WebSocket | undefined;
  closed: Promise<{ code: number; reason: string }>;
  /** Opens a connection with a new ticket, and waits for the welcome. */
  connect(): Promise<void>;
  /** Cuts it as a network does: what was on the way may be lost. */
  cut(): void;
  type(text: string, auto?: boolean): boolean;
}

const open = await loadTerminals(realClock());

export async function rig(launch: Launch, clock: Clock = realClock()): Promise<Rig> {
  const session = new PlainSession(clock, open, launch);
  const log: string[] = [];
  const refusals: string[] = [];
  const tickets = new Tickets(clock);
  const shell = new ShellSocket({
    clock,
    tickets,
    log: (level, text, event) => {
      log.push(`${level} ${text}`);
      if (event !== undefined && 'code' in event.body)
        refusals.push(`${event.actor} ${event.body.code}`);
    },
    find: (id) => (id === session.id ? session : undefined),
  });
  const { maxPayload } = shell;
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    maxPayload,
    perMessageDeflate: false,
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const guests = new Map<string, Principal>();
  server.on('connection', (ws, request) => {
    const name = new URL(request.url ?? '', 'http://x').searchParams.get('who') ?? '';
    shell.accept(ws, { principal: guests.get(name) ?? null, panel: false });
  });
  const dial = (who: Principal | null): WebSocket => {
    if (who !== null) guests.set(who.actor, who);
    const url = `ws://127.0.0.1:${port}/shell?who=${who?.actor ?? ''}`;
    return new WebSocket(url, shellProtocol, { perMessageDeflate: false });
  };
  const socket = async (who: Principal | null): Promise<Socket> => {
    const ws = dial(who);
    const closed = new Promise<{ code: number; reason: string }>((resolve) => {
      ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    ws.on('error', () => undefined);
    await once(ws, 'open');
    return { ws, closed };
  };
  return {
    session,
    shell,
    tickets,
    log,
    refusals,
    dial,
    socket,
    viewer: (name, part, id) =>
      makeViewer({ tickets, session, socket }, { name, part, id: id ?? '' }),
    [Symbol.asyncDispose]: async () => {
      shell.close();
      session.close();
      for (const each of server.clients) each.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

let viewers = 0;

function makeViewer(
  { tickets, session, socket }: Pick<Rig, 'tickets' | 'session' | 'socket'>,
  { name, part, id }: { name: string; part: Part; id: string },
): Viewer {
  viewers += 1;
  const who = person(name);
  const send = (frame: Uint8Array): void => {
    if (viewer.ws?.readyState === WebSocket.OPEN) viewer.ws.send(frame);
  };
  const loop = new LoopClient(id === '' ? viewers.toString(16) : id, send);
  const viewer: Viewer = {
    loop,
    ws: undefined,
    closed: Promise.resolve({ code: 0, reason: '' }),
    connect: async () => {
      const { ws, closed } = await socket(who);
      viewer.ws = ws;
      viewer.closed = closed;
      ws.on('message', (bytes: Buffer) => {
        if (viewer.ws === ws) loop.client.received(bytes);
      });
      ws.on('close', () => {
        if (viewer.ws === ws) loop.client.closed();
      });
      loop.client.opened(tickets.issue(who, session.id, part).ticket);
      await until(() => loop.client.welcome || ws.readyState !== WebSocket.OPEN);
    },
    cut: () => {
      const { ws } = viewer;
      viewer.ws = undefined;
      loop.client.closed();
      ws?.terminate();
    },
    type: (text, auto = false) => loop.client.type(Buffer.from(text, 'latin1'), auto),
  };
  return viewer;
}

/** A viewer that is welcomed and sees the program. */
export async function seated(it: Rig, name: string, part: Part): Promise<Viewer> {
  const viewer = it.viewer(name, part);
  await viewer.connect();
  await until(() => viewer.loop.text.includes('ready') || viewer.loop.snapshots > 0);
  return viewer;
}
