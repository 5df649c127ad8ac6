// How long a step may take that somebody else does: a session waits for nobody for ever. What a step does that is late all
// the same is its caller's matter.
import { CellError } from '#contract/error.ts';
import { formatDuration } from '#contract/time.ts';
import type { Cancel, Clock, Duration } from '#contract/time.ts';

/** What it gives. Throws what it throws, and `E_SHELL_LATE` when it has not ended in time. */
export async function limited<T>(
  clock: Clock,
  { what, limit }: { readonly what: string; readonly limit: Duration },
  run: () => Promise<T>,
): Promise<T> {
  const text = `${what} took longer than ${formatDuration(limit)}`;
  const timers: Cancel[] = [];
  const late = new Promise<never>((_, reject) => {
    timers.push(clock.after(limit, () => reject(new CellError('E_SHELL_LATE', text))));
  });
  try {
    return await Promise.race([run(), late]);
  } finally {
    for (const cancel of timers) cancel();
  }
}
