// How old the picture is: the age of control's last frame, as station tells it and as the page counts on.
// Neither an open socket nor a busy station makes a picture young.
import type { Link } from '#contract/live.ts';
import { notLive_ms } from '#contract/pace.ts';

export class Freshness {
  #link: Link | undefined;
  #at = 0;

  /** `at`: the page's own monotonic ms at which `link` came. */
  hear(link: Link, at: number): void {
    this.#link = link;
    this.#at = at;
  }

  /** Ms since control's last frame; infinite when there was none. */
  age(at: number): number {
    const link = this.#link;
    if (link === undefined || link.lastFrame === 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, link.time - link.lastFrame) + (at - this.#at);
  }

  live(at: number): boolean {
    return this.age(at) < notLive_ms;
  }

  /** The cell's UTC: runs while the picture is live, stands at its last frame when it is not. */
  time(at: number): number {
    const link = this.#link;
    if (link === undefined) return 0;
    return this.live(at) ? link.time + (at - this.#at) : link.lastFrame;
  }
}
