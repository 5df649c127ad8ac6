// The simulator of one cell: the machine in real time, its devices on loopback, their faults, and what people there do.
// It knows no control socket and no command line.
import { join } from 'node:path';
import { CellError } from '#contract/error.ts';
import type { Clock } from '#contract/time.ts';
import { Line, type LineMode } from './device/line.ts';
import { ReceivedLog } from './device/log.ts';
import { Registers } from './device/registers.ts';
import { ModbusServer } from './device/server.ts';
import { Faults, type DeviceFault, type FaultRequest } from './faults.ts';
import { Pace } from './pace.ts';
import { buildPlant } from './plant/build.ts';
import type { PlantFile } from './plant/file.ts';
import type { Incident, Plant, PlantValue } from './plant/plant.ts';
import { stream } from './plant/random.ts';

/** What `--endpoints` of the controller takes: fields of a device that are replaced. */
export type Endpoints = Readonly<Record<string, { readonly tcp: string }>>;

export interface SimulatorStatus {
  readonly plant: string;
  readonly figures: Readonly<Record<string, PlantValue>>;
  readonly incidents: readonly Incident[];
  /** What is going on now, such as `io hang`. */
  readonly faults: readonly string[];
  readonly devices: readonly {
    readonly device: string;
    readonly address: string;
    readonly fallen: boolean;
  }[];
}

interface Device {
  readonly registers: Registers;
  readonly server: ModbusServer;
  line: Line | undefined;
  address: string;
}

export class Simulator {
  readonly #clock: Clock;
  readonly #file: PlantFile;
  readonly #seed: number;
  readonly #plant: Plant;
  readonly #log: ReceivedLog;
  readonly #devices = new Map<string, Device>();
  readonly #pace: Pace;
  readonly #faults: Faults;

  /** `data` is a directory that is there. */
  constructor(clock: Clock, file: PlantFile, options: { seed: number; data: string }) {
    this.#clock = clock;
    this.#file = file;
    this.#seed = options.seed;
    this.#plant = buildPlant(file, options.seed);
    this.#log = new ReceivedLog(clock, join(options.data, 'simulator.log'));
    this.#pace = new Pace(clock, file.tick, () => this.#tick());
    for (const [name, device] of Object.entries(file.devices)) {
      const registers = new Registers(device, this.#plant, (batch) => this.#log.write(name, batch));
      const server = new ModbusServer(new Map([[device.modbus.unit, registers]]));
      this.#devices.set(name, { registers, server, line: undefined, address: '' });
    }
    const points = [...this.#devices].map(([name, device]) => {
      const fault = (made: DeviceFault | undefined): void => device.line?.set(modeOf(made));
      return [name, { fault }] as const;
    });
    this.#faults = new Faults(
      (delay, run) => clock.after(delay, run),
      this.#plant,
      new Map(points),
    );
  }

  /** Resolves when every device listens. */
  async start(): Promise<Endpoints> {
    const endpoints: Record<string, { tcp: string }> = {};
    for (const [name, device] of this.#devices) {
      // oxlint-disable-next-line no-await-in-loop -- in the order of the file
      const target = await device.server.listen();
      device.line = new Line(this.#clock, stream(this.#seed ^ target, `line/${name}`), target);
      // oxlint-disable-next-line no-await-in-loop -- in the order of the file
      device.address = `127.0.0.1:${await device.line.open()}`;
      endpoints[name] = { tcp: device.address };
    }
    this.#pace.start();
    return endpoints;
  }

  async stop(): Promise<void> {
    this.#pace.stop();
    this.#faults.stop();
    for (const device of this.#devices.values()) {
      // oxlint-disable-next-line no-await-in-loop -- line before server
      await device.line?.close();
      // oxlint-disable-next-line no-await-in-loop -- line before server
      await device.server.close();
    }
    this.#log.close();
  }

  /** Begins a fault or an act; what it did, for people. */
  fault(request: FaultRequest): string {
    return this.#faults.begin(request);
  }

  /** Ends every fault and every act. */
  clear(): void {
    this.#faults.clear();
  }

  status(): SimulatorStatus {
    return {
      plant: this.#file.title ?? this.#file.plant,
      figures: this.#plant.figures(),
      incidents: this.#plant.incidents,
      faults: this.#faults.going,
      devices: [...this.#devices].map(([device, { address, registers }]) => ({
        device,
        address,
        fallen: registers.outputs.fallen,
      })),
    };
  }

  #tick(): void {
    for (const { registers } of this.#devices.values()) registers.outputs.tick(this.#file.tick);
    this.#plant.tick(this.#file.tick);
  }
}

/** What the line can make of it. */
function modeOf(fault: DeviceFault | undefined): LineMode {
  switch (fault?.kind) {
    case undefined:
      return { kind: 'pass' };
    case 'hang':
      return { kind: 'hold' };
    case 'kill':
      return { kind: 'cut' };
    case 'slow':
    case 'late':
      return { kind: 'delay', by: fault.by };
    case 'stuck':
    case 'range':
    case 'wrong':
    case 'short':
      throw new CellError('E_SIMULATOR_FAULT', `no device makes ${fault.kind} in real time yet`);
  }
}
