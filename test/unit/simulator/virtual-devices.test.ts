// Devices of three protocols in virtual time, as control sees them: when values come and are confirmed, what each fault
// makes of them, and what of control's reaches a device meanwhile.
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { assert, present } from '#contract/error.ts';
import { status, statusText } from '#contract/quality.ts';
import { milliseconds } from '#contract/time.ts';
import { readManifest } from '#flows/manifest.ts';
import { Agenda } from '#simulator/agenda.ts';
import type { DeviceFault } from '#simulator/faults.ts';
import { buildPlant } from '#simulator/plant/build.ts';
import { parsePlantFile } from '#simulator/plant/file.ts';
import type { Plant, PlantValue } from '#simulator/plant/plant.ts';
import { VirtualDevices, type TagFacts } from '#simulator/virtual-devices.ts';
import type { Reported } from '#simulator/virtual-reading.ts';

const folder = 'flows/cnc-tending';
const text = readFileSync(`${folder}/cell.yaml`, 'utf8');
const { manifest } = readManifest('cell.yaml', text);
const parsed = parsePlantFile(readFileSync(`${folder}/tending.plant.yaml`, 'utf8'), 'plant.yaml');
const written =
  /^(?:door\.(?:open|close)|clamp\.open|robot\.(?:enable|job)|coolant\.pump|beacon|cnc\.(?:start|stop))$/;
const ranges: Readonly<Record<string, readonly [min: number, max: number]>> = {
  'clamp.pressure': [0, 12],
  'coolant.flow': [0, 40],
  'spindle.temp': [-20, 150],
};

/** The devices of the demo cell, with lines that take 2 ms, and all that they tell. */
class Rig {
  readonly agenda = new Agenda();
  readonly plant: Plant;
  readonly devices: VirtualDevices;
  /** By tag: what it was told last. */
  readonly last = new Map<string, Reported & { readonly told: number }>();
  /** By device: when its values were confirmed. */
  readonly seen = new Map<string, number[]>();
  readonly online: (readonly [at: number, device: string, ok: boolean, again: boolean])[] = [];
  readonly #tags: readonly TagFacts[];

  constructor() {
    assert(manifest !== undefined && parsed.ok, 'the files are good');
    this.plant = buildPlant(parsed.plant, 1);
    this.#tags = Object.entries(manifest.tags).map(([name, { device }]) => {
      const [min, max] = ranges[name] ?? [];
      const kind = written.test(name) ? 'output' : 'input';
      return {
        name,
        kind,
        device,
        ...(min === undefined || max === undefined ? {} : { min, max }),
      };
    });
    const weather = {
      network: { least: 2, spread: 0 },
      line: { least: 2, spread: 0 },
      commit: 0,
      away: { share: 0, most: 0 },
    };
    const options = {
      seed: 1,
      manifest,
      tags: this.#tags,
      file: parsed.plant,
      plant: this.plant,
      weather,
    };
    this.devices = new VirtualDevices(this.agenda, options, {
      samples: (batch) => {
        for (const one of batch) this.last.set(this.#name(one.tag), { ...one, told: this.now });
      },
      seen: (tags) => {
        const { device = '' } = present(this.#tags[tags[0] ?? -1], 'a tag');
        this.seen.set(device, [...(this.seen.get(device) ?? []), this.now]);
      },
      online: (...said) => void this.online.push([this.now, ...said]),
    });
    this.devices.start();
  }

  get now(): number {
    return this.agenda.now;
  }

  run(span: number): this {
    const until = this.now + span;
    for (let tick = Math.floor(this.now / 5) * 5 + 5; ; tick += 5) {
      while (Math.min(this.agenda.next, until) < tick) {
        if (this.agenda.next > until) {
          this.agenda.now = until;
          return this;
        }
        this.agenda.now = this.agenda.next;
        this.agenda.runDue();
      }
      if (tick > until) return this;
      this.agenda.now = tick;
      this.plant.tick(milliseconds(5));
      this.devices.tick(5);
      this.agenda.runDue();
    }
  }

  fault(device: string, fault: DeviceFault | undefined): this {
    present(this.devices.byName.get(device), device).fault(fault);
    return this;
  }

  /** Moves the machine behind the device's back. */
  drive(name: string, value: PlantValue): this {
    present(this.plant.actuators.get(name), name)(value);
    return this;
  }

  /** The robot takes the part that lay there; another comes in its time. */
  nextPart(): this {
    return this.drive('robot.enable', true).drive('robot.job', 'load').run(8000);
  }

  firstOnline(device: string): number {
    return present(
      this.online.find(([, name]) => name === device),
      device,
    )[0];
  }

  status(name: string): string {
    return statusText(present(this.last.get(name), name).status);
  }

  /** ms since the device's values were confirmed. */
  age(device: string): number {
    return this.now - (this.seen.get(device)?.at(-1) ?? Number.NaN);
  }

  #name(tag: number): string {
    return present(this.#tags[tag], 'a tag').name;
  }
}

let rig: Rig;
beforeEach(() => {
  rig = new Rig().run(2000);
});
/** Between one and the next. */
const gaps = (times: readonly number[]): number[] =>
  times.slice(1).map((time, index) => Math.round(time - (times[index] ?? 0)));
const codes = (one: Rig): unknown => one.last.get('part.code')?.value;

describe('an OPC UA device', () => {
  it('gives every value once, and says every third publish that it is there', () => {
    expect(rig.last.get('cnc.alarm')).toMatchObject({ value: false, status: status.Good });
    rig.run(3000);
    expect(new Set(gaps(rig.seen.get('plc')?.slice(-15) ?? []))).toEqual(new Set([150]));
  });

  it('tells a change in its next publish, with the time at which it happened', () => {
    rig.drive('cnc.stop', false).run(20).drive('cnc.start', true);
    const since = rig.now;
    const { at, told } = rig.run(100).last.get('cnc.running') ?? { at: 0, told: 0 };
    expect(rig.last.get('cnc.running')?.value).toBe(true);
    expect([at > since, at <= since + 5]).toEqual([true, true]);
    expect([told >= at, told <= at + 52]).toEqual([true, true]);
  });

  it('is greeted in some exchanges before it answers', () => {
    expect(rig.firstOnline('plc')).toBeGreaterThan(rig.firstOnline('io') + 4 * 2);
  });
});

describe('a Modbus device', () => {
  it('is polled by class, and a change is known after the next poll', () => {
    rig.drive('door.open', true).run(50);
    expect(rig.last.get('door.closed')?.value).toBe(false);
    expect(rig.age('io')).toBeLessThan(13);
  });
});

describe('a serial device that is asked', () => {
  it('answers every 50 ms, after the time that its line takes', () => {
    rig.run(1000);
    expect(new Set(gaps(rig.seen.get('gauge')?.slice(-10) ?? []))).toEqual(new Set([50]));
    const { at, told } = present(rig.last.get('clamp.pressure'), 'pressure');
    expect([told - at > 6, told - at < 20]).toEqual([true, true]);
  });
});

describe('a serial device that sends', () => {
  it('is unknown until it sends: what came before anybody listened is gone', () => {
    expect([codes(rig), rig.status('part.code')]).toEqual([null, 'BadWaitingForInitialData']);
    expect([codes(rig.nextPart()), rig.status('part.code')]).toEqual(['A1-4472', 'Good']);
  });

  it('is confirmed whenever it says that it is there', () => {
    rig.run(3000);
    expect(new Set(gaps(rig.seen.get('scanner')?.slice(-5) ?? []))).toEqual(new Set([500]));
  });

  it('is unknown again after its line was unplugged, until it sends', () => {
    rig.nextPart().fault('scanner', { kind: 'kill' }).run(3000);
    expect(rig.status('part.code')).toBe('Good');
    rig.fault('scanner', undefined).run(3000);
    expect(rig.status('part.code')).toBe('BadWaitingForInitialData');
  });

  it('that sent half a message is not understood when it sends the next', () => {
    rig
      .nextPart()
      .fault('scanner', { kind: 'short' })
      .run(520)
      .fault('scanner', undefined)
      .run(600);
    expect(rig.status('part.code')).toBe('BadCommunicationError');
  });
});

/** `ages`: nothing is confirmed any more. `goes on`: values are confirmed as ever. Else: bad at once, with this status. */
type Sees = 'ages' | 'goes on' | `Bad${string}`;
const slow: DeviceFault = { kind: 'slow', by: milliseconds(30) };
const table: readonly (readonly [device: string, tag: string, fault: DeviceFault, sees: Sees])[] = [
  ['io', 'coolant.flow', { kind: 'hang' }, 'ages'],
  ['io', 'coolant.flow', { kind: 'kill' }, 'ages'],
  ['io', 'coolant.flow', slow, 'goes on'],
  ['io', 'coolant.flow', { kind: 'slow', by: milliseconds(400) }, 'ages'],
  ['io', 'coolant.flow', { kind: 'stuck' }, 'goes on'],
  ['io', 'coolant.flow', { kind: 'range' }, 'BadOutOfRange'],
  ['io', 'coolant.flow', { kind: 'wrong' }, 'ages'],
  ['io', 'coolant.flow', { kind: 'short' }, 'ages'],
  ['io', 'coolant.flow', { kind: 'late', by: milliseconds(3000) }, 'ages'],
  ['plc', 'spindle.temp', { kind: 'hang' }, 'ages'],
  ['plc', 'spindle.temp', { kind: 'kill' }, 'ages'],
  ['plc', 'spindle.temp', slow, 'goes on'],
  ['plc', 'spindle.temp', { kind: 'stuck' }, 'goes on'],
  ['plc', 'spindle.temp', { kind: 'range' }, 'BadOutOfRange'],
  ['plc', 'spindle.temp', { kind: 'wrong' }, 'BadTypeMismatch'],
  ['plc', 'spindle.temp', { kind: 'short' }, 'ages'],
  // Each publish comes when the next one should.
  ['plc', 'spindle.temp', { kind: 'late', by: milliseconds(3000) }, 'goes on'],
  ['gauge', 'clamp.pressure', { kind: 'hang' }, 'ages'],
  ['gauge', 'clamp.pressure', { kind: 'kill' }, 'ages'],
  ['gauge', 'clamp.pressure', { kind: 'slow', by: milliseconds(10) }, 'goes on'],
  // It has 40 ms.
  ['gauge', 'clamp.pressure', slow, 'ages'],
  ['gauge', 'clamp.pressure', { kind: 'stuck' }, 'goes on'],
  ['gauge', 'clamp.pressure', { kind: 'range' }, 'BadOutOfRange'],
  ['gauge', 'clamp.pressure', { kind: 'wrong' }, 'BadCommunicationError'],
  ['gauge', 'clamp.pressure', { kind: 'short' }, 'ages'],
  ['gauge', 'clamp.pressure', { kind: 'late', by: milliseconds(3000) }, 'ages'],
  ['scanner', 'part.code', { kind: 'hang' }, 'ages'],
  ['scanner', 'part.code', { kind: 'kill' }, 'ages'],
  ['scanner', 'part.code', slow, 'goes on'],
  ['scanner', 'part.code', { kind: 'stuck' }, 'goes on'],
  ['scanner', 'part.code', { kind: 'wrong' }, 'BadCommunicationError'],
  ['scanner', 'part.code', { kind: 'short' }, 'ages'],
  ['scanner', 'part.code', { kind: 'late', by: milliseconds(3000) }, 'ages'],
];

describe('a fault', () => {
  it.each(table)('%s: %s under %j %s', (device, tag, fault, sees) => {
    const usual = rig.status(tag);
    rig.fault(device, fault).run(2000);
    const confirmed = rig.age(device) < 700;
    const code = rig.status(tag);
    const seen = code === usual ? (confirmed ? 'goes on' : 'ages') : code;
    expect(seen).toBe(sees);
    rig.fault(device, undefined).run(3000);
    expect([rig.age(device) < 700, rig.status(tag)]).toEqual([
      true,
      device === 'scanner' && sees.startsWith('Bad') ? sees : usual,
    ]);
  });

  it('that makes values stand still keeps what the machine does from control', () => {
    rig.fault('io', { kind: 'stuck' }).drive('door.open', true).run(2000);
    expect(rig.last.get('door.opened')?.value).toBe(false);
    rig.fault('io', undefined).run(100);
    expect(rig.last.get('door.opened')?.value).toBe(true);
  });

  it('of a line tells that the device is lost, and that it is back', () => {
    rig.fault('gauge', { kind: 'hang' }).run(1000).fault('gauge', undefined).run(3000);
    const own = rig.online.filter(([, device]) => device === 'gauge');
    expect(own.map(([, , ok, again]) => [ok, again])).toEqual([
      [true, false],
      [false, false],
      [true, true],
    ]);
  });

  it.each([
    ['io', 'hang', false],
    ['io', 'kill', false],
    ['io', 'stuck', true],
    ['io', 'wrong', true],
    ['io', 'short', true],
    ['io', 'late', true],
    ['plc', 'hang', false],
    ['plc', 'kill', false],
    ['plc', 'wrong', true],
    // Nobody is greeted over a channel that cuts every answer.
    ['plc', 'short', false],
  ] as const)('%s %s: a write arrives: %s', (device, kind, arrives) => {
    const [output, value] =
      device === 'io' ? (['beacon', 'blue'] as const) : (['cnc.stop', false] as const);
    const { outputs } = present(rig.devices.byName.get(device), device).terminals;
    rig.fault(device, kind === 'late' ? { kind, by: milliseconds(3000) } : { kind }).run(100);
    rig.devices.write(device, output, value);
    rig.run(500);
    expect(outputs.read(output) === value).toBe(arrives);
    // An attempt to connect that began meanwhile has its time.
    rig.fault(device, undefined).run(7000);
    expect(outputs.read(output)).toBe(value);
  });
});
