// Past `chronicle.max` the oldest whole segments leave. The checkpoint before the first segment that
// stays becomes the oldest row: its frontier and its hash are the place of all that left, so the rest
// verifies as before. A checkpoint says so before any row is deleted: without that, rows that are not
// there were taken. They leave from checkpoint to checkpoint, so a stop half-way verifies too.
import type { Storage } from './storage.ts';
import type { Writer } from './writer.ts';

/** Rows that one step looks at: little enough not to hold up a commit. */
const stride = 2000;

export class Retention {
  readonly #storage: Storage;
  readonly #writer: Writer;
  readonly #max: number;
  /** The oldest row; only this class deletes. */
  #first: number | undefined;
  /** Where the search for the next segment goes on; 0: it begins anew. */
  #next = 0;
  /** The row before it in that search. */
  #before = '';

  /** `max` in bytes. */
  constructor(storage: Storage, writer: Writer, max: number) {
    this.#storage = storage;
    this.#writer = writer;
    this.#max = max;
  }

  /** One short step; true when there is more to do at once. */
  step(): boolean {
    const first = (this.#first ??= this.#storage.first());
    if (first === undefined) return false;
    if (first < this.#writer.declared) {
      this.#remove(first);
      return true;
    }
    if (this.#writer.declares || this.#storage.size() <= this.#max) return false;
    return this.#search(first);
  }

  /** Deletes up to the next checkpoint. */
  #remove(first: number): void {
    const { declared } = this.#writer;
    const next = this.#storage
      .kinds(first + 1, stride)
      .find((row) => row.kind === 'checkpoint' && row.seq <= declared);
    const cut = next?.seq ?? declared;
    this.#first = undefined;
    this.#storage.removeBefore(cut);
    this.#next = 0;
  }

  /** Looks for the first segment after the oldest row; the writer declares what is before it. */
  #search(first: number): boolean {
    if (this.#next === 0) {
      this.#next = first + 2;
      this.#before = '';
    }
    const rows = this.#storage.kinds(this.#next, stride);
    for (const row of rows) {
      this.#next = row.seq + 1;
      const found = row.kind === 'segment' && this.#before === 'checkpoint';
      this.#before = row.kind;
      if (!found) continue;
      if (row.seq - 1 > first) this.#writer.keepFrom(row.seq - 1);
      return false;
    }
    return rows.length === stride;
  }
}
