// The mirror's connection to real brokers: mosquitto with and without TLS and passwords, and servers that are none.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CellError } from '#contract/error.ts';
import type { BrokerConnection, InMessage, OutMessage } from '#controller/mirror/broker.ts';
import { mqttBroker } from '#controller/mirror/mqtt-broker.ts';
import type { BrokerAddress } from '#controller/mirror/mqtt-broker.ts';
import { Mosquitto, freePort } from '#test/system/mosquitto.ts';
import { root, until } from '#test/system/test-cell.ts';

const certificates = join(root, 'test', 'driver', 'mqtt');
const authority = readFileSync(join(certificates, 'authority.pem'), 'utf8');
const will: OutMessage = { topic: 'cell/health', payload: '{"state":"offline"}', retain: true };

class Client implements AsyncDisposable {
  readonly connection: BrokerConnection;
  readonly messages: InMessage[] = [];
  readonly skipped: number[] = [];
  opened = false;
  error: CellError | undefined;
  closes = 0;

  constructor(address: BrokerAddress, id = 'mirror') {
    this.connection = mqttBroker(() => Promise.resolve(address), id)(will, {
      opened: () => {
        this.opened = true;
      },
      message: (message) => this.messages.push(message),
      skipped: (length) => this.skipped.push(length),
      closed: (error) => {
        this.error = error;
        this.closes += 1;
      },
    });
  }

  open(): Promise<true> {
    return until(
      () => `it is taken; it said ${this.error?.message}`,
      20_000,
      () => this.opened || undefined,
    );
  }

  ended(): Promise<CellError> {
    return until('the connection ends', 20_000, () => this.error);
  }

  acknowledged(message: OutMessage): Promise<void> {
    return new Promise((resolve) => {
      this.connection.publish(message, resolve);
    });
  }

  subscribed(...filters: readonly string[]): Promise<boolean> {
    return new Promise((resolve) => {
      this.connection.subscribe(filters, resolve);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.end(undefined, 500);
  }
}

const text = ({ topic, payload, retained }: InMessage) =>
  `${topic}${retained ? ' retained' : ''}: ${Buffer.from(payload).toString('utf8')}`;

test('a mosquitto acknowledges, retains, tells subscribers, and says the last will of who goes without a word', async () => {
  await using broker = new Mosquitto(await freePort());
  await broker.start();
  const url = `mqtt://127.0.0.1:${broker.port}`;
  await using plant = new Client({ url }, 'plant');
  await plant.open();
  expect(await plant.subscribed('cell/#', 'other')).toBe(true);
  await using mirror = new Client({ url });
  await mirror.open();
  await mirror.acknowledged({ topic: 'cell/tag/a', payload: '1', retain: true });
  await Promise.all(
    Array.from({ length: 500 }, (_, count) =>
      mirror.acknowledged({ topic: 'cell/event', payload: `${count}`, retain: false }),
    ),
  );
  await until('all is heard', 20_000, () => plant.messages.length >= 501 || undefined);
  expect(plant.messages.map(text).slice(0, 2)).toEqual(['cell/tag/a: 1', 'cell/event: 0']);
  // Longer than anybody may tell us: skipped, and the connection goes on.
  await mirror.acknowledged({ topic: 'cell/event', payload: 'x'.repeat(100_000), retain: false });
  await mirror.acknowledged({ topic: 'cell/event', payload: 'after', retain: false });
  await until('what follows is heard', 20_000, () => plant.messages.length >= 502 || undefined);
  expect(plant.skipped).toHaveLength(1);
  mirror.connection.destroy();
  await until(
    'the will is heard',
    20_000,
    () =>
      plant.messages.some((message) => text(message) === `cell/health: ${will.payload}`) ||
      undefined,
  );
  expect(mirror.closes).toBe(0);
  await using late = new Client({ url }, 'late');
  await late.open();
  await late.subscribed('cell/tag/+');
  await until('what is retained is told', 20_000, () => late.messages[0]);
  expect(late.messages.map(text)).toEqual(['cell/tag/a retained: 1']);
  await using goodbye = new Client({ url });
  await goodbye.open();
  const heard = plant.messages.length;
  await goodbye.connection.end({ topic: 'cell/health', payload: 'bye', retain: true }, 5000);
  await until('the goodbye is heard', 20_000, () => plant.messages[heard]);
  expect(plant.messages.slice(heard).map(text)).toEqual(['cell/health: bye']);
  await broker.kill();
  expect((await plant.ended()).code).toBe('E_MIRROR_BROKER');
  expect(plant.closes).toBe(1);
}, 60_000);

test('with TLS a broker is held against the certificates that the manifest names, and against nothing else', async () => {
  const port = await freePort();
  await using broker = new Mosquitto(port, [
    `cafile ${join(certificates, 'authority.pem')}`,
    `certfile ${join(certificates, 'broker.pem')}`,
    `keyfile ${join(certificates, 'broker.key')}`,
  ]);
  await broker.start();
  for (const host of ['127.0.0.1', 'localhost']) {
    const right = new Client({ url: `mqtts://${host}:${port}`, ca: authority });
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await right.open();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await right.connection.end(undefined, 500);
  }
  const url = `mqtts://127.0.0.1:${port}`;
  const unnamed = new Client({ url });
  const plain = new Client({ url: `mqtt://127.0.0.1:${port}` });
  expect((await unnamed.ended()).code).toBe('E_MIRROR_REFUSED');
  expect(unnamed.opened).toBe(false);
  expect((await plain.ended()).code).toBe('E_MIRROR_BROKER');
}, 60_000);

test('a password is what lets in; without it, and with a wrong one, the refusal is said', async () => {
  const port = await freePort();
  await using broker = new Mosquitto(port);
  const file = join(broker.folder, 'passwords');
  copyFileSync('/dev/null', file);
  spawnSync('/usr/bin/mosquitto_passwd', ['-b', file, 'cell-7', 'right']);
  broker.configure(['allow_anonymous false', `password_file ${file}`]);
  await broker.start();
  const url = `mqtt://127.0.0.1:${port}`;
  await using right = new Client({ url, user: 'cell-7', password: 'right' });
  await right.open();
  const wrong = new Client({ url, user: 'cell-7', password: 'wrong' }, 'wrong');
  const nobody = new Client({ url }, 'nobody');
  expect((await wrong.ended()).code).toBe('E_MIRROR_REFUSED');
  expect((await nobody.ended()).code).toBe('E_MIRROR_REFUSED');
}, 60_000);

test.each<[string, (socket: Socket) => void]>([
  ['speaks another protocol', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
  [
    'sends a packet without end',
    (socket) => socket.write(Buffer.from([0x90, 0xff, 0xff, 0xff, 0x7f])),
  ],
  [
    'sends a message before it took us',
    (socket) => socket.write(Buffer.from([0x30, 0x03, 0x00, 0x01, 0x61])),
  ],
  ['hangs up', (socket) => socket.end()],
  ['hangs up without a word', (socket) => socket.resetAndDestroy()],
])(
  'a server that %s is no broker',
  async (_, answer) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        answer(socket);
        setTimeout(() => socket.destroy(), 500);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = new Client({
      url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    });
    expect((await client.ended()).code).toMatch(/^E_MIRROR_/);
    expect(client.opened).toBe(false);
    expect(client.closes).toBe(1);
    server.close();
  },
  30_000,
);

test('where nobody listens, and where the address itself cannot be had, the attempt has failed', async () => {
  const nobody = new Client({ url: `mqtt://127.0.0.1:${await freePort()}` });
  expect((await nobody.ended()).message).toContain('ECONNREFUSED');
  const ended: CellError[] = [];
  mqttBroker(() => Promise.reject(new Error('no secret')), 'x')(will, {
    opened: () => undefined,
    message: () => undefined,
    skipped: () => undefined,
    closed: (error) => ended.push(error),
  });
  expect((await until('it has failed', 5000, () => ended[0])).message).toBe('no secret');
}, 30_000);
