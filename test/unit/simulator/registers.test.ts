// A device's memory over the demo's machine: where terminals stand, what a write does, and how silence makes it safe.
import { describe, expect, it } from 'vitest';
import { assert, CellError, present } from '#contract/error.ts';
import { milliseconds } from '#contract/time.ts';
import type { ModbusReceived } from '#simulator/device/log.ts';
import { Registers, unitsOf } from '#simulator/device/registers.ts';
import { decode, encode } from '#simulator/device/wire-value.ts';
import { ModbusTerminal, type ModbusDevice } from '#simulator/plant/devices.ts';
import { Terminals } from '#simulator/plant/terminals.ts';
import { demoFile, Machine } from './machine.ts';

interface Memory {
  readonly memory: Registers;
  readonly terminals: Terminals;
  readonly log: ModbusReceived[];
}

function memoryOf(options: ModbusDevice, machine: Machine, unit = options.modbus.unit): Memory {
  const log: ModbusReceived[] = [];
  const terminals = new Terminals(options, machine.plant);
  const own = present(unitsOf(options).get(unit), 'the device has the unit');
  return { log, terminals, memory: new Registers(own, terminals, (batch) => log.push(...batch)) };
}

function device(name: 'io' | 'plc', machine: Machine): Memory {
  const options = present(demoFile().devices[name as never], name);
  assert('modbus' in options, `${name} is a Modbus device`);
  return memoryOf(options, machine);
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

  it('shows a value of two registers as one reading, however it trembles', () => {
    const machine = new Machine().set({ 'coolant.pump': true }).run(3000);
    // The first register is whole litres a minute: at twelve it goes up and down.
    const scale = { raw: [0, 65_536 * 12], to: [0, 12] };
    const flow = ModbusTerminal.parse({ input: 0, as: 'u32', scale });
    const tags = { ['coolant.flow' as never]: flow };
    const { memory } = memoryOf({ modbus: { unit: 1, size: 8 }, tags }, machine);
    const seen = new Set<number>();
    for (let round = 0; round < 300; round += 1) {
      const high = memory.register('input', 0);
      seen.add(high);
      expect(Math.abs(high + memory.register('input', 1) / 65_536 - 12)).toBeLessThan(0.4);
    }
    expect([...seen].toSorted((a, b) => a - b)).toEqual([11, 12]);
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
  const { memory, terminals, log } = device('io', machine);
  memory.writeRegisters(900, [1]);
  memory.writeBits(0, [true]);
  memory.writeRegisters(1, [2]);
  return { machine, memory, outputs: terminals.outputs, log };
};

describe('a heartbeat', () => {
  it('is not logged', () => {
    const { log } = beating();
    expect(log.map(({ address }) => address)).toEqual([0, 1]);
  });

  it('that stops for a second makes the outputs of its device safe', () => {
    const { machine, memory, outputs } = beating();
    outputs.tick(999);
    expect([memory.bit('coil', 0), outputs.fallen]).toEqual([true, false]);
    outputs.tick(1);
    expect([memory.bit('coil', 0), memory.register('holding', 1)]).toEqual([false, 0]);
    expect([machine.plant.door.opening, outputs.fallen]).toEqual([false, true]);
  });

  it('that goes on keeps them, and one that repeats its number does not', () => {
    const { memory, outputs } = beating();
    for (let beat = 2; beat < 50; beat += 1) {
      memory.writeRegisters(900, [beat]);
      outputs.tick(500);
    }
    expect(outputs.fallen).toBe(false);
    memory.writeRegisters(900, [49]);
    outputs.tick(500);
    expect(outputs.fallen).toBe(true);
  });

  it('that comes back applies what was written since', () => {
    const { machine, memory, outputs } = beating();
    outputs.tick(2000);
    memory.writeBits(1, [true]);
    expect(machine.plant.door.closing).toBe(false);
    memory.writeRegisters(900, [2]);
    expect([machine.plant.door.closing, machine.plant.door.opening]).toEqual([true, false]);
  });

  it('that never came is not waited for', () => {
    const { memory, terminals } = device('io', new Machine());
    memory.writeBits(0, [true]);
    terminals.outputs.tick(60_000);
    expect(memory.bit('coil', 0)).toBe(true);
  });

  it('of one device says nothing about another', () => {
    const machine = new Machine();
    const [io, plc] = [device('io', machine), device('plc', machine)];
    for (const { memory } of [io, plc]) memory.writeRegisters(900, [1]);
    io.memory.writeBits(0, [true]);
    plc.memory.writeBits(1, [false]);
    for (const { terminals } of [io, plc]) terminals.outputs.tick(milliseconds(600));
    io.memory.writeRegisters(900, [2]);
    for (const { terminals } of [io, plc]) terminals.outputs.tick(milliseconds(600));
    expect([io.memory.bit('coil', 0), plc.memory.bit('coil', 1)]).toEqual([true, true]);
  });
});

/** Two units: the door's switches at the first, its valve and the heartbeat at the third. */
const twoUnits = (): ModbusDevice => ({
  modbus: { unit: 1, size: 8 },
  heartbeat: { holding: 7, unit: 3, silent: milliseconds(1000) },
  tags: Object.fromEntries(
    Object.entries({
      'door.closed': { discrete: 0 },
      'door.open': { unit: 3, coil: 0, safe: false },
      'robot.home': { unit: 3, discrete: 0 },
    }).map(([name, at]) => [name, ModbusTerminal.parse(at)]),
  ),
});

describe('a device of several units', () => {
  it('has a memory for each, and one heartbeat', () => {
    const machine = new Machine();
    expect([...unitsOf(twoUnits()).keys()]).toEqual([1, 3]);
    const first = memoryOf(twoUnits(), machine);
    const third = memoryOf(twoUnits(), machine, 3);
    expect([first.memory.bit('discrete', 0), third.memory.bit('discrete', 0)]).toEqual([
      true,
      true,
    ]);
    third.memory.writeBits(0, [true]);
    first.memory.writeBits(0, [true]);
    expect(third.log).toEqual([
      { unit: 3, table: 'coil', address: 0, value: true, output: 'door.open', means: true },
    ]);
    expect(first.log).toEqual([{ table: 'coil', address: 0, value: true }]);
    third.memory.writeRegisters(7, [1]);
    third.terminals.outputs.tick(1000);
    expect(third.terminals.outputs.fallen).toBe(true);
    first.memory.writeRegisters(7, [1]);
    first.terminals.outputs.tick(1000);
    expect(first.terminals.outputs.fallen).toBe(false);
  });

  it('refuses writes where a sensor stands', () => {
    const options: ModbusDevice = {
      modbus: { unit: 1, size: 8 },
      tags: {
        ['door.closed' as never]: ModbusTerminal.parse({ coil: 1 }),
        ['coolant.flow' as never]: ModbusTerminal.parse({ holding: 1 }),
      },
    };
    const { memory, log } = memoryOf(options, new Machine());
    expect([memory.writeBits(0, [true, true]), memory.writeRegisters(0, [1, 1])]).toEqual([
      false,
      false,
    ]);
    expect([memory.bit('coil', 0), memory.register('holding', 0), log]).toEqual([false, 0, []]);
  });
});

describe('values under a fault', () => {
  it('stuck stand still, and move again when it ends', () => {
    const machine = new Machine();
    const { memory, terminals } = device('io', machine);
    terminals.fault('stuck');
    memory.writeBits(0, [true]);
    machine.run(2000);
    expect([memory.bit('discrete', 0), memory.bit('coil', 0)]).toEqual([false, true]);
    terminals.fault(undefined);
    expect(memory.bit('discrete', 0)).toBe(true);
  });

  it('out of range are numbers that no sensor shows; switches and texts are what they were', () => {
    const machine = new Machine().run(5);
    const { memory, terminals } = device('io', machine);
    terminals.fault('range');
    expect([memory.register('input', 20), memory.register('input', 22)]).toEqual([65_535, 65_535]);
    expect([memory.bit('discrete', 1), memory.register('input', 32)]).toEqual([true, 0x4131]);
    const plc = device('plc', machine);
    plc.terminals.fault('range');
    expect(plc.memory.register('input', 0)).toBeGreaterThan(0x4e00);
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
    const terminal = ModbusTerminal.parse({ holding: 0, as, safe: 0 });
    expect(encode(terminal, value).toString('hex')).toBe(hex);
    const back = decode(terminal, Buffer.from(hex, 'hex'));
    expect(back).toBe(as === 'u16' ? 65_535 : value);
  });

  it('scales both ways', () => {
    const scale = { raw: [0, 1000], to: [-20, 80] };
    const terminal = ModbusTerminal.parse({ holding: 0, safe: 0, scale });
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
    const terminals = Object.entries(tags).map(([name, at]) => [name, ModbusTerminal.parse(at)]);
    const options = {
      modbus: { unit: 1, size: 8 },
      heartbeat: { holding: 7, silent: milliseconds(1000) },
      tags: Object.fromEntries(terminals) as ModbusDevice['tags'],
    };
    expect(() => memoryOf(options, new Machine())).toThrow(CellError);
  });
});
