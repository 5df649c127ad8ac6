// The only adapter to real time and to chance: everything else is given a `Clock` or a `Random`.
import { randomBytes } from 'node:crypto';
import { instant, utcMs } from '#contract/time.ts';
import type { Clock, Random } from '#contract/time.ts';

/** Real time; `now` counts from the call, so that it is milliseconds since boot. */
export function realClock(): Clock {
  const start = performance.now();
  return {
    now: () => instant(performance.now() - start),
    time: () => utcMs(Date.now()),
    after: (delay, run) => {
      const timer = setTimeout(run, delay);
      return () => clearTimeout(timer);
    },
  };
}

/** Chance for jitter and identifiers; nothing that a flow sees depends on it. */
export const realRandom: Random = () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48;
