// The mirror over real sockets to a mosquitto that is killed, hangs, and has no disk, while things happen in the
// cell: a subscriber has every event in order, control notices nothing. An hour of it passes in unit tests.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { EventMessage, HealthMessage, ReceiptMessage } from '#contract/mirror.ts';
import { openConnection } from '#controller/cli/connection.ts';
import type { Connection } from '#controller/cli/connection.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import { eventOf, namesOf } from '#controller/mirror/event-of.ts';
import { once } from '#test/unit/controller/mirror/rig.ts';
import { soak } from './chance.ts';
import { SmallDisk } from './disk.ts';
import { Mosquitto, Subscriber, freePort } from './mosquitto.ts';
import { TestCell, until } from './test-cell.ts';

const base = 'acme/north/machining/line-1/tending-1';
/** How long the broker is away. */
const away = soak ? 60_000 : 1500;

/** Acts that are recorded one by one, until they are ended. */
function keepBusy(connection: Connection): () => Promise<number> {
  const busy = new AbortController();
  let count = 0;
  const work = (async () => {
    while (!busy.signal.aborted) {
      const value = count % 2 === 0;
      const force = { tag: 'door.opened', value, for_ms: 60_000, reason: 'test' };
      // oxlint-disable-next-line no-await-in-loop -- one after the other, below the door's pace
      await connection.act('force', force);
      count += 1;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await wait(60);
    }
  })();
  return async () => {
    busy.abort();
    await work;
    return count;
  };
}

const isWith = async (cell: TestCell): Promise<true | undefined> => {
  const connection = await openConnection(cell.data);
  connection.close();
  return connection.snapshot.mirror?.ok === true ? true : undefined;
};

const eventsOf = (plant: Subscriber): EventMessage[] =>
  plant.on(`${base}/event`).map(({ message }) => message as EventMessage);

/** What the record says should have been told. */
function recorded(cell: TestCell): string[] {
  const reader = openReader(join(cell.data, 'chronicle.db'));
  let names: ReturnType<typeof namesOf>;
  const told: string[] = [];
  for (const entry of reader.entries()) {
    if (entry.kind === 'segment') names = namesOf(entry);
    const event = eventOf(entry, names);
    if (event !== undefined) told.push(`${event.n.join('/')} ${event.kind}`);
  }
  reader.close();
  return told;
}

/** Commands in: each is done once, recorded with its actor and its reason, and answered. */
async function commandIn(cell: TestCell, plant: Subscriber): Promise<void> {
  const say = (more: object, retain = false, topic = `${base}/command/tending/abort`): void => {
    const issued = Date.now();
    const command = {
      id: 'order-0001',
      by: 'mes',
      issued,
      expires: issued + 20_000,
      reason: 'test',
    };
    plant.client.publish(topic, JSON.stringify({ ...command, ...more }), { qos: 1, retain });
  };
  const receipts = (id: string): ReceiptMessage[] =>
    plant.on(`${base}/receipt/${id}`).map(({ message }) => message as ReceiptMessage);
  const answered = (id: string, count: number): Promise<ReceiptMessage[]> =>
    until(`${count} answers to ${id}`, 20_000, () =>
      receipts(id).length >= count ? receipts(id) : undefined,
    );

  // No device answers: the flow stands for its first five seconds, and what is asked of it is refused.
  await until('the flow is stepped', 20_000, async () =>
    (await cell.now())?.flows['tending']?.stepped === true ? true : undefined,
  );
  say({});
  const [first, done] = await answered('order-0001', 2);
  expect(first).toMatchObject({ result: 'accepted' });
  expect(done).toMatchObject({ result: 'done', n: [1, expect.any(Number)] });
  // The broker, or a sender without an answer, says it again: it is not done again.
  say({});
  expect((await answered('order-0001', 4)).slice(2)).toMatchObject(
    [first, done].map((one) => ({ ...one, t: expect.any(Number) })),
  );
  say({ id: 'order-0002', expires: Date.now() - 1 });
  expect(await answered('order-0002', 1)).toMatchObject([{ code: 'E_ACT_EXPIRED' }]);
  say({ id: 'order-0003' }, false, `${base}/command/tending/explode`);
  expect(await answered('order-0003', 1)).toMatchObject([{ code: 'E_ACT_COMMAND' }]);
  say({ id: 'order-0004' }, false, 'acme/north/machining/line-1/tending-2/command/tending/abort');
  // A megabyte is skipped, and what follows it is heard.
  plant.client.publish(`${base}/command/tending/abort`, 'x'.repeat(1024 * 1024), { qos: 1 });
  say({ id: 'order-0005' });
  await answered('order-0005', 2);
  expect(receipts('order-0004')).toEqual([]);
}

function recordedActs(cell: TestCell) {
  const reader = openReader(join(cell.data, 'chronicle.db'));
  const acts = [...reader.entries({ kinds: ['act'] })].map(({ actor, body }) => ({
    actor,
    ...(JSON.parse(Buffer.from(body).toString('utf8')) as { id: string; args: object }),
  }));
  reader.close();
  return acts;
}

test('commands come in once; a mosquitto that is killed, hangs or has no disk costs the plant no event', async () => {
  await using broker = new Mosquitto(await freePort());
  using disk = new SmallDisk(broker.kept, '512k');
  await broker.start();
  await using plant = new Subscriber(broker.port);
  const mirror = `{url: 'mqtt://127.0.0.1:${broker.port}', commands: true}`;
  await using cell = await TestCell.start({ absent: true, mirror });
  await until('the mirror is with its broker', 30_000, () => isWith(cell));
  await commandIn(cell, plant);
  const acts = recordedActs(cell);
  expect(acts.filter(({ id }) => id === 'order-0001')).toMatchObject([
    { actor: 'token:mqtt-mes', result: 'accepted', args: { name: 'abort', reason: 'test' } },
  ]);
  expect(acts.filter(({ id }) => id === 'order-0003')).toMatchObject([
    { actor: 'token:mqtt-mes', result: 'refused', code: 'E_ACT_COMMAND' },
  ]);
  expect(acts.some(({ id }) => id === 'order-0004')).toBe(false);

  const control = cell.pidOf('control');
  const connection = await openConnection(cell.data);
  const stop = keepBusy(connection);

  const back = async (restart: () => Promise<void> | void): Promise<void> => {
    const from = plant.heard.length;
    await restart();
    const began = performance.now();
    const healthy = await until('the mirror is back', 30_000, () =>
      plant
        .on(`${base}/health`, from)
        .find(({ message }) => (message as HealthMessage).state === 'online'),
    );
    const state = await until('so is the state', 30_000, () =>
      plant.on(`${base}/tag/door/opened`, from).find(({ at }) => at >= healthy.at),
    );
    if (soak) process.stdout.write(`state ${Math.round(state.at - began)} ms after the return\n`);
  };

  // It will know its subscriber again.
  broker.signal('SIGUSR1');
  await until(
    'it has written',
    10_000,
    () => existsSync(join(broker.kept, 'mosquitto.db')) || undefined,
  );
  await broker.kill();
  const before = (await cell.now())?.scan.count ?? 0;
  await wait(away);
  expect((await cell.now())?.scan.count ?? 0).toBeGreaterThan(before);
  await back(() => broker.start());

  broker.signal('SIGSTOP');
  await until('the mirror has noticed', 30_000 + away, async () =>
    (await isWith(cell)) === true ? undefined : true,
  );
  if (soak) await wait(away);
  await back(() => broker.signal('SIGCONT'));

  disk.fill();
  broker.signal('SIGUSR1');
  await wait(soak ? away : 500);
  disk.empty();

  const done = await stop();
  connection.close();
  const last = recorded(cell).at(-1);
  await until('the last event is there', 30_000, () =>
    eventsOf(plant).some(({ n, kind }) => `${n.join('/')} ${kind}` === last) ? true : undefined,
  );
  const told = once(eventsOf(plant)).map(({ n, kind }) => `${n.join('/')} ${kind}`);
  const end = told.indexOf(last ?? '');
  expect(told.slice(0, end + 1)).toEqual(recorded(cell).slice(0, end + 1));
  expect(done).toBeGreaterThan(20);
  expect(cell.pidOf('control')).toBe(control);
  expect((await cell.now())?.boot).toBe(1);
  const { mirror: figures } = connection.snapshot;
  expect(figures?.gaps).toBe(0);
  const ran = cell.rebe('mirror', '--json');
  expect(JSON.parse(ran.stdout)).toMatchObject({ configured: true, ok: true, topic: base });
  expect(ran.code).toBe(0);
}, 600_000);
