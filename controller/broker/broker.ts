// The embedded broker: MQTT 3.1.1 on loopback with nothing to install, for one cell. All that it keeps is in memory:
// retained topics are published again by the mirror, and a session ends with its connection.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { Aedes } from 'aedes';
import type { Client } from 'aedes';
import { CellError } from '#contract/error.ts';
import { seconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import { wellFormed } from '#contract/unicode.ts';
import { pacedLog } from '#controller/paced-log.ts';
import { findPastPort, writeBrokerAddress } from './address.ts';
import { Connection } from './connection.ts';
import { Refused, Rights, mirrorUser, refusal } from './rights.ts';

export interface BrokerOptions {
  /** The data directory of the cell: `broker.json` is left there. */
  readonly data: string;
  readonly host: string;
  /** Port 0 is any free one, the same as before where it can be had. */
  readonly port: number;
}

export interface Broker {
  /** `127.0.0.1:1883`. */
  readonly listen: string;
  /** `mqtt://127.0.0.1:1883`. */
  readonly url: string;
  close(): Promise<void>;
}

export type BrokerLog = (level: 'info' | 'warn', text: string) => void;

/** Guests at once; connections have room for more, so that guests never keep the mirror out. */
const guestLimit = 64;
const connectionLimit = guestLimit + 16;
/** The longest packet of a guest, and of the mirror: `meta` describes every tag of the cell. In bytes. */
const guestPacket = 64 * 1024;
const mirrorPacket = 16 * 1024 * 1024;
/** What waits for a client that does not read; beyond it the others wait for it, for so long at most. */
const backlog = 1024 * 1024;
const drainLimit = seconds(1);
/** From the connection to CONNECT. */
const connectLimit = seconds(5);
/** Messages on their way at once. */
const concurrency = 2000;

/** Starts the broker; resolves when it listens and its address is left in the data directory. Throws `E_BROKER_PORT`. */
export async function startBroker(
  deps: { readonly clock: Clock; readonly log: BrokerLog },
  options: BrokerOptions,
): Promise<Broker> {
  const log = pacedLog(deps.clock, deps.log);
  const secret = randomBytes(32).toString('base64url');
  const rights = new Rights<Client>(deps.clock, secret, guestLimit);
  const aedes = await Aedes.createBroker({
    concurrency,
    drainTimeout: drainLimit,
    connectTimeout: connectLimit,
    // A packet that comes before its CONNECT was answered waits here.
    queueLimit: 42,
    maxInflightInbound: 20,
    // A session that outlives its connection would be forgotten with this process: nobody may count on one.
    preConnect: (_client, packet, done) => {
      packet.clean = true;
      done(null, true);
    },
    ...doors(rights, log),
  });
  follow(aedes, log);
  const server = createServer({ noDelay: true }, (socket) => accept(aedes, socket));
  server.maxConnections = connectionLimit;
  const port = options.port === 0 ? ((await findPastPort(options.data)) ?? 0) : options.port;
  try {
    await listen(server, { host: options.host, port }).catch(async (cause: unknown) => {
      if (options.port !== 0 || port === 0) throw cause;
      await listen(server, { host: options.host, port: 0 });
    });
  } catch (cause) {
    await closeAedes(aedes);
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'is taken' : `cannot be had (${code})`;
    throw new CellError('E_BROKER_PORT', `${authority(options.host, port)} ${why}`, { cause });
  }
  const at = authority(options.host, (server.address() as AddressInfo).port);
  const url = `mqtt://${at}`;
  await writeBrokerAddress(options.data, { url, user: mirrorUser, secret });
  return {
    listen: at,
    url,
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      await closeAedes(aedes);
      await closed;
    },
  };
}

const authority = (host: string, port: number): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

function listen(server: Server, at: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

const closeAedes = (aedes: Aedes): Promise<void> =>
  new Promise((resolve) => {
    aedes.close(() => resolve());
  });

function accept(aedes: Aedes, socket: Socket): void {
  aedes.handle(new Connection(socket, { packet: guestPacket, backlog }));
}

/** The questions that the broker asks before it does what a client wants. */
function doors(
  rights: Rights<Client>,
  log: BrokerLog,
): Pick<Aedes, 'authenticate' | 'authorizePublish' | 'authorizeSubscribe'> {
  return {
    authenticate: (client, user, password, done) => {
      const refused = enter(rights, client, { user, password });
      done(refused ?? null, refused === undefined);
    },
    authorizePublish: (client, packet, done) => {
      const why =
        client === null ? 'a will without a client' : rights.refusesPublish(client, packet);
      done(why === undefined ? null : new Error(`${shown(packet.topic)}: ${why}`));
    },
    authorizeSubscribe: (client, subscription, done) => {
      const why = rights.refusesFilter(client, subscription.topic);
      if (why !== undefined) {
        log('warn', `${nameOf(client)} may not subscribe to ${shown(subscription.topic)}: ${why}`);
      }
      done(null, why === undefined ? subscription : null);
    },
  };
}

function enter(
  rights: Rights<Client>,
  client: Client,
  given: { readonly user: string | undefined; readonly password: Uint8Array | undefined },
): Refused | undefined {
  const { conn, id } = client;
  if (!(conn instanceof Connection) || conn.destroyed) {
    return new Refused(refusal.unavailable, 'its connection is gone');
  }
  const refused = rights.enter(client, id, given);
  if (refused !== undefined) return refused;
  conn.once('close', () => rights.leave(client, id));
  if (rights.isMirror(client)) conn.gate.limit = mirrorPacket;
  return undefined;
}

/** Says who was cut off and why. */
function follow(aedes: Aedes, log: BrokerLog): void {
  const told = new WeakSet<Client>();
  const cut = (client: Client, error: Error): void => {
    // A socket that breaks is everyday; of all that waited for one, each ends with the error of the first.
    if ((error as NodeJS.ErrnoException).syscall !== undefined || told.has(client)) return;
    told.add(client);
    log('warn', `${nameOf(client)} was cut off: ${error.message}`);
  };
  aedes.on('clientError', cut);
  aedes.on('connectionError', cut);
}

/** Before CONNECT it has no id, whatever its type says. */
const nameOf = ({ id }: { readonly id: string | null }): string =>
  id === null ? 'a client' : `client ${shown(id)}`;

/** What a stranger sent, as a log shows it. */
const shown = (text: string): string => JSON.stringify(wellFormed(text).slice(0, 80));
