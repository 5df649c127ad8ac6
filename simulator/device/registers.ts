// One unit's memory: terminals at their addresses, the outputs behind their heartbeat, and plain memory at every other
// address. Sensors are read when they are asked for; a write reaches the machine at once.
import { CellError, assert } from '#contract/error.ts';
import {
  tablesOf,
  type ModbusDevice,
  type ModbusTerminal,
  type Table,
} from '#simulator/plant/devices.ts';
import type { PlantValue } from '#simulator/plant/plant.ts';
import type { Terminals } from '#simulator/plant/terminals.ts';
import type { ModbusReceived } from './log.ts';
import type { Memory } from './pdu.ts';
import { decode, encode, registersOf } from './wire-value.ts';

/** One unit of a device. */
export interface UnitOptions {
  /** Shown with what it receives; the device's first has none to show. */
  readonly unit?: number;
  /** Addresses 0 to this, less one, exist in each table. */
  readonly size: number;
  /** The holding register of the heartbeat, when it is in this unit. */
  readonly heartbeat?: number;
  readonly tags: Readonly<Record<string, ModbusTerminal>>;
}

/** The units of a device, by number. */
export function unitsOf(device: ModbusDevice): Map<number, UnitOptions> {
  const { modbus, heartbeat, tags } = device;
  const terminals = Object.entries(tags);
  const beating = heartbeat === undefined ? undefined : (heartbeat.unit ?? modbus.unit);
  const named = terminals.flatMap(([, { unit }]) => unit ?? []);
  const units = new Set([modbus.unit, ...named, ...(beating === undefined ? [] : [beating])]);
  return new Map(
    [...units].map((unit) => {
      const own = terminals.filter(([, terminal]) => (terminal.unit ?? modbus.unit) === unit);
      return [
        unit,
        {
          ...(unit === modbus.unit ? {} : { unit }),
          size: modbus.size,
          ...(unit === beating && heartbeat !== undefined ? { heartbeat: heartbeat.holding } : {}),
          tags: Object.fromEntries(own),
        },
      ];
    }),
  );
}

interface Place {
  readonly name: string;
  readonly terminal: ModbusTerminal;
  readonly table: Table;
  readonly address: number;
  readonly length: number;
}

export class Registers implements Memory {
  readonly size: number;
  readonly #terminals: Terminals;
  readonly #unit: { readonly unit?: number };
  readonly #places: Readonly<Record<Table, Map<number, Place>>>;
  /** Memory of addresses where no terminal is. */
  readonly #coils: Uint8Array;
  readonly #holdings: Uint16Array;
  readonly #heartbeat: number | undefined;
  /** The register of a terminal that was read last, and the reading that it is of. */
  #last: { readonly place: Place; readonly address: number; readonly bytes: Buffer } | undefined;
  readonly #received: (batch: readonly ModbusReceived[]) => void;

  /** `received` is told of every write but a heartbeat's. */
  constructor(
    options: UnitOptions,
    terminals: Terminals,
    received: (batch: readonly ModbusReceived[]) => void,
  ) {
    this.size = options.size;
    this.#terminals = terminals;
    this.#unit = options.unit === undefined ? {} : { unit: options.unit };
    this.#heartbeat = options.heartbeat;
    this.#coils = new Uint8Array(this.size);
    this.#holdings = new Uint16Array(this.size);
    this.#received = received;
    this.#places = { coil: new Map(), discrete: new Map(), input: new Map(), holding: new Map() };
    for (const [name, terminal] of Object.entries(options.tags)) this.#place(name, terminal);
  }

  bit(table: 'coil' | 'discrete', address: number): boolean {
    const place = this.#places[table].get(address);
    if (place !== undefined) return this.#terminals.read(place.name) === true;
    return table === 'coil' && this.#coils[address] === 1;
  }

  register(table: 'input' | 'holding', address: number): number {
    const place = this.#places[table].get(address);
    if (place === undefined) return table === 'holding' ? (this.#holdings[address] ?? 0) : 0;
    const before = this.#last;
    // A value of several registers is read once: halves of two readings are no value.
    const bytes =
      before?.place === place && before.address === address - 1
        ? before.bytes
        : encode(place.terminal, this.#terminals.read(place.name));
    this.#last = { place, address, bytes };
    return bytes.readUInt16BE((address - place.address) * 2);
  }

  writeBits(address: number, values: readonly boolean[]): boolean {
    if (values.some((_, index) => this.#isSensor('coil', address + index))) return false;
    const batch = values.map((value, index): ModbusReceived => {
      const place = this.#places.coil.get(address + index);
      const received = { ...this.#unit, table: 'coil' as const, address: address + index, value };
      return place === undefined ? received : { ...received, output: place.name, means: value };
    });
    this.#received(batch);
    for (const { address: at, value, output } of batch) {
      if (output === undefined) this.#coils[at] = value === true ? 1 : 0;
      else this.#terminals.outputs.write(output, value);
    }
    return true;
  }

  writeRegisters(address: number, values: readonly number[]): boolean {
    const batch: ModbusReceived[] = [];
    for (const [index, value] of values.entries()) {
      const at = address + index;
      const place = this.#places.holding.get(at);
      const received = { ...this.#unit, table: 'holding' as const, address: at, value };
      if (this.#isSensor('holding', at)) return false;
      if (place === undefined) {
        batch.push(received);
      } else {
        const means = this.#meaning(place, address, values);
        if (means === undefined) return false;
        batch.push({ ...received, output: place.name, means });
      }
    }
    const told = batch.filter((received) => received.address !== this.#heartbeat);
    if (told.length > 0) this.#received(told);
    for (const { address: at, value, output, means } of batch) {
      if (output !== undefined && means !== undefined) this.#terminals.outputs.write(output, means);
      else this.#hold(at, Number(value));
    }
    return true;
  }

  #isSensor(table: 'coil' | 'holding', address: number): boolean {
    const place = this.#places[table].get(address);
    return place !== undefined && !this.#terminals.isOutput(place.name);
  }

  #hold(address: number, value: number): void {
    const before = this.#holdings[address];
    this.#holdings[address] = value;
    // A counter that stands is no heartbeat, however often it is written.
    if (address === this.#heartbeat && value !== before) this.#terminals.outputs.beat();
  }

  /** What an output would be with these registers over those it has. */
  #meaning(place: Place, address: number, values: readonly number[]): PlantValue | undefined {
    const bytes = encode(place.terminal, this.#terminals.outputs.read(place.name));
    for (let index = 0; index < place.length; index += 1) {
      const value = values[place.address + index - address];
      if (value !== undefined) bytes.writeUInt16BE(value, index * 2);
    }
    return decode(place.terminal, bytes);
  }

  #place(name: string, terminal: ModbusTerminal): void {
    const table = tablesOf(terminal)[0];
    assert(table !== undefined, 'the schema has let through a place');
    const address = terminal[table] ?? 0;
    const bits = table === 'coil' || table === 'discrete';
    const length = bits ? 1 : registersOf(terminal.as);
    const place = { name, terminal, table, address, length };
    for (let at = address; at < address + length; at += 1) {
      const other = this.#places[table].get(at);
      if (other !== undefined || (table === 'holding' && at === this.#heartbeat)) {
        wrong(name, `${table} ${at} is taken by ${other?.name ?? 'the heartbeat'}`);
      }
      if (at >= this.size) wrong(name, `${table} ${at} is past the device's ${this.size}`);
      this.#places[table].set(at, place);
    }
  }
}

function wrong(name: string, text: string): never {
  throw new CellError('E_PLANT_TERMINAL', `${name}: ${text}`);
}
