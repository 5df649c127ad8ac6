// A person's own terminal at a shell: keys go to it, its output comes back, a drop is waited out, and the terminal is as it
// was whatever happens. What the shell's output asks the terminal to do beyond drawing is left out (quiet-output.ts).
import { randomBytes } from 'node:crypto';
import type { WebSocket } from 'ws';
import { CellError, codes } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import { ShellClient } from '#contract/shell-client.ts';
import { shellPace } from '#contract/shell-frames.ts';
import type { StationSays, TerminalSize } from '#contract/shell-frames.ts';
import type { Part } from '#contract/shell.ts';
import { splitAnswers } from '#contract/terminal-answers.ts';
import { printable } from '#contract/diagnostic.ts';
import { milliseconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import { DetachKeys } from './detach-keys.ts';
import { QuietOutput } from './quiet-output.ts';

/** What was typed before a drop is typed after it only so long. */
const staleAfter = 15_000;
const firstWait = 250;
const longestWait = 5000;
/** Refusals that another try does not mend. */
const final: ReadonlySet<string> = new Set<Code>([
  'E_SHELL_UNKNOWN',
  'E_SHELL_STATE',
  'E_SHELL_PART',
  'E_SHELL_LOCKED',
  'E_NOT_SIGNED_IN',
  'E_NOT_ALLOWED',
  'E_DOOR_FRAME',
  'E_DOOR_SIZE',
  'E_LINK_USED',
]);

/** A terminal in a person's hands. */
export interface OwnTerminal {
  /** Shows it; `shown` when the terminal has taken it. */
  write(bytes: Uint8Array, shown: () => void): void;
  size(): TerminalSize;
}

/** The way to station. */
export interface ShellLine {
  /** A ticket for this session and part. Throws what station refuses. */
  ticket(): Promise<string>;
  /** A socket that is not open yet. */
  dial(): Promise<WebSocket>;
}

export interface AttachEnd {
  /** Absent: whoever sits here left. */
  readonly code?: number;
  readonly error?: CellError;
}

export class Attachment {
  readonly ended: Promise<AttachEnd>;
  readonly #clock: Clock;
  readonly #line: ShellLine;
  readonly #terminal: OwnTerminal;
  readonly #client: ShellClient;
  readonly #keys: DetachKeys;
  #quiet: QuietOutput;
  #socket: WebSocket | undefined;
  #beat: Cancel | undefined;
  #again: Cancel | undefined;
  #wait = firstWait;
  #down: number | undefined;
  #state: string | undefined;
  #seated = false;
  #acted = false;
  #over = false;
  #end: (end: AttachEnd) => void = () => undefined;

  constructor(
    clock: Clock,
    line: ShellLine,
    { terminal, part }: { terminal: OwnTerminal; part: Part },
  ) {
    this.#clock = clock;
    this.#line = line;
    this.#terminal = terminal;
    this.#quiet = new QuietOutput({ answers: part === 'driver' });
    this.#keys = new DetachKeys(part === 'driver' || part === 'peer');
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#client = new ShellClient(randomBytes(16).toString('hex'), {
      send: (frame) => this.#socket?.send(frame),
      output: (bytes, shown) => terminal.write(this.#quiet.pass(bytes), shown),
      reset: () => {
        this.#quiet = new QuietOutput({ answers: part === 'driver' });
        terminal.write(Buffer.from(wiped), () => undefined);
      },
      resized: () => undefined,
      says: (says) => this.#hear(says),
      exited: (code) => this.#stop({ code }),
    });
  }

  start(): void {
    void this.#connect();
  }

  /** Keys that were pressed, as the terminal sent them. */
  pressed(bytes: Uint8Array): void {
    this.#acted = true;
    const { typed, detach } = this.#keys.press(Buffer.from(bytes).toString('latin1'));
    for (const { auto, text } of splitAnswers(typed)) this.#type(text, auto);
    if (detach) this.#stop({});
  }

  resized(): void {
    this.#client.resize(this.#terminal.size());
  }

  /** Lets go, as the detach keys do. */
  leave(): void {
    this.#stop({});
  }

  #type(text: string, auto: boolean): void {
    // The window got or lost the eye: nothing that anybody typed.
    const typed = text.replaceAll('\u001B[I', '').replaceAll('\u001B[O', '');
    if (typed === '' || this.#client.type(Buffer.from(typed, 'latin1'), auto) || auto) return;
    this.#terminal.write(Buffer.from('\u0007'), () => undefined);
  }

  async #connect(): Promise<void> {
    try {
      const ticket = await this.#line.ticket();
      const socket = await this.#line.dial();
      if (this.#over) return socket.terminate();
      this.#socket = socket;
      socket.on('open', () => this.#client.opened(ticket));
      socket.on('message', (data: Buffer) => this.#take(socket, data));
      // The close that follows tells everything.
      socket.on('error', () => undefined);
      socket.on('close', (_code, reason) => this.#lost(socket, reason.toString('utf8')));
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      if (!this.#seated || final.has(error.code)) this.#stop({ error });
      else this.#tryAgain();
    }
  }

  #take(socket: WebSocket, data: Buffer): void {
    if (socket !== this.#socket) return;
    try {
      this.#client.received(data);
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      socket.close(4000, error.code);
    }
  }

  #lost(socket: WebSocket, reason: string): void {
    if (socket !== this.#socket || this.#over) return;
    this.#socket = undefined;
    this.#client.closed();
    this.#beat?.();
    const code = reason in codes ? (reason as Code) : undefined;
    if (!this.#seated || (code !== undefined && final.has(code))) {
      const told = code ?? 'E_CELL_NOT_RUNNING';
      this.#stop({ error: new CellError(told, codes[told].meaning) });
      return;
    }
    if (this.#down === undefined) {
      this.#down = this.#clock.now();
      this.#tell('the connection was lost; it is tried again, ~. leaves');
    }
    this.#tryAgain();
  }

  #tryAgain(): void {
    if (this.#over) return;
    const down = this.#down;
    if (down !== undefined && this.#clock.now() - down > staleAfter && this.#client.forget() > 0)
      this.#tell('what was typed last and not taken is forgotten');
    // Half of it by chance, so that many do not come at once.
    const wait = this.#wait * (0.5 + (randomBytes(1)[0] ?? 0) / 512);
    this.#wait = Math.min(this.#wait * 2, longestWait);
    this.#again = this.#clock.after(milliseconds(wait), () => void this.#connect());
  }

  #hear(says: StationSays): void {
    switch (says.type) {
      case 'welcome':
        this.#welcomed();
        return this.#show(says.view.state, says.view.why);
      case 'state':
        return this.#show(says.view.state, says.view.why);
      case 'challenge':
        this.#client.prove(says.challenge, this.#acted);
        this.#acted = false;
        return;
      case 'refused':
        return this.#tell(`${says.code} ${says.text}`);
    }
  }

  #welcomed(): void {
    if (this.#down !== undefined) this.#tell('connected again');
    this.#seated = true;
    this.#down = undefined;
    this.#wait = firstWait;
    this.#client.resize(this.#terminal.size());
    this.#pulse();
  }

  #pulse(): void {
    this.#beat?.();
    this.#beat = this.#clock.after(milliseconds(shellPace.beat_ms), () => {
      this.#client.beat();
      this.#pulse();
    });
  }

  #show(state: string, why: string | undefined): void {
    const before = this.#state;
    this.#state = state;
    if (before === state || (before === undefined && state === 'Running')) return;
    this.#tell(`${state}${why === undefined ? '' : `: ${why}`}`);
  }

  /** A line of ours amid the shell's. */
  #tell(text: string): void {
    const line = `\r\n\u001B[0m[rebe: ${printable(text).slice(0, 300)}]\r\n`;
    this.#terminal.write(Buffer.from(line), () => undefined);
  }

  #stop(end: AttachEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#beat?.();
    this.#again?.();
    this.#client.closed();
    this.#socket?.close(1000);
    const socket = this.#socket;
    this.#clock.after(milliseconds(500), () => socket?.terminate());
    this.#end(end);
  }
}

/** All that a program may have set is as at the beginning; `restored` also leaves its other screen. */
const modes =
  '\u001B[?1000;1002;1003;1004;1005;1006;1015;2004l\u001B[?1l\u001B>\u001B[0m\u001B[?25h\u001B[r\u001B(B\u000F';
const wiped = `\u001B[?1049l${modes}\u001B[?7h\u001B[4l\u001B[H\u001B[2J`;
export const restored = `\u001B[?1049l${modes}\r\n`;
