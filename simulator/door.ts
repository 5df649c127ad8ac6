// The simulator's control socket, `<data>/simulator.sock`: one JSON object a line each way. Both ends of it stand here.
import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';
import { CellError } from '#contract/error.ts';
import { milliseconds, type Duration } from '#contract/time.ts';
import type { Simulator, SimulatorStatus } from './simulator.ts';

const word = z.string().min(1).max(64);
const span = z.int().positive().max(86_400_000);

/** What can be asked. `by_ms` is how late a slow device answers; `clear` without a target is of all. */
export const DoorRequest = z.discriminatedUnion('verb', [
  z.strictObject({
    verb: z.literal('fault'),
    target: word,
    kind: word,
    for_ms: span.optional(),
    by_ms: span.optional(),
  }),
  z.strictObject({ verb: z.literal('clear'), target: word.optional() }),
  z.strictObject({ verb: z.literal('status') }),
  /** What the sensors truly show: changes from this number on. */
  z.strictObject({ verb: z.literal('truth'), since: z.int().nonnegative() }),
]);
export type DoorRequest = z.infer<typeof DoorRequest>;

export const DoorAnswer = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), text: z.string(), status: z.unknown() }),
  z.strictObject({ ok: z.literal(false), code: z.string(), text: z.string() }),
]);
export type DoorAnswer = z.infer<typeof DoorAnswer>;

/** Of a line, either way. */
const lineLimit = 256 * 1024;
const clientLimit = 16;
/** What a Unix socket's address can hold, with its closing zero. */
const pathLimit = 107;
/** Of the incidents that people are shown, the newest. */
const incidentsShown = 5;
const answerWithin = milliseconds(5000);

/** Where the socket of this data directory is. */
export function doorPath(data: string): string {
  const path = join(data, 'simulator.sock');
  if (Buffer.byteLength(path) > pathLimit) {
    throw new CellError('E_DOOR_PATH', `${path} has more than ${pathLimit} bytes`);
  }
  return path;
}

export class Door {
  readonly #simulator: Simulator;
  readonly #path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(simulator: Simulator, path: string) {
    this.#simulator = simulator;
    this.#path = path;
    this.#server = createServer((socket) => this.#serve(socket));
    this.#server.maxConnections = clientLimit;
  }

  /** Refuses when another simulator answers there; a socket that nobody answers on is removed. */
  async open(): Promise<void> {
    if (await answers(this.#path)) {
      throw new CellError('E_SIMULATOR_RUNNING', `a simulator answers on ${this.#path}`);
    }
    rmSync(this.#path, { force: true });
    const before = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen(this.#path, resolve);
      });
    } finally {
      process.umask(before);
    }
    chmodSync(this.#path, 0o600);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    readLines(socket, (line) => {
      socket.write(`${JSON.stringify(this.#answer(line))}\n`);
    });
  }

  #answer(line: string): DoorAnswer {
    const parsed = DoorRequest.safeParse(parseJson(line));
    if (!parsed.success) {
      return { ok: false, code: 'E_DOOR_FRAME', text: z.prettifyError(parsed.error) };
    }
    try {
      const request = parsed.data;
      if (request.verb === 'truth') {
        return { ok: true, text: '', status: this.#simulator.truth(request.since) };
      }
      return { ok: true, text: this.#do(request), status: this.#simulator.status() };
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      return { ok: false, code: error.code, text: error.message };
    }
  }

  #do(request: Exclude<DoorRequest, { verb: 'truth' }>): string {
    switch (request.verb) {
      case 'fault':
        return this.#simulator.fault({
          target: request.target,
          kind: request.kind,
          ...(request.for_ms === undefined ? {} : { lasts: milliseconds(request.for_ms) }),
          ...(request.by_ms === undefined ? {} : { by: milliseconds(request.by_ms) }),
        });
      case 'clear':
        this.#simulator.clear(request.target);
        return 'cleared';
      case 'status':
        return statusText(this.#simulator.status());
    }
  }
}

/** What goes on at the machine, for people. */
function statusText({ plant, figures, faults, incidents, devices }: SimulatorStatus): string {
  const last = incidents.slice(-incidentsShown);
  return [
    plant,
    `  faults     ${faults.length === 0 ? 'none' : faults.join(', ')}`,
    `  incidents  ${incidents.length === 0 ? 'none' : incidents.length}`,
    ...last.map(({ at, text }) => `    ${(at / 1000).toFixed(1)} s  ${text}`),
    `  machine    ${Object.entries(figures)
      .map(([name, value]) => `${name}=${value === '' ? '-' : value}`)
      .join('  ')}`,
    ...devices.map(
      ({ device, address, fallen }) =>
        `  ${device.padEnd(10)} ${address}${fallen ? '  outputs fell safe: no heartbeat' : ''}`,
    ),
  ].join('\n');
}

/** Asks the simulator of this data directory. */
export async function ask(data: string, request: DoorRequest): Promise<DoorAnswer> {
  const path = doorPath(data);
  const line = await exchange(path, `${JSON.stringify(request)}\n`, answerWithin);
  const answer = DoorAnswer.safeParse(parseJson(line));
  if (!answer.success) throw new CellError('E_DOOR_FRAME', `${path} answers what is not an answer`);
  return answer.data;
}

function exchange(path: string, line: string, within: Duration): Promise<string> {
  return new Promise((resolve, reject) => {
    const gone = (cause?: unknown): void => {
      const text = `no simulator answers on ${path}`;
      reject(new CellError('E_SIMULATOR_GONE', text, { cause }));
    };
    const socket = connect(path, () => socket.write(line));
    socket.setTimeout(within, () => socket.destroy(new Error('no answer in time')));
    socket.on('error', gone);
    socket.on('close', () => gone());
    readLines(socket, (answer) => {
      resolve(answer);
      socket.destroy();
    });
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function readLines(socket: Socket, take: (line: string) => void): void {
  let waiting = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (waiting + chunk).split('\n');
    waiting = lines.pop() ?? '';
    if (waiting.length > lineLimit) return void socket.destroy();
    for (const line of lines) take(line);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
