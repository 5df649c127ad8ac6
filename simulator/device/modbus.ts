// A Modbus device: its units with their memory, one server for them, and the relay that it is reached over.
import type { Clock, Random } from '#contract/time.ts';
import type { ModbusDevice } from '#simulator/plant/devices.ts';
import type { Terminals } from '#simulator/plant/terminals.ts';
import type { Endpoint, Protocol } from './device.ts';
import { Line } from './line.ts';
import type { ModbusReceived } from './log.ts';
import { Registers, unitsOf } from './registers.ts';
import { ModbusServer } from './server.ts';

export class ModbusProtocol implements Protocol {
  readonly line: Line;
  readonly #server: ModbusServer;

  /** `received` is told of every write but a heartbeat's. */
  constructor(
    clock: Clock,
    random: Random,
    device: ModbusDevice,
    to: { terminals: Terminals; received: (batch: readonly ModbusReceived[]) => void },
  ) {
    const units = [...unitsOf(device)].map(
      ([unit, options]) => [unit, new Registers(options, to.terminals, to.received)] as const,
    );
    this.#server = new ModbusServer(random, new Map(units));
    this.line = new Line(clock, random);
  }

  get wrong(): boolean {
    return this.#server.wrong;
  }

  set wrong(wrong: boolean) {
    this.#server.wrong = wrong;
  }

  async open(): Promise<Endpoint> {
    this.line.lead(await this.#server.listen());
    return { tcp: `127.0.0.1:${await this.line.open()}` };
  }

  async close(): Promise<void> {
    await this.line.close();
    await this.#server.close();
  }
}
