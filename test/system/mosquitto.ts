// A mosquitto of a test's own on a loopback port, and a subscriber of the plant that keeps its session there.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'mqtt';
import type { MqttClient } from 'mqtt';
import { present } from '#contract/error.ts';
import { answers } from './processes.ts';
import { until } from './test-cell.ts';

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export class Mosquitto implements AsyncDisposable {
  readonly port: number;
  readonly folder = mkdtempSync(join(tmpdir(), 'mosquitto-'));
  /** What it keeps on disk. */
  readonly kept = join(this.folder, 'kept');
  #process: ChildProcess | undefined;

  constructor(port: number, more: readonly string[] = []) {
    this.port = port;
    mkdirSync(this.kept);
    this.configure(['allow_anonymous true', ...more]);
  }

  /** Before it is started: what else its configuration says. */
  configure(more: readonly string[]): void {
    const lines = [
      `listener ${this.port} 127.0.0.1`,
      'persistence true',
      `persistence_location ${this.kept}/`,
      'max_queued_messages 0',
      'set_tcp_nodelay true',
      // As root it would become another user, who may not read the folder.
      'user root',
      ...more,
    ];
    writeFileSync(join(this.folder, 'mosquitto.conf'), `${lines.join('\n')}\n`);
  }

  async start(): Promise<void> {
    const words = ['-c', join(this.folder, 'mosquitto.conf')];
    this.#process = spawn('/usr/sbin/mosquitto', words, { stdio: 'ignore' });
    await until('mosquitto listens', 10_000, async () => (await answers(this.port)) || undefined);
  }

  /** With SIGUSR1 it writes what it keeps to its disk. */
  signal(name: NodeJS.Signals): void {
    process.kill(present(this.#process?.pid, 'mosquitto runs'), name);
  }

  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const gone = once(running, 'exit');
    running.kill('SIGCONT');
    running.kill('SIGKILL');
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A message as the subscriber had it. */
export interface Heard {
  readonly topic: string;
  readonly text: string;
  readonly retained: boolean;
  /** Monotonic ms. */
  readonly at: number;
}

export class Subscriber implements AsyncDisposable {
  readonly heard: Heard[] = [];
  readonly client: MqttClient;

  constructor(port: number) {
    this.client = connect({
      host: '127.0.0.1',
      port,
      protocolVersion: 4,
      clientId: 'plant',
      clean: false,
      reconnectPeriod: 20,
      connectTimeout: 2000,
    });
    this.client.on('error', () => undefined);
    this.client.on('message', (topic, payload, { retain }) => {
      const at = performance.now();
      this.heard.push({ topic, text: payload.toString('utf8'), retained: retain, at });
    });
    this.client.on('connect', () => {
      this.client.subscribe('#', { qos: 1 });
    });
  }

  /** What was heard on topics that end so, parsed. */
  on(end: string, from = 0): { readonly at: number; readonly message: unknown }[] {
    return this.heard
      .slice(from)
      .filter(({ topic, text }) => topic.endsWith(end) && text !== '')
      .map(({ at, text }) => ({ at, message: JSON.parse(text) }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.client.end(true, {}, () => resolve());
    });
  }
}
