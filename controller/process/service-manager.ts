// What a service manager is told of a supervised cell, by the protocol of sd_notify(3): ready, what goes on, and that
// the supervisor lives. Node has no datagram sockets of Unix, so systemd's own `systemd-notify` carries it.
import { spawn } from 'node:child_process';
import { milliseconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';

export interface ServiceManager {
  /** Words such as `READY=1`, sent in the order in which they are told. */
  tell(...words: readonly string[]): void;
  /** Ends the beats. */
  close(): void;
}

/** Words that wait for the ones before them; beyond that the newest are dropped: they repeat. */
const queueLimit = 32;
/** Beats in the time that the manager's watchdog allows. */
const beats = 3;

/** Beats as WATCHDOG_USEC asks for, from now on. Without NOTIFY_SOCKET nobody listens, and nothing is started. */
export function serviceManager(
  clock: Clock,
  environment: Readonly<Record<string, string | undefined>>,
): ServiceManager {
  if (environment['NOTIFY_SOCKET'] === undefined) {
    return { tell: () => undefined, close: () => undefined };
  }
  const waiting: (readonly string[])[] = [];
  let sending = false;
  const send = (): void => {
    const words = waiting.shift();
    sending = words !== undefined;
    if (words === undefined) return;
    const child = spawn('systemd-notify', words, { stdio: 'ignore', env: { ...environment } });
    const done = (): void => {
      child.removeAllListeners();
      send();
    };
    // A manager that cannot be told must not end the cell.
    child.once('error', done);
    child.once('exit', done);
  };
  const tell = (...words: readonly string[]): void => {
    if (waiting.length >= queueLimit) return;
    waiting.push(words);
    if (!sending) send();
  };
  let next: Cancel | undefined;
  const limit = Number(environment['WATCHDOG_USEC'] ?? 0) / 1000;
  const beat = (): void => {
    tell('WATCHDOG=1');
    next = clock.after(milliseconds(limit / beats), beat);
  };
  if (limit > 0) beat();
  return { tell, close: () => next?.() };
}
