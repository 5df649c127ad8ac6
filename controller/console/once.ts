// An act that somebody gives under a key of their own is done once: a repeat gets the first answer, and the
// same key for something else is refused. Kept in memory; control knows ids for a minute by itself.
import { createHash } from 'node:crypto';
import type { Actor } from '#contract/actor.ts';
import { CellError } from '#contract/error.ts';
import type { ActAnswer } from '#contract/console.ts';
import { hours, seconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';

const lifetime = hours(1);
/** So long control knows an id, with some time to spare: an act that was not answered may be sent again. */
const again = seconds(50);
const keptLimit = 4096;

/** An answer, and whether control was asked for it: what was refused before may be tried again. */
export interface Given {
  readonly answer: ActAnswer;
  readonly sent: boolean;
}

interface Kept {
  /** The hash of what was asked. */
  readonly what: string;
  readonly at: number;
  /** Undefined: it was sent, and what became of it was not heard. */
  answer: Promise<ActAnswer> | undefined;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The id under which control knows the key of an actor; two actors never share one. */
export const idOf = (actor: Actor, key: string): string =>
  `key-${hashOf(`${actor}\n${key}`).slice(0, 40)}`;

export class Once {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The first answer; `give` is called only where there is none, and told whether it was sent before. Throws
   * `E_ACT_KEY` when the key stands for something else, `E_ACT_UNKNOWN` when nobody can say any more.
   */
  async run(
    id: string,
    text: string,
    give: (sentBefore: boolean) => Promise<Given>,
  ): Promise<ActAnswer> {
    const what = hashOf(text);
    const known = this.#find(id);
    if (known !== undefined && known.what !== what)
      throw new CellError('E_ACT_KEY', 'the key was used for another act within the hour');
    if (known?.answer !== undefined) return known.answer;
    if (known !== undefined && this.#clock.now() - known.at > again)
      throw new CellError('E_ACT_UNKNOWN', 'it was sent, and control did not say more');
    const kept: Kept = { what, at: known?.at ?? this.#clock.now(), answer: undefined };
    const answer = this.#give(id, kept, async () => give(known !== undefined));
    kept.answer = answer;
    this.#keep(id, kept);
    return answer;
  }

  async #give(id: string, kept: Kept, give: () => Promise<Given>): Promise<ActAnswer> {
    try {
      const { answer, sent } = await give();
      if (!sent) this.#kept.delete(id);
      return answer;
    } catch (error) {
      kept.answer = undefined;
      throw error;
    }
  }

  #find(id: string): Kept | undefined {
    const kept = this.#kept.get(id);
    if (kept === undefined || this.#clock.now() - kept.at <= lifetime) return kept;
    this.#kept.delete(id);
    return undefined;
  }

  #keep(id: string, kept: Kept): void {
    this.#kept.delete(id);
    this.#kept.set(id, kept);
    const oldest = this.#kept.keys().next().value;
    if (this.#kept.size > keptLimit && oldest !== undefined) this.#kept.delete(oldest);
  }
}
