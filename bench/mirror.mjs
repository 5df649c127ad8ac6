// 5,000 tags that change each second, mirrored to a broker: what arrives, what station, broker and control pay,
// and what scans notice, beside the same cell without a mirror (in turn, one run). Then an outage of a mosquitto
// that comes back empty: until when all state is there again, and how fast events follow.
// `node bench/mirror.mjs [seconds] [rounds] [outage seconds]`, needs Debian's mosquitto
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'mqtt';
import { Rig, freePorts, plantMosquitto, sleep, until } from './broker-rig.mjs';
import {
  cpuOf,
  processesOf,
  rebe,
  removeCell,
  residentOf,
  startPeer,
  startProduct,
  writeCell,
} from './product.mjs';
import { short, table, tellMachine } from './report.mjs';

const [seconds = 20, rounds = 2, outage = 60] = process.argv.slice(2).map(Number);
const tags = 5000;
/** Turns of an input each second, each an event. */
const turns = 50;

/** Counts what comes, by kind of topic. */
class Listener {
  tags = 0;
  events = [];
  #topics = new Set();

  constructor(rig, port) {
    this.mqtt = connect(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4, reconnectPeriod: 20 });
    this.mqtt.on('error', () => undefined);
    this.mqtt.on('message', (topic, payload, { retain }) => this.#take(topic, payload, retain));
    this.mqtt.on('connect', () => this.mqtt.subscribe('#', { qos: 1 }));
    rig.onEnd(() => this.mqtt.end(true));
  }

  #take(topic, payload, retain) {
    if (topic.endsWith('/event')) {
      const { n, t } = JSON.parse(payload.toString());
      this.events.push({ n: n[1], t, at: performance.now(), time: Date.now() });
      return;
    }
    if (!topic.includes('/tag/t')) return;
    this.#topics.add(topic);
    if (!retain) this.tags += 1;
  }

  /** Different tags since `forget`. */
  get seen() {
    return this.#topics.size;
  }

  forget() {
    this.#topics.clear();
    this.tags = 0;
    this.events = [];
  }
}

async function started({ mirror, turning = 0 }) {
  const device = await startPeer('tags-device.mjs', [tags, tags, turning, 250]);
  const poll = turning > 0 ? '10ms' : '100ms';
  const cell = writeCell({ port: device.ready.port, poll, more: tags, mirror });
  const words = ['run', cell.manifest, '--data', cell.data, '--listen', '127.0.0.1:0'];
  const product = await startProduct(words);
  await sleep(5000 + tags / 2);
  return {
    cell,
    product,
    device,
    end: async () => {
      await product.stop();
      await device.stop();
      removeCell(cell);
    },
  };
}

/** What processes use and hold over a while, by role. */
async function figuresOf({ cell, product }, span, atEnd) {
  const processes = processesOf(product.pid);
  const before = processes.map(({ pid }) => cpuOf(pid));
  await sleep(span * 1000);
  await atEnd?.();
  const used = processes.map(({ pid }, index) => (cpuOf(pid) - before[index]) / span);
  const of = (role) => {
    const index = processes.findIndex((one) => one.role === role);
    return index < 0
      ? { cpu: Number.NaN, rss: Number.NaN }
      : { cpu: used[index] * 100, rss: residentOf(processes[index].pid) };
  };
  const words = [rebe, 'status', '--data', cell.data, '--json'];
  const { scan } = JSON.parse(
    execFileSync(process.execPath, words, { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 }),
  );
  return { control: of('control'), station: of('station'), broker: of('broker'), scan };
}

async function measure(kind) {
  const rig = new Rig();
  let run;
  try {
    const [own] = await freePorts(1);
    const mosquitto = kind === 'mosquitto' ? plantMosquitto(rig, 'plant', own) : undefined;
    await mosquitto?.start();
    const mirror = {
      none: 'none',
      embedded: '{broker: embedded, listen: "127.0.0.1:0"}',
      mosquitto: `{url: "mqtt://127.0.0.1:${own}"}`,
    }[kind];
    run = await started({ mirror });
    let listener;
    if (kind !== 'none') {
      const port = mosquitto === undefined ? embeddedPort(run.cell) : own;
      listener = new Listener(rig, port);
      await until('every tag has come', 60_000, () => listener.seen >= tags);
      listener.forget();
    }
    let there = Number.NaN;
    // Each time that control reads them, all of them are another.
    let begun = [];
    await run.device.ask({});
    const before = mosquitto === undefined ? 0 : cpuOf(mosquitto.pid);
    const figures = await figuresOf(run, seconds, async () => {
      if (listener !== undefined) there = listener.tags;
      ({ begun } = await run.device.ask({}));
    });
    if (mosquitto !== undefined) {
      figures.broker = {
        cpu: ((cpuOf(mosquitto.pid) - before) / seconds) * 100,
        rss: residentOf(mosquitto.pid),
      };
    }
    return { kind, ...figures, rate: there / seconds, whole: there / (begun.length * tags) };
  } finally {
    await run?.end();
    await rig.end();
  }
}

const embeddedPort = ({ data }) =>
  Number(/:(\d+)"/.exec(readFileSync(join(data, 'broker.json'), 'utf8'))[1]);

/** A mosquitto that is killed and comes back knowing nothing. */
async function away() {
  const rig = new Rig();
  let run;
  try {
    const [port] = await freePorts(1);
    const first = plantMosquitto(rig, 'first', port);
    await first.start();
    run = await started({ mirror: `{url: "mqtt://127.0.0.1:${port}"}`, turning: turns });
    const listener = new Listener(rig, port);
    await until('every tag has come', 60_000, () => listener.seen >= tags);
    await first.kill();
    const killedAt = Date.now();
    await sleep(1000);
    listener.forget();
    const during = await figuresOf(run, outage - 1);
    await plantMosquitto(rig, 'empty', port).start();
    const back = performance.now();
    const backAt = Date.now();
    await until('every tag is there', 60_000, () => listener.seen >= tags);
    const current = performance.now() - back;
    const drained = figuresOf(run, 10);
    // Drained: an event that came is of now.
    await until('events are of now', 300_000, () => {
      const last = listener.events.at(-1);
      return last !== undefined && last.time - last.t < 1000;
    });
    const drain = performance.now() - back;
    const missed = listener.events.filter(({ t }) => t >= killedAt && t < backAt);
    const numbers = listener.events.map(({ n }) => n);
    return {
      current,
      drain,
      missed: missed.length,
      rate: listener.events.length / (drain / 1000),
      disordered: numbers.filter((n, index) => index > 0 && n < numbers[index - 1]).length,
      during,
      drained: await drained,
    };
  } finally {
    await run?.end();
    await rig.end();
  }
}

tellMachine(`mirror: ${tags} tags that change each second, ${seconds} s each, ${rounds} rounds`);
const rows = [];
for (let round = 0; round < rounds; round += 1) {
  for (const kind of ['none', 'embedded', 'mosquitto']) {
    process.stderr.write(`${kind}\n`);
    rows.push(await measure(kind));
  }
}
const given = (value, make) => (Number.isNaN(value) ? '' : make(value));
table([
  [
    'broker',
    'tags/s there',
    'of all that changed',
    'station, % of a core',
    'RSS, MB',
    'broker, %',
    'RSS, MB',
    'control, %',
    'scan p50, ms',
    'p99',
    'late p99',
  ],
  ...rows.map(({ kind, rate, whole, station, broker, control, scan }) => [
    kind,
    given(rate, Math.round),
    given(whole, (part) => `${(part * 100).toFixed(1)} %`),
    short(station.cpu),
    Math.round(station.rss),
    given(broker.cpu, short),
    given(broker.rss, Math.round),
    short(control.cpu),
    scan.cost.p50,
    scan.cost.p99,
    scan.late.p99,
  ]),
]);
process.stderr.write('outage\n');
const found = await away();
table([
  [`a mosquitto away for ${outage} s, back empty`, ''],
  ['all state there after', `${Math.round(found.current)} ms`],
  ['events that happened meanwhile', found.missed],
  ['all of them there after', `${(found.drain / 1000).toFixed(1)} s`],
  ['events/s while it drains', Math.round(found.rate)],
  ['events out of order', found.disordered],
  [
    'station while it is away',
    `${short(found.during.station.cpu)} %, ${Math.round(found.during.station.rss)} MB`,
  ],
  [
    'station while it drains',
    `${short(found.drained.station.cpu)} %, ${Math.round(found.drained.station.rss)} MB`,
  ],
  [
    'scan p99 while away, while it drains',
    `${found.during.scan.cost.p99}, ${found.drained.scan.cost.p99} ms`,
  ],
]);
process.exit(0);
