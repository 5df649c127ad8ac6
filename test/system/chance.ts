// A small generator of chance for tests, so that a failing run can be run again with its seed.

/** Numbers from 0 up to 1, the same for the same seed. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

export const testSeed = Number(process.env['SEED'] ?? 20_261_123);
/** The long form of the long tests: all of what CI runs a sample of. */
export const soak = process.env['SOAK'] === '1';
