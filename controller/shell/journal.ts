// What one session tells the chronicle, in order: each event again and again until it stands there. While any waits,
// nothing that the session decided since may take effect, but to take something away.
import type { Code } from '#contract/error.ts';
import { seconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import type { StationEvent } from '#controller/server/records.ts';

/** Resolves to nothing when it is on disk, else to why it is not known to be. */
export type Keep = (event: StationEvent) => Promise<Code | undefined>;

/** Between two tries. */
const again = seconds(1);
/** Events that wait; a session that has so many ends. */
export const waitingLimit = 256;

export class Journal {
  readonly #clock: Clock;
  readonly #keep: Keep;
  readonly #changed: () => void;
  readonly #waiting: StationEvent[] = [];
  #busy = false;
  #tries = 0;
  #retry: Cancel | undefined;
  #closed = false;

  /** `changed`: something was taken, or was not. */
  constructor(clock: Clock, keep: Keep, changed: () => void) {
    this.#clock = clock;
    this.#keep = keep;
    this.#changed = changed;
  }

  /** Everything that was told stands in the chronicle. */
  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  /** The oldest was tried and is not there. */
  get failing(): boolean {
    return this.#tries > 0;
  }

  get full(): boolean {
    return this.#waiting.length >= waitingLimit;
  }

  tell(event: StationEvent): void {
    this.#waiting.push(event);
    if (!this.#busy && this.#retry === undefined) void this.#next();
  }

  /** What waits is given up: station ends. */
  close(): void {
    this.#closed = true;
    this.#retry?.();
  }

  async #next(): Promise<void> {
    this.#retry = undefined;
    this.#busy = true;
    for (let event = this.#waiting[0]; event !== undefined; event = this.#waiting[0]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other is what it is for
      const problem = await this.#keep(event);
      if (this.#closed) return;
      if (problem !== undefined) {
        this.#busy = false;
        this.#tries += 1;
        this.#retry = this.#clock.after(again, () => void this.#next());
        this.#changed();
        return;
      }
      this.#tries = 0;
      this.#waiting.shift();
      if (this.#waiting.length > 0) continue;
      this.#busy = false;
      this.#changed();
      return;
    }
    this.#busy = false;
  }
}
