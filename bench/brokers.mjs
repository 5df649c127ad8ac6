// Bigger brokers under load: a mosquitto bridged to two of the plant's, and three nodes of NATS JetStream, each
// killed in turn (SIGKILL): what fails over in what time, whether anything acknowledged is lost, what a last will
// does. Needs Debian's mosquitto and nats-server.
// `node bench/brokers.mjs [--only bridge|nats] [--nodes 1,2,3] [--rate N] [--json]`
import { parseArgs } from 'node:util';
import { connect } from 'mqtt';
import {
  Publisher,
  Reader,
  Rig,
  cellMosquitto,
  freePorts,
  lostOf,
  natsCluster,
  plantMosquitto,
  sleep,
  until,
} from './broker-rig.mjs';
import { short, table, tellMachine } from './report.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    /** Of NATS: which nodes are killed, one after the other. */
    nodes: { type: 'string', default: '1,2,3' },
    rate: { type: 'string', default: '200' },
    json: { type: 'boolean', default: false },
  },
});
const rate = Number(values.rate);
const cell = 'acme/north/machining/line-1/cell-7';

/** A client whose last will says that it is gone; it says that it is there. */
async function willing(rig, port, user) {
  const topic = `${cell}/health`;
  const mqtt = connect(`mqtt://127.0.0.1:${port}`, {
    ...user,
    protocolVersion: 4,
    reconnectPeriod: 0,
    will: { topic, payload: Buffer.from('offline'), qos: 1, retain: true },
  });
  mqtt.on('error', () => undefined);
  rig.onEnd(() => mqtt.end(true));
  await new Promise((resolve) => mqtt.once('connect', resolve));
  await mqtt.publishAsync(topic, 'online', { qos: 1, retain: true });
  return mqtt;
}

const health = (reader) =>
  reader.messages.findLast(({ topic }) => topic.endsWith('/health'))?.payload;

/**
 * How long it takes until someone who comes now to these ports, one after the other, is given what is
 * retained of the cell, in ms; NaN when nobody gives it.
 */
async function retainedFor(rig, ports, user = {}) {
  const began = performance.now();
  const got = new Set();
  const late = new Reader(rig, ports, { clean: true, id: `late-${began}`, ...user });
  late.message = (topic) => got.add(topic);
  const found = until('it is given', 20_000, () => got.has(`${cell}/health`));
  const time = await found.then(
    () => performance.now() - began,
    () => Number.NaN,
  );
  late.end();
  return time;
}

async function bridge() {
  const rig = new Rig();
  try {
    return await bridgeIn(rig);
  } finally {
    await rig.end();
  }
}

async function bridgeIn(rig) {
  const [own, first, second] = await freePorts(3);
  const plant = [plantMosquitto(rig, 'first', first), plantMosquitto(rig, 'second', second)];
  const { server, user } = cellMosquitto(rig, own, [first, second]);
  await Promise.all([...plant.map((one) => one.start()), server.start()]);
  const readers = [new Reader(rig, [first]), new Reader(rig, [second])];
  await until('readers are subscribed', 10_000, () => readers.every((one) => one.subscribed));
  const mirror = await willing(rig, own, user);
  const publisher = new Publisher(rig, [own], user);
  publisher.rate = rate;
  await until('events reach the first', 10_000, () => readers[0].times.size > 0);
  await sleep(500);

  // The first broker of the plant dies: the bridge goes to the second.
  let killed = performance.now();
  await plant[0].kill();
  await until('events reach the second', 20_000, () => readers[1].times.size > 0);
  const failover = readers[1].firstAfter(killed);
  const retained = await retainedFor(rig, [second]);
  await sleep(500);

  // Both are away, then the first comes back.
  await plant[1].kill();
  await sleep(2000);
  const back = performance.now();
  await plant[0].start();
  await until('events reach the first again', 30_000, () => readers[0].firstAfter(back) >= 0);
  const comesBack = readers[0].firstAfter(back);
  await plant[1].start();
  await until('the readers are back', 20_000, () => readers.every((one) => one.subscribed));
  await publisher.drain(30_000);
  await until('all of it is there', 20_000, () => lostOf(publisher, readers) === 0).catch(
    () => undefined,
  );

  // A command given at the plant comes in once, and goes round in no circle.
  const inside = new Reader(rig, [own], { filter: `${cell}/command/#`, id: 'inside', ...user });
  await until('the cell listens', 10_000, () => inside.subscribed);
  const hand = connect(`mqtt://127.0.0.1:${first}`, { protocolVersion: 4 });
  rig.onEnd(() => hand.end(true));
  await hand.publishAsync(`${cell}/command/tending/start`, '{}', { qos: 1 });
  await until('the command is there', 10_000, () => inside.messages.length > 0);
  await sleep(500);
  const commands = inside.messages.length;

  // The mirror's process dies: its will goes the whole way.
  killed = performance.now();
  mirror.stream.destroy();
  await until('the will is at the plant', 10_000, () => health(readers[0]) === 'offline');
  const will = performance.now() - killed;
  // The whole PC dies, its broker with it: nobody is left to publish a will.
  await willing(rig, own, user);
  await until('it is online again', 10_000, () => health(readers[0]) === 'online');
  await server.kill();
  await sleep(2000);
  return {
    acked: publisher.acked.size,
    lost: lostOf(publisher, readers),
    duplicates: readers.reduce((sum, one) => sum + one.duplicates, 0),
    failover,
    retained,
    comesBack,
    ackGap: publisher.gap,
    commands,
    will,
    willOfDeadPc: health(readers[0]) === 'offline',
  };
}

async function nats() {
  const rig = new Rig();
  try {
    return await natsIn(rig);
  } finally {
    await rig.end();
  }
}

async function natsIn(rig) {
  const { nodes, user } = await natsCluster(rig);
  const began = performance.now();
  await Promise.all(nodes.map((one) => one.start()));
  const ports = nodes.map(({ port }) => port);
  /** The same nodes, another one first. */
  const from = (first) => [...ports.slice(first), ...ports.slice(0, first)];
  const reader = new Reader(rig, from(1), user);
  await until('the reader is subscribed', 60_000, () => reader.subscribed);
  const publisher = new Publisher(rig, from(0), user);
  publisher.rate = rate;
  await until('events come', 60_000, () => reader.times.size > 10);
  const start = performance.now() - began;

  // A client dies: its will comes from another node.
  const dying = await willing(rig, ports[0], user);
  await until('it is online', 10_000, () => health(reader) === 'online');
  const died = performance.now();
  dying.stream.destroy();
  await until('its will came', 20_000, () => health(reader) === 'offline');
  const will = performance.now() - died;

  // Publisher and reader are on the first and the second node when each dies in its turn.
  const kills = [];
  for (const node of values.nodes.split(',').map((name) => Number(name) - 1)) {
    await willing(rig, ports[node], user);
    await until('it is online', 20_000, () => health(reader) === 'online');
    publisher.restartGap();
    const killed = performance.now();
    await nodes[node].kill();
    await sleep(3000);
    await until('events come after the kill', 60_000, () => reader.firstAfter(killed + 2500) >= 0);
    const came = [...reader.times.values()].filter((at) => at > killed - 1000);
    kills.push({
      node: node + 1,
      ackGap: publisher.gap,
      readGap: Math.max(...came.slice(1).map((at, index) => at - came[index])),
      retained: await retainedFor(rig, from(node + 1), user),
      will: health(reader) === 'offline',
    });
    await nodes[node].start();
    // The next one dies when this one is part of it again.
    await sleep(2000);
  }
  await publisher.drain(60_000);
  await until('all of it is there', 30_000, () => lostOf(publisher, [reader]) === 0).catch(
    () => undefined,
  );
  return {
    acked: publisher.acked.size,
    lost: lostOf(publisher, [reader]),
    duplicates: reader.duplicates,
    outOfOrder: reader.outOfOrder,
    start,
    will,
    kills,
  };
}

const wanted = (name) => values.only === undefined || values.only === name;
const found = {
  ...(wanted('bridge') ? { bridge: await bridge() } : {}),
  ...(wanted('nats') ? { nats: await nats() } : {}),
};
if (values.json) process.stdout.write(`${JSON.stringify(found)}\n`);
else {
  tellMachine(`brokers: ${rate} events/s`);
  for (const [name, { kills = [], ...figures }] of Object.entries(found)) {
    table([
      [name, ''],
      ...Object.entries(figures).map(([what, figure]) => [
        what,
        Number.isInteger(figure) || typeof figure === 'boolean'
          ? figure
          : `${Math.round(figure)} ms`,
      ]),
    ]);
    if (kills.length === 0) continue;
    table([
      [
        'node killed',
        'longest without an ack, ms',
        'longest without an event, ms',
        'will',
        'retained',
      ],
      ...kills.map((one) => [
        one.node,
        short(one.ackGap),
        short(one.readGap),
        one.will,
        one.retained,
      ]),
    ]);
  }
}
process.exit(0);
