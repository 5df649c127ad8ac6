// The automatic door: a slide between two end switches, driven either way, standing where it is left.
import type { Duration } from '#contract/time.ts';

export interface DoorOptions {
  /** From one end to the other. */
  readonly travel: Duration;
}

/** A switch answers this near to its end. */
const switching = 0.01;

export class Door {
  /** 0 shut, 1 open. */
  position = 0;
  opening = false;
  closing = false;
  readonly #travel: number;

  constructor(options: DoorOptions) {
    this.#travel = options.travel;
  }

  get opened(): boolean {
    return this.position >= 1 - switching;
  }

  get closed(): boolean {
    return this.position <= switching;
  }

  /** `powered`: the safety chain lets the drive move. Driven both ways it stands. */
  tick(span: number, powered: boolean): void {
    if (!powered || this.opening === this.closing) return;
    const step = span / this.#travel;
    this.position = this.opening
      ? Math.min(1, this.position + step)
      : Math.max(0, this.position - step);
  }
}
