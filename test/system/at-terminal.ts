// A person at a terminal of their own, for tests: what they type, and what they see.
import { realClock } from '#controller/clock.ts';
import type { Terminal } from '#controller/shell/parts.ts';
import { loadTerminals } from '#controller/shell/terminal.ts';
import { until } from './test-cell.ts';

const open = await loadTerminals(realClock());

export interface Person {
  readonly terminal: Terminal;
  /** All that was shown so far, byte by byte. */
  text(): string;
  type(typed: string): Promise<unknown>;
  /** Waits until the terminal shows it. */
  shows(sign: RegExp): Promise<unknown>;
}

/** A terminal in which a person's own shell runs this line; `home` is where their files are. */
export function atTerminal(home: string, line: string): Person {
  const chunks: Buffer[] = [];
  const terminal: Terminal = open(
    {
      file: '/bin/bash',
      args: ['--norc', '--noprofile', '-c', line],
      env: { PATH: process.env['PATH'] ?? '/usr/bin', TERM: 'xterm', HOME: home },
      cwd: home,
    },
    { cols: 90, rows: 20 },
    { output: (bytes) => void chunks.push(bytes), exited: () => undefined },
  );
  const text = (): string => Buffer.concat(chunks).toString('latin1');
  return {
    terminal,
    text,
    type: async (typed) => terminal.write(Buffer.from(typed)),
    shows: async (sign) =>
      until(
        () => `${String(sign)} in: ${text().slice(-700)}`,
        30_000,
        () => (sign.test(text()) ? true : undefined),
      ),
  };
}
