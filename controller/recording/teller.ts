// Takes what recordings have for the chronicle to control, in order, and again while control is away. Each hash proves
// all before it, so where too much waits the oldest is left out.
import { assert } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import type { RecordingEvent, RecordingLeft } from '#contract/recording.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import { tellPause, tellsKept } from './limits.ts';

export type ForChronicle = RecordingEvent | RecordingLeft;

/** Resolves to nothing when it is on disk, else to why not. */
export type Keep = (event: ForChronicle) => Promise<Code | undefined>;

interface Waiting {
  readonly event: ForChronicle;
  readonly done: () => void;
}

export class Teller {
  readonly #clock: Clock;
  readonly #keep: Keep;
  readonly #waiting: Waiting[] = [];
  #busy = false;
  #pause: Cancel | undefined;
  #closed = false;

  constructor(clock: Clock, keep: Keep) {
    this.#clock = clock;
    this.#keep = keep;
  }

  /** Resolves when it stands in the chronicle, or when it was left out for newer ones. */
  async tell(event: ForChronicle): Promise<void> {
    await new Promise<void>((done) => {
      this.#waiting.push({ event, done });
      if (this.#waiting.length > tellsKept) this.#leaveOut();
      if (!this.#busy) void this.#run();
    });
  }

  /** Tells nothing more. */
  close(): void {
    this.#closed = true;
    this.#pause?.();
    for (const { done } of this.#waiting.splice(0)) done();
  }

  async #run(): Promise<void> {
    assert(!this.#busy, 'one after the other');
    this.#busy = true;
    for (let next = this.#waiting[0]; next !== undefined && !this.#closed;) {
      // oxlint-disable-next-line no-await-in-loop -- in order
      const problem = await this.#keep(next.event);
      // oxlint-disable-next-line no-await-in-loop -- control is away, or its disk stands still
      if (problem !== undefined) await this.#rest();
      else if (this.#waiting[0] === next) this.#waiting.shift()?.done();
      next = this.#waiting[0];
    }
    this.#busy = false;
  }

  async #rest(): Promise<void> {
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      this.#pause = this.#clock.after(tellPause, resolve);
    });
  }

  /** Never the first, which is on its way, nor the end of a recording. */
  #leaveOut(): void {
    const index = this.#waiting.findIndex(
      ({ event }, at) => at > 0 && event.event === 'recorded' && !event.last,
    );
    if (index > 0) for (const { done } of this.#waiting.splice(index, 1)) done();
  }
}
