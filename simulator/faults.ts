// Faults by name, of devices and of the plant: what there is, what is going on, and when it ends by itself. The same for
// the simulator in real time and for a world in virtual time; how a device makes its fault is not known here.
import { didYouMean } from '#contract/diagnostic.ts';
import { CellError } from '#contract/error.ts';
import { milliseconds, type Cancel, type Clock, type Duration } from '#contract/time.ts';
import { plantActNames, plantActText, type Plant } from './plant/plant.ts';

/** What each fault of a device is, for people. */
export const deviceFaultTexts = {
  hang: 'the line is open and silent',
  kill: 'the line is cut, and nobody is let in',
  slow: 'each answer comes so much later',
  stuck: 'the values that are read stand still',
  range: 'numbers are beyond what they can be',
  wrong: 'answers are not to what was asked, or no values',
  short: 'answers lack their end',
  late: 'each answer comes past every deadline: over a real line when the next one should',
} as const;
export type DeviceFaultKind = keyof typeof deviceFaultTexts;
export const deviceFaults = Object.keys(deviceFaultTexts) as readonly DeviceFaultKind[];

export type DeviceFault =
  | { readonly kind: Exclude<DeviceFaultKind, 'slow' | 'late'> }
  | { readonly kind: 'slow' | 'late'; readonly by: Duration };

/** How much later an answer comes unless said otherwise. */
const delays = { slow: milliseconds(80), late: milliseconds(3000) } as const;

/** What there is instead of a wrong name, and which of it was probably meant. */
const named = (wrong: string, names: readonly string[]): string =>
  `${names.join(', ')}${didYouMean(wrong, names)}`;

/** A device as faults reach it; undefined ends what goes on. */
export interface FaultPoint {
  /** The faults that it has, where it has not all. */
  readonly kinds?: readonly DeviceFaultKind[];
  fault(fault: DeviceFault | undefined): void;
}

export interface FaultRequest {
  /** A device's name, or `plant`. */
  readonly target: string;
  readonly kind: string;
  /** It ends by itself after this. */
  readonly lasts?: Duration;
  /** Of `slow` and `late`. */
  readonly by?: Duration;
}

export class Faults {
  readonly #after: Clock['after'];
  readonly #plant: Plant;
  readonly #points: ReadonlyMap<string, FaultPoint>;
  /** By device. */
  readonly #going = new Map<string, DeviceFaultKind>();
  /** Timers of what ends by itself, by device or `plant <act>`. */
  readonly #ends = new Map<string, Cancel>();

  constructor(after: Clock['after'], plant: Plant, points: ReadonlyMap<string, FaultPoint>) {
    this.#after = after;
    this.#plant = plant;
    this.#points = points;
  }

  /** What is going on, such as `io hang`. */
  get going(): readonly string[] {
    const devices = [...this.#points.keys()].flatMap((name) => {
      const kind = this.#going.get(name);
      return kind === undefined ? [] : [`${name} ${kind}`];
    });
    const acts = plantActNames.filter((act) => this.#plant.acting(act));
    return [...devices, ...acts.map((act) => `plant ${act}`)];
  }

  /** The fault that a device has now. */
  of(device: string): DeviceFaultKind | undefined {
    return this.#going.get(device);
  }

  /** Begins it. An act on the plant that goes on is ended, unless it is given a time. What it did, for people. */
  begin(request: FaultRequest): string {
    const { target, kind, lasts } = request;
    if (target === 'plant') return this.#act(kind, lasts);
    const point = this.#pointOf(target);
    const kinds = point.kinds ?? deviceFaults;
    const known = kinds.find((one) => one === kind);
    if (known === undefined) {
      const text = `${target} has no fault ${kind}; it has ${named(kind, kinds)}`;
      throw new CellError('E_SIMULATOR_FAULT', text);
    }
    point.fault(
      known === 'slow' || known === 'late'
        ? { kind: known, by: request.by ?? delays[known] }
        : { kind: known },
    );
    this.#going.set(target, known);
    this.#endAfter(lasts, target, () => this.#mend(target, point));
    return `${target} ${known}`;
  }

  /** Ends every fault and every act, or those of one target. */
  clear(target?: string): void {
    if (target !== undefined && target !== 'plant') this.#pointOf(target);
    for (const [name, point] of this.#points) {
      if (target === undefined || target === name) this.#mend(name, point);
    }
    if (target !== undefined && target !== 'plant') return;
    for (const act of plantActNames) {
      this.#cancel(`plant ${act}`);
      if (this.#plant.acting(act)) this.#plant.act(act, false);
    }
  }

  /** No timer is left. */
  stop(): void {
    for (const key of this.#ends.keys()) this.#cancel(key);
  }

  #pointOf(target: string): FaultPoint {
    const point = this.#points.get(target);
    if (point !== undefined) return point;
    const text = `there is no ${target}; there are ${named(target, [...this.#points.keys(), 'plant'])}`;
    throw new CellError('E_SIMULATOR_FAULT', text);
  }

  #act(kind: string, lasts: Duration | undefined): string {
    const act = plantActNames.find((one) => one === kind);
    if (act === undefined) {
      const text = `the plant has no ${kind}; it has ${named(kind, plantActNames)}`;
      throw new CellError('E_SIMULATOR_FAULT', text);
    }
    const on = lasts !== undefined || !this.#plant.acting(act);
    const refusal = this.#plant.act(act, on);
    if (refusal !== undefined) throw new CellError('E_SIMULATOR_FAULT', `${act}: ${refusal}`);
    this.#endAfter(lasts, `plant ${act}`, () => void this.#plant.act(act, false));
    return plantActText(act, on);
  }

  #mend(name: string, point: FaultPoint): void {
    this.#cancel(name);
    if (this.#going.delete(name)) point.fault(undefined);
  }

  #cancel(key: string): void {
    this.#ends.get(key)?.();
    this.#ends.delete(key);
  }

  #endAfter(lasts: Duration | undefined, key: string, end: () => void): void {
    this.#cancel(key);
    if (lasts === undefined) return;
    const cancel = this.#after(lasts, () => {
      this.#ends.delete(key);
      end();
    });
    this.#ends.set(key, cancel);
  }
}
