// A device on a serial line: it answers the questions that it knows, and sends by itself when a value that it shows has
// changed. What the line makes of it is not known here.
import type { Clock, Random } from '#contract/time.ts';
import {
  filledIn,
  lineTextLimit,
  type SerialDevice,
  type SerialTerminal,
} from '#simulator/plant/devices.ts';
import type { Terminals } from '#simulator/plant/terminals.ts';
import type { Endpoint, Protocol } from './device.ts';
import { SerialLine } from './serial-line.ts';

export interface SerialOptions {
  /** Where its port is found. */
  readonly path: string;
  readonly device: SerialDevice;
}

export class SerialProtocol implements Protocol {
  readonly line: SerialLine;
  wrong = false;
  readonly #random: Random;
  readonly #path: string;
  readonly #device: SerialDevice;
  readonly #terminals: Terminals;
  /** The last character of every question. */
  readonly #end: number | undefined;
  readonly #heard: number[] = [];
  /** What it would have pushed last; nothing has been shown before the first tick. */
  #shown: string | undefined;

  constructor(clock: Clock, random: Random, options: SerialOptions, terminals: Terminals) {
    const { path, device } = options;
    this.#random = random;
    this.#path = path;
    this.#device = device;
    this.#terminals = terminals;
    this.#end = Object.keys(device.serial.answers)[0]?.at(-1)?.charCodeAt(0);
    const { baud } = device.serial;
    this.line = new SerialLine(clock, random, { path, baud }, (chunk) => {
      for (const byte of chunk) this.#hear(byte);
    });
  }

  get lost(): number {
    return this.line.lost;
  }

  async open(): Promise<Endpoint> {
    await this.line.open();
    return { port: this.#path };
  }

  async close(): Promise<void> {
    this.line.close();
  }

  /** Pushes when what it shows has changed since the last tick. */
  tick(): void {
    const { pushes } = this.#device.serial;
    if (pushes === undefined) return;
    const text = this.#filled(pushes);
    const changed = this.#shown !== undefined && text !== this.#shown;
    this.#shown = text;
    if (changed) this.#say(text);
  }

  /** A question longer than any is not one; what comes after its end may be. */
  #hear(byte: number): void {
    if (this.#heard.length <= lineTextLimit) this.#heard.push(byte);
    if (byte !== this.#end) return;
    const question = Buffer.from(this.#heard.splice(0)).toString('latin1');
    const { answers } = this.#device.serial;
    const answer = Object.hasOwn(answers, question) ? answers[question] : undefined;
    if (answer !== undefined) this.#say(this.#filled(answer));
  }

  #filled(text: string): string {
    const tags: Readonly<Record<string, SerialTerminal>> = this.#device.tags;
    return filledIn(text, (tag) => {
      const value = this.#terminals.read(tag);
      return typeof value === 'number' ? value.toFixed(tags[tag]?.digits) : String(value);
    });
  }

  #say(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.line.send(this.wrong ? garbled(this.#random, bytes) : bytes);
  }
}

/** As a line with noise gives it: some bits are not what was sent, and no byte is one of a text any more. */
function garbled(random: Random, bytes: Buffer): Buffer {
  const end = bytes.findLastIndex((byte) => byte >= 0x20) + 1;
  // The end often comes through, so that whoever waits for it has something to judge.
  const most = random() < 0.7 ? end : bytes.length;
  return bytes.map((byte, at) => (at < most ? 0x80 | Math.floor(random() * 0x80) : byte)) as Buffer;
}
