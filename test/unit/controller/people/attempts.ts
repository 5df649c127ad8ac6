// Where wrong attempts lie that outlive a station, without a disk.
import type { AttemptsKept, KeptAttempt } from '#controller/people/lockout.ts';

export class Attempts implements AttemptsKept {
  readonly #rows = new Map<string, KeptAttempt>();
  /** Names that somebody has. */
  readonly people: ReadonlySet<string>;

  constructor(...people: readonly string[]) {
    this.people = new Set(people);
  }

  get kept(): readonly KeptAttempt[] {
    return [...this.#rows.values()];
  }

  readonly keep = (attempts: readonly KeptAttempt[]): void => {
    for (const one of attempts) {
      this.#rows.delete(`${one.kind} ${one.key}`);
      if (one.wrong > 0) this.#rows.set(`${one.kind} ${one.key}`, one);
    }
  };
  readonly veil = (text: string): string => text;
  readonly isPerson = (name: string): boolean => this.people.has(name);
}
