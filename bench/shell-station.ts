// The far end of bench/shell.mjs: one shell at a real terminal, served in one of three ways on a free port. `recorded` is the
// product's own path, input on disk before it is typed; `bare` the same without a recording; `json` sends each piece of
// output as base64 in JSON over the same terminal, with nothing between.
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { Principal } from '#contract/people.ts';
import { RecordingOptions } from '#contract/shell.ts';
import type { SessionView } from '#contract/shell.ts';
import { realClock } from '#controller/clock.ts';
import { SessionRecordings } from '#controller/recording/recordings.ts';
import { mayBeSecret } from '#controller/shell/echo.ts';
import type { Recorder, RunningSession, Seat, Terminal } from '#controller/shell/parts.ts';
import { ShellSocket } from '#controller/shell/socket.ts';
import { OutputStream } from '#controller/shell/stream.ts';
import { loadTerminals } from '#controller/shell/terminal.ts';
import { Tickets } from '#controller/shell/tickets.ts';

const [way = 'recorded'] = process.argv.slice(2);
const clock = realClock();
const size = { cols: 132, rows: 43 };
const open = await loadTerminals(clock);
const launch = {
  file: '/bin/bash',
  args: ['--norc', '--noprofile', '--noediting', '-i'],
  env: { PATH: '/usr/bin:/bin', TERM: 'xterm-256color', PS1: 'prompt:' },
  cwd: '/',
};
const who: Principal = {
  actor: 'user:bench',
  permissions: new Set(),
  commands: new Set(),
  credential: 'bench',
  proved: 0,
};
const view: SessionView = {
  id: 'sh-0000000000000001',
  tier: 'T2',
  state: 'Running',
  by: who.actor,
  reason: 'bench',
  asked: 0,
  present: false,
  lacks: [],
  participants: [],
  recorded: { bytes: 0, ok: true },
};

async function recorderOf(stream: OutputStream): Promise<Recorder | undefined> {
  if (way !== 'recorded') return undefined;
  const data = mkdtempSync(join(tmpdir(), 'bench-shell-'));
  const recordings = new SessionRecordings(
    { clock, log: () => undefined, keep: async () => undefined },
    data,
    RecordingOptions.parse({ max: '10GB' }),
  );
  const about = { title: 'bench', size, by: who.actor };
  return recordings.open(view.id, about, {
    segment: () => undefined,
    failed: (error) => {
      throw error;
    },
    full: () => stream.hold(),
    drained: () => stream.release(),
  });
}

async function session(): Promise<RunningSession> {
  const brake = { hold: () => terminal.hold(), release: () => terminal.release() };
  const stream = new OutputStream(clock, brake, size);
  const recorder = await recorderOf(stream);
  const terminal: Terminal = open(launch, size, {
    output: (bytes) => {
      recorder?.output(bytes);
      stream.output(bytes);
    },
    exited: (code) => stream.exited(code),
  });
  let turn: Promise<void> = Promise.resolve();
  const type = async (before: Promise<void>, bytes: Uint8Array, auto: boolean): Promise<void> => {
    await before;
    const secret = mayBeSecret(bytes) && !(await terminal.echoes());
    await recorder?.input(bytes, { actor: who.actor, auto, secret });
    await terminal.write(bytes);
  };
  const seat: Seat = {
    part: 'driver',
    type: async (bytes, auto) => {
      turn = type(turn, bytes, auto);
      await turn;
    },
    resize: () => undefined,
    prove: () => undefined,
    hidden: () => undefined,
    leave: () => undefined,
  };
  return { id: view.id, view, stream, sit: async () => seat };
}

function serveJson(socket: WebSocket): void {
  const terminal = open(launch, size, {
    output: (bytes) => socket.send(JSON.stringify({ t: 'o', d: bytes.toString('base64') })),
    exited: () => socket.close(),
  });
  socket.on('message', (text: Buffer) => {
    const { d } = JSON.parse(text.toString()) as { d: string };
    void terminal.write(Buffer.from(d, 'base64'));
  });
  socket.on('close', () => terminal.close());
}

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
await once(server, 'listening');
const tickets = new Tickets(clock);
if (way === 'json') server.on('connection', serveJson);
else {
  const one = await session();
  const shell = new ShellSocket({ clock, log: () => undefined, tickets, find: () => one });
  server.on('connection', (socket) => shell.accept(socket, { principal: who, panel: false }));
}
const { port } = server.address() as AddressInfo;
const { ticket } = tickets.issue(who, view.id, 'driver');
process.stdout.write(`${JSON.stringify({ port, ticket })}\n`);
