// Whether a terminal shows what is typed at it, asked of `stty`, since Node has no tcgetattr. It is asked before the first
// input of each line and then once a second: a program that turns its echo off within a line, without a byte of output,
// is noticed a second late at most. Programs that read keys one by one and echo by themselves (a shell's line) do echo.
import { spawn } from 'node:child_process';
import type { Instant, Clock } from '#contract/time.ts';

/** Bits of c_lflag [Linux, asm-generic/termbits.h]. */
const icanon = 0o2;
const echoBit = 0o10;
const freshFor = 1000;
const newline = 10;
const carriageReturn = 13;

/** Control characters alone are nobody's secret: Ctrl-C is not kept waiting for an answer. */
export const mayBeSecret = (bytes: Uint8Array): boolean => bytes.some((byte) => byte >= 0x20);

export class Echo {
  readonly #clock: Clock;
  /** Of the terminal's far end. */
  readonly #descriptor: number;
  #answer: Promise<boolean> | undefined;
  #asked = 0 as Instant;

  constructor(clock: Clock, descriptor: number) {
    this.#clock = clock;
    this.#descriptor = descriptor;
  }

  /** Bytes of either direction: after the end of a line all may be different. */
  passed(bytes: Uint8Array): void {
    if (this.#answer === undefined) return;
    if (bytes.includes(newline) || bytes.includes(carriageReturn)) this.#answer = undefined;
  }

  /** False where lines are read without being shown, and where nobody can say. */
  async ask(): Promise<boolean> {
    const now = this.#clock.now();
    if (this.#answer === undefined || now - this.#asked > freshFor) {
      this.#asked = now;
      this.#answer = settings(this.#descriptor).then(isShown);
    }
    return this.#answer;
  }
}

/** `stty -g`: c_iflag:c_oflag:c_cflag:c_lflag:..., hexadecimal. */
function isShown(text: string): boolean {
  const flags = Number.parseInt(text.split(':')[3] ?? '', 16);
  return !Number.isNaN(flags) && ((flags & icanon) === 0 || (flags & echoBit) !== 0);
}

async function settings(descriptor: number): Promise<string> {
  return new Promise((resolve) => {
    const stdio = [descriptor, 'pipe', 'ignore'] as const;
    const asked = spawn('/usr/bin/stty', ['-g'], { stdio: [...stdio], env: {}, timeout: 2000 });
    let text = '';
    asked.stdout?.on('data', (bytes: Buffer) => {
      if (text.length < 1024) text += bytes.toString('latin1');
    });
    asked.on('error', () => resolve(''));
    asked.on('close', () => resolve(text));
  });
}
