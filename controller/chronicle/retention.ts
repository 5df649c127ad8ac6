// Past `chronicle.max` the oldest whole segments leave. The checkpoint before the first segment that
// stays becomes the oldest row: its frontier and its hash are the place of all that left, so the rest
// verifies as before. Rows leave from checkpoint to checkpoint, so a stop half-way verifies too.
import type { Storage } from './storage.ts';

/** Rows that one step looks at: little enough not to hold up a commit. */
const stride = 2000;

export class Retention {
  readonly #storage: Storage;
  readonly #max: number;
  /** Where the search for the next segment's start goes on; 0: it begins anew. */
  #next = 0;
  /** Checkpoints passed on the way to it. */
  #checkpoints: number[] = [];
  /** Checkpoints up to which rows are to be deleted, in order. */
  #cuts: number[] = [];

  /** `max` in bytes. */
  constructor(storage: Storage, max: number) {
    this.#storage = storage;
    this.#max = max;
  }

  /** One short step; true when there is more to do at once. `last` is the newest entry. */
  step(last: number): boolean {
    const cut = this.#cuts.shift();
    if (cut !== undefined) {
      this.#storage.removeBefore(cut);
      return true;
    }
    if (this.#storage.size() <= this.#max) return false;
    return this.#search(last);
  }

  #search(last: number): boolean {
    const first = this.#storage.first();
    if (first === undefined) return false;
    const from = this.#next === 0 ? first : this.#next;
    const rows = this.#storage.kinds(from, stride);
    for (const row of rows) {
      this.#next = row.seq + 1;
      if (row.kind === 'checkpoint' && row.seq > first) this.#checkpoints.push(row.seq);
      // Each segment but the first of a chronicle follows a checkpoint (chronicle.ts).
      if (row.kind === 'segment' && this.#checkpoints.at(-1) === row.seq - 1) {
        this.#cuts = this.#checkpoints;
        this.#checkpoints = [];
        return true;
      }
    }
    return this.#next <= last && rows.length > 0;
  }
}
