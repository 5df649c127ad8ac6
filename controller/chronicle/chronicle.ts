// Control's side of the chronicle: numbers drafts, hands them to the writer's thread and says when they
// are on disk. It never blocks and never throws for the disk's sake: past the backlog drafts are
// dropped whole and counted. When a checkpoint is due it takes its place here; the writer fills it.
import { Worker } from 'node:worker_threads';
import type { Draft } from '#contract/entry.ts';
import { assert, CellError, present, type Code } from '#contract/error.ts';
import { milliseconds, minutes, type Cancel, type Clock, type Duration } from '#contract/time.ts';
import type { Durability } from './database.ts';
import { makeRing, RingSource } from './ring.ts';
import type { Aside, WriterMessage, WriterSetup } from './writer-thread.ts';
import type { Tail } from './writer.ts';

/** Entries, and time, after which a checkpoint is due. */
const checkpointEntries = 1000;
const checkpointTime = minutes(1);
/** In `fast`, where nobody waits for the disk, the writer is woken this long after an entry, once for all that came. */
const gather = milliseconds(5);
/** Commits that the percentiles are taken over. */
const commitsKept = 512;
/** Commits after which they are taken again. */
const commitsBetween = 32;

export interface ChronicleOptions {
  /** `<data>/chronicle.db`. */
  readonly path: string;
  /** `<data>/keys`. */
  readonly keys: string;
  readonly cell: string;
  readonly durability: Durability;
  /** Age of the oldest entry not yet on disk past which outputs stop waiting. */
  readonly stall: Duration;
  /** Bytes of drafts that wait in memory. */
  readonly backlog: number;
  /** Bytes of the database past which the oldest segments leave. */
  readonly max: number;
}

/** What a `gap` entry needs beside the outputs: UTC ms, and the count of dropped entries. */
export interface Gap {
  readonly why: 'stall' | 'backlog';
  readonly from: number;
  readonly to: number;
  readonly lost: number;
}

export interface ChronicleListener {
  /** All entries up to `seq` are on disk. At most one call for each commit. */
  durable(seq: number): void;
  /** The disk did not answer in time, or the backlog is full. */
  stalled(code: Code, text: string): void;
  /** Everything kept is on disk. Write the `gap`, and after one with losses a new segment, at once. */
  recovered(gap: Gap): void;
}

export interface ChronicleHealth {
  /** What `sys.chronicle.ok` says. */
  readonly ok: boolean;
  readonly durability: Durability;
  /** Newest entry, and newest on disk. */
  readonly seq: number;
  readonly durable: number;
  /** Waiting in memory. */
  readonly bytes: number;
  readonly oldest_ms: number;
  /** Dropped in the present stall. */
  readonly lost: number;
  /** What the disk last said, while it refuses. */
  readonly error?: { readonly code: Code; readonly text: string };
  readonly commit: { readonly p50_ms: number; readonly p99_ms: number };
}

/** Where the chronicle stands at the start of this run. */
export type Opened = Tail & { readonly aside?: Aside };

export interface WriterThread {
  end(): Promise<void>;
}
export type StartThread = (
  setup: WriterSetup,
  heard: (message: WriterMessage) => void,
) => WriterThread;

/** Starts the built `chronicle-writer.js`. A broken invariant there ends this process. */
export const threadAt =
  (file: URL): StartThread =>
  (setup, heard) => {
    const worker = new Worker(file, { workerData: setup, name: 'chronicle-writer' });
    worker.on('message', heard);
    return {
      end: async () => {
        await worker.terminate();
      },
    };
  };

export class Chronicle {
  /** How the run before ended, this run's number, what was set aside. */
  readonly opened: Opened;
  readonly #clock: Clock;
  readonly #options: ChronicleOptions;
  readonly #listener: ChronicleListener;
  readonly #ring: RingSource;
  readonly #thread: WriterThread;
  readonly #base: number;
  #seq: number;
  #durable: number;
  /** Entries since the last checkpoint. */
  #open = 0;
  #stalled: { readonly from: number } | undefined;
  #lost = 0;
  #error: { readonly code: Code; readonly text: string } | undefined;
  readonly #commits = new Float64Array(commitsKept);
  #commitCount = 0;
  #figures:
    | { readonly p50_ms: number; readonly p99_ms: number; readonly count: number }
    | undefined;
  #cancelCheckpoint: Cancel | undefined;
  #cancelWatch: Cancel | undefined;
  #cancelWake: Cancel | undefined;
  #ended: (() => void) | undefined;
  #closed = false;

  private constructor(
    clock: Clock,
    options: ChronicleOptions,
    listener: ChronicleListener,
    parts: { ring: RingSource; thread: WriterThread; opened: Opened },
  ) {
    this.#clock = clock;
    this.#options = options;
    this.#listener = listener;
    this.#ring = parts.ring;
    this.#thread = parts.thread;
    this.opened = parts.opened;
    this.#base = parts.opened.seq;
    this.#seq = this.#base;
    this.#durable = this.#base;
  }

  /** Refused with a code when the disk cannot be used at all; a file that is broken is set aside. */
  static async open(
    clock: Clock,
    start: StartThread,
    options: ChronicleOptions,
    listener: ChronicleListener,
  ): Promise<Chronicle> {
    const ring = makeRing(options.backlog);
    const { path, keys, cell, durability, max } = options;
    const setup = { ring, path, keys, cell, durability, max, time: clock.time() };
    const made: { thread?: WriterThread; chronicle?: Chronicle } = {};
    const opened = await new Promise<Opened>((resolve, reject) => {
      made.thread = start(setup, (message) => {
        if (made.chronicle !== undefined) made.chronicle.#heard(message);
        else if (message.type === 'opened') resolve(readOpened(message));
        else if (message.type === 'refused') reject(new CellError(message.code, message.text));
      });
    });
    const thread = present(made.thread, 'the thread was started');
    made.chronicle = new Chronicle(clock, options, listener, {
      ring: new RingSource(ring),
      thread,
      opened,
    });
    return made.chronicle;
  }

  /** Newest entry. */
  get seq(): number {
    return this.#seq;
  }

  /** Newest entry that is on disk. */
  get durable(): number {
    return this.#durable;
  }

  /** Outputs do not wait for the disk while it does not answer. */
  get stalled(): boolean {
    return this.#stalled !== undefined;
  }

  /** The entry's seq; 0 when it was dropped. A `segment` has a checkpoint before it. */
  append(draft: Draft): number {
    assert(!this.#closed, 'nothing is appended after close');
    assert(Number.isSafeInteger(draft.at) && draft.at >= 0, '`at` is whole ms');
    assert(draft.kind !== 'checkpoint', 'checkpoints take their place by themselves');
    if (this.#lost > 0) {
      this.#lost += 1;
      return 0;
    }
    if (draft.kind === 'segment' && this.#open > 0) this.#checkpoint(draft.at);
    const seq = this.#push(draft);
    if (seq === 0) {
      this.#lose();
      return 0;
    }
    if (draft.seal === true || this.#open >= checkpointEntries) this.#checkpoint(draft.at);
    this.#watch();
    this.#cancelCheckpoint ??= this.#clock.after(checkpointTime, () => {
      this.#cancelCheckpoint = undefined;
      if (this.#open > 0) this.#checkpoint();
    });
    return seq;
  }

  health(): ChronicleHealth {
    return {
      ok: !this.stalled,
      durability: this.#options.durability,
      seq: this.#seq,
      durable: this.#durable,
      bytes: this.#ring.waiting,
      oldest_ms: this.#age(),
      lost: this.#lost,
      ...(this.#error === undefined ? {} : { error: this.#error }),
      commit: this.#commitFigures(),
    };
  }

  /** Sorted anew after some commits, not for each question. */
  #commitFigures(): ChronicleHealth['commit'] {
    const count = this.#commitCount;
    if (this.#figures === undefined || count - this.#figures.count >= commitsBetween) {
      const commits = this.#commits.subarray(0, Math.min(count, commitsKept)).toSorted();
      const at = (part: number): number => (commits[Math.floor(commits.length * part)] ?? 0) / 1000;
      this.#figures = { count, p50_ms: at(0.5), p99_ms: at(0.99) };
    }
    const { p50_ms, p99_ms } = this.#figures;
    return { p50_ms, p99_ms };
  }

  /** A last checkpoint, then everything to disk. False when the disk did not take it in time. */
  async close(deadline: Duration): Promise<boolean> {
    assert(!this.#closed, 'a chronicle is closed once');
    if (this.#open > 0) this.#checkpoint();
    this.#closed = true;
    this.#cancelCheckpoint?.();
    this.#cancelWatch?.();
    this.#cancelWake?.();
    const cancel = this.#clock.after(deadline, () => this.#ended?.());
    await new Promise<void>((resolve) => {
      this.#ended = resolve;
      this.#ring.close();
    });
    cancel();
    await this.#thread.end();
    this.#durable = this.#base + this.#ring.durable();
    return this.#durable === this.#seq && this.#lost === 0;
  }

  /** `at`: of the entry beside it, so that time does not go back between them. */
  #checkpoint(at: number = Math.floor(this.#clock.time())): void {
    const body = new Uint8Array();
    const draft: Draft = {
      scan: null,
      at,
      kind: 'checkpoint',
      actor: 'system',
      body,
    };
    // No room: the next entry tries again.
    if (this.#lost > 0 || this.#push(draft) === 0) return;
    this.#open = 0;
    this.#cancelCheckpoint?.();
    this.#cancelCheckpoint = undefined;
  }

  #push(draft: Draft): number {
    const seq = this.#seq + 1;
    if (!this.#ring.push({ ...draft, seq }, this.#clock.now())) return 0;
    this.#seq = seq;
    this.#open += 1;
    this.#wake();
    return seq;
  }

  #wake(): void {
    if (this.#options.durability === 'strict') return this.#ring.wake();
    this.#cancelWake ??= this.#clock.after(gather, () => {
      this.#cancelWake = undefined;
      this.#ring.wake();
    });
  }

  #heard(message: WriterMessage): void {
    if (message.type === 'durable') this.#advance();
    else if (message.type === 'failed') this.#error = { code: message.code, text: message.text };
    else if (message.type === 'mended') this.#error = undefined;
    else if (message.type === 'closed') this.#ended?.();
  }

  #advance(): void {
    this.#ring.heard();
    this.#durable = this.#base + this.#ring.durable();
    this.#commits[this.#commitCount % commitsKept] = this.#ring.commitMicros;
    this.#commitCount += 1;
    if (this.#closed) return;
    this.#listener.durable(this.#durable);
    const caughtUp = this.#lost > 0 ? this.#durable === this.#seq : this.#age() < this.#stallAge;
    if (this.#stalled !== undefined && caughtUp) this.#recover(this.#stalled.from);
  }

  #recover(from: number): void {
    const lost = this.#lost;
    this.#lost = 0;
    this.#stalled = undefined;
    const to = Math.floor(this.#clock.time());
    this.#watch();
    this.#listener.recovered({ why: lost > 0 ? 'backlog' : 'stall', from, to, lost });
  }

  get #stallAge(): number {
    return this.#options.stall;
  }

  /** Age of the oldest entry that is not on disk, ms. */
  #age(): number {
    const oldest = this.#ring.oldest();
    return oldest === undefined ? 0 : this.#clock.now() - oldest.appended;
  }

  /** Looks again when the oldest entry would have waited too long. */
  #watch(): void {
    if (this.#cancelWatch !== undefined || this.#stalled !== undefined) return;
    const left = Math.max(1, this.#stallAge - this.#age());
    this.#cancelWatch = this.#clock.after(milliseconds(left), () => {
      this.#cancelWatch = undefined;
      if (this.#ring.oldest() === undefined) return;
      if (this.#age() < this.#stallAge) this.#watch();
      else this.#stall('E_CHRONICLE_STALL', 'the disk does not answer');
    });
  }

  #lose(): void {
    this.#lost = 1;
    this.#stall('E_CHRONICLE_LOST', 'the backlog is full');
    // An entry of more than half the backlog: no commit is on its way that would end this.
    const nothingWaits = this.#ring.oldest() === undefined;
    if (nothingWaits) this.#clock.after(this.#options.stall, () => this.#advance());
  }

  #stall(code: Code, text: string): void {
    const known = this.#error;
    const from = this.#ring.oldest()?.at ?? Math.floor(this.#clock.time());
    const first = this.#stalled === undefined;
    this.#stalled ??= { from };
    if (first || code === 'E_CHRONICLE_LOST') {
      this.#listener.stalled(code, known === undefined ? text : `${text}: ${known.text}`);
    }
  }
}

const readOpened = ({ tail, aside }: Extract<WriterMessage, { type: 'opened' }>): Opened => ({
  ...tail,
  ...(aside === undefined ? {} : { aside }),
});
