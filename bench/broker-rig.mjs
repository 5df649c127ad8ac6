// Brokers as a plant has them, for the scripts of this folder: mosquitto and NATS as processes on free loopback
// ports, configured by the very files of `deploy/brokers`; a publisher that keeps what was not acknowledged,
// as the mirror does, and readers that note what came.
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect as connectSocket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from 'mqtt';

// However this process ends, its brokers end with it: they have no channel to it.
const brokers = new Set();
process.on('exit', () => {
  for (const broker of brokers) broker.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

export const sleep = (span) => new Promise((resolve) => setTimeout(resolve, span));

/** Waits for something, and says what when it does not come. */
export async function until(what, limit, holds) {
  const deadline = performance.now() + limit;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${limit} ms: ${what}`);
    await sleep(10);
  }
}

/** Ports that are free now; asked for together, so that they differ. */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((one) => new Promise((resolve) => one.once('listening', resolve))));
  const ports = servers.map((one) => one.address().port);
  await Promise.all(servers.map((one) => new Promise((resolve) => one.close(resolve))));
  return ports;
}

/** A folder for what brokers keep, and an end to everything that was started. */
export class Rig {
  folder = mkdtempSync(join(tmpdir(), 'rebe-brokers-'));
  #ends = [];

  onEnd(end) {
    this.#ends.push(end);
  }

  /** A file of `deploy/brokers` with lines of it replaced; a line that is not in it is an error. */
  configure(file, name, lines) {
    const source = fileURLToPath(new URL(`../deploy/brokers/${file}`, import.meta.url));
    let text = readFileSync(source, 'utf8');
    for (const [line, instead] of lines) {
      if (!text.includes(line)) throw new Error(`${file} has no ${line}`);
      text = text.replaceAll(line, instead);
    }
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  directory(name) {
    const path = join(this.folder, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  async end() {
    for (const end of this.#ends.toReversed()) await end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A broker's process. */
export class Server {
  #child;
  #gone;
  #log = '';

  constructor(rig, program, words, port, env = {}) {
    Object.assign(this, { program, words, port, env });
    rig.onEnd(() => this.kill());
  }

  /** Resolves when it accepts connections. */
  async start() {
    this.#child = spawn(this.program, this.words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.env },
    });
    brokers.add(this.#child);
    const keep = (chunk) => {
      this.#log = (this.#log + chunk.toString()).slice(-4000);
    };
    this.#child.stdout.on('data', keep);
    this.#child.stderr.on('data', keep);
    this.#gone = new Promise((resolve) => this.#child.once('exit', resolve));
    await until(`${this.program} listens; it said ${this.#log}`, 20_000, () => answers(this.port));
  }

  /** As a power cut ends it. */
  async kill() {
    if (this.#child === undefined) return;
    this.#child.kill('SIGKILL');
    await this.#gone;
    brokers.delete(this.#child);
    this.#child = undefined;
  }

  get pid() {
    return this.#child?.pid;
  }
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connectSocket(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

const mosquitto = '/usr/sbin/mosquitto';

/** mosquitto gives up root for another user, who could not write in a folder of root's. */
function mayWrite(file) {
  if (process.getuid() === 0) appendFileSync(file, '\nuser root\n');
}

/** A mosquitto of the plant; `saved` resolves when what it knows now is on its disk. */
export function plantMosquitto(rig, name, port) {
  const folder = rig.directory(name);
  const file = rig.configure('plant-mosquitto.conf', `${name}.conf`, [
    ['listener 1883', `listener ${port} 127.0.0.1`],
    ['/var/lib/mosquitto/', `${folder}/`],
    ['autosave_interval 5', 'autosave_interval 1'],
  ]);
  mayWrite(file);
  const server = new Server(rig, mosquitto, ['-c', file], port);
  const savedAt = () => statSync(join(folder, 'mosquitto.db'), { throwIfNoEntry: false })?.mtimeMs;
  const saved = () => {
    const now = Date.now();
    return until(`${name} saves`, 20_000, () => (savedAt() ?? 0) > now);
  };
  return Object.assign(server, { saved });
}

/** The mosquitto of the cell's PC, bridged to these ports, where the plant has a user for it or takes anyone. */
export function cellMosquitto(rig, port, plant, plantUser) {
  const passwords = join(rig.folder, 'cell.passwd');
  const user = { username: 'cell-7', password: 'of the test' };
  spawnSync('/usr/bin/mosquitto_passwd', ['-b', '-c', passwords, user.username, user.password]);
  const signIn =
    plantUser === undefined
      ? []
      : [
          ['#remote_username cell-7', `remote_username ${plantUser.username}`],
          ['#remote_password of-the-plant', `remote_password ${plantUser.password}`],
          ['#try_private false', 'try_private false'],
        ];
  const file = rig.configure('cell-mosquitto.conf', 'cell.conf', [
    ['listener 1883 127.0.0.1', `listener ${port} 127.0.0.1`],
    ['/etc/mosquitto/cell.passwd', passwords],
    ['/var/lib/mosquitto/', `${rig.directory('cell')}/`],
    [
      'addresses plant-1:1883 plant-2:1883',
      `addresses ${plant.map((one) => `127.0.0.1:${one}`).join(' ')}`,
    ],
    ...signIn,
  ]);
  mayWrite(file);
  return { server: new Server(rig, mosquitto, ['-c', file], port), user };
}

/** Three nodes of NATS, not started. */
export async function natsCluster(rig) {
  const ports = await freePorts(9);
  const user = { username: 'cell-7', password: 'of-the-test' };
  const nodes = [0, 1, 2].map((index) => {
    const [client, mqtt, cluster] = ports.slice(index * 3, index * 3 + 3);
    const file = rig.configure('plant-nats.conf', `nats-${index}.conf`, [
      ['server_name: "plant-1"', `server_name: "plant-${index + 1}"`],
      ['"0.0.0.0"', '"127.0.0.1"'],
      ['port: 4222', `port: ${client}`],
      ['port: 1883', `port: ${mqtt}`],
      ['port: 6222', `port: ${cluster}`],
      ['/var/lib/nats', rig.directory(`nats-${index}`)],
      ...[0, 1, 2].map((one) => [
        `nats://plant-${one + 1}:6222`,
        `nats://127.0.0.1:${ports[one * 3 + 2]}`,
      ]),
    ]);
    const env = { CELL_7_PASSWORD: user.password };
    return new Server(rig, '/usr/sbin/nats-server', ['-c', file], mqtt, env);
  });
  return { nodes, user };
}

const url = (port) => `mqtt://127.0.0.1:${port}`;
/** How long a broker may leave everything unanswered before another is tried. */
const patience = 5000;

/** One connection after the other, each to the next of several ports, until it is ended. */
class Client {
  #at = 0;
  #ended = false;
  mqtt;
  connects = 0;

  constructor(rig, ports, options) {
    this.ports = ports;
    this.options = { protocolVersion: 4, reconnectPeriod: 0, connectTimeout: patience, ...options };
    rig.onEnd(() => this.end());
    this.#open();
  }

  connected(_sessionPresent) {}
  closed() {}
  message(_topic, _payload) {}

  #open() {
    if (this.#ended) return;
    const mqtt = connect(url(this.ports[this.#at % this.ports.length]), this.options);
    this.#at += 1;
    this.mqtt = mqtt;
    mqtt.on('error', () => undefined);
    mqtt.on('connect', ({ sessionPresent }) => {
      this.connects += 1;
      this.connected(sessionPresent);
    });
    mqtt.once('close', () => {
      this.closed();
      mqtt.end(true);
      setTimeout(() => this.#open(), 50 + Math.random() * 200);
    });
    mqtt.on('message', (topic, payload) => this.message(topic, payload));
  }

  end() {
    this.#ended = true;
    this.mqtt.end(true);
  }
}

/** Publishes numbered events at a rate, and again what was not acknowledged when its connection ended. */
export class Publisher extends Client {
  topic = 'acme/north/machining/line-1/cell-7/event';
  acked = new Set();
  /** Milliseconds between two acknowledgements, the longest. */
  gap = 0;
  #next = 0;
  #waiting = [];
  #sent = 0;
  #lastAck = performance.now();
  #open = false;
  #window = 100;

  constructor(rig, ports, options) {
    super(rig, ports, options);
    const beat = setInterval(() => this.#beat(), 10);
    rig.onEnd(() => clearInterval(beat));
  }

  rate = 0;
  #owed = 0;

  #beat() {
    this.#owed += this.rate / 100;
    for (; this.#owed >= 1; this.#owed -= 1) {
      this.#next += 1;
      this.#waiting.push({ n: this.#next });
    }
    const silent = performance.now() - this.#lastAck;
    if (this.#waiting.length > 0) this.gap = Math.max(this.gap, silent);
    else this.#lastAck = performance.now();
    if (this.#open && this.#sent > 0 && silent > patience) {
      this.#lastAck = performance.now();
      this.mqtt.stream.destroy();
    }
    this.#fill();
  }

  #fill() {
    while (this.#open && this.#sent < Math.min(this.#window, this.#waiting.length)) {
      const message = this.#waiting[this.#sent];
      const { mqtt } = this;
      this.#sent += 1;
      mqtt.publish(this.topic, JSON.stringify({ n: [1, message.n] }), { qos: 1 }, (error) => {
        if (error || mqtt !== this.mqtt || !this.#open) return;
        this.#waiting.splice(this.#waiting.indexOf(message), 1);
        this.#sent -= 1;
        this.acked.add(message.n);
        this.#lastAck = performance.now();
        this.#fill();
      });
    }
  }

  connected() {
    this.#open = true;
    this.#sent = 0;
    this.#fill();
  }

  closed() {
    this.#open = false;
    this.#sent = 0;
  }

  /** No new ones; resolves when all are acknowledged. */
  async drain(limit) {
    this.rate = 0;
    await until('everything is acknowledged', limit, () => this.#waiting.length === 0);
  }

  restartGap() {
    this.gap = 0;
    this.#lastAck = performance.now();
  }
}

/** Notes which numbers came, how often, and when. Its session outlives its connection. */
export class Reader extends Client {
  times = new Map();
  duplicates = 0;
  outOfOrder = 0;
  messages = [];
  subscribed = false;
  #highest = 0;

  constructor(
    rig,
    ports,
    { filter = 'acme/#', id = `reader-${ports.join('-')}`, ...options } = {},
  ) {
    super(rig, ports, { clientId: id, clean: false, keepalive: 5, ...options });
    this.filter = filter;
  }

  connected(sessionPresent) {
    if (sessionPresent) this.subscribed = true;
    else void this.#subscribe(this.mqtt);
  }

  /** A broker that lost the session, or cannot take a subscription yet, is asked again. */
  async #subscribe(mqtt) {
    while (mqtt.connected) {
      const granted = await mqtt.subscribeAsync(this.filter, { qos: 1 }).catch(() => []);
      this.subscribed = granted.length > 0 && granted.every(({ qos }) => qos < 128);
      if (this.subscribed) return;
      await sleep(200);
    }
  }

  closed() {
    this.subscribed = false;
  }

  message(topic, payload) {
    if (!topic.endsWith('/event')) {
      this.messages.push({ topic, payload: payload.toString() });
      return;
    }
    const [, n] = JSON.parse(payload.toString()).n;
    if (this.times.has(n)) this.duplicates += 1;
    else {
      if (n < this.#highest) this.outOfOrder += 1;
      this.times.set(n, performance.now());
    }
    this.#highest = Math.max(this.#highest, n);
  }

  /** When the first event after `from` came that was new to all readers, in ms from then. */
  firstAfter(from) {
    const later = [...this.times.values()].filter((at) => at > from);
    return later.length === 0 ? Number.NaN : Math.min(...later) - from;
  }
}

/** How many of these numbers no reader has. */
export const lostOf = (numbers, readers) =>
  [...numbers].filter((n) => !readers.some(({ times }) => times.has(n))).length;
