// One question or one act over control's door, from the command line.
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { consoleRoutes } from '#contract/console-routes.ts';
import { CellError } from '#contract/error.ts';
import { seconds } from '#contract/time.ts';
import type { Duration } from '#contract/time.ts';
import type { WholeFromControl } from '#contract/pages.ts';
import type { Verb } from '#contract/verbs.ts';
import type { ActMessage, Hello, Snapshot, Why } from '#contract/wire.ts';
import { realClock } from '#controller/clock.ts';
import { consoleActor } from '#controller/console-actor.ts';
import { AwaitedActs } from '#controller/wire/awaited-acts.ts';
import type { Answered } from '#controller/wire/awaited-acts.ts';
import { commandOf } from '#controller/server/acts.ts';
import { WireClient } from '#controller/wire/client.ts';
import { findAsker } from './people-session.ts';
import type { Asker } from './people-session.ts';

const patience = seconds(5);

/** Where control listens in a data directory. */
export const socketPath = (data: string): string => join(resolve(data), 'control.sock');

/** An open connection that has its hello and first snapshot. */
export interface Connection {
  readonly hello: Hello;
  readonly snapshot: Snapshot;
  /** Everything that arrives from now on. */
  listen(hear: (message: WholeFromControl) => void): void;
  act(verb: Verb, args: Readonly<Record<string, unknown>>): Promise<Answered>;
  watch(flows: readonly string[]): Promise<Why[]>;
  closed: Promise<CellError | undefined>;
  close(): void;
}

/** Connects and waits for the first snapshot. Throws `E_CELL_NOT_RUNNING`. `limit`: how long an answer may take. */
export async function openConnection(data: string, limit = patience): Promise<Connection> {
  const listeners = new Set<(message: WholeFromControl) => void>();
  const end: { resolve?: (error: CellError | undefined) => void } = {};
  const closed = new Promise<CellError | undefined>((resolveClosed) => {
    end.resolve = resolveClosed;
  });
  let client: WireClient | undefined;
  const first = new Promise<{ hello: Hello; snapshot: Snapshot }>((done, fail) => {
    let hello: Hello | undefined;
    client = new WireClient(
      { path: socketPath(data), client: 'cli', feed: true },
      {
        message: (message) => {
          if (message.type === 'hello') hello = message;
          if (message.type === 'snapshot' && hello !== undefined)
            done({ hello, snapshot: message });
          for (const hear of listeners) hear(message);
        },
        closed: (error) => {
          fail(error ?? new CellError('E_CELL_NOT_RUNNING', 'control closed the connection'));
          end.resolve?.(error);
        },
      },
    );
  });
  const { hello, snapshot } = await within(first, limit, () =>
    notRunning(`no answer from control at ${socketPath(data)}`),
  );
  const send: Line['send'] = (message) => client?.send(message);
  const give = (act: ActMessage): boolean => {
    send(act);
    return true;
  };
  const acts = new AwaitedActs(realClock(), give, limit);
  listeners.add((message) => acts.take(message));
  return {
    hello,
    snapshot,
    closed,
    listen: (hear) => void listeners.add(hear),
    act: async (verb, args) => {
      const plain = JSON.parse(JSON.stringify(args));
      // A stop asks for nobody, and for no station.
      const stop = commandOf({ verb, args: plain }, hello)?.class === 'stop';
      const person = stop ? undefined : findAsker(data);
      if (person !== undefined) return actAs(person, verb, plain);
      const id = randomBytes(12).toString('hex');
      return acts.give({ type: 'act', id, actor: consoleActor(), verb, args: plain, ttl_ms: 2000 });
    },
    watch: (flows) => watch({ send, listeners, limit }, flows),
    close: () => client?.close(),
  };
}

/** As the person who signed in at this terminal, through station. */
async function actAs(
  person: Asker,
  verb: Verb,
  { reason, ...args }: Readonly<Record<string, unknown>>,
): Promise<Answered> {
  const why = reason === undefined ? {} : { reason };
  const ask = {
    method: 'POST',
    path: consoleRoutes.act.path,
    body: { verb, args, ...why },
  } as const;
  const { receipt, done } = await person.ask(consoleRoutes.act.answer, ask);
  return { receipt, done: done ?? undefined };
}

interface Line {
  readonly send: WireClient['send'];
  readonly listeners: Set<(message: WholeFromControl) => void>;
  readonly limit: Duration;
}

async function watch({ send, listeners, limit }: Line, flows: readonly string[]): Promise<Why[]> {
  const answered = new Promise<Why[]>((resolveWatch) => {
    const heard = new Map<string, Why>();
    const hear = (message: WholeFromControl): void => {
      if (message.type !== 'why' || !flows.includes(message.flow)) return;
      heard.set(message.flow, message);
      if (heard.size < flows.length) return;
      listeners.delete(hear);
      resolveWatch([...heard.values()]);
    };
    listeners.add(hear);
  });
  send({ type: 'watch', flows: [...flows] });
  return within(answered, limit, () => notRunning('control did not say what the flows wait for'));
}

const notRunning = (text: string): CellError => new CellError('E_CELL_NOT_RUNNING', text);

async function within<T>(
  promise: Promise<T>,
  limit: Duration,
  tooLate: () => CellError,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(tooLate()), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
