// The writer's side of the thread: opens the chronicle (or sets it aside), then turns until it is
// told to end. What both sides say to each other stands here.
import type { MessagePort } from 'node:worker_threads';
import { CellError, type Code } from '#contract/error.ts';
import { originOf } from './checkpoint.ts';
import { ChronicleDatabase, isBroken, readBoot, setAside, type Durability } from './database.ts';
import { Drain, type Next } from './drain.ts';
import { openKey } from './key.ts';
import { Retention } from './retention.ts';
import { RingSink, type SharedRing } from './ring.ts';
import type { Storage } from './storage.ts';
import { Writer, type Tail } from './writer.ts';

/** What the thread is started with. */
export interface WriterSetup {
  readonly ring: SharedRing;
  /** Of `chronicle.db`. */
  readonly path: string;
  /** Folder of the cell's key. */
  readonly keys: string;
  readonly cell: string;
  readonly durability: Durability;
  /** Bytes past which the oldest segments leave. */
  readonly max: number;
  /** UTC ms: names a file that is set aside. */
  readonly time: number;
}

/** A chronicle that could not be read, and where it is now. */
export interface Aside {
  readonly file: string;
  readonly why: string;
}

export type WriterMessage =
  | { readonly type: 'opened'; readonly tail: Tail; readonly aside?: Aside }
  | { readonly type: 'refused'; readonly code: Code; readonly text: string }
  | { readonly type: 'durable' }
  | { readonly type: 'failed'; readonly code: Code; readonly text: string }
  | { readonly type: 'mended' }
  | { readonly type: 'closed' };

/** The whole life of the thread. */
export function runWriter(port: Pick<MessagePort, 'postMessage'>, setup: WriterSetup): void {
  const writer = openWriter(setup, (message) => port.postMessage(message));
  if (writer === undefined) return;
  for (let next = writer.turn(); next !== 'end'; next = writer.turn()) {
    if (next === 'wait') writer.sink.wait();
    else if (next > 0) writer.sink.pause(next);
  }
  writer.close();
}

export interface OpenedWriter {
  readonly sink: RingSink;
  turn(): Next;
  close(): void;
}

/** Opens what a setup names; undefined when it was refused, which was said. */
export function openWriter(
  setup: WriterSetup,
  say: (message: WriterMessage) => void,
  openStorage: (setup: WriterSetup) => Storage = openDatabase,
): OpenedWriter | undefined {
  try {
    const { storage, writer, opened } = open(setup, openStorage);
    const sink = new RingSink(setup.ring);
    const retention = new Retention(storage, writer, setup.max);
    const listener = {
      durable: () => say({ type: 'durable' }),
      failed: (code: Code, text: string) => say({ type: 'failed', code, text }),
      mended: () => say({ type: 'mended' }),
    };
    const drain = new Drain(sink, writer, retention, listener, () => performance.now());
    say(opened);
    return {
      sink,
      turn: () => drain.turn(),
      close: () => {
        storage.close();
        say({ type: 'closed' });
      },
    };
  } catch (error) {
    const code = error instanceof CellError ? error.code : 'E_CHRONICLE_OPEN';
    const text = error instanceof Error ? error.message : String(error);
    say({ type: 'refused', code, text: `${setup.path}: ${text}` });
    return undefined;
  }
}

const openDatabase = (setup: WriterSetup): Storage =>
  new ChronicleDatabase(setup.path, setup.durability);

function open(setup: WriterSetup, openStorage: (setup: WriterSetup) => Storage) {
  const origin = originOf(setup.cell);
  const signer = openKey(setup.keys, origin);
  const attempt = (boot: number) => {
    const storage = openStorage(setup);
    try {
      return { storage, ...Writer.open(storage, signer, origin, boot) };
    } catch (error) {
      storage.close();
      throw error;
    }
  };
  try {
    const { storage, writer, tail } = attempt(0);
    return { storage, writer, opened: { type: 'opened', tail } as const };
  } catch (error) {
    if (!isBroken(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const boot = readBoot(setup.path);
    const aside = { file: setAside(setup.path, setup.time), why };
    const { storage, writer, tail } = attempt(boot);
    return { storage, writer, opened: { type: 'opened', tail, aside } as const };
  }
}
