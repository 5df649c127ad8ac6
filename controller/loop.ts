// The scan loop: it gives the pure step (flows/engine/cell.ts) its time and its inputs, and hands on what
// the step made. It never waits for a disk, a device or a client.
import { assert } from '#contract/error.ts';
import { milliseconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import type { TagChange } from '#contract/record.ts';
import type { Cell } from '#flows/engine/cell.ts';
import type { Due, Grid } from '#flows/engine/grid.ts';
import type { Image } from '#flows/engine/image.ts';
import type { Intake, Taken } from '#flows/engine/intake.ts';
import type { ScanResult } from '#flows/engine/scan.ts';
import { Figures } from './figures.ts';

/** Scans whose lateness and cost are kept: a minute of the default grid. */
const kept = 3000;

/** One scan, as whoever records and acts on it sees it. */
export interface Scanned {
  /** Counts scans of this boot, from 1. */
  readonly scan: number;
  readonly due: Due;
  readonly tags: readonly TagChange[];
  readonly taken: Taken;
  readonly result: ScanResult;
}

export interface LoopEvents {
  /** Before a scan judges the image: the place for the system's own tags. */
  before(now: number): void;
  /** After each scan: its record and its outputs. Nothing else stands between an input and an output. */
  scanned(scanned: Scanned): void;
  /** What may follow the outputs: in the same turn of the event loop, before anything else happens. */
  settled(scanned: Scanned): void;
  /** An invariant broke inside a scan: nothing may go on. */
  failed(error: unknown): void;
}

/** Runs scans on the grid, and off it when something waits. */
export class Loop {
  readonly #clock: Clock;
  readonly #grid: Grid;
  readonly #image: Image;
  readonly #intake: Intake;
  readonly #cell: Cell;
  readonly #events: LoopEvents;
  readonly #late = new Figures(kept);
  readonly #cost = new Figures(kept);
  #timer: Cancel | undefined;
  #wakes = Number.POSITIVE_INFINITY;
  #running = false;
  #woken = false;
  #unsettled: Scanned | undefined;
  #count = 0;
  #missed = 0;
  #now = 0;
  #worst = 0;

  constructor(
    clock: Clock,
    parts: {
      readonly grid: Grid;
      readonly image: Image;
      readonly intake: Intake;
      readonly cell: Cell;
    },
    events: LoopEvents,
  ) {
    this.#clock = clock;
    this.#grid = parts.grid;
    this.#image = parts.image;
    this.#intake = parts.intake;
    this.#cell = parts.cell;
    this.#events = events;
  }

  /** Scans so far, and grid deadlines passed over. */
  get count(): number {
    return this.#count;
  }

  /** Time of the last scan, whole ms since boot. */
  get now(): number {
    return this.#now;
  }

  start(): void {
    assert(!this.#running, 'a loop is started once');
    this.#running = true;
    this.#turn();
  }

  stop(): void {
    this.#running = false;
    this.#timer?.();
  }

  /** Something arrived that a scan may want to see at once; true when one does. Cheap, and safe to call from anywhere. */
  wake(): boolean {
    if (!this.#running || !this.#waiting()) return false;
    if (this.#woken) return true;
    this.#woken = true;
    // Not inside the caller: a driver is in the middle of its own work.
    queueMicrotask(() => {
      this.#woken = false;
      if (this.#running) this.#turn();
    });
    return true;
  }

  /** Lateness of scans on the grid and cost of a scan, in ms. */
  figures(): {
    count: number;
    missed: number;
    late: ReturnType<Figures['read']>;
    cost: ReturnType<Figures['read']>;
  } {
    return {
      count: this.#count,
      missed: this.#missed,
      late: this.#late.read(),
      cost: this.#cost.read(),
    };
  }

  /** The worst lateness since the last call, whole ms. */
  takeWorst(): number {
    const worst = Math.floor(this.#worst);
    this.#worst = 0;
    return worst;
  }

  #waiting(): boolean {
    return this.#image.changedRead || this.#intake.waiting;
  }

  #turn(): void {
    const due = this.#grid.next(this.#clock.now(), this.#waiting());
    if (due !== undefined) this.#safely(() => this.#scan(due));
    this.#arm();
  }

  #safely(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.stop();
      this.#events.failed(error);
    }
  }

  /** One timer for the next thing that is due; it is moved only when that comes sooner. */
  #arm(): void {
    if (!this.#running) return;
    const wakes = this.#grid.wake(this.#waiting());
    if (wakes === this.#wakes) return;
    this.#timer?.();
    this.#wakes = wakes;
    const delay = milliseconds(Math.max(0, wakes - this.#clock.now()));
    this.#timer = this.#clock.after(delay, () => {
      this.#wakes = Number.POSITIVE_INFINITY;
      if (this.#running) this.#turn();
    });
  }

  #scan(due: Due): void {
    this.#settle();
    const started = this.#clock.now();
    assert(due.now > this.#now || this.#count === 0, '`now` strictly increases');
    this.#events.before(due.now);
    const tags = this.#image.judge(due.now, []);
    const taken = this.#intake.take(due.now);
    const { now, missed, offGrid } = due;
    const result = this.#cell.step({
      now,
      missed,
      offGrid,
      tags,
      acts: taken.acts,
      held: taken.held,
    });
    this.#grid.ran(due, result.followUp);
    this.#count += 1;
    this.#missed += missed;
    this.#now = now;
    const scanned = { scan: this.#count, due, tags, taken, result };
    this.#events.scanned(scanned);
    this.#unsettled = scanned;
    // Not a microtask: a driver that was given an output sends it first, however many of those that takes.
    process.nextTick(() => this.#safely(() => this.#settle()));
    if (!offGrid) {
      // Of the first deadline that it stands for: those passed over were late as well.
      const late = started - (now - missed * this.#cell.plan.manifest.scan.period);
      this.#late.add(late);
      this.#worst = Math.max(this.#worst, late);
    }
    this.#cost.add(this.#clock.now() - started);
  }

  #settle(): void {
    const scanned = this.#unsettled;
    if (scanned === undefined) return;
    this.#unsettled = undefined;
    this.#events.settled(scanned);
  }
}
