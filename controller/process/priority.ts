// Who runs first on the machine, where the system lets us say so: control and what watches over it before
// station and everything else, and what can wait after all of them. A service's unit says the same.
import { constants, setPriority } from 'node:os';

const levels = {
  first: constants.priority.PRIORITY_HIGHEST,
  usual: constants.priority.PRIORITY_NORMAL,
  last: constants.priority.PRIORITY_LOW,
} as const;

/** Of this process and the threads and processes that it starts from now on. */
export function setProcessPriority(level: keyof typeof levels): void {
  try {
    setPriority(levels[level]);
  } catch {
    // Not allowed to this user: it runs as any process does.
  }
}
