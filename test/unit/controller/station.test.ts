// Station against a real door of control that comes, goes and comes again.
import { once } from 'node:events';
import { mkdtempSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ToBrowser } from '#contract/live.ts';
import { CellError } from '#contract/error.ts';
import type { FromClient } from '#contract/wire.ts';
import { realClock, realRandom } from '#controller/clock.ts';
import { startStation } from '#controller/station.ts';
import { mintLink, readStationUrl } from '#controller/server/link.ts';
import { WireServer } from '#controller/wire/server.ts';
import type { WirePeer } from '#controller/wire/server.ts';
import { HandClock } from './server/rig.ts';
import { hello, snapshot } from '#test/unit/hmi/messages.ts';
import { removeFolder } from '#test/folder.ts';

async function openControl(
  path: string,
  boot: number,
  message: (peer: WirePeer, message: FromClient) => void = () => undefined,
): Promise<WireServer> {
  const server = new WireServer(realClock(), {
    opened: (peer) => {
      peer.send(hello(boot));
      peer.send(snapshot(1));
    },
    message,
    refused: () => undefined,
    drained: () => undefined,
    closed: () => undefined,
  });
  await server.listen(path);
  return server;
}

async function until(fits: () => boolean): Promise<void> {
  for (let turn = 0; turn < 600 && !fits(); turn += 1) await wait(10);
  expect(fits()).toBe(true);
}

test('station finds control when it comes, says when it goes, finds it again, and keeps its port', async () => {
  const data = mkdtempSync(join(tmpdir(), 'rebe-station-'));
  mkdirSync(join(data, 'page', 'assets'), { recursive: true });
  writeFileSync(join(data, 'page', 'index.html'), 'cell');
  const station = await startStation(
    { clock: realClock(), random: realRandom, log: () => undefined },
    { data, listen: '127.0.0.1:0', page: join(data, 'page') },
  );
  expect(await readStationUrl(data)).toBe(station.url);
  expect(statSync(join(data, 'station.json')).mode & 0o777).toBe(0o600);
  const heard: ToBrowser[] = [];
  const socket = new WebSocket(`${station.url.replace('http', 'ws')}live`, 'cell.v1', {
    origin: station.url.slice(0, -1),
  });
  socket.on('message', (bytes: Buffer) => {
    heard.push(ToBrowser.parse(JSON.parse(bytes.toString('utf8'))));
  });
  const lastLink = () => heard.findLast((message) => message.type === 'link');
  await until(() => lastLink()?.control === 'down');
  const first = await openControl(join(data, 'control.sock'), 1);
  await until(() => lastLink()?.control === 'up');
  await first.close();
  await until(() => lastLink()?.control === 'down');
  const second = await openControl(join(data, 'control.sock'), 2);
  await until(() => heard.some((message) => message.type === 'hello' && message.boot === 2));
  await until(() => lastLink()?.control === 'up');
  await station.close();
  const again = await startStation(
    { clock: realClock(), random: realRandom, log: () => undefined },
    { data, listen: '127.0.0.1:0', page: join(data, 'page') },
  );
  expect(again.url).toBe(station.url);
  await again.close();
  await second.close();
  removeFolder(data);
});

test.each(['0.0.0.0:8080', 'example.org:80', '127.0.0.1', '127.0.0.1:99999', '[::]:1'])(
  'station does not listen at %s',
  async (listen) => {
    const deps = { clock: realClock(), random: realRandom, log: () => undefined };
    await expect(startStation(deps, { data: tmpdir(), listen })).rejects.toThrow(CellError);
  },
);

test('a port that is taken is told with its address, and nothing stays behind', async () => {
  const data = mkdtempSync(join(tmpdir(), 'rebe-station-'));
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const listen = `127.0.0.1:${(other.address() as AddressInfo).port}`;
  const clock = new HandClock();
  const deps = { clock, random: realRandom, log: () => undefined };
  await expect(startStation(deps, { data, listen, page: data })).rejects.toMatchObject({
    code: 'E_STATION_PORT',
    message: `${listen} is taken`,
  });
  expect(clock.waiting).toBe(0);
  other.close();
  removeFolder(data);
});

test('whoever knocks without end keeps no sign-in out of the record', async () => {
  const data = mkdtempSync(join(tmpdir(), 'rebe-station-'));
  const heard: FromClient[] = [];
  const control = await openControl(join(data, 'control.sock'), 1, (peer, message) => {
    heard.push(message);
    if (message.type !== 'record') return;
    peer.send({ type: 'done', id: message.id, seq: 1, outcome: 'recorded' });
  });
  const station = await startStation(
    { clock: realClock(), random: realRandom, log: () => undefined },
    { data, listen: '127.0.0.1:0', page: data },
  );
  await until(() => heard.some(({ type }) => type === 'watch'));
  for (let count = 0; count < 100; count += 1)
    await fetch(station.url, { headers: { origin: 'http://evil.example' } });
  const signedIn = await fetch(`${station.url}session`, {
    method: 'POST',
    headers: { origin: station.url.slice(0, -1), 'content-type': 'application/json' },
    body: JSON.stringify({ key: await mintLink(data) }),
  });
  expect(signedIn.status).toBe(200);
  const events = heard.flatMap((message) => (message.type === 'record' ? message.body.event : []));
  expect(events.filter((event) => event === 'refused').length).toBeLessThan(100);
  expect(events.filter((event) => event === 'signed-in')).toHaveLength(1);
  await station.close();
  await control.close();
  removeFolder(data);
});

test('whoever knocks without end fills no log', async () => {
  const data = mkdtempSync(join(tmpdir(), 'rebe-station-'));
  const lines: string[] = [];
  const station = await startStation(
    { clock: realClock(), random: realRandom, log: (_, text) => void lines.push(text) },
    { data, listen: '127.0.0.1:0', page: data },
  );
  for (let count = 0; count < 300; count += 1) {
    await fetch(station.url, { headers: { origin: 'http://evil.example' } });
  }
  await station.close();
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.length).toBeLessThan(100);
  removeFolder(data);
});
