// A terminal that shows and does nothing else: no program can make it answer, copy, name the window or follow a link.
// What people type is told, and what they do with the mouse where a program asks to be told; what output asks for by itself
// never is.
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
// oxlint-disable-next-line import/no-unassigned-import -- of a style sheet there is nothing to name
import '@xterm/xterm/css/xterm.css';
import { pastedLines } from './pasted.ts';
import { styleByScript } from './script-styles.ts';

export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

interface QuietOptions {
  /** What is typed or pasted, and how many lines of a paste it would run. Absent: nothing can be typed. */
  readonly typed?: (text: string, lines: number) => void;
  readonly scrollback?: number;
  readonly label: string;
}

const colours = {
  background: '#1b1f22',
  foreground: '#e8eaeb',
  cursor: '#f4f5f6',
  selectionBackground: '#52606b',
  // Colours of programs say what they say; each is told from the background.
  black: '#4a5055',
  blue: '#6fa8dc',
  brightBlack: '#8d9194',
} as const;
/** Questions of a program to its terminal, whose answers would be input. */
const questions = [
  { final: 'c' },
  { prefix: '>', final: 'c' },
  { prefix: '=', final: 'c' },
  { prefix: '>', final: 'q' },
  { final: 'n' },
  { prefix: '?', final: 'n' },
  { intermediates: '$', final: 'p' },
  { prefix: '?', intermediates: '$', final: 'p' },
  { final: 't' },
] as const;
/** Title, icon, colours (which can be asked for), links, notifications, clipboard. */
const commands = [0, 1, 2, 4, 7, 8, 9, 10, 11, 12, 21, 50, 52, 104, 110, 111, 112, 777, 1337];
/** That the window got or lost the eye: nothing that anybody typed. */
const focusReports = ['\u001B[I', '\u001B[O'];

export class QuietTerminal {
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  #pastes = false;

  constructor({ typed, scrollback = 5000, label }: QuietOptions) {
    styleByScript();
    const terminal = new Terminal({
      disableStdin: typed === undefined,
      cursorBlink: false,
      fontFamily: "'DejaVu Sans Mono', 'Roboto Mono', 'Liberation Mono', monospace",
      fontSize: 16,
      scrollback,
      theme: colours,
      minimumContrastRatio: 4.5,
      linkHandler: { activate: () => undefined },
      allowProposedApi: false,
    });
    this.#terminal = terminal;
    silence(terminal);
    terminal.loadAddon(this.#fit);
    if (typed !== undefined) {
      terminal.onData((text) => {
        const lines = pastedLines(text, this.#pastes);
        this.#pastes = false;
        if (!focusReports.includes(text)) typed(text, lines);
      });
    }
    Terminal.strings.promptLabel = label;
  }

  get size(): TerminalSize {
    return { cols: this.#terminal.cols, rows: this.#terminal.rows };
  }

  open(place: HTMLElement): void {
    const pastes = (): void => {
      this.#pastes = true;
      setTimeout(() => (this.#pastes = false));
    };
    // Before the terminal's own ear, which makes of it what looks like keys.
    place.addEventListener('paste', pastes, { capture: true });
    this.#terminal.open(place);
  }

  /** Resolves once it is drawn into the screen's buffer: only then more may be sent. */
  async write(bytes: Uint8Array | string): Promise<void> {
    return new Promise((drawn) => {
      this.#terminal.write(bytes, drawn);
    });
  }

  /** As large as its place; undefined where the place has no size. */
  fit(): TerminalSize | undefined {
    const size = this.#fit.proposeDimensions();
    if (size === undefined || !Number.isFinite(size.cols) || !Number.isFinite(size.rows))
      return undefined;
    this.resize(size);
    return this.size;
  }

  /** Letters between two sizes (CSS pixels), so large that all of it is seen where that can be. */
  scale(least: number, most: number): void {
    const room = this.#fit.proposeDimensions();
    const { cols, rows } = this.size;
    if (room === undefined || !Number.isFinite(room.cols) || !Number.isFinite(room.rows)) return;
    const now = this.#terminal.options.fontSize ?? most;
    const fits = Math.floor(now * Math.min((room.cols + 1) / cols, (room.rows + 1) / rows));
    const next = Math.min(most, Math.max(least, fits));
    if (next !== now) this.#terminal.options.fontSize = next;
  }

  /** How far down its cursor is: 0 at the top, 1 at the bottom. */
  get depth(): number {
    return (this.#terminal.buffer.active.cursorY + 1) / this.#terminal.rows;
  }

  resize({ cols, rows }: TerminalSize): void {
    if (cols !== this.#terminal.cols || rows !== this.#terminal.rows)
      this.#terminal.resize(Math.max(2, cols), Math.max(1, rows));
  }

  /** From now on nothing, or again something, can be typed. */
  mute(still: boolean): void {
    this.#terminal.options.disableStdin = still;
  }

  clear(): void {
    this.#terminal.reset();
  }

  focus(): void {
    this.#terminal.focus();
  }

  dispose(): void {
    this.#terminal.dispose();
  }
}

function silence({ parser }: Terminal): void {
  for (const question of questions) parser.registerCsiHandler(question, () => true);
  parser.registerDcsHandler({ intermediates: '$', final: 'q' }, () => true);
  parser.registerDcsHandler({ intermediates: '+', final: 'q' }, () => true);
  for (const command of commands) parser.registerOscHandler(command, () => true);
}
