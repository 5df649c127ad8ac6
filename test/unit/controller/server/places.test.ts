// Whose pages have a place when many want one.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
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
