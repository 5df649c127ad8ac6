// Whether a supervisor is there: each gets a challenge every 5 s, which only the page in front of them can answer, and
// must do something now and then. It keeps no timer: whoever asks brings the time.
import { randomBytes } from 'node:crypto';
import { minutes, seconds } from '#contract/time.ts';

/** Between two challenges. */
export const challengePace = seconds(5);
/** An answer is good for so long. */
export const answerLife = seconds(15);
/** So long a supervisor may sit there without doing anything. */
export const actLife = minutes(3);

/** One supervisor's page. */
export class Watcher {
  readonly #send: (challenge: string) => void;
  #open: string | undefined;
  #sent = -Infinity;
  #proved = -Infinity;
  #acted: number;
  #hidden = false;

  /** To sit down is to do something; to be there it must be proved. */
  constructor(now: number, send: (challenge: string) => void) {
    this.#send = send;
    this.#acted = now;
  }

  /** A challenge is good for one answer, until the next one is out. */
  tick(now: number): void {
    if (now - this.#sent < challengePace) return;
    this.#sent = now;
    this.#open = randomBytes(16).toString('hex');
    this.#send(this.#open);
  }

  prove(now: number, challenge: string, acted: boolean): void {
    if (this.#open === undefined || challenge !== this.#open) return;
    this.#open = undefined;
    this.#proved = now;
    this.#hidden = false;
    if (acted) this.#acted = now;
  }

  /** Nobody looks any more, from now on: what was proved before counts no longer. */
  hide(): void {
    this.#hidden = true;
    this.#proved = -Infinity;
    this.#sent = -Infinity;
  }

  isThere(now: number): boolean {
    return !this.#hidden && now - this.#proved <= answerLife && now - this.#acted <= actLife;
  }
}
