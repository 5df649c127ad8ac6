// A whole station on a data directory of its own, for which the test speaks as control does: a small cell is told, what is
// to be recorded is recorded, acts are taken. Time is quick for paces, so that none holds a test up; patience is real.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as requestSecure } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { StationPlan } from '#contract/cell.ts';
import { instant, utcMs } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import type { ActMessage, Done, FromClient, Receipt, Snapshot } from '#contract/wire.ts';
import { realClock, realRandom } from '#controller/clock.ts';
import { mintLink } from '#controller/server/link.ts';
import { startStation } from '#controller/station.ts';
import { WireServer } from '#controller/wire/server.ts';
import { hello, snapshot } from '#test/unit/hmi/messages.ts';
import { removeFolder } from '#test/folder.ts';

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface SpokenStation extends AsyncDisposable {
  readonly data: string;
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** What reached control. */
  readonly acts: ActMessage[];
  /** What the record was given, in order. */
  readonly recorded: Extract<FromClient, { type: 'record' }>[];
  /** With exactly these headers, and no other. */
  readonly send: (path: string, asked?: Asked) => Promise<Answer>;
  /** As whoever came by a link: the cookie of the session. */
  signIn(): Promise<string>;
  /** How control answers an act. */
  answers: (act: ActMessage) => { receipt: Receipt; done?: Done };
}

/** A pace of so many a second is `quick` times as many here. */
const quick = 50;

export function quickClock(): Clock {
  const real = realClock();
  return {
    now: () => instant(real.now() * quick),
    time: () => utcMs(Date.now()),
    after: (delay, run) => real.after(delay, run),
  };
}

export const accepted = (act: ActMessage): { receipt: Receipt; done: Done } => ({
  receipt: { type: 'receipt', id: act.id, result: 'accepted' },
  done: { type: 'done', id: act.id, seq: 11, outcome: 'done' },
});

export async function openSpoken(
  told: Partial<Snapshot> = {},
  clock: Clock = quickClock(),
  plan?: StationPlan,
): Promise<SpokenStation> {
  const data = mkdtempSync(join(tmpdir(), 'rebe-spoken-'));
  mkdirSync(join(data, 'page', 'assets'), { recursive: true });
  writeFileSync(join(data, 'page', 'index.html'), 'cell');
  const acts: ActMessage[] = [];
  const recorded: SpokenStation['recorded'] = [];
  const control = new WireServer(realClock(), {
    opened: (peer) => {
      peer.send(hello(1));
      peer.send(snapshot(1, told));
    },
    message: (peer, message: FromClient) => {
      if (message.type === 'watch')
        for (const flow of message.flows)
          peer.send({ type: 'why', frame: 1, flow, candidates: [], commands: [] });
      if (message.type === 'record') {
        recorded.push(message);
        const { id } = message;
        peer.send({ type: 'receipt', id, result: 'accepted' });
        peer.send({ type: 'done', id, seq: 11, outcome: 'recorded' });
      }
      if (message.type !== 'act') return;
      acts.push(message);
      const { receipt, done } = station.answers(message);
      peer.send(receipt);
      if (done !== undefined) peer.send(done);
    },
    refused: () => undefined,
    drained: () => undefined,
    closed: () => undefined,
  });
  await control.listen(join(data, 'control.sock'));
  const started = await startStation(
    { clock, random: realRandom, log: () => undefined },
    {
      data,
      listen: '127.0.0.1:0',
      page: join(data, 'page'),
      ...(plan === undefined ? {} : { plan }),
    },
  );
  const origin = started.url.replace(/\/$/, '');
  const station: SpokenStation = {
    data,
    origin,
    acts,
    recorded,
    answers: accepted,
    send: async (path, asked) => send(origin, path, asked),
    signIn: async () => {
      const key = await mintLink(data);
      const body = JSON.stringify({ key });
      const headers = { host: new URL(origin).host, origin, 'content-type': 'application/json' };
      const answer = await send(origin, '/session', { method: 'POST', headers, body });
      return String(answer.headers['set-cookie']).split(';')[0] ?? '';
    },
    [Symbol.asyncDispose]: async () => {
      await started.close();
      await control.close();
      removeFolder(data);
    },
  };
  await heardControl(station);
  return station;
}

/** A sign-in needs control to be there: so long it is tried. */
async function heardControl(station: SpokenStation): Promise<void> {
  for (let turn = 0; turn < 500; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- asks again in steps
    if ((await station.signIn()) !== 'undefined') return;
    // oxlint-disable-next-line no-await-in-loop -- asks again in steps
    await wait(10);
  }
  throw new Error('station did not hear control');
}

async function send(
  origin: string,
  path: string,
  { method = 'GET', headers, body }: Asked = {},
): Promise<Answer> {
  const { hostname, port, host, protocol } = new URL(origin);
  return new Promise((resolve, reject) => {
    const sent = (protocol === 'https:' ? requestSecure : request)(
      {
        // What its certificate is worth is not what is looked at here.
        ...(protocol === 'https:' ? { rejectUnauthorized: false } : {}),
        host: hostname,
        port,
        path,
        method,
        setHost: false,
        headers: {
          ...(headers ?? { host }),
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => (text += part));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }),
        );
        answer.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
