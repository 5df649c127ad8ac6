// Chance from a seed, for tests that print the seed with which they failed.

/** A stream of whole numbers in [0, below). */
export type Chance = (below: number) => number;

export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export function pick<T>(chance: Chance, items: readonly T[]): T {
  const item = items[chance(items.length)];
  if (item === undefined) throw new Error('there is nothing to pick from');
  return item;
}
