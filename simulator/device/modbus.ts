// A Modbus TCP device: the server of its units, and the relay that it is reached over.
import type { Clock, Random } from '#contract/time.ts';
import type { Endpoint, Protocol } from './device.ts';
import { Line } from './line.ts';
import type { Memory } from './pdu.ts';
import { ModbusServer } from './server.ts';

export class ModbusTcp implements Protocol {
  readonly line: Line;
  readonly #server: ModbusServer;

  constructor(clock: Clock, random: Random, units: ReadonlyMap<number, Memory>) {
    this.#server = new ModbusServer(random, units);
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
