// Terminals as OPC UA variables and back: exact types, source times, and values that are wrong when the device is.
// Clauses are of OPC UA Part 4. The package is given: who needs no such device does not load it.
import type * as NodeOpcUa from 'node-opcua';
import type {
  DataType,
  DataValue,
  DataValueOptions,
  Namespace,
  OPCUAServer as Server,
  StatusCode,
  UAObject as Folder,
} from 'node-opcua';
import { CellError, present } from '#contract/error.ts';
import type { Clock, Random } from '#contract/time.ts';
import type { OpcUaDevice, OpcUaTerminal } from '#simulator/plant/devices.ts';
import type { PlantValue } from '#simulator/plant/plant.ts';
import type { Terminals } from '#simulator/plant/terminals.ts';
import type { OpcUaReceived } from './log.ts';

type OpcUa = typeof NodeOpcUa;

export interface VariablesTo {
  readonly clock: Clock;
  readonly terminals: Terminals;
  readonly random: Random;
  /** Are values wrong now? */
  readonly wrong: () => boolean;
  /** Told of every write but a heartbeat's. */
  readonly received: (batch: readonly OpcUaReceived[]) => void;
}

/** Adds a variable for each terminal, and the heartbeat's. Throws where a terminal cannot stand. */
export function addVariables(
  opcua: OpcUa,
  server: Server,
  device: OpcUaDevice,
  to: VariablesTo,
): void {
  const space = present(server.engine.addressSpace, 'an initialized server has an address space');
  const namespace = space.registerNamespace(device.opcua.namespace);
  const variables = new Variables(opcua, namespace, space.rootFolder.objects, to);
  for (const [tag, terminal] of Object.entries(device.tags)) variables.terminal(tag, terminal);
  if (device.heartbeat !== undefined) variables.heartbeat(device.heartbeat.node);
}

class Variables {
  readonly #opcua: OpcUa;
  readonly #namespace: Namespace;
  readonly #folder: Folder;
  readonly #to: VariablesTo;
  /** What stands at each node. */
  readonly #taken = new Map<string, string>();

  constructor(opcua: OpcUa, namespace: Namespace, folder: Folder, to: VariablesTo) {
    this.#opcua = opcua;
    this.#namespace = namespace;
    this.#folder = folder;
    this.#to = to;
  }

  terminal(tag: string, terminal: OpcUaTerminal): void {
    const { terminals } = this.#to;
    const read = (): PlantValue => toWire(terminal, terminals.read(tag));
    if (!fits(terminal, terminals.read(tag))) wrong(tag, `the machine has no ${terminal.as} there`);
    const writes = terminals.isOutput(tag);
    const write = (value: PlantValue): StatusCode => this.#write(tag, terminal, value);
    const type = this.#opcua.DataType[typeNames[terminal.as]];
    this.#add(tag, { node: terminal.node, type, read, ...(writes ? { write } : {}) });
  }

  heartbeat(node: string): void {
    let count = 0;
    const write = (value: PlantValue): StatusCode => {
      // A counter that stands is no heartbeat, however often it is written.
      if (value !== count) this.#to.terminals.outputs.beat();
      count = Number(value);
      return this.#opcua.StatusCodes.Good;
    };
    const type = this.#opcua.DataType.UInt32;
    this.#add('the heartbeat', { node, type, read: () => count, write });
  }

  #write(tag: string, { node, values }: OpcUaTerminal, value: PlantValue): StatusCode {
    const { Good, BadOutOfRange } = this.#opcua.StatusCodes;
    const means = values === undefined ? value : values[Number(value)];
    if (means === undefined || (typeof means === 'number' && !Number.isFinite(means))) {
      return BadOutOfRange;
    }
    this.#to.received([{ node, value, output: tag, means }]);
    this.#to.terminals.outputs.write(tag, means);
    return Good;
  }

  #add(name: string, variable: Variable): void {
    const { node, type, read, write } = variable;
    const other = this.#taken.get(node);
    if (other !== undefined) wrong(name, `${node} is taken by ${other}`);
    this.#taken.set(node, name);
    const { VariantArrayType, StatusCodes } = this.#opcua;
    const added = this.#namespace.addVariable({
      nodeId: node,
      browseName: node.slice(2),
      organizedBy: this.#folder,
      dataType: type,
      minimumSamplingInterval: 1,
      accessLevel: write === undefined ? 'CurrentRead' : 'CurrentRead | CurrentWrite',
      value: {
        timestamped_get: () => this.#shown(type, read()),
        ...(write === undefined
          ? {}
          : {
              timestamped_set: async ({ value, statusCode }: DataValue): Promise<StatusCode> => {
                const scalar = value.arrayType === VariantArrayType.Scalar;
                if (value.dataType !== type || !scalar || value.value === null) {
                  return StatusCodes.BadTypeMismatch;
                }
                // [Part 4, 5.10.4: a status that is not to be written]
                if (statusCode.isNotGood()) return StatusCodes.BadWriteNotSupported;
                return write(value.value as PlantValue);
              },
            }),
      },
    });
    // The package refuses to send another type than a variable's; a device that is wrong does, and writes are checked above.
    Object.assign(added, { verifyVariantCompatibility: () => undefined });
  }

  /** The value as it is read now: the device looks at its terminals when it is asked. */
  #shown(dataType: DataType, value: PlantValue): DataValue {
    const { clock, random, wrong: isWrong } = this.#to;
    const { DataValue: Made, StatusCodes } = this.#opcua;
    const sourceTimestamp = new Date(clock.time());
    if (!isWrong()) return new Made({ value: { dataType, value }, sourceTimestamp });
    const ways = this.#ways(dataType, value);
    const way = ways[Math.floor(random() * ways.length)] ?? { statusCode: StatusCodes.Bad };
    return new Made({ ...way, sourceTimestamp });
  }

  /** What is no value of this type: a good one of another, a good list, a good nothing, or a bad status. */
  #ways(dataType: DataType, value: PlantValue): DataValueOptions[] {
    const { DataType: types, StatusCodes, VariantArrayType } = this.#opcua;
    const text = dataType === types.String;
    return [
      {
        value: text
          ? { dataType: types.Int32, value: 1 }
          : { dataType: types.String, value: String(value) },
      },
      { value: { dataType, arrayType: VariantArrayType.Array, value: [value, value] } },
      { value: { dataType: types.Null } },
      { value: { dataType, value }, statusCode: StatusCodes.BadDeviceFailure },
      { value: { dataType, value }, statusCode: StatusCodes.BadSensorFailure },
    ];
  }
}

interface Variable {
  readonly node: string;
  readonly type: DataType;
  readonly read: () => PlantValue;
  /** An output's; a value of the type is given. */
  readonly write?: (value: PlantValue) => StatusCode;
}

const typeNames = { bool: 'Boolean', int: 'Int32', real: 'Double', string: 'String' } as const;

const whole = { least: -0x8000_0000, most: 0x7fff_ffff };

function toWire(terminal: OpcUaTerminal, value: PlantValue): PlantValue {
  if (terminal.as !== 'int') return value;
  // A number in place of a choice is none of them: what a fault shows.
  const number = typeof value === 'number' ? value : (terminal.values?.indexOf(String(value)) ?? 0);
  return Math.min(whole.most, Math.max(whole.least, Math.round(number)));
}

/** Can this value of the machine be shown so? */
function fits({ as, values }: OpcUaTerminal, value: PlantValue): boolean {
  switch (as) {
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return values === undefined ? typeof value === 'number' : values.includes(String(value));
    case 'real':
      return typeof value === 'number';
    case 'string':
      return typeof value === 'string';
  }
}

function wrong(name: string, text: string): never {
  throw new CellError('E_PLANT_TERMINAL', `${name}: ${text}`);
}
