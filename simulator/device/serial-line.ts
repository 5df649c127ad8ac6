// A device's end of a serial line at a path that stays: it takes the time that its baud rate needs, and holds, delays,
// cuts, shortens and keeps back what the device sends. It knows no question and no answer.
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { instant, milliseconds } from '#contract/time.ts';
import type { Cancel, Clock, Instant, Random } from '#contract/time.ts';
import { shortened, type LineMode } from './line.ts';
import { openPty, type Pty } from './pty.ts';

export interface SerialLineOptions {
  /** Where the port is found: a link to the terminal of this run. */
  readonly path: string;
  readonly baud: number;
}

/** Bits of a byte on the line, with its start and its stop. */
const bitsPerByte = 10;
/** Bytes on their way; what comes more is lost, as a device's own buffer would lose it. */
const waitingLimit = 16 * 1024;

export class SerialLine {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #options: SerialLineOptions;
  readonly #take: (chunk: Buffer) => void;
  /** What is on its way, the next first; each has a timer of its own, and whichever ends sends the next. */
  readonly #late: Buffer[] = [];
  readonly #timers = new Set<Cancel>();
  #pty: Pty | undefined;
  #mode: LineMode = { kind: 'pass' };
  /** Counts ends of the line, so that what was opening meanwhile is given up. */
  #epoch = 0;
  /** Until then the line is busy. */
  #busy: Instant = instant(0);
  /** When the last of what is on its way is there: nothing overtakes on a line. */
  #due: Instant = instant(0);
  #waiting = 0;
  #kept: Buffer | undefined;
  #lost = 0;

  /** `take` is given what the device hears. */
  constructor(
    clock: Clock,
    random: Random,
    options: SerialLineOptions,
    take: (chunk: Buffer) => void,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#options = options;
    this.#take = take;
  }

  /** Bytes that the line did not take, because nobody read. */
  get lost(): number {
    return this.#lost;
  }

  async open(): Promise<void> {
    const epoch = this.#epoch;
    const pty = await openPty((chunk) => this.#hear(chunk));
    if (epoch !== this.#epoch) return pty.destroy();
    this.#pty = pty;
    const { path } = this.#options;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const beside = `${path}.new`;
    rmSync(beside, { force: true });
    symlinkSync(pty.path, beside);
    renameSync(beside, path);
  }

  close(): void {
    this.#epoch += 1;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#late.length = 0;
    this.#waiting = 0;
    this.#kept = undefined;
    this.#pty?.destroy();
    this.#pty = undefined;
    rmSync(this.#options.path, { force: true });
  }

  set(mode: LineMode): void {
    const before = this.#mode;
    this.#mode = mode;
    if (mode.kind !== 'keep') this.#giveKept();
    if (mode.kind === 'cut') this.close();
    // The packages were there a moment ago; a machine that has no more terminals keeps the port unplugged.
    else if (before.kind === 'cut') void this.open().catch(() => undefined);
  }

  /** Sends it as the line lets it; on a line that is held or cut it is lost. */
  send(bytes: Buffer): void {
    const mode = this.#mode;
    switch (mode.kind) {
      case 'hold':
      case 'cut':
        return;
      case 'pass':
        return this.#later(bytes, 0);
      case 'delay':
        return this.#later(bytes, mode.by);
      case 'shorten':
        return this.#later(shortened(this.#random, bytes), 0);
      case 'keep':
        this.#giveKept();
        this.#kept = bytes;
    }
  }

  #hear(chunk: Buffer): void {
    if (this.#mode.kind === 'hold') return;
    this.#occupy(chunk.length);
    this.#take(chunk);
  }

  #giveKept(): void {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept !== undefined) this.#later(kept, 0);
  }

  /** The line is busy for so many bytes more. */
  #occupy(bytes: number): void {
    const from = Math.max(this.#clock.now(), this.#busy);
    this.#busy = instant(from + (bytes * bitsPerByte * 1000) / this.#options.baud);
  }

  #later(bytes: Buffer, by: number): void {
    if (this.#waiting + bytes.length > waitingLimit) return void (this.#lost += bytes.length);
    this.#waiting += bytes.length;
    this.#occupy(bytes.length);
    this.#due = instant(Math.max(this.#due, this.#busy + by));
    this.#late.push(bytes);
    const delay = milliseconds(this.#due - this.#clock.now());
    const cancel = this.#clock.after(delay, () => {
      this.#timers.delete(cancel);
      const next = this.#late.shift();
      if (next === undefined) return;
      this.#waiting -= next.length;
      if (this.#mode.kind !== 'hold') this.#lost += next.length - (this.#pty?.write(next) ?? 0);
    });
    this.#timers.add(cancel);
  }
}
