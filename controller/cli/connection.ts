// One question or one act over control's door, from the command line.
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { CellError } from '#contract/error.ts';
import type { Done, FromControl, Hello, Receipt, Snapshot, Verb, Why } from '#contract/wire.ts';
import { consoleActor } from '#controller/console-actor.ts';
import { WireClient } from '#controller/wire/client.ts';

const patience = 5_000;

/** Where control listens in a data directory. */
export const socketPath = (data: string): string => join(resolve(data), 'control.sock');

/** An open connection that has its hello and first snapshot. */
export interface Connection {
  readonly hello: Hello;
  readonly snapshot: Snapshot;
  /** Everything that arrives from now on. */
  listen(hear: (message: FromControl) => void): void;
  act(
    verb: Verb,
    args: Readonly<Record<string, unknown>>,
  ): Promise<{ receipt: Receipt; done: Done | undefined }>;
  watch(flows: readonly string[]): Promise<Why[]>;
  closed: Promise<CellError | undefined>;
  close(): void;
}

/** Connects and waits for the first snapshot. Throws `E_CELL_NOT_RUNNING`. */
export async function openConnection(data: string): Promise<Connection> {
  const listeners = new Set<(message: FromControl) => void>();
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
  const { hello, snapshot } = await within(first, `no answer from control at ${socketPath(data)}`);
  const send: WireClient['send'] = (message) => client?.send(message);
  return {
    hello,
    snapshot,
    closed,
    listen: (hear) => void listeners.add(hear),
    act: (verb, args) => act(send, listeners, verb, args),
    watch: (flows) => watch(send, listeners, flows),
    close: () => client?.close(),
  };
}

type Send = WireClient['send'];
type Listeners = Set<(message: FromControl) => void>;

async function act(
  send: Send,
  listeners: Listeners,
  verb: Verb,
  args: Readonly<Record<string, unknown>>,
): Promise<{ receipt: Receipt; done: Done | undefined }> {
  const id = randomBytes(12).toString('hex');
  const answered = new Promise<{ receipt: Receipt; done: Done | undefined }>((resolveAct) => {
    let receipt: Receipt | undefined;
    const hear = (message: FromControl): void => {
      if (message.type === 'receipt' && message.id === id) {
        receipt = message;
        // A held command is answered by its receipt alone; its begin and end are the scan's to record.
        if (message.result === 'accepted' && verb !== 'keep') return;
        listeners.delete(hear);
        resolveAct({ receipt, done: undefined });
      }
      if (message.type === 'done' && message.id === id && receipt !== undefined) {
        listeners.delete(hear);
        resolveAct({ receipt, done: message });
      }
    };
    listeners.add(hear);
  });
  const plain = JSON.parse(JSON.stringify(args));
  send({ type: 'act', id, actor: consoleActor(), verb, args: plain, ttl_ms: 2000 });
  return within(answered, `control did not say what became of ${verb}`);
}

async function watch(send: Send, listeners: Listeners, flows: readonly string[]): Promise<Why[]> {
  const answered = new Promise<Why[]>((resolveWatch) => {
    const heard = new Map<string, Why>();
    const hear = (message: FromControl): void => {
      if (message.type !== 'why' || !flows.includes(message.flow)) return;
      heard.set(message.flow, message);
      if (heard.size < flows.length) return;
      listeners.delete(hear);
      resolveWatch([...heard.values()]);
    };
    listeners.add(hear);
  });
  send({ type: 'watch', flows: [...flows] });
  return within(answered, 'control did not say what the flows wait for');
}

async function within<T>(promise: Promise<T>, text: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new CellError('E_CELL_NOT_RUNNING', text)), patience);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
