// What is to happen in virtual time, and when: the earliest first, and of one instant in the order of asking.
import type { Cancel } from '#contract/time.ts';

interface Item {
  readonly at: number;
  readonly order: number;
  /** Undefined: it was called off. */
  run: (() => void) | undefined;
}

export class Agenda {
  /** Virtual ms. */
  now = 0;
  /** A binary heap. */
  readonly #items: Item[] = [];
  #order = 0;

  /** When the next thing happens; infinity when nothing will. */
  get next(): number {
    return this.#items[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** The way to call it off. */
  after(delay: number, run: () => void): Cancel {
    this.#order += 1;
    const item: Item = { at: this.now + Math.max(0, delay), order: this.#order, run };
    const items = this.#items;
    let place = items.push(item) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = items[above];
      if (parent === undefined || before(parent, item)) break;
      items[place] = parent;
      place = above;
    }
    items[place] = item;
    return () => {
      item.run = undefined;
    };
  }

  /** Runs everything that is due at `now`. */
  runDue(): void {
    while (this.next <= this.now) this.#take()?.run?.();
  }

  #take(): Item | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let place = 0;
    for (;;) {
      let below = place * 2 + 1;
      const [left, right] = [items[below], items[below + 1]];
      if (left === undefined) break;
      if (right !== undefined && before(right, left)) below += 1;
      const child = items[below];
      if (child === undefined || before(last, child)) break;
      items[place] = child;
      place = below;
    }
    items[place] = last;
    return first;
  }
}

const before = (left: Item, right: Item): boolean =>
  left.at < right.at || (left.at === right.at && left.order < right.order);
