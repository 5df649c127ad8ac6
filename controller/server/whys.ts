// Asks control once why a flow waits, for whoever shows no page: the answer is of now, not of when a page last looked.
import { CellError } from '#contract/error.ts';
import { seconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import type { Why } from '#contract/wire.ts';

const patience = seconds(5);
const waitingLimit = 256;

interface Waiting {
  readonly flow: string;
  readonly end: (why: Why | CellError) => void;
}

export class Whys {
  readonly #clock: Clock;
  readonly #watch: () => void;
  readonly #waiting = new Set<Waiting>();

  /** `watch`: which flows control explains has changed. */
  constructor(clock: Clock, watch: () => void) {
    this.#clock = clock;
    this.#watch = watch;
  }

  /** Flows of which an answer is awaited. */
  get flows(): readonly string[] {
    return [...this.#waiting].map(({ flow }) => flow);
  }

  /** Throws `E_CELL_NOT_RUNNING` when control does not say. */
  async ask(flow: string): Promise<Why> {
    if (this.#waiting.size >= waitingLimit)
      throw new CellError('E_DOOR_RATE', `${waitingLimit} ask already why flows wait`);
    return new Promise((done, fail) => {
      const late = this.#clock.after(patience, () => waiting.end(unheard(flow)));
      const waiting: Waiting = {
        flow,
        end: (why) => {
          late();
          this.#waiting.delete(waiting);
          if (why instanceof CellError) fail(why);
          else done(why);
        },
      };
      this.#waiting.add(waiting);
      this.#watch();
    });
  }

  take(why: Why): void {
    const heard = [...this.#waiting].filter(({ flow }) => flow === why.flow);
    for (const { end } of heard) end(why);
    if (heard.length > 0) this.#watch();
  }

  lost(): void {
    for (const { flow, end } of this.#waiting) end(unheard(flow));
  }
}

const unheard = (flow: string): CellError =>
  new CellError('E_CELL_NOT_RUNNING', `control did not say what ${flow} waits for`);
