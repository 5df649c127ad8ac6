// Input of one terminal, once: its frames are numbered, what arrives again after a drop is known, and each is told when it
// was recorded and typed, or why not. It lives longer than a connection, and judges nothing but the order.
import { CellError } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import { shellWindow } from '#contract/shell-frames.ts';

/** Refusals that wait for their terminal to come back. */
const refusalLimit = 16;

export interface Refusal {
  readonly code: Code;
  readonly text: string;
  readonly inSeq: number;
}

/** Whoever is connected now. */
export interface KeyboardEvents {
  taken(inSeq: number): void;
  refused(refusal: Refusal): void;
}

export class Keyboard {
  #received = 0;
  #taken = 0;
  /** Bytes received and not taken. */
  #waiting = 0;
  #events: KeyboardEvents | undefined;
  #refusals: Refusal[] = [];
  #idle: (() => void)[] = [];

  /** The last that was typed or refused. */
  get taken(): number {
    return this.#taken;
  }

  /** From now on it tells this connection; and what the last one did not hear. */
  connect(events: KeyboardEvents): void {
    this.#events = events;
    for (const refusal of this.#refusals.splice(0)) events.refused(refusal);
  }

  disconnect(events: KeyboardEvents): void {
    if (this.#events === events) this.#events = undefined;
  }

  /**
   * A frame arrived. `type` is called once for each number, in order, before this returns. Throws `E_SHELL_ORDER` where one
   * is missing, `E_DOOR_FRAME` where more is on the way than may be.
   */
  press(inSeq: number, bytes: Uint8Array, type: (bytes: Uint8Array) => Promise<void>): void {
    if (inSeq <= this.#received) {
      if (inSeq <= this.#taken) this.#events?.taken(this.#taken);
      return;
    }
    if (inSeq !== this.#received + 1)
      throw new CellError('E_SHELL_ORDER', `input ${inSeq} follows ${this.#received}`);
    if (this.#waiting + bytes.length > shellWindow.in)
      throw new CellError('E_DOOR_FRAME', `more than ${shellWindow.in} bytes of input on the way`);
    // Each is kept until it is recorded, however short: also those of no byte count.
    if (this.#received - this.#taken >= shellWindow.inFrames)
      throw new CellError('E_DOOR_FRAME', `more than ${shellWindow.inFrames} inputs on the way`);
    this.#received = inSeq;
    this.#waiting += bytes.length;
    void this.#type(inSeq, bytes, type);
  }

  /** Resolves when all that was received is typed or refused. */
  async idle(): Promise<void> {
    if (this.#received === this.#taken) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #type(
    inSeq: number,
    bytes: Uint8Array,
    type: (bytes: Uint8Array) => Promise<void>,
  ): Promise<void> {
    const refusal = await type(bytes).then(
      () => undefined,
      (error: unknown) => refusalOf(error, inSeq),
    );
    this.#waiting -= bytes.length;
    this.#taken = inSeq;
    if (refusal !== undefined && this.#events === undefined)
      this.#refusals = [...this.#refusals, refusal].slice(-refusalLimit);
    if (refusal !== undefined) this.#events?.refused(refusal);
    this.#events?.taken(inSeq);
    if (this.#received === this.#taken) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

function refusalOf(error: unknown, inSeq: number): Refusal {
  if (error instanceof CellError) return { code: error.code, text: error.message, inSeq };
  return { code: 'E_INTERNAL', text: 'it failed', inSeq };
}
