// The simulator of one cell: the machine in real time, its devices on loopback, their faults, and what people there do.
// It knows no control socket and no command line.
import { join } from 'node:path';
import { CellError } from '#contract/error.ts';
import { milliseconds, type Cancel, type Clock, type Duration } from '#contract/time.ts';
import { Line, type LineMode } from './device/line.ts';
import { ReceivedLog } from './device/log.ts';
import { Registers } from './device/registers.ts';
import { ModbusServer } from './device/server.ts';
import { Pace } from './pace.ts';
import { buildPlant } from './plant/build.ts';
import type { PlantFile } from './plant/file.ts';
import { personActs, type Incident, type PersonAct } from './plant/plant.ts';
import type { Plant, PlantValue } from './plant/plant.ts';
import { stream } from './plant/random.ts';

/** hang: the device's line is open and silent. kill: reset and refused. slow: each answer late. */
export type DeviceFault = 'hang' | 'kill' | 'slow';
export const deviceFaults = ['hang', 'kill', 'slow'] as const satisfies DeviceFault[];

/** How late a slow device answers unless said otherwise. */
export const slowness = milliseconds(80);

/** What `--endpoints` of the controller takes: fields of a device that are replaced. */
export type Endpoints = Readonly<Record<string, { readonly tcp: string }>>;

export interface FaultRequest {
  /** A device's name, or `plant`. */
  readonly target: string;
  readonly kind: string;
  /** It ends by itself after this. */
  readonly lasts?: Duration;
  /** Of `slow`. */
  readonly by?: Duration;
}

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
  fault: DeviceFault | undefined;
}

export class Simulator {
  readonly #clock: Clock;
  readonly #file: PlantFile;
  readonly #seed: number;
  readonly #plant: Plant;
  readonly #log: ReceivedLog;
  readonly #devices = new Map<string, Device>();
  readonly #pace: Pace;
  /** Timers of what ends by itself, by `target kind`. */
  readonly #ends = new Map<string, Cancel>();

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
      const fresh = { registers, server, line: undefined, address: '', fault: undefined };
      this.#devices.set(name, fresh);
    }
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
    for (const cancel of this.#ends.values()) cancel();
    for (const device of this.#devices.values()) {
      // oxlint-disable-next-line no-await-in-loop -- line before server
      await device.line?.close();
      // oxlint-disable-next-line no-await-in-loop -- line before server
      await device.server.close();
    }
    this.#log.close();
  }

  /** Begins a fault or an act; without an end, an act of a person that goes on is ended. What it did, for people. */
  fault(request: FaultRequest): string {
    const { target, kind } = request;
    if (target === 'plant') return this.#act(request);
    const device = this.#devices.get(target);
    if (device === undefined) {
      const names = [...this.#devices.keys(), 'plant'].join(', ');
      throw new CellError('E_SIMULATOR_FAULT', `there is no ${target}; there are ${names}`);
    }
    const fault = deviceFaults.find((one) => one === kind);
    if (fault === undefined) {
      const known = deviceFaults.join(', ');
      throw new CellError('E_SIMULATOR_FAULT', `a device has no fault ${kind}; it has ${known}`);
    }
    device.fault = fault;
    device.line?.set(modeOf(fault, request.by ?? slowness));
    this.#endAfter(request.lasts, target, () => this.#mend(target, device));
    return `${target} ${fault}`;
  }

  /** Ends every fault and every act. */
  clear(): void {
    for (const cancel of this.#ends.values()) cancel();
    this.#ends.clear();
    for (const [name, device] of this.#devices) this.#mend(name, device);
    for (const act of personActs) this.#plant.act(act, false);
  }

  status(): SimulatorStatus {
    const faults = [...this.#devices]
      .filter(([, device]) => device.fault !== undefined)
      .map(([name, device]) => `${name} ${device.fault}`);
    const acts = personActs.filter((act) => this.#plant.acting(act)).map((act) => `plant ${act}`);
    return {
      plant: this.#file.title ?? this.#file.plant,
      figures: this.#plant.figures(),
      incidents: this.#plant.incidents,
      faults: [...faults, ...acts],
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

  #act(request: FaultRequest): string {
    const act = personActs.find((one) => one === request.kind);
    if (act === undefined) {
      const known = personActs.join(', ');
      throw new CellError('E_SIMULATOR_FAULT', `nobody can ${request.kind}; people can ${known}`);
    }
    const on = request.lasts !== undefined || !this.#plant.acting(act);
    const refusal = this.#plant.act(act, on);
    if (refusal !== undefined) throw new CellError('E_SIMULATOR_FAULT', `${act}: ${refusal}`);
    this.#endAfter(request.lasts, act, () => void this.#plant.act(act, false));
    return done(act, on);
  }

  #mend(name: string, device: Device): void {
    this.#ends.get(name)?.();
    this.#ends.delete(name);
    device.fault = undefined;
    device.line?.set({ kind: 'pass' });
  }

  #endAfter(lasts: Duration | undefined, key: string, end: () => void): void {
    this.#ends.get(key)?.();
    this.#ends.delete(key);
    if (lasts === undefined) return;
    const cancel = this.#clock.after(lasts, () => {
      this.#ends.delete(key);
      end();
    });
    this.#ends.set(key, cancel);
  }
}

function modeOf(fault: DeviceFault, by: Duration): LineMode {
  switch (fault) {
    case 'hang':
      return { kind: 'hold' };
    case 'kill':
      return { kind: 'cut' };
    case 'slow':
      return { kind: 'delay', by };
  }
}

function done(act: PersonAct, on: boolean): string {
  switch (act) {
    case 'estop':
      return on ? 'E-stop pressed' : 'E-stop released';
    case 'gate-open':
      return on ? 'gate opened' : 'gate closed';
    case 'take-part':
      return 'part taken out';
  }
}
