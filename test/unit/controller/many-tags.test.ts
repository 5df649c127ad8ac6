// A cell of 20,000 tags at control's real socket: clients come in, see all of it, and follow what changes.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyDelta, follows } from '#contract/merge.ts';
import type { WholeFromControl } from '#contract/pages.ts';
import type { Hello, Snapshot } from '#contract/wire.ts';
import { realClock } from '#controller/clock.ts';
import { WireClient } from '#controller/wire/client.ts';
import { WireServer } from '#controller/wire/server.ts';
import type { WirePeer } from '#controller/wire/server.ts';
import { CellFolder, ControlRig } from './control-rig.ts';
import { RawClient, until } from './wire/door-rig.ts';

const count = 20_000;
const names = Array.from({ length: count }, (_, index) => `more.t${index}`);
let folder: CellFolder;
let rig: ControlRig;
let server: WireServer;
let path: string;
const peers: WirePeer[] = [];

beforeAll(async () => {
  folder = new CellFolder();
  rig = await ControlRig.start(folder, { more: names });
  rig.give(Object.fromEntries(names.map((name, index) => [name, index])));
  await rig.pass(100, 50);
  path = join(folder.data, 'control.sock');
  const { control } = rig;
  server = new WireServer(realClock(), {
    opened: (peer) => {
      peers.push(peer);
      control.opened(peer);
    },
    message: (peer, message) => control.message(peer, message),
    refused: (code, reason) => control.refused(code, reason),
    drained: (peer) => control.drained(peer),
    closed: (peer) => control.closed(peer),
  });
  await server.listen(path);
}, 120_000);

afterAll(async () => {
  await server.close();
  rig.kill();
  folder[Symbol.dispose]();
});

/** A client, and what it shows. */
class Viewer {
  hello: Hello | undefined;
  snapshot: Snapshot | undefined;
  error: unknown;
  readonly client: WireClient;

  constructor(feed: boolean) {
    this.client = new WireClient(
      { path, client: 'station', feed },
      {
        message: (message) => this.#take(message),
        closed: (error) => {
          this.error = error;
        },
      },
    );
  }

  #take(message: WholeFromControl): void {
    if (message.type === 'hello') this.hello = message;
    if (message.type === 'snapshot') this.snapshot = message;
    if (message.type !== 'delta' || this.snapshot === undefined) return;
    if (!follows(this.snapshot.frame, message))
      throw new Error(`a frame misses at ${message.frame}`);
    this.snapshot = applyDelta(this.snapshot, message);
  }

  shows(tag: string): unknown {
    return this.snapshot?.tags[tag]?.v;
  }
}

/** The rig's time goes on until it is so. */
async function pass(what: string, holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !holds(); turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one step after another
    await rig.pass(20, 20);
    // oxlint-disable-next-line no-await-in-loop -- the socket has its turn as well
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await until(what, holds);
}

test('a client of the feed sees every tag, and then what changes', async () => {
  const viewer = new Viewer(true);
  await pass('it has a picture', () => viewer.snapshot !== undefined);
  expect(viewer.hello?.tags.length).toBeGreaterThan(count);
  expect(Object.keys(viewer.snapshot?.tags ?? {}).length).toBeGreaterThan(count);
  expect(viewer.shows('more.t19999')).toBe(19_999);
  rig.give({ 'more.t19999': -1 });
  await pass('it sees the change', () => viewer.shows('more.t19999') === -1);
  rig.give(Object.fromEntries(names.map((name, index) => [name, index + 1])));
  await pass('it sees that all changed', () => viewer.shows('more.t19999') === 20_000);
  const wrong = names.filter((name, index) => viewer.shows(name) !== index + 1);
  expect(wrong).toEqual([]);
  expect(viewer.error).toBeUndefined();
  viewer.client.close();
});

test('a client that asks alone is greeted with every tag', async () => {
  const viewer = new Viewer(false);
  await pass('it is greeted', () => viewer.hello !== undefined);
  expect(viewer.hello?.tags.length).toBeGreaterThan(count);
  await rig.pass(200, 20);
  expect(viewer.snapshot).toBeUndefined();
  viewer.client.close();
});

test('what changes while a client is being shown the cell is right when it has seen it', async () => {
  const viewer = new Viewer(true);
  for (let turn = 0; turn < 20; turn += 1) {
    rig.give({ 'more.t0': turn, 'more.t10000': turn, 'more.t19999': turn });
    // oxlint-disable-next-line no-await-in-loop -- one step after another
    await rig.pass(10, 10);
    // oxlint-disable-next-line no-await-in-loop -- the socket has its turn as well
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const last = ['more.t0', 'more.t10000', 'more.t19999'];
  await pass('it has seen the last', () => last.every((name) => viewer.shows(name) === 19));
  const { tags } = rig.picture();
  const wrong = names.filter((name) => viewer.shows(name) !== tags[name]?.v);
  expect(wrong).toEqual([]);
  viewer.client.close();
});

test('of a client that does not read control keeps a page or two, and the client is not ended', async () => {
  const client = new RawClient(path);
  client.socket.pause();
  client.greet(true);
  let most = 0;
  for (let turn = 0; turn < 40; turn += 1) {
    rig.give({ 'more.t7': turn });
    // oxlint-disable-next-line no-await-in-loop -- one step after another
    await rig.pass(50, 50);
    // oxlint-disable-next-line no-await-in-loop -- the socket has its turn as well
    await new Promise((resolve) => setTimeout(resolve, 1));
    most = Math.max(most, peers.at(-1)?.waiting ?? 0);
  }
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(1024 * 1024);
  client.socket.resume();
  const seen = (): boolean =>
    client.heard.some((message) => message.type === 'delta' && message.tags?.['more.t7']?.v === 39);
  await pass('it has caught up', seen);
  expect(client.ended).toBe(false);
  client.socket.destroy();
});
