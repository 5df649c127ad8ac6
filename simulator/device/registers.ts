// One device's memory: the machine's terminals at their addresses, its outputs behind their heartbeat, and plain memory
// at every other address. Sensors are read when they are asked for; a write reaches the machine at once.
import { CellError, assert } from '#contract/error.ts';
import type { DeviceOptions, Table, Terminal } from '#simulator/plant/file.ts';
import { tablesOf } from '#simulator/plant/file.ts';
import { DeviceOutputs } from '#simulator/plant/outputs.ts';
import type { Plant, PlantValue, Sensor } from '#simulator/plant/plant.ts';
import type { Memory } from './pdu.ts';
import { decode, encode, registersOf } from './wire-value.ts';

/** One value that a device was sent; `output` when the address is one. */
export interface Received {
  readonly table: 'coil' | 'holding';
  readonly address: number;
  readonly value: boolean | number;
  readonly output?: string;
  /** The output's value as the machine takes it. */
  readonly means?: PlantValue;
}

interface Place {
  readonly name: string;
  readonly terminal: Terminal;
  readonly table: Table;
  readonly address: number;
  readonly length: number;
}
interface Placed extends Place {
  /** What stands there: of a sensor the machine's value, of an output what was written. */
  readonly read: Sensor;
}

export class Registers implements Memory {
  readonly size: number;
  readonly outputs: DeviceOutputs;
  readonly #places: Readonly<Record<Table, Map<number, Placed>>>;
  /** Memory of addresses where no terminal is. */
  readonly #coils: Uint8Array;
  readonly #holdings: Uint16Array;
  readonly #heartbeat: number | undefined;
  readonly #received: (batch: readonly Received[]) => void;

  /** `received` is told of every write but a heartbeat's. */
  constructor(
    options: DeviceOptions,
    plant: Plant,
    received: (batch: readonly Received[]) => void,
  ) {
    this.size = options.modbus.size;
    this.outputs = new DeviceOutputs(options.heartbeat?.silent ?? Number.POSITIVE_INFINITY);
    this.#heartbeat = options.heartbeat?.holding;
    this.#coils = new Uint8Array(this.size);
    this.#holdings = new Uint16Array(this.size);
    this.#received = received;
    this.#places = { coil: new Map(), discrete: new Map(), input: new Map(), holding: new Map() };
    for (const [name, terminal] of Object.entries(options.tags)) this.#place(name, terminal, plant);
  }

  bit(table: 'coil' | 'discrete', address: number): boolean {
    const place = this.#places[table].get(address);
    if (place !== undefined) return place.read() === true;
    return table === 'coil' && this.#coils[address] === 1;
  }

  register(table: 'input' | 'holding', address: number): number {
    const place = this.#places[table].get(address);
    if (place === undefined) return table === 'holding' ? (this.#holdings[address] ?? 0) : 0;
    return encode(place.terminal, place.read()).readUInt16BE((address - place.address) * 2);
  }

  writeBits(address: number, values: readonly boolean[]): boolean {
    const batch = values.map((value, index): Received => {
      const place = this.#places.coil.get(address + index);
      const received = { table: 'coil' as const, address: address + index, value };
      return place === undefined ? received : { ...received, output: place.name, means: value };
    });
    this.#received(batch);
    for (const { address: at, value, output } of batch) {
      if (output === undefined) this.#coils[at] = value === true ? 1 : 0;
      else this.outputs.write(output, value);
    }
    return true;
  }

  writeRegisters(address: number, values: readonly number[]): boolean {
    const batch: Received[] = [];
    for (const [index, value] of values.entries()) {
      const at = address + index;
      const place = this.#places.holding.get(at);
      const received = { table: 'holding' as const, address: at, value };
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
      if (output !== undefined && means !== undefined) this.outputs.write(output, means);
      else this.#hold(at, Number(value));
    }
    return true;
  }

  #hold(address: number, value: number): void {
    const before = this.#holdings[address];
    this.#holdings[address] = value;
    // A counter that stands is no heartbeat, however often it is written.
    if (address === this.#heartbeat && value !== before) this.outputs.beat();
  }

  /** What an output would be with these registers over those it has. */
  #meaning(place: Place, address: number, values: readonly number[]): PlantValue | undefined {
    const bytes = encode(place.terminal, this.outputs.read(place.name));
    for (let index = 0; index < place.length; index += 1) {
      const value = values[place.address + index - address];
      if (value !== undefined) bytes.writeUInt16BE(value, index * 2);
    }
    return decode(place.terminal, bytes);
  }

  #place(name: string, terminal: Terminal, plant: Plant): void {
    const table = tablesOf(terminal)[0];
    assert(table !== undefined, 'the schema has let through a place');
    const address = terminal[table] ?? 0;
    const bits = table === 'coil' || table === 'discrete';
    const length = bits ? 1 : registersOf(terminal.as);
    const read = this.#connect(name, terminal, plant);
    const placed = { name, terminal, table, address, length, read };
    for (let at = address; at < address + length; at += 1) {
      const other = this.#places[table].get(at);
      if (other !== undefined || (table === 'holding' && at === this.#heartbeat)) {
        wrong(name, `${table} ${at} is taken by ${other?.name ?? 'the heartbeat'}`);
      }
      if (at >= this.size) wrong(name, `${table} ${at} is past the device's ${this.size}`);
      this.#places[table].set(at, placed);
    }
  }

  #connect(name: string, terminal: Terminal, plant: Plant): Sensor {
    if (terminal.safe === undefined) {
      const sensor = plant.sensors.get(name);
      if (sensor === undefined) return wrong(name, 'the machine has no such sensor');
      return sensor;
    }
    const actuator = plant.actuators.get(name);
    if (actuator === undefined) return wrong(name, 'the machine has no such actuator');
    this.outputs.add(name, terminal.safe, actuator);
    return () => this.outputs.read(name);
  }
}

function wrong(name: string, text: string): never {
  throw new CellError('E_PLANT_TERMINAL', `${name}: ${text}`);
}
