// The child's side of the supervisor's channel: ready, progress, and the word to stop.
import { milliseconds } from '#contract/time.ts';
import { ToChild } from './supervisor.ts';
import type { FromChild } from './supervisor.ts';

/** Progress is told at most this often, however fast scans run. */
const pace = milliseconds(50);

/** The channel to the supervisor; without one (started by hand) it tells nobody, and signals end the process. */
export class Channel {
  #told = 0;

  /** Calls `stop` once: when told to, when the channel closes, or on SIGTERM and SIGINT without a supervisor. */
  constructor(stop: (why: string) => void) {
    let stopped = false;
    const once = (why: string): void => {
      if (!stopped) stop(why);
      stopped = true;
    };
    if (process.send === undefined) {
      process.on('SIGINT', () => once('interrupted'));
      process.on('SIGTERM', () => once('terminated'));
      return;
    }
    // Ctrl-C reaches the whole process group; the supervisor decides who ends when.
    process.on('SIGINT', () => undefined);
    process.on('SIGTERM', () => once('terminated'));
    process.on('message', (raw) => {
      if (ToChild.safeParse(raw).success) once('stopped by the supervisor');
    });
    process.on('disconnect', () => once('the supervisor is gone'));
  }

  ready(message: Omit<Extract<FromChild, { type: 'ready' }>, 'type'>): void {
    this.#send({ type: 'ready', ...message });
  }

  progress(now: number): void {
    if (now - this.#told < pace) return;
    this.#told = now;
    this.#send({ type: 'progress' });
  }

  #send(message: FromChild): void {
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  }
}
