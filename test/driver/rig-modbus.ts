// A Modbus device for the tests of the driver, written from the specification by hand: tables of bits
// and registers, functions 1 to 6, 15, 16 and 22, and answers as hostile as a test wants them. Its
// frames are those of TCP; rig-rtu.ts has the others.
import type { Value } from '#contract/sample.ts';
import { modbus } from '#drivers/modbus/driver.ts';
import { RigServer } from './rig-server.ts';
import type { Protocol } from './rig-server.ts';
import { rigTag } from './rig.ts';
import type { Rig, RigDevice, RigTag } from './rig.ts';

/** Milliseconds. Short, and long enough for a machine that is busy with other things. */
export const rigTimeout = 300;

/** One unit's memory. Addresses that are in `holes` do not exist. */
export class ModbusMemory {
  readonly coils = new Map<number, boolean>();
  readonly discretes = new Map<number, boolean>();
  readonly inputs = new Map<number, number>();
  readonly holdings = new Map<number, number>();
  readonly holes = new Set<string>();
  /** Functions that this device does not know. */
  readonly unknown = new Set<number>();
  /** An exception that it gives to everything. */
  exception = 0;
}

interface Taken {
  readonly unit: number;
  readonly code: number;
  readonly address: number;
  readonly data: readonly number[];
}

export class ModbusDevice implements Protocol {
  readonly units = new Map<number, ModbusMemory>([[1, new ModbusMemory()]]);
  /** Each request, decoded. */
  readonly taken: Taken[] = [];
  /** Called with each request that writes. */
  onWrite: (taken: Taken) => void = () => undefined;
  /** May replace an answer, whole frame for whole frame; undefined: no answer at all. */
  twist: (answer: Buffer, request: Buffer) => Buffer | undefined = (answer) => answer;
  /** How to say something to who has asked; set by whoever gives the device its line. */
  speaker: () => (bytes: Uint8Array) => void = () => () => undefined;
  /** What register a write of `value` leaves. */
  keeps: (value: number) => number = (value) => value;

  get unit1(): ModbusMemory {
    return this.units.get(1) ?? new ModbusMemory();
  }

  split(bytes: Buffer): { request: Buffer; rest: Buffer } | undefined {
    if (bytes.length < 7) return undefined;
    const end = 6 + bytes.readUInt16BE(4);
    if (bytes.length < end) return undefined;
    return { request: bytes.subarray(0, end), rest: bytes.subarray(end) };
  }

  answer(request: Buffer): Buffer {
    const unit = request[6] ?? 0;
    const pdu = this.respond(unit, request.subarray(7));
    if (pdu === undefined) return Buffer.alloc(0);
    return this.twist(frame(request, unit, pdu), request) ?? Buffer.alloc(0);
  }

  /** The answer to a PDU; undefined: a unit that is not there says nothing, as a dead one. */
  respond(unit: number, request: Buffer): Buffer | undefined {
    const code = request[0] ?? 0;
    const memory = this.units.get(unit);
    if (memory === undefined) return undefined;
    const refusal = memory.exception || (memory.unknown.has(code) ? 1 : 0);
    const pdu = refusal > 0 ? refusal : this.#carryOut(memory, unit, code, request.subarray(1));
    return typeof pdu === 'number' ? Buffer.from([code | 0x80, pdu]) : pdu;
  }

  garbage(request: Buffer): Buffer {
    const answer = frame(request, request[6] ?? 0, Buffer.from([request[7] ?? 0, 251, 1, 2, 3]));
    return answer;
  }

  #carryOut(memory: ModbusMemory, unit: number, code: number, body: Buffer): Buffer | number {
    const address = body.readUInt16BE(0);
    const second = body.readUInt16BE(2);
    const note = (data: number[]): void => {
      const taken = { unit, code, address, data };
      this.taken.push(taken);
      if (code > 4) this.onWrite(taken);
    };
    const hole = (table: string, count: number): boolean => {
      for (let i = 0; i < count; i += 1)
        if (memory.holes.has(`${table} ${address + i}`)) return true;
      return false;
    };
    switch (code) {
      case 1:
      case 2: {
        note([second]);
        if (hole(code === 1 ? 'coil' : 'discrete', second)) return 2;
        const table = code === 1 ? memory.coils : memory.discretes;
        const packed = Buffer.alloc(2 + Math.ceil(second / 8));
        packed[0] = code;
        packed[1] = packed.length - 2;
        for (let i = 0; i < second; i += 1) {
          const at = 2 + (i >> 3);
          if (table.get(address + i) === true) packed[at] = (packed[at] ?? 0) | (1 << (i & 7));
        }
        return packed;
      }
      case 3:
      case 4: {
        note([second]);
        if (hole(code === 3 ? 'holding' : 'input', second)) return 2;
        const table = code === 3 ? memory.holdings : memory.inputs;
        const words = Buffer.alloc(2 + second * 2);
        words[0] = code;
        words[1] = second * 2;
        for (let i = 0; i < second; i += 1)
          words.writeUInt16BE(table.get(address + i) ?? 0, 2 + i * 2);
        return words;
      }
      case 5:
        memory.coils.set(address, second === 0xff00);
        note([second]);
        return Buffer.concat([Buffer.from([5]), body.subarray(0, 4)]);
      case 6: {
        const kept = this.keeps(second);
        memory.holdings.set(address, kept);
        note([second]);
        const echo = Buffer.concat([Buffer.from([6]), body.subarray(0, 4)]);
        echo.writeUInt16BE(kept, 3);
        return echo;
      }
      case 15: {
        for (let i = 0; i < second; i += 1) {
          memory.coils.set(address + i, (((body[5 + (i >> 3)] ?? 0) >> (i & 7)) & 1) === 1);
        }
        note([...body.subarray(5)]);
        return Buffer.concat([Buffer.from([15]), body.subarray(0, 4)]);
      }
      case 16: {
        const data: number[] = [];
        for (let i = 0; i < second; i += 1) {
          data.push(body.readUInt16BE(5 + i * 2));
          memory.holdings.set(address + i, this.keeps(data[i] ?? 0));
        }
        note(data);
        return Buffer.concat([Buffer.from([16]), body.subarray(0, 4)]);
      }
      case 22: {
        const or = body.readUInt16BE(4);
        const held = memory.holdings.get(address) ?? 0;
        memory.holdings.set(address, (held & second) | (or & ~second & 0xffff));
        note([second, or]);
        return Buffer.concat([Buffer.from([22]), body.subarray(0, 6)]);
      }
      default:
        return 1;
    }
  }
}

/** MBAP: the transaction of the request, protocol 0, the length of what follows. */
export function frame(request: Buffer, unit: number, pdu: Buffer): Buffer {
  const head = Buffer.alloc(7);
  request.copy(head, 0, 0, 2);
  head.writeUInt16BE(pdu.length + 1, 4);
  head[6] = unit;
  return Buffer.concat([head, pdu]);
}

const inputs: readonly RigTag[] = [
  rigTag('door.opened', { discrete: 0 }, 'input', [true, false]),
  rigTag('door.closed', { discrete: 3 }, 'input', [true, false]),
  rigTag('part.there', { discrete: 40 }, 'input', [true, false]),
  rigTag('spare.seven', { discrete: 7 }, 'input', [true, false]),
];
const outputs: readonly RigTag[] = [
  rigTag('door.open', { coil: 0 }, 'output', [true, false]),
  rigTag('clamp.close', { coil: 1 }, 'output', [true, false]),
  rigTag('speed', { holding: 10 }, 'output', [1200, 800]),
  rigTag('level', { holding: 11, as: 'i16' }, 'output', [-5, 7]),
];

export interface ModbusRig extends Rig {
  readonly device: ModbusDevice;
}

/** A device with a few bits and registers; listens already. */
export async function modbusRig(): Promise<ModbusRig> {
  const device = new ModbusDevice();
  const server = new RigServer(device);
  device.speaker = () => server.speaker();
  await server.listen();
  return rigOf(device, server, () => ({
    tcp: server.address,
    timeout: `${rigTimeout}ms`,
    poll: { fast: '10ms', slow: '25ms' },
  }));
}

/** The device's tags as the suite wants them, over whatever line. */
export function rigOf(device: ModbusDevice, server: RigDevice, config: Rig['config']): ModbusRig {
  const memory = device.unit1;
  const written: { name: string; value: Value }[] = [];
  const get = (name: string): Value => {
    const at = findTag(name).tag.at as { discrete?: number; coil?: number; holding?: number };
    if (at.discrete !== undefined) return memory.discretes.get(at.discrete) ?? false;
    if (at.coil !== undefined) return memory.coils.get(at.coil) ?? false;
    const word = memory.holdings.get(at.holding ?? 0) ?? 0;
    return name === 'level' ? (word << 16) >> 16 : word;
  };
  device.onWrite = ({ code, address }) => {
    const table = code === 5 || code === 15 ? 'coil' : 'holding';
    const found = outputs.find(({ tag }) => (tag.at as Record<string, unknown>)[table] === address);
    if (found !== undefined) written.push({ name: found.name, value: get(found.name) });
  };
  return {
    kind: modbus,
    server,
    device,
    timeout: rigTimeout,
    config,
    inputs,
    outputs,
    badTag: { ...rigTag('bad', { discrete: 0, as: 'u16' }, 'input', [0, 1]).tag },
    written,
    get,
    set: (name, value) => {
      const at = findTag(name).tag.at as { discrete?: number; coil?: number; holding?: number };
      if (at.discrete !== undefined) memory.discretes.set(at.discrete, value === true);
      else if (at.coil !== undefined) memory.coils.set(at.coil, value === true);
      else memory.holdings.set(at.holding ?? 0, Number(value) & 0xffff);
    },
    real: {
      tag: rigTag('real', { input: 20, as: 'f32' }, 'input', [1.5, 0]).tag,
      hold: (value) => holdWords(memory, 20, (bytes) => bytes.writeFloatBE(Number(value), 4)),
    },
    wide: {
      tag: { ...rigTag('wide', { input: 18, as: 'i64' }, 'input', [1, 0]).tag, type: 'int' },
      hold: (value) => holdWords(memory, 18, (bytes) => bytes.writeBigInt64BE(BigInt(value))),
    },
  };
}

/** Input registers from 18 on: a 64-bit integer, or a float in its last two. */
function holdWords(memory: ModbusMemory, start: number, write: (bytes: Buffer) => void): void {
  const bytes = Buffer.alloc(8);
  write(bytes);
  for (let i = start - 18; i < 4; i += 1) memory.inputs.set(18 + i, bytes.readUInt16BE(i * 2));
}

function findTag(name: string): RigTag {
  const found = [...inputs, ...outputs].find((one) => one.name === name);
  if (found === undefined) throw new Error(`the rig has no tag ${name}`);
  return found;
}
