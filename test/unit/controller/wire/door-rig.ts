// Control's door in a folder of its own, with raw clients that may say anything.
import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '#contract/time.ts';
import type { FromClient, FromControl, Hello } from '#contract/wire.ts';
import { realClock } from '#controller/clock.ts';
import { FrameReader } from '#controller/wire/frame.ts';
import { WireServer } from '#controller/wire/server.ts';
import type { WireHandlers, WirePeer } from '#controller/wire/server.ts';
import { removeFolder } from '#test/folder.ts';

export const hello: Hello = {
  type: 'hello',
  protocol: 1,
  cell: 'rig',
  title: 'Rig',
  boot: 1,
  version: '0',
  simulated: false,
  durability: 'strict',
  period_ms: 20,
  flows: [],
  tags: [],
  devices: [],
  seq: 0,
};

/** Answers hello with hello, and keeps all that happens. */
export class Handlers implements WireHandlers {
  readonly peers: WirePeer[] = [];
  readonly messages: FromClient[] = [];
  readonly refusals: string[] = [];
  gone = 0;
  drains = 0;

  opened(peer: WirePeer): void {
    this.peers.push(peer);
    peer.send(hello);
  }

  message(_peer: WirePeer, message: FromClient): void {
    this.messages.push(message);
  }

  refused(code: string, reason: string): void {
    this.refusals.push(`${code} ${reason}`);
  }

  drained(): void {
    this.drains += 1;
  }

  closed(): void {
    this.gone += 1;
  }
}

export interface DoorRig extends AsyncDisposable {
  readonly folder: string;
  readonly path: string;
  readonly handlers: Handlers;
  readonly server: WireServer;
  client(): RawClient;
}

export async function openDoor(clock: Clock = realClock()): Promise<DoorRig> {
  const folder = mkdtempSync(join(tmpdir(), 'rebe-wire-'));
  const path = join(folder, 'control.sock');
  const handlers = new Handlers();
  const server = new WireServer(clock, handlers);
  await server.listen(path);
  const clients: RawClient[] = [];
  return {
    folder,
    path,
    handlers,
    server,
    client: () => {
      const client = new RawClient(path);
      clients.push(client);
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      for (const { socket } of clients) socket.destroy();
      await server.close();
      removeFolder(folder);
    },
  };
}

/** Says bytes or messages, and keeps what it hears. */
export class RawClient {
  readonly socket: Socket;
  readonly heard: FromControl[] = [];
  ended = false;
  readonly #reader = new FrameReader();

  constructor(path: string) {
    this.socket = connect(path);
    this.socket.on('data', (chunk: Buffer) => {
      this.heard.push(...(this.#reader.push(chunk) as FromControl[]));
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.ended = true;
    });
  }

  bytes(bytes: Buffer): this {
    this.socket.write(bytes);
    return this;
  }

  say(message: unknown): this {
    const body = Buffer.from(JSON.stringify(message));
    const head = Buffer.alloc(4);
    head.writeUInt32BE(body.length);
    return this.bytes(Buffer.concat([head, body]));
  }

  greet(feed = false): this {
    return this.say({ type: 'hello', protocol: 1, client: 'cli', feed });
  }

  /** The code with which control said goodbye. */
  get bye(): string | undefined {
    const last = this.heard.at(-1);
    return last?.type === 'bye' ? last.code : undefined;
  }
}

/** Waits until it is so, at most 5 s. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000; turn += 1) {
    if (holds()) return;
    // oxlint-disable-next-line no-await-in-loop -- looks again in steps
    await wait(5);
  }
  throw new Error(`it did not come to be that ${what}`);
}
