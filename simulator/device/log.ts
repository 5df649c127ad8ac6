// What the simulator received, one JSON object a line, appended: the other side of the chronicle's story.
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Clock } from '#contract/time.ts';
import type { PlantValue } from '#simulator/plant/plant.ts';

/** One value that a device was sent; `output` when the place where it was sent is one. */
interface Sent {
  readonly value: PlantValue;
  readonly output?: string;
  /** The output's value as the machine takes it. */
  readonly means?: PlantValue;
}
export interface ModbusReceived extends Sent {
  readonly unit?: number;
  readonly table: 'coil' | 'holding';
  readonly address: number;
}
export interface OpcUaReceived extends Sent {
  readonly node: string;
}
export type Received = ModbusReceived | OpcUaReceived;

export class ReceivedLog {
  readonly #clock: Clock;
  readonly #file: number;

  constructor(clock: Clock, path: string) {
    this.#clock = clock;
    this.#file = openSync(path, 'a', 0o600);
  }

  /** `t` is UTC ms; `output` and `means` stand where the address is an output. */
  write(device: string, batch: readonly Received[]): void {
    const t = this.#clock.time();
    const lines = batch.map((received) => `${JSON.stringify({ t, device, ...received })}\n`);
    writeSync(this.#file, lines.join(''));
  }

  close(): void {
    closeSync(this.#file);
  }
}
