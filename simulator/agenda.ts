// What is to happen in virtual time, and when: the earliest first, and of one instant in the order of asking.
import type { Cancel } from '#contract/time.ts';

interface Item {
  readonly at: number;
  /** Undefined: it was called off. */
  run: (() => void) | undefined;
}

export class Agenda {
  /** Virtual ms. */
  now = 0;
  /** The latest first. They are few, and what is asked for is mostly near: a place is found in some steps. */
  readonly #items: Item[] = [];

  /** When the next thing happens; infinity when nothing will. */
  get next(): number {
    const items = this.#items;
    return items.length === 0 ? Number.POSITIVE_INFINITY : (items[items.length - 1]?.at ?? 0);
  }

  /** The way to call it off. */
  after(delay: number, run: () => void): Cancel {
    const item = this.#put(delay, run);
    return () => {
      item.run = undefined;
    };
  }

  /** The same for what is never called off. */
  surely(delay: number, run: () => void): void {
    this.#put(delay, run);
  }

  /** Runs everything that is due at `now`. */
  runDue(): void {
    while (this.next <= this.now) this.#items.pop()?.run?.();
  }

  #put(delay: number, run: () => void): Item {
    const item: Item = { at: this.now + Math.max(0, delay), run };
    const items = this.#items;
    let place = items.push(item) - 1;
    for (; place > 0; place -= 1) {
      const later = items[place - 1];
      if (later === undefined || later.at > item.at) break;
      items[place] = later;
    }
    items[place] = item;
    return item;
  }
}
