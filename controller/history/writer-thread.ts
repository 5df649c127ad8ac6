// The life of the thread that writes the history: takes batches in order, writes each, and after a
// failure tries again, later and later. What both sides say to each other stands here.
import { CellError, InvariantError, type Code } from '#contract/error.ts';
import type { Batch } from './batch.ts';
import { openForWriting } from './database.ts';
import type { Aside, HistorySetup, OpenDatabase } from './store.ts';
import { HistoryStore } from './store.ts';

export type ToWriter =
  | { readonly type: 'batch'; readonly batch: Batch }
  /** The last message: what came before is written, or never will be. */
  | { readonly type: 'end' };

export type FromWriter =
  /** A batch is written. */
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly code: Code; readonly text: string }
  /** It is written again. */
  | { readonly type: 'mended' }
  /** What was there could not be read; a new history begins. */
  | { readonly type: 'aside'; readonly aside: Aside }
  | { readonly type: 'closed' };

/** Between tries, ms. */
const firstPause = 500;
const longestPause = 30_000;

/** Calls back after so many ms; only one call is ever awaited. */
export type After = (delay: number, run: () => void) => void;

export class HistoryWriter {
  readonly #setup: HistorySetup;
  readonly #say: (message: FromWriter) => void;
  readonly #after: After;
  readonly #open: OpenDatabase;
  readonly #queue: ToWriter[] = [];
  #store: HistoryStore | undefined;
  #failures = 0;
  #failed: unknown;
  #told = '';
  /** The time up to which is recorded, UTC ms: what is due is due by it. */
  #until = 0;
  #waits = false;
  #closed = false;

  constructor(
    setup: HistorySetup,
    say: (message: FromWriter) => void,
    after: After,
    open: OpenDatabase = openForWriting,
  ) {
    this.#setup = setup;
    this.#say = say;
    this.#after = after;
    this.#open = open;
  }

  start(): void {
    this.#turn();
  }

  receive(message: ToWriter): void {
    this.#queue.push(message);
    // While it waits for the disk only the end is heard.
    if (!this.#waits || message.type === 'end') this.#turn();
  }

  #turn(): void {
    if (this.#closed) return;
    this.#waits = false;
    try {
      const store = this.#opened();
      while (this.#next(store));
      if (this.#closed) return;
      if (store.tidy(this.#until)) this.#later(0);
      this.#succeed();
    } catch (error) {
      this.#fail(error);
    }
  }

  #next(store: HistoryStore): boolean {
    const [message] = this.#queue;
    if (message === undefined) return false;
    if (message.type === 'end') {
      this.#close();
      return false;
    }
    store.write(message.batch);
    this.#until = message.batch.until;
    this.#queue.shift();
    this.#say({ type: 'done' });
    return true;
  }

  #opened(): HistoryStore {
    if (this.#store === undefined) {
      const { store, aside } = HistoryStore.open(this.#setup, this.#open);
      this.#store = store;
      if (aside !== undefined) this.#say({ type: 'aside', aside });
    } else if (this.#failed !== undefined) {
      const aside = this.#store.reopen(this.#failed);
      if (aside !== undefined) this.#say({ type: 'aside', aside });
    }
    this.#failed = undefined;
    return this.#store;
  }

  #succeed(): void {
    if (this.#failures > 0) this.#say({ type: 'mended' });
    this.#failures = 0;
    this.#told = '';
  }

  #fail(error: unknown): void {
    if (error instanceof InvariantError || !(error instanceof Error)) throw error;
    this.#failures += 1;
    this.#failed = error;
    const code = error instanceof CellError ? error.code : 'E_HISTORY_WRITE';
    if (error.message !== this.#told) this.#say({ type: 'failed', code, text: error.message });
    this.#told = error.message;
    // At the end nobody waits for a disk that does not answer.
    if (this.#queue.some(({ type }) => type === 'end')) this.#close();
    else this.#later(Math.min(longestPause, firstPause * 2 ** Math.min(this.#failures - 1, 10)));
  }

  #close(): void {
    this.#queue.length = 0;
    this.#closed = true;
    this.#store?.close();
    this.#say({ type: 'closed' });
  }

  #later(delay: number): void {
    this.#waits = delay > 0;
    this.#after(delay, () => this.#turn());
  }
}
