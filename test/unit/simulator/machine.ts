// The demo's machine for a test: driven by hand, ticked as long as the test says.
import { readFileSync } from 'node:fs';
import { assert, present } from '#contract/error.ts';
import { milliseconds } from '#contract/time.ts';
import { parsePlantFile, type PlantFile } from '#simulator/plant/file.ts';
import type { PlantValue } from '#simulator/plant/plant.ts';
import { stream } from '#simulator/plant/random.ts';
import { Tending } from '#simulator/plant/tending.ts';

export const modbusPlantPath = 'test/unit/simulator/modbus.plant.yaml';
/** The demo's machine behind Modbus, OPC UA and two serial lines. */
export const plantPath = 'flows/cnc-tending/tending.plant.yaml';

export function demoFile(): Extract<PlantFile, { plant: 'cnc-tending' }> {
  const parsed = parsePlantFile(readFileSync(modbusPlantPath, 'utf8'), modbusPlantPath);
  assert(parsed.ok && parsed.plant.plant === 'cnc-tending', 'the demo has a plant file');
  return parsed.plant;
}

export class Machine {
  readonly plant = new Tending(demoFile().machine, (name) => stream(7, name));
  readonly #tick = demoFile().tick;

  set(values: Readonly<Record<string, PlantValue>>): this {
    for (const [name, value] of Object.entries(values)) {
      present(this.plant.actuators.get(name), name)(value);
    }
    return this;
  }

  get(name: string): PlantValue {
    return present(this.plant.sensors.get(name), name)();
  }

  run(ms: number): this {
    for (let at = 0; at < ms; at += this.#tick) this.plant.tick(this.#tick);
    return this;
  }

  /** Ticks until the sensor has the value; how long it took, in ms. */
  until(name: string, value: PlantValue, most = 20_000): number {
    for (let at = 0; at <= most; at += this.#tick) {
      if (this.get(name) === value) return at;
      this.plant.tick(milliseconds(this.#tick));
    }
    throw new Error(`${name} is not ${String(value)} after ${most} ms`);
  }

  get kinds(): string[] {
    return this.plant.incidents.map((incident) => incident.kind);
  }

  /** Door and clamp open, the robot with its drives on. */
  ready(): this {
    this.set({ 'door.open': true, 'clamp.open': true, 'robot.enable': true });
    this.until('door.opened', true);
    this.until('clamp.opened', true);
    return this.set({ 'door.open': false });
  }

  /** A part is in the chuck, clamped; the robot is home and the door shut. */
  loaded(): this {
    this.ready().set({ 'robot.job': 'load' });
    this.until('robot.done', true);
    this.set({ 'clamp.open': false }).run(1000).set({ 'robot.job': 'leave' });
    this.until('robot.home', true);
    this.set({ 'robot.job': 'none', 'door.close': true });
    this.until('door.closed', true);
    return this.set({ 'door.close': false });
  }

  /** The spindle turns at full speed in a loaded machine. */
  cutting(): this {
    this.loaded().set({ 'coolant.pump': true, 'cnc.start': true });
    this.until('cnc.running', true);
    return this.set({ 'cnc.start': false }).run(500);
  }
}
