// A timing wheel: which tags may have grown old since it was last asked. A tag stands in it at most
// once, at the earliest instant at which it can expire; one that was confirmed meanwhile moves on.
import { assert } from '#contract/error.ts';

/** One slot for each ms; what lies further ahead is looked at again when the wheel has turned. */
const slots = 4096;
const none = -1;

export class ExpiryWheel {
  readonly #heads = new Int32Array(slots).fill(none);
  readonly #next: Int32Array;
  #now = 0;
  #count = 0;

  /** For tags 0 to `size` - 1. */
  constructor(size: number) {
    this.#next = new Int32Array(size).fill(none);
  }

  /** Puts a tag that is not in the wheel at instant `at`, whole ms since boot. */
  watch(tag: number, at: number): void {
    assert(tag >= 0 && tag < this.#next.length, 'a watched tag is one of the plan');
    const ahead = Math.min(Math.max(at, this.#now + 1), this.#now + slots - 1);
    const slot = ahead % slots;
    this.#next[tag] = this.#heads[slot] ?? none;
    this.#heads[slot] = tag;
    this.#count += 1;
  }

  /** Calls `check` for each tag whose instant has come; it gives the tag's new instant, or undefined. */
  due(now: number, check: (tag: number) => number | undefined): void {
    assert(now >= this.#now, 'time never goes back');
    const from = Math.max(this.#now + 1, now - slots + 1);
    this.#now = now;
    if (this.#count === 0) return;
    for (let at = from; at <= now; at += 1) this.#empty(at % slots, check);
  }

  #empty(slot: number, check: (tag: number) => number | undefined): void {
    let tag = this.#heads[slot] ?? none;
    this.#heads[slot] = none;
    while (tag !== none) {
      const following = this.#next[tag] ?? none;
      this.#count -= 1;
      const again = check(tag);
      if (again !== undefined) this.watch(tag, again);
      tag = following;
    }
  }
}
