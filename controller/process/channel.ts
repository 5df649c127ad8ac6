// The child's side of the supervisor's channel: ready, progress, and the word to stop.
import { ToChild } from './child.ts';
import type { FromChild } from './child.ts';

/** Progress is told about so often within the watchdog's time, however fast scans run. */
const beats = 12;

/** The channel to the supervisor; without one (started by hand) it tells nobody, and signals end the process. */
export class Channel {
  /** Resolves once with why: told to, the channel closed, or a signal where there is no supervisor. */
  readonly stopped: Promise<string>;
  #told = 0;
  /** Ms between two words of progress. */
  #pace = 0;

  constructor() {
    this.stopped = new Promise((resolve) => {
      if (process.send === undefined) {
        process.on('SIGTERM', () => resolve('terminated'));
        process.on('SIGINT', () => resolve('interrupted'));
        return;
      }
      // A signal may reach the whole process group; the supervisor decides who ends when.
      process.on('SIGTERM', () => undefined);
      process.on('SIGINT', () => undefined);
      process.on('message', (raw) => {
        if (ToChild.safeParse(raw).success) resolve('stopped by the supervisor');
      });
      process.on('disconnect', () => resolve('the supervisor is gone'));
      // Listening must not keep a process that has nothing left to do.
      process.channel?.unref();
    });
  }

  ready(message: Omit<Extract<FromChild, { type: 'ready' }>, 'type'>): void {
    this.#pace = message.watchdog_ms / beats;
    this.#send({ type: 'ready', ...message });
  }

  /** Why this process ends. False when there is nobody to tell. */
  async failed(why: string): Promise<boolean> {
    if (!process.connected) return false;
    const message: FromChild = { type: 'failed', why };
    await new Promise<void>((resolve) => {
      process.send?.(message, undefined, undefined, () => resolve());
    });
    return true;
  }

  progress(now: number): void {
    if (now - this.#told < this.#pace) return;
    this.#told = now;
    this.#send({ type: 'progress' });
  }

  /** Outputs leave, or no longer leave, before their cause is on disk: if we end now, the next start must know. */
  ahead(ahead: boolean): void {
    this.#send({ type: 'ahead', ahead });
  }

  #send(message: FromChild): void {
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  }
}
