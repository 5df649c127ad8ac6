// Puts a mirror together from what the manifest says of it: where the broker is, who we are there, and the
// files that it reads and keeps. Loaded only where a cell has a mirror.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CellError, assert } from '#contract/error.ts';
import type { Clock, Random } from '#contract/time.ts';
import type { Hello } from '#contract/wire.ts';
import { findBrokerAddress } from '#controller/broker/address.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import { readSecret } from '#controller/secrets.ts';
import type { MirrorLog, SendToControl } from './station-side.ts';
import { Mirror } from './mirror.ts';
import { mqttBroker } from './mqtt-broker.ts';
import type { BrokerAddress } from './mqtt-broker.ts';
import { MirrorStore } from './store.ts';

export interface MirrorDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: MirrorLog;
  readonly send: SendToControl;
}

type Told = NonNullable<Hello['mirror']>;

export interface RunningMirror {
  readonly mirror: Mirror;
  close(): Promise<void>;
}

/** Throws `E_MIRROR_STORE`. */
export function startMirror(deps: MirrorDeps, data: string, hello: Hello): RunningMirror {
  const { clock, random, log, send } = deps;
  const told = hello.mirror;
  assert(told !== undefined, 'a mirror is started where one is asked for');
  const { topic: base, to } = told;
  const store = MirrorStore.open(join(data, 'station.db'), clock.time());
  if (store.lost) log('warn', 'station.db could not be read and was set aside');
  // The name alone would let two cells put each other out; with the id both are there, and are told apart.
  const name = createHash('sha256').update(`${base} ${store.id}`).digest('hex').slice(0, 16);
  const mirror = new Mirror(
    clock,
    random,
    {
      open: mqttBroker(() => addressOf(data, to), `rebe-${name}`),
      openLog: () => openReader(join(data, 'chronicle.db')),
      store,
      log,
      send,
    },
    {
      cell: hello.cell,
      base,
      broker: 'url' in to ? to.url : 'embedded',
      commands: to.commands,
      version: hello.version,
    },
  );
  try {
    mirror.start();
  } catch (error) {
    store.close();
    throw error;
  }
  return {
    mirror,
    close: async () => {
      await mirror.close();
      store.close();
    },
  };
}

async function addressOf(data: string, to: Told['to']): Promise<BrokerAddress> {
  if (!('url' in to)) {
    const found = await findBrokerAddress(data);
    if (found === undefined)
      throw new CellError('E_MIRROR_BROKER', 'the embedded broker is not there yet');
    return { url: found.url, user: found.user, password: found.secret };
  }
  const { url, user, secret, ca } = to;
  // The manifest has both or neither.
  const signIn =
    user === undefined || secret === undefined ? {} : { user, password: readSecret(data, secret) };
  return {
    url,
    ...signIn,
    ...(ca === undefined ? {} : { ca: await readCertificates(ca) }),
  };
}

async function readCertificates(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CellError('E_FILE_READ', `${path} cannot be read`, { cause });
  }
}
