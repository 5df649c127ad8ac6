// Whose pages and connections have a place when many want one.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Places, placeLimits } from '#controller/server/places.ts';
import { openDoors } from './rig.ts';

test('strangers on other machines leave places for the panel and for who is signed in', async () => {
  await using doors = await openDoors();
  const far = { principal: null, panel: false };
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => doors.live.accept(socket, far));
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (let count = 0; count < 32; count += 1) {
    expect(doors.live.refusal(far)).toBeUndefined();
    await once(new WebSocket(`ws://127.0.0.1:${port}`), 'open');
  }
  await expect.poll(() => doors.live.refusal(far)).toBe('E_DOOR_FULL');
  expect(doors.live.refusal({ principal: null, panel: true })).toBeUndefined();
  await doors.page();
  server.close();
});

/** A server whose own machine is 127.0.0.1, and other machines those of 127.0.0.2 and on. */
async function guarded() {
  const crowded: string[] = [];
  const server = createServer((socket) => socket.on('error', () => undefined).write('in'));
  new Places(
    ({ address }) => void crowded.push(address),
    (address) => address === '127.0.0.1',
  ).guard(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const open: Socket[] = [];
  return {
    crowded,
    /** A connection from there, or undefined where it was closed at once. */
    connect: async (localAddress: string): Promise<Socket | undefined> => {
      const socket = connect({ port, host: '127.0.0.1', localAddress });
      open.push(socket);
      const [heard] = await new Promise<unknown[]>((resolve) => {
        socket.once('data', (bytes) => resolve([bytes]));
        socket.once('error', () => resolve([]));
        socket.once('close', () => resolve([]));
      });
      return heard === undefined ? undefined : socket;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const { far, source } = placeLimits;
const many = (count: number, run: (nth: number) => Promise<Socket | undefined>) =>
  Promise.all(Array.from({ length: count }, (_, nth) => run(nth)));
const taken = (sockets: readonly (Socket | undefined)[]): number =>
  sockets.filter((socket) => socket !== undefined).length;

test('one machine takes so many connections, and leaves the others theirs', async () => {
  await using port = await guarded();
  const flood = await many(source + 40, async () => port.connect('127.0.0.2'));
  expect(taken(flood)).toBe(source);
  expect(port.crowded).toHaveLength(40);
  expect(await port.connect('127.0.0.3')).toBeDefined();
  // One that leaves makes room.
  flood.find((socket) => socket !== undefined)?.destroy();
  await expect.poll(async () => port.connect('127.0.0.2')).toBeDefined();
});

test('all other machines together leave places for this one', async () => {
  await using port = await guarded();
  const flood = await many(far + 60, async (nth) => port.connect(`127.0.1.${1 + (nth % 9)}`));
  expect(taken(flood)).toBe(far);
  expect(taken(await many(100, async () => port.connect('127.0.0.1')))).toBe(100);
});
