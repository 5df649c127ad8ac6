// A device's memory over the demo's machine: where terminals stand, what a write does, and how silence makes it safe.
import { describe, expect, it } from 'vitest';
import { CellError, present } from '#contract/error.ts';
import { milliseconds } from '#contract/time.ts';
import { Registers, type Received } from '#simulator/device/registers.ts';
import { decode, encode } from '#simulator/device/wire-value.ts';
import { Terminal, type DeviceOptions } from '#simulator/plant/file.ts';
import { demoFile, Machine } from './machine.ts';

function device(name: 'io' | 'plc', machine: Machine): { memory: Registers; log: Received[] } {
  const log: Received[] = [];
  const options = present(demoFile().devices[name as never], name);
  return { log, memory: new Registers(options, machine.plant, (batch) => log.push(...batch)) };
}

describe('a device', () => {
  it('shows sensors at their addresses, scaled as the file says', () => {
    const machine = new Machine();
    const { memory } = device('io', machine);
    expect(memory.bit('discrete', 1)).toBe(true);
    expect(memory.bit('discrete', 0)).toBe(false);
    const bar = (memory.register('input', 22) / 27_648) * 12;
    expect(bar).toBeGreaterThan(6.1);
    expect(bar).toBeLessThan(6.3);
    machine.run(5);
    const code = Buffer.alloc(32);
    for (let index = 0; index < 16; index += 1) {
      code.writeUInt16BE(memory.register('input', 32 + index), index * 2);
    }
    expect(code.toString('latin1').replaceAll('\0', '')).toBe('A1-4471');
  });

  it('shows a float in two registers', () => {
    const { memory } = device('plc', new Machine());
    const bytes = Buffer.alloc(4);
    bytes.writeUInt16BE(memory.register('input', 0), 0);
    bytes.writeUInt16BE(memory.register('input', 1), 2);
    expect(bytes.readFloatBE()).toBe(22);
  });

  it('moves the machine when an output is written, reads it back, and says what came', () => {
    const machine = new Machine();
    const { memory, log } = device('io', machine);
    expect(memory.writeBits(0, [true])).toBe(true);
    expect(memory.writeRegisters(0, [2, 1])).toBe(true);
    expect(machine.plant.door.opening).toBe(true);
    expect(machine.plant.robot.job).toBe('unload');
    expect([memory.bit('coil', 0), memory.register('holding', 0)]).toEqual([true, 2]);
    expect(log).toEqual([
      { table: 'coil', address: 0, value: true, output: 'door.open', means: true },
      { table: 'holding', address: 0, value: 2, output: 'robot.job', means: 'unload' },
      { table: 'holding', address: 1, value: 1, output: 'beacon', means: 'amber' },
    ]);
  });

  it('refuses a choice that is none, and writes nothing of that request', () => {
    const { memory, log } = device('io', new Machine());
    expect(memory.writeRegisters(0, [2, 9])).toBe(false);
    expect(memory.register('holding', 0)).toBe(0);
    expect(log).toEqual([]);
  });

  it('keeps what is written where no terminal is', () => {
    const { memory } = device('io', new Machine());
    memory.writeRegisters(500, [77]);
    memory.writeBits(500, [true]);
    expect([memory.register('holding', 500), memory.bit('coil', 500)]).toEqual([77, true]);
  });

  it('begins with its outputs at their safe values', () => {
    const machine = new Machine();
    expect(device('plc', machine).memory.bit('coil', 1)).toBe(true);
    expect(machine.plant.cnc.stop).toBe(true);
  });
});

/** A device that has heard one beat, with two outputs written. */
const beating = () => {
  const machine = new Machine();
  const { memory, log } = device('io', machine);
  memory.writeRegisters(900, [1]);
  memory.writeBits(0, [true]);
  memory.writeRegisters(1, [2]);
  return { machine, memory, log };
};

describe('a heartbeat', () => {
  it('is not logged', () => {
    const { log } = beating();
    expect(log.map(({ address }) => address)).toEqual([0, 1]);
  });

  it('that stops for a second makes the outputs of its device safe', () => {
    const { machine, memory } = beating();
    memory.outputs.tick(999);
    expect([memory.bit('coil', 0), memory.outputs.fallen]).toEqual([true, false]);
    memory.outputs.tick(1);
    expect([memory.bit('coil', 0), memory.register('holding', 1)]).toEqual([false, 0]);
    expect([machine.plant.door.opening, memory.outputs.fallen]).toEqual([false, true]);
  });

  it('that goes on keeps them, and one that repeats its number does not', () => {
    const { memory } = beating();
    for (let beat = 2; beat < 50; beat += 1) {
      memory.writeRegisters(900, [beat]);
      memory.outputs.tick(500);
    }
    expect(memory.outputs.fallen).toBe(false);
    memory.writeRegisters(900, [49]);
    memory.outputs.tick(500);
    expect(memory.outputs.fallen).toBe(true);
  });

  it('that comes back applies what was written since', () => {
    const { machine, memory } = beating();
    memory.outputs.tick(2000);
    memory.writeBits(1, [true]);
    expect(machine.plant.door.closing).toBe(false);
    memory.writeRegisters(900, [2]);
    expect([machine.plant.door.closing, machine.plant.door.opening]).toEqual([true, false]);
  });

  it('that never came is not waited for', () => {
    const { memory } = device('io', new Machine());
    memory.writeBits(0, [true]);
    memory.outputs.tick(60_000);
    expect(memory.bit('coil', 0)).toBe(true);
  });

  it('of one device says nothing about another', () => {
    const machine = new Machine();
    const [io, plc] = [device('io', machine).memory, device('plc', machine).memory];
    for (const memory of [io, plc]) memory.writeRegisters(900, [1]);
    io.writeBits(0, [true]);
    plc.writeBits(1, [false]);
    for (const memory of [io, plc]) memory.outputs.tick(milliseconds(600));
    io.writeRegisters(900, [2]);
    for (const memory of [io, plc]) memory.outputs.tick(milliseconds(600));
    expect([io.bit('coil', 0), plc.bit('coil', 1)]).toEqual([true, true]);
  });
});

describe('a terminal', () => {
  const rows = [
    { as: 'u16', value: 70_000, hex: 'ffff' },
    { as: 'i16', value: -2, hex: 'fffe' },
    { as: 'u32', value: 0x1_0002, hex: '00010002' },
    { as: 'i32', value: -1, hex: 'ffffffff' },
    { as: 'f32', value: 1.5, hex: '3fc00000' },
    { as: 'string(5)', value: 'ab', hex: '616200000000' },
  ];
  it.each(rows)('as $as is $hex on the wire', ({ as, value, hex }) => {
    const terminal = Terminal.parse({ holding: 0, as, safe: 0 });
    expect(encode(terminal, value).toString('hex')).toBe(hex);
    const back = decode(terminal, Buffer.from(hex, 'hex'));
    expect(back).toBe(as === 'u16' ? 65_535 : value);
  });

  it('scales both ways', () => {
    const scale = { raw: [0, 1000], to: [-20, 80] };
    const terminal = Terminal.parse({ holding: 0, safe: 0, scale });
    expect(encode(terminal, 30).readUInt16BE()).toBe(500);
    expect(decode(terminal, Buffer.from([0, 100]))).toBe(-10);
  });

  it.each([
    ['that the machine does not have', { 'door.ajar': { discrete: 0 } }],
    ['that stands on another', { 'door.opened': { discrete: 0 }, 'door.closed': { discrete: 0 } }],
    ['past the memory', { 'door.opened': { discrete: 8 } }],
    ['on the heartbeat', { 'robot.job': { holding: 7, values: ['none', 'load'], safe: 'none' } }],
    ['that is a sensor with a safe value', { 'door.opened': { coil: 0, safe: false } }],
  ])('%s is refused', (_, tags) => {
    const terminals = Object.entries(tags).map(([name, at]) => [name, Terminal.parse(at)]);
    const options = {
      modbus: { unit: 1, size: 8 },
      heartbeat: { holding: 7, silent: milliseconds(1000) },
      tags: Object.fromEntries(terminals) as DeviceOptions['tags'],
    };
    expect(() => new Registers(options, new Machine().plant, () => {})).toThrow(CellError);
  });
});
