// The cell as station last heard it: what a page that opens now is shown first.
// Also when control is gone: a page then shows the last state, and how old it is.
import { applyDelta, follows } from '#contract/merge.ts';
import type { WholeFromControl } from '#contract/pages.ts';
import type { Hello, Snapshot, Stopped, Why } from '#contract/wire.ts';

/** Merged from everything that control said since its last `hello`. */
export class CellView {
  #hello: Hello | undefined;
  #snapshot: Snapshot | undefined;
  readonly #whys = new Map<string, Why>();
  readonly #stops = new Map<string, Stopped>();

  get hello(): Hello | undefined {
    return this.#hello;
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** Why flows wait, of those that a page asked for. */
  get whys(): ReadonlyMap<string, Why> {
    return this.#whys;
  }

  /** Everything but `why`, in the order in which a page needs it. */
  *opening(): Generator<Hello | Snapshot | Stopped> {
    if (this.#hello !== undefined) yield this.#hello;
    if (this.#snapshot !== undefined) yield this.#snapshot;
    yield* this.#stops.values();
  }

  /** False when frames are missing before this message: a new snapshot is needed. */
  take(message: WholeFromControl): boolean {
    switch (message.type) {
      case 'hello':
        if (message.boot !== this.#hello?.boot) this.#stops.clear();
        this.#hello = forPages(message);
        this.#whys.clear();
        return true;
      case 'snapshot':
        this.#snapshot = message;
        return true;
      case 'delta':
        if (this.#snapshot === undefined || !follows(this.#snapshot.frame, message)) return false;
        this.#snapshot = applyDelta(this.#snapshot, message);
        return true;
      case 'why':
        this.#whys.set(message.flow, message);
        return true;
      case 'stopped':
        this.#stops.set(message.flow, message);
        return true;
      case 'receipt':
      case 'done':
      case 'bye':
        return true;
    }
  }
}

/** Whoever looks at the page need not know where the mirror's broker is, and as whom the cell speaks to it. */
function forPages(told: Hello): Hello {
  const hello = { ...told };
  delete hello.mirror;
  return hello;
}
