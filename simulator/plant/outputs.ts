// The outputs of one device, between what was written to it and what moves the machine. A device that has once heard
// a heartbeat and then hears none puts its outputs to their safe values, and keeps them there until it beats again.
import { assert, CellError, present } from '#contract/error.ts';
import type { DeviceOptions } from './devices.ts';
import type { Actuator, Plant, PlantValue } from './plant.ts';

interface Output {
  readonly safe: PlantValue;
  readonly actuator: Actuator;
  value: PlantValue;
}

export class DeviceOutputs {
  readonly #outputs = new Map<string, Output>();
  /** Silence, in ms, after which it falls safe. */
  readonly #silent: number;
  /** Since the last beat; undefined before the first, when nothing is watched yet. */
  #silence: number | undefined;
  #fallen = false;

  constructor(silent: number) {
    this.#silent = silent;
  }

  /** Fell safe, and has not beaten since. */
  get fallen(): boolean {
    return this.#fallen;
  }

  /** Every output reads back as its safe value. */
  get safe(): boolean {
    return [...this.#outputs.values()].every(({ value, safe }) => value === safe);
  }

  add(name: string, safe: PlantValue, actuator: Actuator): void {
    assert(!this.#outputs.has(name), `the output ${name} is there once`);
    this.#outputs.set(name, { safe, actuator, value: safe });
    actuator(safe);
  }

  /** Takes the value; it reaches the machine unless the device has fallen. */
  write(name: string, value: PlantValue): void {
    const output = present(this.#outputs.get(name), `the device has an output ${name}`);
    output.value = value;
    if (!this.#fallen) output.actuator(value);
  }

  /** What reads back. */
  read(name: string): PlantValue {
    return present(this.#outputs.get(name), `the device has an output ${name}`).value;
  }

  beat(): void {
    this.#silence = 0;
    if (!this.#fallen) return;
    this.#fallen = false;
    for (const output of this.#outputs.values()) output.actuator(output.value);
  }

  tick(span: number): void {
    if (this.#silence === undefined || this.#fallen) return;
    this.#silence += span;
    if (this.#silence >= this.#silent) this.#fall();
  }

  #fall(): void {
    this.#fallen = true;
    for (const output of this.#outputs.values()) {
      output.value = output.safe;
      output.actuator(output.safe);
    }
  }
}

/** The outputs of a device of the plant file, at their safe values. */
export function outputsOf(device: DeviceOptions, plant: Plant): DeviceOutputs {
  const heartbeat = 'heartbeat' in device ? device.heartbeat : undefined;
  const outputs = new DeviceOutputs(heartbeat?.silent ?? Number.POSITIVE_INFINITY);
  for (const [tag, terminal] of Object.entries(device.tags)) {
    if (!('safe' in terminal) || terminal.safe === undefined) continue;
    const actuator = plant.actuators.get(tag);
    if (actuator === undefined) {
      throw new CellError('E_PLANT_TERMINAL', `${tag}: the machine has no such actuator`);
    }
    outputs.add(tag, terminal.safe, actuator);
  }
  return outputs;
}
