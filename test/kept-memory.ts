// How much a process keeps once all that nobody holds is collected. What the system counts for it (RSS) depends on when
// the collector came last, and so on how busy the machine is.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes that are held, on the heap and beside it. */
export function keptMemory(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
