// Waits for the kernel, which does what it was asked a moment later and tells nobody.
import { milliseconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';

/** Between two looks. */
const look = milliseconds(2);

/** True as soon as `done` says so; false when it has not by the end of `limit` ms. */
export async function within(
  clock: Clock,
  limit: number,
  done: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const end = clock.now() + limit;
  for (;;) {
    if (await done()) return true;
    if (clock.now() > end) return false;
    await new Promise<void>((next) => void clock.after(look, next));
  }
}
