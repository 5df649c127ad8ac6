// Plays a recording on a screen: goes to any time by the screen that station drew there, and on from it as it was, or
// faster. It only shows: no program is behind it and nothing can be typed.
import type { Keyframe, PlayedEvent } from '#contract/recording-routes.ts';
import type { TerminalSize } from '#contract/recording.ts';

/** A page of events: from a time on, with the screen there; or those after one. */
export interface Page {
  readonly keyframe?: Keyframe | undefined;
  readonly events: readonly PlayedEvent[];
  readonly next: number | null;
}
export interface PlayerDeps {
  /** Undefined: it does not come. */
  page(query: { readonly from: number } | { readonly after: number }): Promise<Page | undefined>;
  write(bytes: Uint8Array | string): Promise<void>;
  resize(size: TerminalSize): void;
}

/** Events fewer than these wait to be played: the next page is asked for. */
const low = 500;
/** Clears the screen and all that a program set of it. */
const wiped = '\u001Bc';

export class Player {
  readonly #deps: PlayerDeps;
  #events: readonly PlayedEvent[] = [];
  #next: number | null = null;
  #at_us = 0;
  /** The newest seek alone counts. */
  #turn = 0;
  #asking = false;
  #seeking: Promise<Page | undefined> | undefined;

  constructor(deps: PlayerDeps) {
    this.#deps = deps;
  }

  /** µs since the session began. */
  get at_us(): number {
    return this.#at_us;
  }

  /** Shows the screen as it was at this time; false where it did not come, or another time is wanted meanwhile. */
  async seek(to_us: number): Promise<boolean> {
    this.#turn += 1;
    const mine = this.#turn;
    this.#at_us = to_us;
    this.#events = [];
    this.#next = null;
    // Of many seeks, as of a finger that drags, one is under way, and the newest follows it.
    while (this.#seeking !== undefined) await this.#seeking;
    if (mine !== this.#turn) return false;
    const asked = this.#deps.page({ from: Math.max(0, Math.floor(to_us)) });
    this.#seeking = asked;
    const page = await asked;
    this.#seeking = undefined;
    if (page === undefined || mine !== this.#turn) return false;
    this.#events = page.events;
    this.#next = page.next;
    if (page.keyframe !== undefined) {
      this.#deps.resize(page.keyframe.size);
      await this.#deps.write(wiped + page.keyframe.screen);
    }
    // Time may have gone on meanwhile.
    if (mine === this.#turn) this.#playTo(this.#at_us);
    return mine === this.#turn;
  }

  /** Time goes on by so many µs. */
  advance(by_us: number): void {
    this.#at_us += by_us;
    this.#playTo(this.#at_us);
    if (this.#events.length < low && this.#next !== null) void this.#more(this.#next);
  }

  #playTo(time: number): void {
    let count = 0;
    for (const event of this.#events) {
      if (event.t_us > time) break;
      count += 1;
      if (event.kind === 'output') void this.#deps.write(bytesOf(event.data));
      if (event.kind === 'resize') this.#deps.resize(event.about);
    }
    if (count > 0) this.#events = this.#events.slice(count);
  }

  async #more(after: number): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const mine = this.#turn;
    const page = await this.#deps.page({ after });
    this.#asking = false;
    if (page === undefined || mine !== this.#turn) return;
    this.#events = [...this.#events, ...page.events];
    this.#next = page.next;
  }
}

export const bytesOf = (base64: string): Uint8Array =>
  Uint8Array.from(atob(base64), (letter) => letter.codePointAt(0) ?? 0);
