// The life of a device's connection, the same for every driver: connect, serve, lose, wait, again.
// It also keeps the deadline of each request, the circuit of each unit, and the device's health.
// It knows no protocol. Time comes only from the clock, chance only from the stream it was given.
import { Breakers, Latencies } from './breaker.ts';
import { Silence } from './silence.ts';
import { CellError, assert } from '#contract/error.ts';
import type { DeviceHealth, DeviceState, DriverDeps, DriverSink } from '#contract/driver.ts';
import type { TagGroup } from '#contract/driver.ts';
import type { Sample } from '#contract/sample.ts';
import { instant, milliseconds, seconds, utcMs } from '#contract/time.ts';
import type { Cancel, Duration, Instant, UtcMs } from '#contract/time.ts';

/** One transport, new for each attempt to connect; after `destroy` it is never used again. */
export interface Connection {
  /** Resolves when it can be used; rejects with a `CellError` when it cannot. */
  readonly ready: Promise<void>;
  /** Resolves, never rejects, when the transport is really closed. */
  readonly closed: Promise<void>;
  destroy(): void;
}

/** What a driver gives to be supervised. */
export interface Supervised<C extends Connection> {
  readonly connectTimeout: Duration;
  /** After a missed deadline nothing can be asked for so long; absent: at once. */
  readonly aftermath?: Duration;
  /** Begins to connect; `lost` is to be called once when the transport ends by itself. */
  open(lost: (error: CellError) => void): C;
  /** Serves the connection until it is not the current one any more. Called once for each epoch. */
  serve(connection: C, epoch: number): Promise<void>;
}

/** What became of a request; none of these is a rejection, a device that is silent is expected. */
export type Outcome<T> =
  | {
      readonly kind: 'answer';
      readonly value: T;
      readonly received: Instant;
      /** The middle of request and answer. */
      readonly time: UtcMs;
    }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'closed' };

/** Backoff: rand(0.5..1) * min(2 s, 250 ms * 2^n), begun anew after 10 s online. */
const backoffBase = 250;
const backoffMax = 2000;
const steady = seconds(10);
const closeCap = seconds(1);
/** A device that failed a request is shown as degraded for so long after it. */
const blemish = seconds(1);
/** How often the figures of a device are told while nothing else changes. */
const figuresEvery = seconds(1);

const ignore = (): void => undefined;

const timeoutAfter = (waited: number): CellError =>
  new CellError('E_DEVICE_TIMEOUT', `no answer within ${Math.round(waited)}ms`);

/** The wait before attempt n + 1, n = 0, 1, 2, ... */
export function backoff(failures: number, chance: number): Duration {
  const full = Math.min(backoffMax, backoffBase * 2 ** Math.min(failures, 16));
  return milliseconds(full * (0.5 + chance / 2));
}

/** Supervises one device. Its owner hands over what it learns through `samples` and `seen`. */
export class Supervisor<C extends Connection> {
  readonly breakers = new Breakers();
  readonly #deps: DriverDeps;
  readonly #supervised: Supervised<C>;
  readonly #latencies = new Latencies();
  /** Requests on the wire; each is ended when the connection is. */
  readonly #pending = new Set<() => void>();
  #sink: DriverSink | undefined;
  #connection: C | undefined;
  #endConnection: ((error: CellError) => void) | undefined;
  #state: DeviceState = 'connecting';
  #since: UtcMs = utcMs(0);
  #error: CellError | undefined;
  #epoch = 0;
  #failures = 0;
  /** A reason is logged once until the device has answered again. */
  #logged: string | undefined;
  #nextTry: UtcMs | undefined;
  #lastGood: UtcMs | undefined;
  #onlineSince: Instant | undefined;
  #blemishedAt = -Infinity;
  readonly #silence = new Silence();
  #requests = 0;
  #late = 0;
  #stale = 0;
  #told = -1;
  #stopping = false;
  #stopped = false;
  #life: Promise<void> | undefined;
  #cutSleep: (() => void) | undefined;
  #wake: () => void = ignore;
  #cancelFigures: Cancel | undefined;

  constructor(deps: DriverDeps, supervised: Supervised<C>) {
    this.#deps = deps;
    this.#supervised = supervised;
  }

  start(sink: DriverSink): void {
    assert(this.#sink === undefined && !this.#stopping, 'a driver is started once');
    this.#sink = sink;
    this.#life = this.#live();
    this.#tellFigures();
  }

  /** Is this connection the one to be served? */
  isCurrent(connection: C): boolean {
    return this.#connection === connection;
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  samples(batch: readonly Sample[]): void {
    if (!this.#stopped) this.#sink?.samples(batch);
  }

  seen(group: TagGroup, received: Instant): void {
    if (!this.#stopped) this.#sink?.seen(group, received);
  }

  /** Polls that were due and dropped. */
  late(count: number): void {
    this.#late += count;
  }

  /** A device that broke its protocol: it is shown, and `distrust` ends the connection too. */
  blemish(error: CellError): void {
    this.#blemishedAt = this.#deps.clock.now();
    this.#error = error;
    if (this.#state === 'online') this.#change('degraded');
  }

  /** Ends the connection, because what comes over it cannot be believed. */
  distrust(connection: C, error: CellError): void {
    if (this.#connection === connection) this.#endConnection?.(error);
  }

  /** The serving loop has nothing to do until then, or until it is woken or the connection ends. */
  rest(until: number): Promise<void> {
    const { clock } = this.#deps;
    return new Promise((resolve) => {
      if (this.#connection === undefined) return resolve();
      const wait = milliseconds(Math.max(0, until - clock.now()));
      const cancel = until === Infinity ? ignore : clock.after(wait, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** There is something new to do. */
  wake(): void {
    this.#wake();
  }

  /**
   * Runs one request against the connection, within `deadline`. `work` must not reject; it may stay
   * unsettled when the connection ends. A late answer after the deadline goes nowhere. An answer
   * that is not `right` is handed on like any other, but is no sign that the device is alive; an
   * error instead says why it is as if none had come, and ends the request as its deadline would. One
   * that the device may hold until it has something to say is not `timed`: it measures no latency.
   */
  request<T>(
    unit: number,
    deadline: Duration,
    work: (connection: C) => Promise<T>,
    right: (value: T) => boolean | CellError = () => true,
    timed = true,
  ): Promise<Outcome<T>> {
    const { clock } = this.#deps;
    const connection = this.#connection;
    if (connection === undefined) return Promise.resolve({ kind: 'closed' });
    this.#requests += 1;
    const asked = clock.now();
    return new Promise((resolve) => {
      let open = true;
      const end = (outcome: Outcome<T>): void => {
        if (!open) return;
        open = false;
        cancel();
        this.#pending.delete(closed);
        resolve(outcome);
      };
      const closed = (): void => end({ kind: 'closed' });
      const missed = (error: CellError): void => {
        if (!open) return;
        end({ kind: 'timeout' });
        this.#timedOut(connection, unit, asked, error);
      };
      const overdue = (): void => missed(timeoutAfter(clock.now() - asked));
      const cancel = clock.after(deadline, overdue);
      this.#pending.add(closed);
      const answered = (value: T): void => {
        if (!open) return;
        const received = clock.now();
        // This process may have stood still: what lay in the socket meanwhile is not of now.
        if (received - asked > deadline) return overdue();
        const verdict = right(value);
        if (verdict instanceof CellError) return missed(verdict);
        const time = utcMs(Math.round(clock.time() - (received - asked) / 2));
        if (verdict) this.#answered(unit, timed ? received - asked : undefined);
        end({ kind: 'answer', value, received, time });
      };
      work(connection).then(answered, (cause: unknown) => {
        this.distrust(connection, this.#internal(cause));
      });
    });
  }

  /** Ends everything. When it resolves, at the latest after `deadline`, nothing is called any more. */
  async stop(deadline: Duration): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      this.#cancelFigures?.();
      this.#endConnection?.(new CellError('E_DEVICE_STOPPED', 'the driver was stopped'));
      this.#cutSleep?.();
    }
    if (this.#life !== undefined) await this.#within(this.#life, deadline);
    if (!this.#stopped) {
      this.#error = undefined;
      this.#nextTry = undefined;
      this.#change('stopped');
    }
    this.#stopped = true;
  }

  async #live(): Promise<void> {
    // The driver's start returns before anything is called.
    await Promise.resolve();
    while (!this.#stopping) {
      this.#nextTry = undefined;
      // Once lost it stays `backoff` until it answers, however often it is tried meanwhile.
      this.#change(this.#failures === 0 ? 'connecting' : 'backoff');
      const error = await this.#attempt();
      if (this.#stopping) return;
      const { clock, random, log } = this.#deps;
      if (this.#isSteady()) this.#failures = 0;
      const delay = backoff(this.#failures, random());
      this.#failures += 1;
      this.#error = error;
      this.#nextTry = utcMs(Math.round(clock.time() + delay));
      if (error.message !== this.#logged) log('warn', error.message, error);
      this.#logged = error.message;
      this.#change('backoff');
      await this.#sleep(delay);
    }
  }

  /** One connection from its first byte to its end; gives the reason of the end. */
  async #attempt(): Promise<CellError> {
    const { clock } = this.#deps;
    let end: (error: CellError) => void = ignore;
    const ended = new Promise<CellError>((resolve) => {
      end = resolve;
    });
    this.#endConnection = end;
    this.#onlineSince = undefined;
    const connection = this.#supervised.open(end);
    const cancel = clock.after(this.#supervised.connectTimeout, () =>
      end(new CellError('E_DEVICE_CONNECT', 'no connection in time')),
    );
    const failed = (cause: unknown): CellError => this.#internal(cause);
    let error = await Promise.race([ended, connection.ready.then(() => undefined, failed)]);
    cancel();
    if (error === undefined) {
      this.#epoch += 1;
      this.#silence.heard(clock.now());
      this.#connection = connection;
      this.breakers.renew();
      const served = this.#supervised.serve(connection, this.#epoch).catch(failed);
      error = await Promise.race([
        ended,
        served.then((cause) => cause ?? new CellError('E_DEVICE_CLOSED', 'no longer served')),
      ]);
      this.#release();
      connection.destroy();
      await this.#within(served, closeCap);
    }
    connection.destroy();
    await this.#within(connection.closed, closeCap);
    this.#endConnection = undefined;
    return error;
  }

  /** Nothing is asked from here on, and who waits for an answer is told. */
  #release(): void {
    this.#connection = undefined;
    for (const closed of this.#pending) closed();
    this.#wake();
    assert(this.#pending.size === 0, 'every pending request was ended');
  }

  #isSteady(): boolean {
    return this.#onlineSince !== undefined && this.#deps.clock.now() - this.#onlineSince >= steady;
  }

  #answered(unit: number, took: number | undefined): void {
    const { clock } = this.#deps;
    if (took !== undefined) this.#latencies.add(milliseconds(took));
    this.#silence.heard(clock.now());
    this.#lastGood = clock.time();
    this.#onlineSince ??= clock.now();
    if (this.#failures > 0 && this.#isSteady()) this.#failures = 0;
    this.breakers.answered(unit);
    const clean = this.breakers.open === 0 && clock.now() - this.#blemishedAt >= blemish;
    const isNew = this.#state === 'connecting' || this.#state === 'backoff';
    if (isNew || (this.#state === 'degraded' && clean)) {
      this.#error = undefined;
      this.#logged = undefined;
      this.#change('online');
    }
  }

  #timedOut(connection: C, unit: number, asked: Instant, error: CellError): void {
    const { breakers } = this;
    const again = this.#deps.clock.now() + (this.#supervised.aftermath ?? 0);
    this.#stale += 1;
    breakers.timedOut(unit, instant(again), milliseconds(again - asked));
    this.blemish(error);
    const silent = this.#silence.missed(unit, this.#deps.clock.now(), breakers);
    if (silent) this.distrust(connection, error);
  }

  #change(state: DeviceState): void {
    if (state !== this.#state || this.#since === 0) this.#since = this.#deps.clock.time();
    this.#state = state;
    this.#tell();
  }

  #tell(): void {
    if (this.#stopped) return;
    this.#told = this.#requests + this.#late;
    const error = this.#error;
    const health: DeviceHealth = {
      state: this.#state,
      since: this.#since,
      epoch: this.#epoch,
      failures: this.#failures,
      latency: this.#latencies.summary(),
      requests: this.#requests,
      late: this.#late,
      stale: this.#stale,
      ...(this.#nextTry === undefined ? {} : { nextTry: this.#nextTry }),
      ...(this.#lastGood === undefined ? {} : { lastGood: this.#lastGood }),
      ...(error === undefined ? {} : { error: { code: error.code, text: error.message } }),
    };
    this.#sink?.health(health);
  }

  #tellFigures(): void {
    this.#cancelFigures = this.#deps.clock.after(figuresEvery, () => {
      if (this.#stopping) return;
      this.#tellFigures();
      if (this.#told !== this.#requests + this.#late) this.#tell();
    });
  }

  #internal(cause: unknown): CellError {
    if (cause instanceof CellError) return cause;
    return new CellError('E_INTERNAL', `the driver failed: ${String(cause)}`, { cause });
  }

  #sleep(delay: Duration): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.after(delay, resolve);
      this.#cutSleep = () => {
        cancel();
        resolve();
      };
    });
  }

  #within(work: Promise<unknown>, cap: Duration): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.after(cap, resolve);
      void work
        .catch(ignore)
        .then(cancel)
        .then(() => resolve());
    });
  }
}
