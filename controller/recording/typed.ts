// Keys put together to what was entered: up to a return, to somebody else's, or to a bound. What was typed unseen is a
// length; what a terminal answered by itself is apart from what people typed.
import type { Actor } from '#contract/actor.ts';
import type { RecordedEvent } from '#contract/recording.ts';

export interface Entered {
  /** Of its first key: which event, and when (µs). */
  readonly n: number;
  readonly t: number;
  readonly by: Actor;
  readonly auto: boolean;
  /** Undefined: it was typed unseen. */
  readonly text: string | undefined;
  /** Bytes. */
  readonly length: number;
}

type Typed = Extract<RecordedEvent, { kind: 'input' | 'secret' }>;

/** Bytes of one line; a longer one goes on in the next. */
const lineLimit = 4096;

export class TypedLines {
  #open: Omit<Entered, 'text'> | undefined;
  /** Undefined while what is typed is not seen. */
  #parts: Uint8Array[] | undefined;

  /** What is complete with this event. */
  take(n: number, event: Typed): Entered[] {
    const { t, by, auto } = event;
    const unseen = event.kind === 'secret';
    const open = this.#open;
    const same =
      open !== undefined &&
      open.by === by &&
      open.auto === auto &&
      unseen === (this.#parts === undefined);
    const before = same ? [] : this.end();
    const length = unseen ? event.length : event.bytes.length;
    this.#open = same ? { ...open, length: open.length + length } : { n, t, by, auto, length };
    if (unseen) this.#parts = undefined;
    else if (same) this.#parts?.push(event.bytes);
    else this.#parts = [event.bytes];
    const entered = !unseen && event.bytes.some((byte) => byte === 0x0d || byte === 0x0a);
    return entered || this.#open.length > lineLimit ? [...before, ...this.end()] : before;
  }

  /** What was begun. */
  end(): Entered[] {
    const open = this.#open;
    if (open === undefined) return [];
    const parts = this.#parts;
    this.#open = undefined;
    this.#parts = undefined;
    return [{ ...open, text: parts && Buffer.concat(parts).toString() }];
  }
}
