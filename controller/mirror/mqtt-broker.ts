// A broker over MQTT 3.1.1, by mqtt.js. Its queue, its store and its reconnecting are not used: one client is
// one connection, and what it has not acknowledged when it ends is its owner's to send again.
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { MqttClient } from 'mqtt';
import { CellError } from '#contract/error.ts';
import type { BrokerConnection, BrokerEvents, OpenBroker, OutMessage } from './broker.ts';
import { BoundedSocket } from './bounded-socket.ts';

/** Where a broker is and who we are there. Read at each attempt, so that a changed secret is used at once. */
export interface BrokerAddress {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  /** Certificates that it is held against, PEM; absent: those of the system. */
  readonly ca?: string;
}

const keepalive = 10;
/** The link's own patience is shorter. */
const connackTimeout_ms = 30_000;

/** `address` may reject with a `CellError`: that attempt has then failed. */
export function mqttBroker(address: () => Promise<BrokerAddress>, clientId: string): OpenBroker {
  return (will, events) => new MqttConnection(address, clientId, will, events);
}

class MqttConnection implements BrokerConnection {
  readonly #events: BrokerEvents;
  #client: MqttClient | undefined;
  #error: CellError | undefined;
  #ended = false;

  constructor(
    address: () => Promise<BrokerAddress>,
    clientId: string,
    will: OutMessage,
    events: BrokerEvents,
  ) {
    this.#events = events;
    void this.#start(address, clientId, will);
  }

  async #start(
    address: () => Promise<BrokerAddress>,
    clientId: string,
    will: OutMessage,
  ): Promise<void> {
    try {
      const at = await address();
      if (!this.#ended) this.#client = this.#begin(at, clientId, will);
    } catch (cause) {
      this.#error = errorOf(cause);
      this.#closed();
    }
  }

  publish({ topic, payload, retain }: OutMessage, acknowledged: () => void): void {
    this.#client?.publish(topic, payload, { qos: 1, retain }, (error) => {
      if (error === undefined || error === null) acknowledged();
    });
  }

  subscribe(filters: readonly string[], done: (granted: boolean) => void): void {
    this.#client?.subscribe([...filters], { qos: 0 }, (error, granted) => {
      if (this.#ended) return;
      const all = granted?.length === filters.length && granted.every(({ qos }) => qos < 128);
      done(error === null && all);
    });
  }

  async end(last: OutMessage | undefined, patience: number): Promise<void> {
    this.#ended = true;
    const client = this.#client;
    if (client === undefined) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, patience);
      const leave = (): void => {
        client.end(false, {}, () => {
          clearTimeout(late);
          resolve();
        });
      };
      if (last === undefined) leave();
      else client.publish(last.topic, last.payload, { qos: 1, retain: last.retain }, leave);
    });
    client.end(true);
    client.stream.destroy();
  }

  destroy(): void {
    this.#ended = true;
    const client = this.#client;
    if (client === undefined) return;
    client.end(true);
    client.stream.destroy();
  }

  #begin(at: BrokerAddress, clientId: string, will: OutMessage): MqttClient {
    const stream = (): BoundedSocket =>
      new BoundedSocket(socketOf(at), (length) => {
        if (!this.#ended) this.#events.skipped(length);
      });
    const client = new MqttClient(stream, {
      protocolId: 'MQTT',
      protocolVersion: 4,
      clientId,
      clean: true,
      keepalive,
      reconnectPeriod: 0,
      connectTimeout: connackTimeout_ms,
      queueQoSZero: false,
      resubscribe: false,
      ...(at.user === undefined ? {} : { username: at.user }),
      ...(at.password === undefined ? {} : { password: at.password }),
      will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: will.retain },
    });
    client.on('connect', () => {
      if (!this.#ended) this.#events.opened();
    });
    client.on('message', (topic, payload, packet) => {
      if (!this.#ended) this.#events.message({ topic, payload, retained: packet.retain });
    });
    client.on('error', (cause) => {
      this.#error ??= errorOf(cause);
      // A refusal leaves the connection open.
      client.stream.destroy();
    });
    client.on('close', () => this.#closed());
    return client;
  }

  #closed(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#client?.end(true);
    this.#events.closed(
      this.#error ?? new CellError('E_MIRROR_BROKER', 'the broker closed the connection'),
    );
  }
}

function socketOf({ url, ca }: BrokerAddress): Socket {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (protocol !== 'mqtts:') {
    const socket = connectTcp({ host, port: port === '' ? 1883 : Number(port) });
    socket.setNoDelay(true);
    return socket;
  }
  const named = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
  const socket = connectTls({
    host,
    port: port === '' ? 8883 : Number(port),
    ...named,
    ...(ca === undefined ? {} : { ca }),
  });
  socket.setNoDelay(true);
  return socket;
}

/** CONNACK codes of MQTT 3.1.1, 3.2.2.3, are small numbers; those of sockets and TLS are names. */
function errorOf(cause: unknown): CellError {
  if (cause instanceof CellError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const refused = typeof code === 'number' || /CERT|SELF_SIGNED|TLS|SSL/.test(String(code));
  return new CellError(refused ? 'E_MIRROR_REFUSED' : 'E_MIRROR_BROKER', text, { cause });
}
