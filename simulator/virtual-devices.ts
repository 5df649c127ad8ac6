// All devices of a cell in virtual time: made from what manifest and plant file say of them, and judged as control judges
// what a driver gives it. Flows are not known here; of the tags only what stands in `TagFacts`.
import type { Manifest } from '#contract/cell.ts';
import { CellError, present } from '#contract/error.ts';
import { deviceId, tagName } from '#contract/name.ts';
import { status } from '#contract/quality.ts';
import type { Agenda } from './agenda.ts';
import { timingOf, type DriverTiming } from './driver-timing.ts';
import type { PlantFile } from './plant/file.ts';
import type { Plant, PlantValue } from './plant/plant.ts';
import { stream } from './plant/random.ts';
import { Terminals } from './plant/terminals.ts';
import { VirtualDevice } from './virtual-device.ts';
import { readingOf, type Points, type Reported } from './virtual-reading.ts';
import type { Weather } from './weather.ts';

/** A tag of the cell, by its index in the list. */
export interface TagFacts {
  readonly name: string;
  readonly kind: 'input' | 'output' | 'system';
  readonly device?: string;
  readonly min?: number;
  readonly max?: number;
}

export interface DevicesSink {
  /** As control judged it. */
  samples(batch: readonly Reported[]): void;
  /** Confirms all of these; the same array each time. */
  seen(tags: readonly number[]): void;
  /** `again`: it was online before, since control came. */
  online(device: string, ok: boolean, again: boolean): void;
}

export interface DevicesOptions {
  readonly seed: number;
  readonly manifest: Manifest;
  readonly tags: readonly TagFacts[];
  readonly file: PlantFile;
  readonly plant: Plant;
  readonly weather: Weather;
}

export class VirtualDevices {
  readonly byName: ReadonlyMap<string, VirtualDevice>;
  readonly #agenda: Agenda;
  readonly #options: DevicesOptions;
  readonly #sink: DevicesSink;

  constructor(agenda: Agenda, options: DevicesOptions, sink: DevicesSink) {
    this.#agenda = agenda;
    this.#options = options;
    this.#sink = sink;
    const names = Object.keys(options.file.devices);
    this.byName = new Map(names.map((name) => [name, this.#device(name)]));
  }

  /** Every output of every device reads back as its safe value. */
  get safe(): boolean {
    return [...this.byName.values()].every(
      ({ online, terminals }) => online && terminals.outputs.safe,
    );
  }

  start(): void {
    for (const device of this.byName.values()) device.start();
  }

  leave(): void {
    for (const device of this.byName.values()) device.leave();
  }

  tick(span: number): void {
    for (const device of this.byName.values()) device.tick(span);
  }

  write(device: string, output: string, value: PlantValue): void {
    present(this.byName.get(device), `there is a device ${device}`).write(output, value);
  }

  #device(name: string): VirtualDevice {
    const { seed, manifest, file, plant, weather } = this.#options;
    const frame = present(manifest.devices[deviceId(name)], `the manifest has a device ${name}`);
    const timing = timingOf(frame);
    if (timing === undefined) {
      const text = `${name}: virtual time knows no driver ${frame.driver}`;
      throw new CellError('E_MANIFEST_DRIVER', text);
    }
    const options = present(file.devices[deviceId(name)], name);
    const terminals = new Terminals(options, plant);
    const points = classesOf(timing).map((label, order) =>
      this.#points(name, terminals, (tag) => this.#polledIn(tag, label, order === 0)),
    );
    const reading = readingOf(timing.reading, points, {
      changed: (reports) => this.#sink.samples(reports.map((report) => this.#judged(report))),
      seen: (tags) => this.#sink.seen(tags),
    });
    const base = timing.wire === 0 ? weather.network : weather.line;
    const latency = { ...base, least: base.least + timing.wire };
    return new VirtualDevice(
      this.#agenda,
      stream(seed, `device/${name}`),
      { timing, latency },
      {
        terminals,
        reading,
        sink: { online: (ok, again) => this.#sink.online(name, ok, again) },
      },
    );
  }

  /** The inputs of the manifest on this device that are chosen. */
  #points(device: string, terminals: Terminals, chosen: (tag: number) => boolean): Points {
    const { tags: all, file } = this.#options;
    const tags = [...all.keys()].filter((tag) => {
      const facts = all[tag];
      return facts?.kind === 'input' && facts.device === device && chosen(tag);
    });
    const names = tags.map((tag) => all[tag]?.name ?? '');
    for (const name of names) {
      if (Object.hasOwn(file.devices[deviceId(device)]?.tags ?? {}, name)) continue;
      throw new CellError('E_PLANT_TERMINAL', `${device} of the plant has no terminal ${name}`);
    }
    return { tags, sensors: names.map((name) => terminals.reader(name)) };
  }

  /** Those that name no poll class are in the first. */
  #polledIn(tag: number, label: string, first: boolean): boolean {
    const { name } = present(this.#options.tags[tag], 'a tag of the cell');
    const { poll } = present(this.#options.manifest.tags[tagName(name)], 'a tag of the manifest');
    return poll === undefined ? first : poll === label;
  }

  /** Outside its range a value is bad, and kept for people to see. */
  #judged(report: Reported): Reported {
    const { min, max } = present(this.#options.tags[report.tag], 'a tag of the cell');
    if (typeof report.value !== 'number') return report;
    const inside = report.value >= (min ?? -Infinity) && report.value <= (max ?? Infinity);
    return inside ? report : { ...report, status: status.BadOutOfRange };
  }
}

/** A protocol without poll classes has one for all. */
function classesOf({ reading }: DriverTiming): readonly string[] {
  return reading.kind === 'polled' ? reading.classes.map(([name]) => name) : [''];
}
