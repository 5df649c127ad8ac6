// Control's side of the history: collects what scans changed, and hands it to the thread that writes
// it. It never waits: what the thread cannot take is left out, and that is said. Nothing depends on it.
import { Worker } from 'node:worker_threads';
import type { Code } from '#contract/error.ts';
import type { LoggedTag } from '#contract/history.ts';
import type { Value } from '#contract/sample.ts';
import { milliseconds, seconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import type { Batch, JournalEvent, Run } from './batch.ts';
import type { Aside, HistorySetup } from './store.ts';
import { Times } from './times.ts';
import type { FromWriter, ToWriter } from './writer-thread.ts';

/** What changed is handed over this often; when nothing did, that it did not. */
const period = seconds(2);
const idlePeriods = 5;
/** Samples, and events of the journal, of one batch. */
const sampleLimit = 16_384;
const eventLimit = 4096;
/** Batches that may be on their way to the disk. */
const batchLimit = 16;
/** A thread that ended is started again after this, doubled each time up to the second. */
const firstPause = seconds(5);
const longestPause = seconds(300);
/** An orderly end waits so long for what is on its way. */
const patience = seconds(1);

export interface HistoryThread {
  send(message: ToWriter, transfer: readonly ArrayBuffer[]): void;
  end(): void;
}
/** `ended`: the thread is gone and takes nothing any more. */
export type StartHistory = (
  setup: HistorySetup,
  heard: (message: FromWriter) => void,
  ended: (error: unknown) => void,
) => HistoryThread;

/** Starts the built `history-writer.js`, with little memory of its own. */
export const historyThreadAt =
  (file: URL): StartHistory =>
  (setup, heard, ended) => {
    const resourceLimits = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 96 };
    const worker = new Worker(file, { workerData: setup, name: 'history-writer', resourceLimits });
    worker.on('message', heard);
    worker.on('error', ended);
    worker.on('exit', ended);
    return {
      send: (message, transfer) => worker.postMessage(message, [...transfer]),
      end: () => void worker.terminate(),
    };
  };

export interface HistoryOptions {
  /** `<data>/history.db`. */
  readonly path: string;
  readonly max: number;
  readonly tags: readonly LoggedTag[];
}

export interface HistoryListener {
  /** What happens now is missing from the history. */
  failed(code: Code, text: string): void;
  mended(): void;
  /** A history that could not be read is set aside, and a new one begun. */
  aside(aside: Aside): void;
}

export class HistoryLog {
  readonly #clock: Clock;
  readonly #options: HistoryOptions;
  readonly #listener: HistoryListener;
  readonly #times: Times;
  /** By slot: what its tag has now; NaN: no good value. */
  readonly #current: Float64Array;
  /** By name of an enum: its index, for each slot. */
  readonly #names: readonly ReadonlyMap<string, number>[];
  /** Where each region of a flow is, by `flow region`. */
  readonly #states = new Map<string, JournalEvent>();
  /** Alarms that stand or wait, as they were last told. */
  readonly #alarms = new Map<string, Extract<JournalEvent, { type: 'alarm' }>[]>();
  readonly #slots = new Uint32Array(sampleLimit);
  readonly #at = new Float64Array(sampleLimit);
  readonly #values = new Float64Array(sampleLimit);
  #count = 0;
  #journal: JournalEvent[] = [];
  #run: Run | undefined;
  #runs = 0;
  #batches = 0;
  /** Batches that the thread has not written yet. */
  #waiting = 0;
  #idle = 0;
  #start: StartHistory | undefined;
  #thread: HistoryThread | undefined;
  #deaths = 0;
  /** The thread that runs now has written something. */
  #wrote = false;
  #lost: string | undefined;
  #timer: Cancel | undefined;
  #respawn: Cancel | undefined;
  #ended: (() => void) | undefined;

  constructor(clock: Clock, options: HistoryOptions, listener: HistoryListener) {
    this.#clock = clock;
    this.#options = options;
    this.#listener = listener;
    this.#times = new Times(clock);
    this.#current = new Float64Array(options.tags.length).fill(Number.NaN);
    this.#names = options.tags.map(
      ({ values = [] }) => new Map(values.map((name, at) => [name, at])),
    );
  }

  /** Begins; `why` nobody recorded before. What was told before this is what holds now. */
  begin(start: StartHistory, why: string): void {
    this.#start = start;
    this.#spawn();
    this.#beginRun(why);
    this.#tick();
  }

  /** A logged tag (its place in `tags`) as a scan judged it. */
  sample(slot: number, value: Value, good: boolean): void {
    const number = good ? this.#number(slot, value) : Number.NaN;
    if (Object.is(number, this.#current[slot])) return;
    this.#current[slot] = number;
    this.#put(slot, number);
  }

  /** A region of a flow is in this state; told again it is nothing new. */
  state(flow: string, region: string, state: string): void {
    const place = `${flow} ${region}`;
    const before = this.#states.get(place);
    if (before?.type === 'state' && before.state === state) return;
    const event = { type: 'state', at: this.#now(), flow, region, state } as const;
    this.#states.set(place, event);
    this.#tell(event);
  }

  alarm(change: Omit<Extract<JournalEvent, { type: 'alarm' }>, 'type' | 'at'>): void {
    const event = { type: 'alarm', at: this.#now(), ...change } as const;
    const before = change.change === 'raised' ? [] : (this.#alarms.get(change.name) ?? []);
    const all = [...before, event];
    const changes = all.map((one) => one.change);
    // Cleared and seen: it asks nothing of anybody.
    if (changes.includes('cleared') && changes.includes('acknowledged'))
      this.#alarms.delete(change.name);
    else this.#alarms.set(change.name, all);
    this.#tell(event);
  }

  /** Hands over what there is, and waits for it, but not for long. */
  async stop(): Promise<void> {
    this.#timer?.();
    this.#respawn?.();
    const thread = this.#thread;
    if (thread === undefined) return;
    this.#flush(true, this.#now());
    await new Promise<void>((resolve) => {
      const late = this.#clock.after(patience, resolve);
      this.#ended = () => {
        late();
        resolve();
      };
      thread.send({ type: 'end' }, []);
    });
    this.#thread = undefined;
    this.#run = undefined;
    thread.end();
  }

  /** As it is known to the history: every step of the clock begins a run. */
  #now(): number {
    const moment = this.#times.now();
    if (moment.jump !== undefined && this.#run !== undefined) {
      this.#flush(true, moment.before);
      this.#beginRun(moment.jump, moment.time);
    }
    return moment.time;
  }

  #beginRun(why: string, began = this.#times.now().time): void {
    this.#runs += 1;
    this.#batches = 0;
    this.#lost = undefined;
    this.#run = { number: this.#runs, began, why };
    for (const [slot, value] of this.#current.entries())
      if (!Number.isNaN(value)) this.#add(slot, began, value);
    // A run closes what stood open: what still holds is told again.
    for (const event of [...this.#states.values(), ...[...this.#alarms.values()].flat()])
      this.#journal.push({ ...event, at: began });
  }

  #put(slot: number, value: number): void {
    if (this.#run === undefined) return;
    const time = this.#now();
    if (this.#lost === undefined) this.#add(slot, time, value);
  }

  #add(slot: number, time: number, value: number): void {
    if (this.#count === sampleLimit) this.#flush(true, time);
    this.#slots[this.#count] = slot;
    this.#at[this.#count] = time;
    this.#values[this.#count] = value;
    this.#count += 1;
  }

  #tell(event: JournalEvent): void {
    if (this.#run === undefined || this.#lost !== undefined) return;
    if (this.#journal.length >= eventLimit) this.#flush(true, event.at);
    this.#journal.push(event);
  }

  #tick(): void {
    const time = this.#now();
    this.#idle += 1;
    this.#flush(this.#idle >= idlePeriods, time);
    this.#timer = this.#clock.after(period, () => this.#tick());
  }

  /** Sends what was collected; with nothing collected only when `always`. */
  #flush(always: boolean, until: number): void {
    const run = this.#run;
    if (run === undefined) return;
    if (this.#lost !== undefined) {
      // Some room first, or every batch would begin a run.
      if (this.#thread !== undefined && this.#waiting <= batchLimit / 2) this.#beginRun(this.#lost);
      return;
    }
    if (this.#count === 0 && this.#journal.length === 0 && !always) return;
    if (this.#thread === undefined || this.#waiting >= batchLimit) {
      this.#lose('The history could not be written');
      this.#listener.failed('E_HISTORY_LOST', 'more waits for the disk than is kept in memory');
      return;
    }
    const { batch, transfer } = this.#take(run, until);
    this.#waiting += 1;
    this.#idle = 0;
    this.#thread.send({ type: 'batch', batch }, transfer);
  }

  #take(run: Run, until: number): { batch: Batch; transfer: ArrayBuffer[] } {
    const count = this.#count;
    const slots = this.#slots.slice(0, count);
    const times = this.#at.slice(0, count);
    const values = this.#values.slice(0, count);
    const journal = this.#journal;
    this.#batches += 1;
    this.#count = 0;
    this.#journal = [];
    const batch = { number: this.#batches, run, until, slots, times, values, journal };
    return { batch, transfer: [slots.buffer, times.buffer, values.buffer] };
  }

  /** From here on nothing is collected, until a run begins. */
  #lose(why: string): void {
    this.#count = 0;
    this.#journal = [];
    this.#lost ??= why;
  }

  #spawn(): void {
    const { path, max, tags } = this.#options;
    const setup = { path, max, tags, time: this.#clock.time() };
    this.#waiting = 0;
    this.#wrote = false;
    let gone = false;
    const ended = (error: unknown): void => {
      if (gone || this.#thread === undefined) return;
      gone = true;
      this.#died(error);
    };
    try {
      this.#thread = this.#start?.(setup, (message) => !gone && this.#hear(message), ended);
    } catch (error) {
      this.#died(error);
    }
  }

  #died(error: unknown): void {
    this.#thread = undefined;
    this.#deaths += 1;
    this.#lose('The history could not be written');
    if (this.#ended !== undefined) {
      this.#ended();
      return;
    }
    const text = error instanceof Error ? error.message : `its thread ended (${String(error)})`;
    this.#listener.failed('E_HISTORY_WRITE', text);
    const pause = Math.min(longestPause, firstPause * 2 ** Math.min(this.#deaths - 1, 8));
    this.#respawn = this.#clock.after(milliseconds(pause), () => this.#spawn());
  }

  #hear(message: FromWriter): void {
    // At an end nobody is told of what failed: the record is about to end as well.
    if (this.#ended !== undefined && message.type !== 'closed') return;
    switch (message.type) {
      case 'done':
        this.#waiting -= 1;
        this.#wrote = true;
        this.#deaths = 0;
        if (this.#lost === undefined) this.#listener.mended();
        return;
      case 'failed':
        this.#listener.failed(message.code, message.text);
        return;
      case 'mended':
        if (this.#lost === undefined) this.#listener.mended();
        return;
      case 'aside':
        this.#listener.aside(message.aside);
        // What held before is in the file that was set aside.
        if (this.#wrote) this.#lose('The history before could not be read');
        return;
      case 'closed':
        this.#ended?.();
    }
  }

  #number(slot: number, value: Value): number {
    if (typeof value === 'string') return this.#names[slot]?.get(value) ?? Number.NaN;
    if (value === null) return Number.NaN;
    // A negative zero is zero.
    return Number(value) + 0;
  }
}
