// A bare serial port for the simulator's tests: a descriptor that is written and read, nothing understood.
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { assert } from '#contract/error.ts';
import { wait } from './device-rig.ts';

export class Port {
  /** How it ended: undefined while it can be used. */
  ended: string | undefined;
  readonly #descriptor: number;
  #text = '';

  constructor(path: string) {
    const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;
    this.#descriptor = openSync(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    // As every user of a port does: bytes as they are, both ways.
    const set = spawnSync('stty', ['-F', path, 'raw', '-echo'], { encoding: 'utf8' });
    assert(set.status === 0, set.stderr);
  }

  send(text: string): void {
    writeSync(this.#descriptor, Buffer.from(text, 'latin1'));
  }

  /** What came within `ms`, taken away, as soon as it matches; all of it otherwise. */
  async take(pattern: RegExp, ms = 5000): Promise<string> {
    const until = performance.now() + ms;
    while (!pattern.test(this.#text) && performance.now() < until && this.#read()) {
      // oxlint-disable-next-line no-await-in-loop -- until it has come
      await wait(2);
    }
    const text = this.#text;
    this.#text = '';
    return text;
  }

  ask(question: string, pattern: RegExp, ms?: number): Promise<string> {
    this.send(question);
    return this.take(pattern, ms);
  }

  /** False when the port has gone. */
  #read(): boolean {
    const chunk = Buffer.alloc(4096);
    try {
      const count = readSync(this.#descriptor, chunk);
      this.#text += chunk.toString('latin1', 0, count);
      if (count === 0) this.ended = 'hung up';
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') this.ended = code ?? 'error';
    }
    return this.ended === undefined;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}
