// Bigger brokers under load, each killed in turn (SIGKILL): the product on a mosquitto bridged to two of the plant's
// (`bridge`), the same bridged to three nodes of NATS JetStream (`bridgedNats`), and a client of that cluster alone
// (`nats`): what fails over in what time, whether anything acknowledged is lost, what a last will does.
// Needs Debian's mosquitto and nats-server.
// `node bench/brokers.mjs [--only PART] [--nodes 1,2,3] [--rate N] [--json]`
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
import { processesOf, removeCell, startPeer, startProduct, writeCell } from './product.mjs';
import { table, tellMachine } from './report.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    /** Of NATS: which nodes are killed, one after the other. */
    nodes: { type: 'string', default: '1,2,3' },
    /** Events a second of the client alone; the product has 50. */
    rate: { type: 'string', default: '200' },
    json: { type: 'boolean', default: false },
  },
});
const wantedNodes = values.nodes.split(',').map((name) => Number(name) - 1);
const cell = 'acme/north/machining/line-1/bench';

/** A client whose last will says that it is gone; it says that it is there. */
async function willing(rig, port, user) {
  const topic = `${cell}/health`;
  const mqtt = connect(`mqtt://127.0.0.1:${port}`, {
    ...user,
    protocolVersion: 4,
    reconnectPeriod: 0,
    will: { topic, payload: Buffer.from('{"state":"offline"}'), qos: 1, retain: true },
  });
  mqtt.on('error', () => undefined);
  rig.onEnd(() => mqtt.end(true));
  await new Promise((resolve) => mqtt.once('connect', resolve));
  await mqtt.publishAsync(topic, '{"state":"online"}', { qos: 1, retain: true });
  return mqtt;
}

/** What the cell said of itself last: `online`, `offline`. */
function health(reader) {
  const last = reader.messages.findLast(({ topic }) => topic.endsWith('/health'));
  return last === undefined ? undefined : JSON.parse(last.payload).state;
}

/**
 * How long it takes until someone who comes now to these ports, one after the other, is given what is
 * retained of the cell, in ms; NaN when nobody gives it.
 */
async function retainedFor(rig, ports, user = {}) {
  const began = performance.now();
  const got = new Set();
  const late = new Reader(rig, ports, { clean: true, id: `late-${began}`, ...user });
  late.message = (topic) => got.add(topic);
  const found = until('it is given', 30_000, () => got.has(`${cell}/health`));
  const time = await found.then(
    () => performance.now() - began,
    () => Number.NaN,
  );
  late.end();
  return time;
}

/** The product on this machine's mosquitto: an input turns 50 times a second, each turn is an event. */
async function startCell(rig, port, { username, password }) {
  const device = await startPeer('tags-device.mjs', [1, 0, 50]);
  rig.onEnd(() => device.stop());
  process.env.REBE_SECRET_CELL = password;
  const mirror = `{url: "mqtt://127.0.0.1:${port}", user: ${username}, secret: cell, commands: true}`;
  const written = writeCell({ port: device.ready.port, poll: '10ms', mirror });
  rig.onEnd(() => removeCell(written));
  const words = ['run', written.manifest, '--data', written.data, '--listen', '127.0.0.1:0'];
  const product = await startProduct(words);
  rig.onEnd(() => product.stop());
  return product;
}

/** A mosquitto on the cell's PC, the product that publishes to it, and who hears all of it there. */
async function startBridged(rig, plant, plantUser) {
  const [port] = await freePorts(1);
  const { server, user } = cellMosquitto(rig, port, plant, plantUser);
  await server.start();
  const truth = new Reader(rig, [port], { id: 'truth', ...user });
  await until('the cell is heard', 30_000, () => truth.subscribed);
  const product = await startCell(rig, port, user);
  await until('events come', 30_000, () => truth.times.size > 10);
  return { server, product, truth };
}

/** How many events that the cell's own broker had by now do not reach the readers. */
async function lostNow(truth, readers) {
  const numbers = [...truth.times.keys()];
  await until('all of it is there', 30_000, () => lostOf(numbers, readers) === 0).catch(
    () => undefined,
  );
  return { events: numbers.length, lost: lostOf(numbers, readers) };
}

/** A command given at the plant is answered there: how often. */
async function commanded(rig, port, reader, user = {}) {
  const hand = connect(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4, ...user });
  rig.onEnd(() => hand.end(true));
  const issued = Date.now();
  const life = { issued, expires: issued + 30_000 };
  const command = { id: 'command-1', by: 'bench', ...life, reason: 'it is tried' };
  await hand.publishAsync(`${cell}/command/follow/nothing`, JSON.stringify(command), { qos: 1 });
  const receipts = () =>
    reader.messages.filter(({ topic }) => topic.endsWith('/receipt/command-1')).length;
  await until('the receipt is there', 30_000, () => receipts() > 0);
  await sleep(500);
  return receipts();
}

async function bridge(rig) {
  const [first, second] = await freePorts(2);
  const plant = [plantMosquitto(rig, 'first', first), plantMosquitto(rig, 'second', second)];
  await Promise.all(plant.map((one) => one.start()));
  const readers = [new Reader(rig, [first]), new Reader(rig, [second])];
  await until('readers are subscribed', 30_000, () => readers.every((one) => one.subscribed));
  const { server, product, truth } = await startBridged(rig, [first, second]);
  await until('events reach the first', 30_000, () => readers[0].times.size > 20);
  await Promise.all(plant.map((one) => one.saved()));

  // The first broker of the plant dies: the bridge goes to the second.
  let killed = performance.now();
  await plant[0].kill();
  await until('events reach the second', 30_000, () => readers[1].times.size > 0);
  const failover = readers[1].firstAfter(killed);
  const retained = await retainedFor(rig, [second]);

  // Both are away, then the first comes back.
  await plant[1].kill();
  await sleep(2000);
  const back = performance.now();
  await plant[0].start();
  await until('events reach the first again', 30_000, () => readers[0].firstAfter(back) >= 0);
  const comesBack = readers[0].firstAfter(back);
  await plant[1].start();
  await until('the readers are back', 30_000, () => readers.every((one) => one.subscribed));
  const { events, lost } = await lostNow(truth, readers);
  const receipts = await commanded(rig, first, readers[0]);

  // The mirror's process dies: its will goes the whole way.
  await until('it is online', 30_000, () => health(readers[0]) === 'online');
  killed = performance.now();
  process.kill(processesOf(product.pid).find(({ role }) => role === 'station').pid, 'SIGKILL');
  await until('the will is at the plant', 30_000, () => health(readers[0]) === 'offline');
  const will = performance.now() - killed;
  // The whole PC dies, its broker with it: nobody is left to publish a will.
  await until('it is online again', 30_000, () => health(readers[0]) === 'online');
  await server.kill();
  for (const { pid } of processesOf(product.pid)) process.kill(pid, 'SIGKILL');
  await sleep(2000);
  const willOfDeadPc = health(readers[0]) === 'offline';
  const duplicates = readers.reduce((sum, one) => sum + one.duplicates, 0);
  const times = { failover, retained, comesBack };
  return { events, lost, duplicates, ...times, receipts, will, willOfDeadPc };
}

/** A cluster that takes subscriptions. */
async function startCluster(rig) {
  const { nodes, user } = await natsCluster(rig);
  await Promise.all(nodes.map((one) => one.start()));
  const ports = nodes.map(({ port }) => port);
  /** The same nodes, another one first. */
  const from = (first) => [...ports.slice(first), ...ports.slice(0, first)];
  const reader = new Reader(rig, from(1), user);
  await until('the reader is subscribed', 60_000, () => reader.subscribed);
  return { nodes, user, ports, from, reader };
}

/** Kills a node under load; the longest time without an event at the reader. */
async function kill(node, reader) {
  const killed = performance.now();
  await node.kill();
  await sleep(3000);
  await until('events come after the kill', 60_000, () => reader.firstAfter(killed + 2500) >= 0);
  const came = [...reader.times.values()].filter((at) => at > killed - 1000);
  return Math.max(...came.slice(1).map((at, index) => at - came[index]));
}

/** Starts a node again; the next one dies when this one is part of the cluster. */
async function revive(node) {
  await node.start();
  await sleep(3000);
}

/** The mosquitto of the cell's PC bridged to the cluster. */
async function bridgedNats(rig) {
  const { nodes, user, ports, reader } = await startCluster(rig);
  const { truth } = await startBridged(rig, ports, user);
  await until('events come', 120_000, () => reader.times.size > 20);
  const kills = [];
  for (const node of wantedNodes) {
    kills.push({ node: node + 1, readGap: await kill(nodes[node], reader) });
    await revive(nodes[node]);
  }
  const { events, lost } = await lostNow(truth, [reader]);
  const receipts = await commanded(rig, ports[1], reader, user);
  const { duplicates, outOfOrder } = reader;
  return { events, lost, duplicates, outOfOrder, receipts, kills };
}

/** A client that sends again what was not acknowledged: what a plant's own programs see of the cluster. */
async function nats(rig) {
  const began = performance.now();
  const { nodes, user, ports, from, reader } = await startCluster(rig);
  const publisher = new Publisher(rig, from(0), user);
  publisher.rate = Number(values.rate);
  await until('events come', 60_000, () => reader.times.size > 10);
  const start = performance.now() - began;

  // A client dies: its will comes from another node.
  const dying = await willing(rig, ports[0], user);
  await until('it is online', 30_000, () => health(reader) === 'online');
  const died = performance.now();
  dying.stream.destroy();
  await until('its will came', 30_000, () => health(reader) === 'offline');
  const will = performance.now() - died;

  // Publisher and reader are on the first and the second node when each dies in its turn.
  const kills = [];
  for (const node of wantedNodes) {
    await willing(rig, ports[node], user);
    await until('it is online', 30_000, () => health(reader) === 'online');
    publisher.restartGap();
    const readGap = await kill(nodes[node], reader);
    kills.push({
      node: node + 1,
      ackGap: publisher.gap,
      readGap,
      retained: await retainedFor(rig, from(node + 1), user),
      will: health(reader) === 'offline',
    });
    await revive(nodes[node]);
  }
  await publisher.drain(60_000);
  const { acked } = publisher;
  const lost = () => lostOf(acked, [reader]);
  await until('all of it is there', 30_000, () => lost() === 0).catch(() => undefined);
  const { duplicates, outOfOrder } = reader;
  return { acked: acked.size, lost: lost(), duplicates, outOfOrder, start, will, kills };
}

const found = {};
for (const [name, run] of Object.entries({ bridge, bridgedNats, nats })) {
  if (values.only !== undefined && values.only !== name) continue;
  const rig = new Rig();
  try {
    found[name] = await run(rig);
  } finally {
    await rig.end();
  }
}
/** Counts as they are, times in ms. */
const shown = (figure) =>
  typeof figure === 'number' && !Number.isInteger(figure) ? `${Math.round(figure)} ms` : figure;
if (values.json) process.stdout.write(`${JSON.stringify(found)}\n`);
else {
  tellMachine('brokers');
  for (const [name, { kills = [], ...figures }] of Object.entries(found)) {
    table([[name, ''], ...Object.entries(figures).map(([what, one]) => [what, shown(one)])]);
    if (kills.length === 0) continue;
    table([Object.keys(kills[0]), ...kills.map((one) => Object.values(one).map(shown))]);
  }
}
process.exit(0);
