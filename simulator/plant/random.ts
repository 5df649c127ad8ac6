// Chance from a seed, in named streams: a new consumer does not shift what the others draw.
import type { Random } from '#contract/time.ts';

/** The stream of this name; the same seed and name always give the same numbers in [0, 1). */
export function stream(seed: number, name: string): Random {
  let state = seed | 0;
  for (let index = 0; index < name.length; index += 1) {
    state = scramble((state + name.charCodeAt(index)) | 0);
  }
  // A counter through a mixing function: every seed, zero included, gives a full period.
  return () => {
    state = (state + 0x61c88647) | 0;
    return (scramble(state) >>> 0) / 0x1_0000_0000;
  };
}

/** Spreads 32 bits so that near inputs give unlike outputs; multipliers are odd, so nothing is lost. */
function scramble(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return mixed ^ (mixed >>> 15);
}
