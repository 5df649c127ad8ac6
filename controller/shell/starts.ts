// Processes that were seen to start in a session: evidence, in the recording as many as it takes, in the chronicle at a pace,
// so that a flood of them fills neither.
import type { Json } from '#contract/canonical.ts';
import type { SessionBody } from '#contract/entry.ts';
import type { SessionId } from '#contract/shell.ts';
import type { Clock } from '#contract/time.ts';
import type { StartedProcess } from './parts.ts';

/** Those of one session that are told to the chronicle, in all and in a second. */
const toldLimit = 2000;
const toldPace = 20;
/** Of one command line: words, letters of a word, letters of its one line. */
const words = 64;
const letters = 256;
const line = 500;

export class Starts {
  readonly #clock: Clock;
  readonly #session: SessionId;
  readonly #to: { mark(process: Json): void; tell(body: SessionBody): void };
  #second = 0;
  #count = 0;
  #all = 0;

  constructor(
    clock: Clock,
    session: SessionId,
    to: { mark(process: Json): void; tell(body: SessionBody): void },
  ) {
    this.#clock = clock;
    this.#session = session;
    this.#to = to;
  }

  seen({ pid, argv, hash, unhashed, at }: StartedProcess): void {
    const told = argv.slice(0, words).map((word) => word.slice(0, letters));
    const about = {
      pid,
      argv: told,
      at,
      ...(hash === undefined ? {} : { hash }),
      ...(unhashed === undefined ? {} : { unhashed }),
    };
    this.#to.mark(about);
    const second = Math.floor(this.#clock.now() / 1000);
    if (second !== this.#second) this.#count = 0;
    this.#second = second;
    if (this.#count >= toldPace || this.#all >= toldLimit) return;
    this.#count += 1;
    this.#all += 1;
    const text = told.join(' ').slice(0, line);
    this.#to.tell({ event: 'shell-process', session: this.#session, about, text });
  }
}
