// The drivers on the simulator's devices, one of each protocol, through every fault of a device: what they give as good
// is what the device showed, and they are back by themselves. Neither side shares code with the other.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Driver, DriverKind } from '#contract/driver.ts';
import { tagName } from '#contract/name.ts';
import { qualityOf } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { milliseconds } from '#contract/time.ts';
import { drivers } from '#drivers/index.ts';
import { systemClock } from '#simulator/clock.ts';
import { buildDevice } from '#simulator/device/build.ts';
import type { Device } from '#simulator/device/device.ts';
import { deviceFaults } from '#simulator/faults.ts';
import { DeviceOptions } from '#simulator/plant/devices.ts';
import type { Plant } from '#simulator/plant/plant.ts';
import { stream } from '#simulator/plant/random.ts';
import { driverDeps } from './deps.ts';
import { Recorder } from './recorder.ts';
import { pause } from './rig.ts';

/** A machine of two sensors that count; no part of a value is a value, and no two together are one. */
class Counter implements Plant {
  count = 0;
  readonly sensors = new Map<string, () => number | string>([
    ['level', () => this.level],
    ['code', () => this.code],
  ]);
  readonly actuators: Plant['actuators'] = new Map();
  readonly incidents = [];

  /** Exact in 32 bits: the last eighth is never lost. */
  get level(): number {
    return 1000 + (this.count % 8000) + 0.125;
  }
  get code(): string {
    return `A1-${10_000 + this.count}`;
  }
  tick(): void {
    this.count += 1;
  }
  act(): string {
    return 'it has nothing but sensors';
  }
  acting(): boolean {
    return false;
  }
  figures(): Readonly<Record<string, number>> {
    return { count: this.count };
  }
}

/** How a device is simulated, and what the driver of it is told. */
interface Side {
  readonly driver: keyof typeof drivers;
  readonly device: unknown;
  readonly config: Readonly<Record<string, unknown>>;
  readonly tag: { readonly name: 'level' | 'code'; readonly at?: unknown; readonly match?: string };
}

const poll = { unit: 1, timeout: '100ms', poll: { fast: '10ms' } };
const input = { input: 0, as: 'f32' };
const sides: Readonly<Record<string, Side>> = {
  'Modbus TCP': {
    driver: 'modbus',
    device: { modbus: {}, tags: { level: input } },
    config: poll,
    tag: { name: 'level', at: input },
  },
  'Modbus RTU': {
    driver: 'modbus',
    device: { modbus: { rtu: { baud: 115_200 } }, tags: { level: input } },
    config: poll,
    tag: { name: 'level', at: input },
  },
  'OPC UA': {
    driver: 'opcua',
    device: {
      opcua: { namespace: 'urn:counter' },
      tags: { level: { node: 's=Level', as: 'real' } },
    },
    config: { namespace: 'urn:counter', publish: '50ms' },
    tag: { name: 'level', at: { node: 's=Level' } },
  },
  'a gauge': {
    driver: 'serial',
    device: {
      serial: { baud: 57_600, answers: { 'P?\r\n': 'P={level}\r\n' } },
      tags: { level: { digits: 3 } },
    },
    config: {
      baud: 57_600,
      frame: { end: '\r\n', max: 64 },
      ask: { send: 'P?\r\n', every: '50ms', timeout: '40ms' },
    },
    tag: { name: 'level', match: '^P=([0-9.]+)$' },
  },
  'a scanner': {
    driver: 'serial',
    device: {
      serial: { baud: 57_600, answers: { 'S\r': 'OK\r' }, pushes: '{code}\r' },
      tags: { code: {} },
    },
    config: {
      baud: 57_600,
      frame: { end: '\r', max: 128 },
      alive: { send: 'S\r', expect: '^OK$', every: '200ms' },
    },
    tag: { name: 'code', match: '^([A-Z0-9-]{1,64})$' },
  },
};

/** A driver on its device, and what it gave. */
interface Pair {
  readonly name: string;
  readonly device: Device;
  readonly driver: Driver;
  readonly sink: Recorder;
  readonly tag: 'level' | 'code';
}

let data: string;
let plant: Counter;
let pairs: Pair[];
let timer: NodeJS.Timeout;
/** Everything that was ever shown. */
let shown: Set<Value>;

async function pairOf(name: string, side: Side): Promise<Pair> {
  const id = name.toLowerCase().replaceAll(' ', '-');
  const options = DeviceOptions.parse(side.device);
  const context = { name: id, plant, data, received: () => undefined };
  const device = buildDevice(systemClock, stream(3, name), options, context);
  const kind = (await drivers[side.driver]?.()) as DriverKind;
  const endpoint = kind.endpoint.parse(await device.open());
  const deps = driverDeps({ data, random: stream(4, name) });
  const fields = 'rtu' in endpoint && endpoint.rtu !== undefined ? rtuOf(endpoint.rtu) : endpoint;
  const driver = kind.create(deps, kind.config.parse({ ...side.config, ...fields }));
  const { name: tag, at, match } = side.tag;
  const type = tag === 'level' ? 'real' : 'string';
  const settings = match === undefined ? {} : { match };
  await driver.setTags([{ name: tagName(tag), at, direction: 'input', type, options: settings }]);
  const sink = new Recorder();
  driver.start(sink);
  return { name, device, driver, sink, tag };
}

const rtuOf = (line: unknown): object => ({
  rtu: { ...(line as object), baud: 115_200, parity: 'none' },
});

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'sim-faults-'));
  plant = new Counter();
  shown = new Set<Value>([plant.level, plant.code]);
  pairs = await Promise.all(Object.entries(sides).map(([name, side]) => pairOf(name, side)));
  timer = setInterval(() => {
    plant.tick();
    shown.add(plant.level).add(plant.code);
    for (const { device } of pairs) device.tick(20);
  }, 20);
  for (const { name, sink, tag } of pairs) {
    // oxlint-disable-next-line no-await-in-loop -- they come while others are waited for
    await sink.until(`${name} gives a value`, () => sink.good(tag) !== undefined);
  }
}, 60_000);
afterEach(async () => {
  clearInterval(timer);
  await Promise.all(pairs.map(({ driver }) => driver.stop(milliseconds(1000))));
  await Promise.all(pairs.map(({ device }) => device.close()));
  rmSync(data, { recursive: true, force: true });
}, 60_000);

/**
 * Good values that no device has shown. One of another type than the tag is for control to refuse, whatever driver it
 * comes from: it converts each value to its tag.
 */
const wrong = (): string[] =>
  pairs.flatMap(({ name, sink, tag }) =>
    sink.batches
      .flat()
      .filter((sample) => sample.tag === tag && qualityOf(sample.status) === 'good')
      .filter(({ value }) => typeof value === (tag === 'level' ? 'number' : 'string'))
      .filter(({ value }) => !shown.has(value))
      .map(({ value }) => `${name} ${String(value)}`),
  );

describe('drivers on simulated devices', { timeout: 60_000 }, () => {
  const kinds = deviceFaults.filter((kind) => kind !== 'range');
  it.each(kinds)('take no wrong value through %s, and are back after it', async (kind) => {
    for (const { device } of pairs) {
      if (kind === 'slow' || kind === 'late') device.fault({ kind, by: milliseconds(60) });
      else device.fault({ kind });
    }
    await pause(1500);
    for (const { device } of pairs) device.fault(undefined);
    const since = plant.count;
    await pause(100);
    for (const { name, sink, tag } of pairs) {
      const isNew = (): boolean => {
        const value = sink.good(tag);
        const count =
          typeof value === 'string' ? Number(value.slice(3)) - 10_000 : Number(value) - 1000;
        return count > since;
      };
      // oxlint-disable-next-line no-await-in-loop -- they come while others are waited for
      await sink.until(`${name} is back after ${kind}`, isNew);
    }
    expect(wrong()).toEqual([]);
    // Had the devices shown nothing, every value of every driver would be wrong: they are looked at.
    shown.clear();
    expect(wrong().length).toBeGreaterThan(pairs.length);
  });
});
