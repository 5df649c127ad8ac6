// A terminal's value as registers and back, the device's side: big endian, high word first [AP 4.2].
import { assert } from '#contract/error.ts';
import type { ModbusTerminal } from '#simulator/plant/devices.ts';
import type { PlantValue } from '#simulator/plant/plant.ts';

/** Registers that a value of this form takes. */
export function registersOf(form: string): number {
  if (form.startsWith('string(')) return Math.ceil(Number(form.slice(7, -1)) / 2);
  return form === 'u32' || form === 'i32' || form === 'f32' ? 2 : 1;
}

const bounds: Readonly<Record<string, readonly [number, number]>> = {
  u16: [0, 0xffff],
  i16: [-0x8000, 0x7fff],
  u32: [0, 0xffff_ffff],
  i32: [-0x8000_0000, 0x7fff_ffff],
};

/** The registers that show `value`; a number that does not fit stands at the end of the range. */
export function encode(terminal: ModbusTerminal, value: PlantValue): Buffer {
  const bytes = Buffer.alloc(registersOf(terminal.as) * 2);
  if (terminal.as.startsWith('string(')) {
    bytes.write(String(value), 'latin1');
    return bytes;
  }
  const raw = toRaw(terminal, value);
  if (terminal.as === 'f32') {
    bytes.writeFloatBE(raw);
    return bytes;
  }
  const [low, high] = bounds[terminal.as] ?? [0, 0];
  const whole = Math.min(high, Math.max(low, Math.round(raw)));
  // Two's complement in as many bytes as there are.
  if (bytes.length === 2) bytes.writeUInt16BE(whole & 0xffff);
  else bytes.writeUInt32BE(whole >>> 0);
  return bytes;
}

/** What the registers of an output say; undefined when the number has no meaning there. */
export function decode(terminal: ModbusTerminal, bytes: Buffer): PlantValue | undefined {
  if (terminal.as.startsWith('string(')) return text(bytes);
  const raw = rawOf(terminal.as, bytes);
  if (terminal.values !== undefined) return terminal.values[raw];
  if (!Number.isFinite(raw)) return undefined;
  if (terminal.scale === undefined) return raw;
  const { raw: from, to } = terminal.scale;
  return to[0] + ((raw - from[0]) / (from[1] - from[0])) * (to[1] - to[0]);
}

function toRaw(terminal: ModbusTerminal, value: PlantValue): number {
  // A number in place of a choice is none of them: what a fault shows.
  if (terminal.values !== undefined && typeof value !== 'number') {
    const index = terminal.values.indexOf(String(value));
    assert(index >= 0, `${String(value)} is one of ${terminal.values.join(', ')}`);
    return index;
  }
  const number = Number(value);
  if (terminal.scale === undefined) return number;
  const { raw, to } = terminal.scale;
  return raw[0] + ((number - to[0]) / (to[1] - to[0])) * (raw[1] - raw[0]);
}

function rawOf(form: string, bytes: Buffer): number {
  switch (form) {
    case 'i16':
      return bytes.readInt16BE();
    case 'u32':
      return bytes.readUInt32BE();
    case 'i32':
      return bytes.readInt32BE();
    case 'f32':
      return bytes.readFloatBE();
    default:
      return bytes.readUInt16BE();
  }
}

function text(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}
