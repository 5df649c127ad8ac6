// The automatic door: a slide between two end switches, driven either way, standing where it is left.
// Something that jams it stops it on its way; it can be driven back.
import type { Duration } from '#contract/time.ts';

export interface DoorOptions {
  /** From one end to the other. */
  readonly travel: Duration;
}

/** A switch answers this near to its end. */
const switching = 0.01;
/** Where the guide is blocked for a door that stands at an end. */
const blockedAt = 0.4;

export class Door {
  /** 0 shut, 1 open. */
  position = 0;
  opening = false;
  closing = false;
  readonly #travel: number;
  /** How far it can go each way. */
  #least = 0;
  #most = 1;

  constructor(options: DoorOptions) {
    this.#travel = options.travel;
  }

  get opened(): boolean {
    return this.position >= 1 - switching;
  }

  get closed(): boolean {
    return this.position <= switching;
  }

  get jammed(): boolean {
    return this.#least > 0 || this.#most < 1;
  }

  /** It cannot pass: one on its way stands where it is, one at an end comes as far as where the guide is blocked. */
  jam(on: boolean): void {
    if (on === this.jammed) return;
    this.#least = 0;
    this.#most = 1;
    if (!on) return;
    const { position } = this;
    const between = !this.opened && !this.closed;
    const place = between ? position : blockedAt;
    if (between ? this.closing : position > place) this.#least = place;
    else this.#most = place;
  }

  /** `powered`: the safety chain lets the drive move. Driven both ways it stands. */
  tick(span: number, powered: boolean): void {
    if (!powered || this.opening === this.closing) return;
    const step = span / this.#travel;
    this.position = this.opening
      ? Math.min(this.#most, this.position + step)
      : Math.max(this.#least, this.position - step);
  }
}
