// The devices of a cell: their drivers made, started, watched and stopped; what they say goes into the
// image, their health to people and the record, their heartbeat only while control does its work.
import type { DeviceHealth, Driver, HeartbeatSource } from '#contract/driver.ts';
import { CellError, present } from '#contract/error.ts';
import type { TagName } from '#contract/name.ts';
import { deviceId } from '#contract/name.ts';
import { seconds } from '#contract/time.ts';
import type { Clock, Duration, Random } from '#contract/time.ts';
import type { Image } from '#flows/engine/image.ts';
import type { CellPlan } from '#flows/plan.ts';
import type { LoadedCell, LoadedDevice } from '#controller/config.ts';
import { conversionOf } from './conversion.ts';
import type { Conversion } from './conversion.ts';
import { DeviceSink } from '#controller/image.ts';
import type { OutputPlan } from './outputs.ts';
import { readSecret } from '#controller/secrets.ts';
import { deviceTags } from './served.ts';

/** How long a faulted flow's output may stay unconfirmed before its device is left without a heartbeat. */
const heartbeatPatience = seconds(1);

export interface DeviceEvents {
  /** Something arrived; a scan may be due. */
  arrived(): void;
  /** A device changed: `before` is undefined the first time. */
  health(device: string, health: DeviceHealth, before: DeviceHealth | undefined): void;
  log(text: string): void;
}

interface Device {
  readonly name: string;
  readonly loaded: LoadedDevice;
  readonly driver: Driver;
  health: DeviceHealth | undefined;
}

/** All devices of the cell. */
export class Devices {
  readonly #plan: CellPlan;
  readonly #cell: LoadedCell;
  readonly #events: DeviceEvents;
  readonly #devices = new Map<string, Device>();
  readonly #conversions = new Map<number, Conversion>();
  readonly #image: Image;
  #scanned = 0;
  /** Is an output of this device, which must be safe, still not confirmed? */
  #doubtful: (device: string, limit: Duration) => boolean = () => false;
  #stopping = false;

  constructor(
    deps: { clock: Clock; random: Random; data: string },
    cell: LoadedCell,
    image: Image,
    events: DeviceEvents,
  ) {
    this.#plan = cell.plan;
    this.#cell = cell;
    this.#image = image;
    this.#events = events;
    for (const [index, tag] of cell.plan.tags.entries()) {
      const frame = cell.manifest.tags[tag.name];
      const kind = frame === undefined ? undefined : cell.devices.get(frame.device)?.kind;
      if (frame === undefined || kind === undefined) continue;
      const whole = kind.natural(kind.at.parse(frame.at)) === 'int';
      this.#conversions.set(index, conversionOf(tag, frame, whole));
    }
    for (const [name, loaded] of cell.devices) {
      const driver = loaded.kind.create(
        {
          ...deps,
          cell: cell.manifest.cell,
          device: deviceId(name),
          secret: (secret) => readSecret(deps.data, secret),
          log: (level, text, error) =>
            level === 'warn' &&
            events.log(`${name}: ${text}${error === undefined ? '' : ` (${error.code})`}`),
          heartbeat: this.#heartbeat(name),
        },
        loaded.config,
      );
      this.#devices.set(name, { name, loaded, driver, health: undefined });
    }
  }

  /** Starts all drivers; a tag that a device cannot serve is an error of the manifest. Throws `E_DEVICE_TAG`. */
  async start(doubtful: (device: string, limit: Duration) => boolean): Promise<void> {
    this.#doubtful = doubtful;
    for (const device of this.#devices.values()) {
      // oxlint-disable-next-line no-await-in-loop -- each is immediate; in the manifest's order
      const issues = await device.driver.setTags(
        deviceTags(this.#cell, device.name, device.loaded.kind),
      );
      const first = issues[0];
      if (first !== undefined) {
        throw new CellError(
          'E_DEVICE_TAG',
          `${device.name} cannot serve ${first.subject}: ${first.text}`,
        );
      }
      device.driver.start(this.#sinkOf(device));
    }
  }

  /** A scan has ended: heartbeats may go on. */
  scanned(): void {
    this.#scanned += 1;
  }

  async stop(limit: Duration): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#devices.values()].map(({ driver }) => driver.stop(limit)));
  }

  /** Health by device; a device that has not said anything yet is left out. */
  *health(): Iterable<[name: string, health: DeviceHealth]> {
    for (const { name, health } of this.#devices.values())
      if (health !== undefined) yield [name, health];
  }

  /** Each output of the cell with the driver that writes it. */
  outputs(): OutputPlan[] {
    return this.#plan.tags.flatMap((tag, index) => {
      if (tag.kind !== 'output' || tag.driver === undefined || tag.device === undefined) return [];
      const frame = present(
        this.#cell.manifest.tags[tag.name],
        'an output is a tag of the manifest',
      );
      const flow = present(this.#plan.flows[tag.driver.flow], 'an output has a flow').flow;
      const decl = present(flow.outputs[tag.driver.output], 'a flow declares its output');
      const conversion = present(this.#conversions.get(index), 'an output has a conversion');
      const names = decl.type.kind === 'enum' ? decl.type.values : undefined;
      const safe =
        names === undefined
          ? decl.type.kind === 'bool'
            ? decl.safe === 1
            : decl.safe
          : names[decl.safe];
      const plan: OutputPlan = {
        tag: index,
        name: tag.name,
        device: tag.device,
        safe: safe ?? null,
        driver: this.driver(tag.device),
        verify: frame.verify ?? 'readback',
        ...(frame.tolerance === undefined ? {} : { tolerance: frame.tolerance }),
        ...(frame.refresh === undefined ? {} : { refresh: frame.refresh }),
        toWire: (value) => conversion.toWire(value),
      };
      return [plan];
    });
  }

  driver(name: string): Driver {
    return present(this.#devices.get(name), `${name} is a device of the cell`).driver;
  }

  stateOf(name: string): DeviceHealth['state'] | undefined {
    return this.#devices.get(name)?.health?.state;
  }

  /** Where a device is, for people. */
  address(name: string): string {
    const { loaded } = present(this.#devices.get(name), `${name} is a device of the cell`);
    return loaded.kind.address(loaded.config);
  }

  /** Where a tag is on its device, for people: `input 20`. */
  place(tag: TagName): string | undefined {
    const frame = this.#cell.manifest.tags[tag];
    const device = frame === undefined ? undefined : this.#devices.get(frame.device);
    return device?.loaded.kind.place(device.loaded.kind.at.parse(frame?.at));
  }

  #sinkOf(device: Device): DeviceSink {
    return new DeviceSink(device.name, this.#plan, this.#conversions, this.#image, {
      arrived: () => this.#events.arrived(),
      health: (name, health) => {
        const before = device.health;
        device.health = health;
        this.#events.health(name, health, before);
      },
    });
  }

  /** One beat only if a scan has ended since the last, and nothing that must be safe here is in doubt. */
  #heartbeat(name: string): HeartbeatSource {
    let asked = 0;
    return {
      alive: () => {
        const scanned = this.#scanned > asked;
        asked = this.#scanned;
        return scanned && !this.#stopping && !this.#doubtful(name, heartbeatPatience);
      },
    };
  }
}
