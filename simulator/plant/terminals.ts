// The terminals of one device: sensors that are read when they are asked for, outputs behind their heartbeat, and what
// a fault makes of the values. How a value looks on a wire is not known here.
import { CellError } from '#contract/error.ts';
import type { DeviceOptions } from './devices.ts';
import { outputsOf, type DeviceOutputs } from './outputs.ts';
import type { Plant, PlantValue, Sensor } from './plant.ts';

/** stuck: values of sensors stand still. range: their numbers are beyond what they can be. */
export type ValueFault = 'stuck' | 'range';

/** No sensor of a machine shows so much; on a wire that cannot carry it, it is the most that it can. */
const beyond = 1e9;

export class Terminals {
  readonly outputs: DeviceOutputs;
  readonly #sensors = new Map<string, Sensor>();
  /** Those that are numbers on the wire. */
  readonly #numbers = new Set<string>();
  /** What stood there when the values stuck. */
  readonly #frozen = new Map<string, PlantValue>();
  #beyond = false;
  #faulty = false;

  /** Throws where the machine has no such terminal. */
  constructor(device: DeviceOptions, plant: Plant) {
    this.outputs = outputsOf(device, plant);
    for (const [tag, terminal] of Object.entries(device.tags)) {
      if ('safe' in terminal && terminal.safe !== undefined) continue;
      const sensor = plant.sensors.get(tag);
      if (sensor === undefined) {
        throw new CellError('E_PLANT_TERMINAL', `${tag}: the machine has no such sensor`);
      }
      this.#sensors.set(tag, sensor);
      const choice = 'values' in terminal && terminal.values !== undefined;
      if (choice || typeof sensor() === 'number') this.#numbers.add(tag);
    }
  }

  /** Can `range` be seen on it? */
  get hasNumbers(): boolean {
    return this.#numbers.size > 0;
  }

  /** What stands there: of a sensor the machine's value, of an output what was written. */
  read(tag: string): PlantValue {
    const sensor = this.#sensors.get(tag);
    if (sensor === undefined) return this.outputs.read(tag);
    if (this.#beyond && this.#numbers.has(tag)) return beyond;
    return this.#frozen.get(tag) ?? sensor();
  }

  /** The same for one terminal that is read again and again. */
  reader(tag: string): Sensor {
    const sensor = this.#sensors.get(tag);
    if (sensor === undefined) return () => this.outputs.read(tag);
    return () => (this.#faulty ? this.read(tag) : sensor());
  }

  isOutput(tag: string): boolean {
    return !this.#sensors.has(tag);
  }

  fault(fault: ValueFault | undefined): void {
    this.#faulty = fault !== undefined;
    this.#beyond = fault === 'range';
    this.#frozen.clear();
    if (fault !== 'stuck') return;
    for (const [tag, sensor] of this.#sensors) this.#frozen.set(tag, sensor());
  }
}
