// What is typed on its way to the terminal: one piece after the other, recorded first, through a gate that shuts in one
// moment. What waited when it shut is dropped, whatever comes after; what comes while it is about to open waits. Whether it
// may be open the session decides.
import { CellError } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import { shellWindow } from '#contract/shell-frames.ts';
import { mayBeSecret } from './echo.ts';
import type { Recorder, Terminal } from './parts.ts';
import type { Place } from './seats.ts';

/** Bytes of one piece of input; of all that wait to be recorded, bytes and pieces. */
export const inputLimit = 64 * 1024;
export const inputWaiting = { bytes: shellWindow.in, pieces: shellWindow.inFrames } as const;

export interface TypingParts {
  recorder(): Recorder | undefined;
  terminal(): Terminal | undefined;
  /** The session runs, as everybody is told: the gate is open, or opens when that stands in the chronicle. */
  runs(): boolean;
  /** Why they may not type now. Asked again after each wait. */
  refusal(place: Place): Code | undefined;
  /** So many bytes were recorded and not typed. */
  dropped(bytes: number): void;
}

export class Typing {
  readonly #parts: TypingParts;
  /** Bytes may reach the terminal. Each time that it shuts counts. */
  #open = false;
  #shuts = 0;
  /** Of the piece whose turn it is, while the gate is about to open. */
  #moved: () => void = () => undefined;
  #last: Promise<void> = Promise.resolve();
  #bytes = 0;
  #pieces = 0;

  constructor(parts: TypingParts) {
    this.#parts = parts;
  }

  open(): void {
    this.#open = true;
    this.#moved();
  }

  /** From this line on nothing reaches the terminal. */
  shut(): void {
    this.#open = false;
    this.#shuts += 1;
    this.#parts.terminal()?.drop();
    this.#moved();
  }

  /** Throws `E_SHELL_INPUT` for what is not typed, `E_SHELL_PART`, `E_SHELL_LOCKED`, `E_RECORDING_*`. */
  async type(place: Place, bytes: Uint8Array, auto: boolean): Promise<void> {
    const wide = bytes.length > inputLimit || this.#bytes + bytes.length > inputWaiting.bytes;
    if (wide || this.#pieces >= inputWaiting.pieces)
      throw new CellError('E_SHELL_INPUT', 'more was typed at once than can be recorded');
    if (bytes.length === 0) return;
    // Refused in its turn all the same: pieces are told of in their order.
    const shuts = this.#parts.runs() ? this.#shuts : undefined;
    this.#bytes += bytes.length;
    this.#pieces += 1;
    const turn = this.#last.then(async () => this.#typeNow(place, bytes, { auto, shuts }));
    this.#last = turn.catch(() => undefined);
    try {
      await turn;
    } finally {
      this.#bytes -= bytes.length;
      this.#pieces -= 1;
    }
  }

  async #typeNow(
    place: Place,
    bytes: Uint8Array,
    { auto, shuts }: { readonly auto: boolean; readonly shuts: number | undefined },
  ): Promise<void> {
    if (!this.#open && this.#shuts === shuts)
      await new Promise<void>((moved) => {
        this.#moved = moved;
      });
    const refusal = (): CellError | undefined => {
      if (!this.#open || this.#shuts !== shuts) return notTyped();
      const code = this.#parts.refusal(place);
      return code === undefined
        ? undefined
        : new CellError(code, `${place.who.actor} may not type`);
    };
    const recorder = this.#parts.recorder();
    const terminal = this.#parts.terminal();
    const before = refusal();
    if (before !== undefined) throw before;
    if (recorder === undefined || terminal === undefined) throw notTyped();
    const secret = mayBeSecret(bytes) && !(await terminal.echoes());
    await recorder.input(bytes, { actor: place.who.actor, auto, secret });
    const after = refusal();
    if (after === undefined) {
      await terminal.write(bytes);
      if (this.#shuts === shuts) return;
    }
    this.#parts.dropped(bytes.length);
    throw after ?? notTyped();
  }
}

const notTyped = (): CellError => new CellError('E_SHELL_INPUT', 'the session does not run');
