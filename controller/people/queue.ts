// Who is looked at next where few can be at once: whoever is at the panel first, then in turn those who have signed in
// before and strangers. Nobody waits in the place of another kind, and no source holds more than its share.
import { CellError } from '#contract/error.ts';

/** At the cell's own machine; somebody who signed in before; whoever else. */
const lanes = ['panel', 'known', 'stranger'] as const;
type Lane = (typeof lanes)[number];

/** Whoever waits, and where from: a name, an address, a browser. */
export interface Waiter {
  readonly lane: Lane;
  readonly source: string;
}

/** How many may wait in each lane, and how many of one source may wait or be looked at. */
export const laneLimit = 8;
export const sourceLimit = 4;

export class Queue {
  readonly #atOnce: number;
  #running = 0;
  readonly #waiting: Readonly<Record<Lane, (() => void)[]>> = {
    panel: [],
    known: [],
    stranger: [],
  };
  /** How many each source has, waiting or looked at. */
  readonly #held = new Map<string, number>();
  /** Whose turn it is when nobody is at the panel. */
  #turn: 'known' | 'stranger' = 'known';

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** Resolves when it is one's turn; what it resolves to gives the place back. Throws `E_SIGN_IN_BUSY`. */
  async enter({ lane, source }: Waiter): Promise<() => void> {
    const key = `${lane} ${source}`;
    const held = this.#held.get(key) ?? 0;
    // At the panel there is one source, and nobody else to leave a place to.
    if (lane !== 'panel' && held >= sourceLimit)
      throw new CellError('E_SIGN_IN_BUSY', `${sourceLimit} of one source are checked already`);
    const free = this.#running < this.#atOnce;
    if (!free && this.#waiting[lane].length >= laneLimit)
      throw new CellError('E_SIGN_IN_BUSY', `${laneLimit} wait to be checked`);
    this.#held.set(key, held + 1);
    if (free) this.#running += 1;
    else {
      await new Promise<void>((resolve) => {
        this.#waiting[lane].push(resolve);
      });
    }
    return () => this.#leave(key);
  }

  /** The place is handed over to whoever is next. */
  #leave(key: string): void {
    const held = (this.#held.get(key) ?? 1) - 1;
    if (held > 0) this.#held.set(key, held);
    else this.#held.delete(key);
    const next = this.#next();
    if (next === undefined) this.#running -= 1;
    else next();
  }

  #next(): (() => void) | undefined {
    const atPanel = this.#waiting.panel.shift();
    if (atPanel !== undefined) return atPanel;
    const first = this.#turn;
    this.#turn = first === 'known' ? 'stranger' : 'known';
    return this.#waiting[first].shift() ?? this.#waiting[this.#turn].shift();
  }
}
