// The CNC and its spindle: a program that is started and stopped, a spindle that takes its time to turn and to stand,
// and its temperature. The machine's own control refuses a start that would do damage, and says so by an alarm.
import type { Duration } from '#contract/time.ts';

export interface CncOptions {
  /** Cutting, from full speed on. */
  readonly program: Duration;
  readonly spinUp: Duration;
  readonly spinDown: Duration;
  /** A stop that lasts so long at rest resets an alarm. */
  readonly reset: Duration;
}

export interface SpindleOptions {
  /** Degrees Celsius of the hall. */
  readonly ambient: number;
  /** Degrees a second while cutting. */
  readonly heating: number;
  /** Share of the difference to ambient that is lost each second, dry, and more of it per L/min of coolant. */
  readonly cooling: number;
  readonly coolingPerFlow: number;
}

/** Slower than this share of full speed is a standstill. */
const standstill = 0.01;
/** With less coolant the tool cuts dry, L/min; and how long it lasts so, ms. */
const wetting = 2;
const lasting = 4000;

export class Cnc {
  running = false;
  done = false;
  alarm = false;
  start = false;
  stop = false;
  /** 0 to 1 of full speed. */
  speed = 0;
  temperature: number;
  readonly #options: CncOptions;
  readonly #spindle: SpindleOptions;
  #started = false;
  #cut = 0;
  #stopped = 0;
  /** How long the tool has cut dry since it last had coolant, ms. */
  #dry = 0;

  constructor(options: CncOptions, spindle: SpindleOptions) {
    this.#options = options;
    this.#spindle = spindle;
    this.temperature = spindle.ambient;
  }

  get still(): boolean {
    return this.speed <= standstill;
  }

  get cutting(): boolean {
    return this.running && this.speed >= 1;
  }

  /** The tool has cut dry for longer than it lasts. */
  get burnt(): boolean {
    return this.#dry > lasting;
  }

  /** `powered` by the safety chain; `fit`: door shut, part clamped, nobody inside; `flow` of coolant, L/min. */
  tick(span: number, world: { powered: boolean; fit: boolean; flow: number }): void {
    const stopping = this.stop || !world.powered;
    if (stopping) this.running = false;
    else if (this.start && !this.#started && !this.running && !this.alarm) this.#begin(world.fit);
    this.#started = this.start;
    if (this.running) this.#work(span);
    else this.speed = Math.max(0, this.speed - span / this.#options.spinDown);
    this.#settle(span);
    if (this.cutting) this.#dry = world.flow < wetting ? this.#dry + span : 0;
    const loss = this.#spindle.cooling + this.#spindle.coolingPerFlow * world.flow;
    const heat = this.cutting ? this.#spindle.heating : 0;
    const excess = this.temperature - this.#spindle.ambient;
    this.temperature += (heat - loss * excess) * (span / 1000);
  }

  ready(powered: boolean): boolean {
    return powered && !this.alarm && !this.running && this.still;
  }

  #begin(fit: boolean): void {
    if (!fit || !this.still) {
      this.alarm = true;
      return;
    }
    this.running = true;
    this.done = false;
    this.#cut = 0;
  }

  #work(span: number): void {
    if (this.#cut < this.#options.program) {
      this.speed = Math.min(1, this.speed + span / this.#options.spinUp);
      if (this.speed >= 1) this.#cut += span;
      return;
    }
    this.speed = Math.max(0, this.speed - span / this.#options.spinDown);
    if (!this.still) return;
    this.running = false;
    this.done = true;
  }

  #settle(span: number): void {
    this.#stopped = this.stop && this.still ? this.#stopped + span : 0;
    if (this.alarm && this.#stopped >= this.#options.reset) this.alarm = false;
  }
}
