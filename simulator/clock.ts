// The one adapter to the system's clock and timers; all else in the simulator is given a `Clock`.
import { instant, utcMs, type Clock } from '#contract/time.ts';

export const systemClock: Clock = {
  now: () => instant(performance.now()),
  time: () => utcMs(Date.now()),
  after: (delay, run) => {
    const timer = setTimeout(run, delay);
    return () => clearTimeout(timer);
  },
};
