// What the simulator received, one JSON object a line, appended: the other side of the chronicle's story.
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Clock } from '#contract/time.ts';
import type { Received } from './registers.ts';

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
