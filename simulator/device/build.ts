// Makes each device of a plant file. The one place where a protocol's name meets its server.
import { join } from 'node:path';
import type { Clock, Random } from '#contract/time.ts';
import type { DeviceOptions } from '#simulator/plant/devices.ts';
import type { Plant } from '#simulator/plant/plant.ts';
import { Terminals } from '#simulator/plant/terminals.ts';
import { Device, type Protocol } from './device.ts';
import type { Received } from './log.ts';
import { ModbusTcp } from './modbus.ts';
import { OpcUaProtocol } from './opcua.ts';
import { Registers, unitsOf } from './registers.ts';
import { RtuServer } from './rtu.ts';
import { SerialProtocol } from './serial.ts';

export interface DeviceContext {
  readonly name: string;
  readonly plant: Plant;
  /** The data directory. */
  readonly data: string;
  /** Told of every write but a heartbeat's. */
  readonly received: (batch: readonly Received[]) => void;
}

/** The device, not yet reachable. `random` is its own. Throws where its terminals cannot stand. */
export function buildDevice(
  clock: Clock,
  random: Random,
  options: DeviceOptions,
  context: DeviceContext,
): Device {
  const terminals = new Terminals(options, context.plant);
  return new Device(terminals, protocolOf(clock, random, options, { ...context, terminals }));
}

function protocolOf(
  clock: Clock,
  random: Random,
  options: DeviceOptions,
  to: DeviceContext & { readonly terminals: Terminals },
): Protocol {
  const { name, data, received, terminals } = to;
  const path = join(data, 'dev', name);
  if ('modbus' in options) {
    const units = new Map(
      [...unitsOf(options)].map(
        ([unit, own]) => [unit, new Registers(own, terminals, received)] as const,
      ),
    );
    const { rtu } = options.modbus;
    if (rtu === undefined) return new ModbusTcp(clock, random, units);
    return new RtuServer(clock, random, { path, baud: rtu.baud }, units);
  }
  if ('serial' in options) {
    return new SerialProtocol(clock, random, { path, device: options }, terminals);
  }
  const pki = join(data, 'simulator-pki', name);
  return new OpcUaProtocol(clock, random, { name, pki, device: options }, { terminals, received });
}
