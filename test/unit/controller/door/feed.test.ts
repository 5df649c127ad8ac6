// The live feed: what a client puts together from deltas is what control shows, however it lags.
import { expect, test } from 'vitest';
import { applyDelta, follows } from '#contract/merge.ts';
import { Snapshot } from '#contract/wire.ts';
import type { FromControl } from '#contract/wire.ts';
import type { WirePeer } from '#controller/wire/server.ts';
import { Chance } from '#test/flow/chance.ts';
import { CellFolder, ControlRig } from '#test/unit/controller/control-rig.ts';

/** A client of the feed: what it would have read from its socket. */
class FeedClient {
  readonly heard: FromControl[] = [];
  waiting = 0;
  readonly feed: boolean = true;

  send(message: FromControl): void {
    this.heard.push(structuredClone(message));
  }

  /** The door knows peers by what they do with messages alone. */
  get peer(): WirePeer {
    return this as unknown as WirePeer;
  }

  frames(type: FromControl['type']): FromControl[] {
    return this.heard.filter((message) => message.type === type);
  }

  /** What it shows: the last snapshot and every delta after it. */
  get shown(): Snapshot | undefined {
    let shown: Snapshot | undefined;
    for (const message of this.heard) {
      if (message.type === 'snapshot') shown = message;
      if (message.type === 'delta' && shown !== undefined) {
        if (!follows(shown.frame, message))
          throw new Error(`a frame is missing at ${message.frame}`);
        shown = applyDelta(shown, message);
      }
    }
    return shown;
  }
}

/** Without ages, which a snapshot alone tells, and figures, which move by themselves. */
function plain({ tags, outputs, flows, alarms, forces }: Snapshot) {
  const aged = Object.entries(tags).map(([name, { v, s, t, f }]) => [name, { v, s, t, f }]);
  return { tags: Object.fromEntries(aged), outputs, flows, alarms, forces };
}

test.each([1, 2, 3])(
  'deltas, merged while a client lags, come to what is shown, seed %i',
  async (seed) => {
    using folder = new CellFolder();
    const chance = new Chance(seed);
    const rig = await ControlRig.start(folder);
    const clients: FeedClient[] = [];
    for (let turn = 0; turn < 200; turn += 1) {
      if (chance.odds(0.03)) {
        const client = new FeedClient();
        clients.push(client);
        rig.control.opened(client.peer);
      }
      for (const client of clients) {
        if (chance.odds(0.1)) client.waiting = client.waiting === 0 ? 1_000_000 : 0;
        if (chance.odds(0.02)) rig.parts.feed.resync(client.peer);
      }
      if (chance.odds(0.5)) rig.give({ part: chance.odds(0.5), spare: chance.whole(0, 2) });
      if (chance.odds(0.1)) rig.command(chance.pick(['start', 'stop']));
      if (chance.odds(0.1))
        rig.act('force', {
          tag: 'level',
          value: chance.whole(0, 9),
          for_ms: 60,
          reason: 'why not',
        });
      if (chance.odds(0.1)) rig.health(chance.pick(['online', 'backoff']), turn);
      for (const alarm of Object.keys(rig.control.standing()))
        if (chance.odds(0.2)) rig.act('acknowledge', { alarm });
      // oxlint-disable-next-line no-await-in-loop -- one turn after another
      await rig.pass(chance.whole(1, 40));
    }
    for (const client of clients) client.waiting = 0;
    await rig.pass(120);
    const now = plain(rig.picture());
    expect(clients.length).toBeGreaterThan(1);
    for (const client of clients) {
      const { shown } = client;
      expect(Snapshot.safeParse(shown).success).toBe(true);
      expect(shown === undefined ? undefined : plain(shown)).toEqual(now);
    }
    rig.kill();
  },
);

test('a value that goes and comes back between two frames is not left standing at a new client', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  const clients: FeedClient[] = [];
  rig.give({ part: true });
  // At every place between two frames, which are 50 ms apart.
  for (let turn = 0; turn < 12; turn += 1) {
    const client = new FeedClient();
    rig.command('start');
    await rig.pass(5);
    rig.control.opened(client.peer);
    expect(client.shown?.outputs['motor']?.v).toBe(true);
    rig.command('stop');
    await rig.pass(5);
    clients.push(client);
    await rig.pass(205);
  }
  const motors = clients.map(({ shown }) => shown?.outputs['motor']?.v);
  expect(motors).toEqual(clients.map(() => false));
  rig.kill();
});

test('a quiet cell gives a frame every half second, and a client without feed its greeting alone', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  const client = new FeedClient();
  const plainClient = Object.assign(new FeedClient(), { feed: false });
  rig.control.opened(client.peer);
  rig.control.opened(plainClient.peer);
  await rig.pass(3000, 10);
  const frames = client.frames('delta').length;
  expect(frames).toBeGreaterThanOrEqual(5);
  expect(frames).toBeLessThanOrEqual(12);
  expect(plainClient.heard.map(({ type }) => type)).toEqual(['hello']);
  rig.control.closed(client.peer);
  await rig.pass(1000, 10);
  expect(client.frames('delta')).toHaveLength(frames);
  rig.kill();
});

test('reasons are told to who asked for them, and again only when they change', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  const client = new FeedClient();
  rig.control.opened(client.peer);
  await rig.pass(100);
  expect(client.frames('why')).toEqual([]);
  rig.parts.feed.watch(client.peer, ['machine', 'none']);
  await rig.pass(100);
  expect(client.frames('why')).toMatchObject([{ flow: 'machine' }]);
  await rig.pass(2000, 10);
  expect(client.frames('why')).toHaveLength(1);
  rig.give({ part: true });
  rig.command('start');
  await rig.pass(100);
  const told = client.frames('why').length;
  expect(told).toBeGreaterThan(1);
  await rig.pass(400, 10);
  expect(client.frames('why')).toHaveLength(told);
  rig.kill();
});
