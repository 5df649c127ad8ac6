// How late this process' own timers are: what a busy machine adds to any time that is measured beside it.
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** A chain of timers, messages and starts: what is measured passes several, each as late as that. */
const links = 5;

/** From here to the call of what it returns: milliseconds by which what took place meanwhile may be late. */
export function watchLateness(): () => number {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  return () => {
    delay.disable();
    return (links * delay.max) / 1e6;
  };
}
