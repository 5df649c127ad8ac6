// The writer's turns: take all that waits in the ring, commit it, say so; after a failure try again,
// later and later; when nothing waits, retention. What blocks between turns is the caller's choice.
import { CellError, type Code, InvariantError } from '#contract/error.ts';
import type { Retention } from './retention.ts';
import type { NumberedDraft, RingSink } from './ring.ts';
import type { Writer } from './writer.ts';

/** Of one commit. */
const mostEntries = 4096;
const mostBytes = 4_194_304;
/** Between tries, ms. */
const firstPause = 10;
const longestPause = 500;

/** What control's thread is told. */
export interface DrainListener {
  durable(): void;
  /** The disk refused; it is tried again. */
  failed(code: Code, text: string): void;
  /** The disk takes entries again. */
  mended(): void;
}

/** `wait`: until something is pushed; a number: that many ms, whatever is pushed. */
export type Next = 'wait' | 'end' | number;

export class Drain {
  readonly #sink: RingSink;
  readonly #writer: Writer;
  readonly #retention: Retention;
  readonly #listener: DrainListener;
  readonly #now: () => number;
  /** A commit that failed comes again just as it was: what became of it may not be known. */
  #batch: readonly NumberedDraft[] = [];
  #failures = 0;
  #told = '';

  /** `now`: monotonic ms. */
  constructor(
    sink: RingSink,
    writer: Writer,
    retention: Retention,
    listener: DrainListener,
    now: () => number,
  ) {
    this.#sink = sink;
    this.#writer = writer;
    this.#retention = retention;
    this.#listener = listener;
    this.#now = now;
  }

  turn(): Next {
    if (this.#batch.length === 0) this.#batch = this.#sink.peek(mostEntries, mostBytes);
    const count = this.#batch.length;
    try {
      if (count === 0) return this.#idle();
      const began = this.#now();
      this.#writer.write(this.#batch);
      this.#batch = [];
      const micros = Math.round((this.#now() - began) * 1000);
      if (this.#sink.release(count, micros)) this.#listener.durable();
    } catch (error) {
      return this.#fail(error);
    }
    this.#succeed();
    return 0;
  }

  #idle(): Next {
    if (this.#sink.closing) return 'end';
    this.#writer.grow();
    const more = this.#retention.step();
    this.#succeed();
    return more ? 0 : 'wait';
  }

  #succeed(): void {
    if (this.#failures > 0) this.#listener.mended();
    this.#failures = 0;
    this.#told = '';
  }

  #fail(error: unknown): number {
    if (error instanceof InvariantError || !(error instanceof Error)) throw error;
    this.#failures += 1;
    const code = error instanceof CellError ? error.code : 'E_CHRONICLE_WRITE';
    if (error.message !== this.#told) this.#listener.failed(code, error.message);
    this.#told = error.message;
    return Math.min(longestPause, firstPause * 2 ** Math.min(this.#failures - 1, 10));
  }
}
