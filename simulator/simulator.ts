// The simulator of one cell: the machine in real time, its devices on loopback, their faults, and what people there do.
// It knows no protocol, no control socket and no command line.
import { join } from 'node:path';
import type { Clock } from '#contract/time.ts';
import { buildDevice } from './device/build.ts';
import type { Device, DeviceStatus, Endpoint } from './device/device.ts';
import { ReceivedLog } from './device/log.ts';
import { Faults, type FaultRequest } from './faults.ts';
import { Pace } from './pace.ts';
import { buildPlant } from './plant/build.ts';
import type { PlantFile } from './plant/file.ts';
import type { Incident, Plant, PlantValue } from './plant/plant.ts';
import { stream } from './plant/random.ts';
import { TruthLog, type Truth } from './truth.ts';

/** What `--endpoints` of the controller takes. */
export type Endpoints = Readonly<Record<string, Endpoint>>;

export interface SimulatorStatus {
  readonly plant: string;
  readonly figures: Readonly<Record<string, PlantValue>>;
  readonly incidents: readonly Incident[];
  /** What is going on now, such as `io hang`. */
  readonly faults: readonly string[];
  readonly devices: readonly ({ readonly device: string } & DeviceStatus)[];
}

export class Simulator {
  readonly #file: PlantFile;
  readonly #plant: Plant;
  readonly #log: ReceivedLog;
  readonly #devices: ReadonlyMap<string, Device>;
  readonly #pace: Pace;
  readonly #faults: Faults;
  readonly #truth: TruthLog;

  /** `data` is a directory that is there. */
  constructor(clock: Clock, file: PlantFile, options: { seed: number; data: string }) {
    const { seed, data } = options;
    const plant = buildPlant(file, seed);
    const log = new ReceivedLog(clock, join(data, 'simulator.log'));
    this.#file = file;
    this.#plant = plant;
    this.#log = log;
    this.#truth = new TruthLog(clock, plant);
    this.#pace = new Pace(clock, file.tick, () => this.#tick());
    this.#devices = new Map(
      Object.entries(file.devices).map(([name, device]) => {
        const received = log.write.bind(log, name);
        const context = { name, plant, data, received };
        // Two simulators of one seed must not meet at one port.
        const random = stream(seed ^ process.pid, `device/${name}`);
        return [name, buildDevice(clock, random, device, context)];
      }),
    );
    this.#faults = new Faults((delay, run) => clock.after(delay, run), plant, this.#devices);
  }

  /** Resolves when every device can be reached. */
  async start(): Promise<Endpoints> {
    const opening = [...this.#devices].map(
      async ([name, device]) => [name, await device.open()] as const,
    );
    // Each is open or has failed before anything is closed again.
    await Promise.allSettled(opening);
    const endpoints = Object.fromEntries(await Promise.all(opening));
    this.#pace.start();
    return endpoints;
  }

  async stop(): Promise<void> {
    this.#pace.stop();
    this.#faults.stop();
    await Promise.all([...this.#devices.values()].map((device) => device.close()));
    this.#log.close();
  }

  /** Begins a fault or an act; what it did, for people. */
  fault(request: FaultRequest): string {
    return this.#faults.begin(request);
  }

  /** Ends every fault and every act, or those of one target. */
  clear(target?: string): void {
    this.#faults.clear(target);
  }

  status(): SimulatorStatus {
    return {
      plant: this.#file.title ?? this.#file.plant,
      figures: this.#plant.figures(),
      incidents: this.#plant.incidents,
      faults: this.#faults.going,
      devices: [...this.#devices].map(([name, { status }]) => ({ device: name, ...status })),
    };
  }

  /** What the sensors truly show, from this change on. */
  truth(since: number): Truth {
    return this.#truth.since(since);
  }

  #tick(): void {
    for (const device of this.#devices.values()) device.tick(this.#file.tick);
    this.#plant.tick(this.#file.tick);
    this.#truth.look();
  }
}
