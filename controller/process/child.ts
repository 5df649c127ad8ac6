// One process that the supervisor started: watched, killed when it makes no progress, started again.
// A child ends when its channel to the supervisor closes, so nothing outlives it.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import * as z from 'zod';
import { StationPlan } from '#contract/cell.ts';
import { milliseconds, seconds } from '#contract/time.ts';
import type { Cancel, Clock, Duration, Instant } from '#contract/time.ts';

/** What a child tells over its channel. `ready` gives the watchdog that `progress` must keep quiet. */
export const FromChild = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('ready'),
    watchdog_ms: z.number(),
    listen: z.string(),
    url: z.string(),
    /** Where the embedded broker listens, if the cell has one. */
    broker: z.string().optional(),
    station: StationPlan.optional(),
  }),
  z.strictObject({ type: z.literal('progress') }),
  /** It ends now, and this is why. */
  z.strictObject({ type: z.literal('failed'), why: z.string() }),
  /** What left is ahead of the record: a start after a sudden end is told so by `--ahead`. */
  z.strictObject({ type: z.literal('ahead'), ahead: z.boolean() }),
]);
export type FromChild = z.infer<typeof FromChild>;
/** What a child is told: end in order, and how long that may take. */
export const ToChild = z.strictObject({ type: z.literal('stop') });

/** A child that must not be started again: what it was given is wrong, and it has said so. */
export const exitRefused = 1;

export interface ChildPlan {
  readonly name: string;
  readonly argv: readonly string[];
  /** How long it may take from its start to `ready`. */
  readonly startup: Duration;
  /** How long an orderly stop may take before it is killed. */
  readonly grace: Duration;
}

export interface ChildEvents {
  ready(message: Extract<FromChild, { type: 'ready' }>): void;
  /** It ended and starts again after `delay`. */
  restarting(why: string, delay: Duration): void;
  /** It ended before its first `ready` with `exitRefused`, and is not started again; without this it is. */
  refused?(): void;
}

const firstDelay = milliseconds(100);
const longestDelay = seconds(5);
const calm = seconds(10);

/**
 * Traces name our lines. What lives briefly has 4 MB instead of V8's 16 in each thread: a fifth less
 * memory (bench/start.mjs). With 2 MB the garbage of 20,000 tags grows old and is dear to collect.
 */
const nodeFlags = ['--enable-source-maps', '--max-semi-space-size=4'];

/** One supervised process: started, watched, killed when it makes no progress, started again. */
export class Child {
  readonly #clock: Clock;
  readonly #plan: ChildPlan;
  readonly #events: ChildEvents;
  #process: ChildProcess | undefined;
  #watch: Cancel | undefined;
  #restart: Cancel | undefined;
  #watchdog: Duration | undefined;
  #why: string | undefined;
  #delay = firstDelay;
  #started: Instant;
  /** Counts what the child said. */
  #heard = 0;
  #everReady = false;
  /** What it did is ahead of what it could record. */
  #ahead = false;
  #stopping = false;

  constructor(clock: Clock, plan: ChildPlan, events: ChildEvents) {
    this.#clock = clock;
    this.#plan = plan;
    this.#events = events;
    this.#started = clock.now();
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  start(): void {
    this.#started = this.#clock.now();
    this.#watchdog = undefined;
    this.#why = undefined;
    const ahead = this.#ahead ? ['--ahead'] : [];
    const child = spawn(process.execPath, [...nodeFlags, ...this.#plan.argv, ...ahead], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#process = child;
    this.#arm(this.#plan.startup, 'it did not become ready');
    child.on('message', (raw) => {
      const heard = FromChild.safeParse(raw);
      if (heard.success) this.#hear(heard.data);
    });
    child.on('error', (error) => {
      this.#why = error.message;
      // The system could not start it at all: no end of it will be told.
      if (child.pid === undefined) this.#ended(null, null);
    });
    child.on('exit', (code, signal) => this.#ended(code, signal));
  }

  /**
   * Asks it to end; kills it when that takes longer than its grace. Resolves when it is gone: true when it ended
   * by itself and well, or had nothing to end.
   */
  async stop(): Promise<boolean> {
    this.#stopping = true;
    this.#restart?.();
    this.#watch?.();
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return true;
    const gone = new Promise<boolean>((resolve) => {
      child.once('exit', (code) => resolve(code === 0));
    });
    if (child.connected) child.send({ type: 'stop' });
    const kill = this.#clock.after(this.#plan.grace, () => child.kill('SIGKILL'));
    const well = await gone;
    kill();
    return well;
  }

  #hear(message: FromChild): void {
    this.#heard += 1;
    if (message.type === 'ahead') this.#ahead = message.ahead;
    if (message.type === 'failed') this.#why = message.why;
    if (message.type === 'ready') {
      this.#everReady = true;
      this.#watchdog = milliseconds(message.watchdog_ms);
      this.#events.ready(message);
    }
    if (this.#watchdog !== undefined) this.#arm(this.#watchdog, 'it made no progress');
  }

  #arm(limit: Duration, why: string): void {
    this.#watch?.();
    this.#watch = this.#clock.after(limit, () => {
      const heard = this.#heard;
      // What the child said while we were not running ourselves is read before it is judged.
      setImmediate(() =>
        setImmediate(() => {
          if (heard !== this.#heard) return;
          this.#why = `${why} within ${limit} ms`;
          this.#process?.kill('SIGKILL');
        }),
      );
    });
  }

  #ended(code: number | null, signal: string | null): void {
    this.#watch?.();
    this.#process = undefined;
    if (this.#stopping) return;
    if (code === exitRefused && !this.#everReady && this.#events.refused !== undefined) {
      this.#events.refused();
      return;
    }
    if (this.#clock.now() - this.#started > calm) this.#delay = firstDelay;
    const why =
      this.#why ?? (signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`);
    const delay = this.#delay;
    this.#delay = milliseconds(Math.min(longestDelay, delay * 2));
    this.#events.restarting(why, delay);
    this.#restart = this.#clock.after(delay, () => this.start());
  }
}
