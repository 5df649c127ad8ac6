// What the machine truly had, kept for a while: asked of the simulator's door, change by change.
import { CellError } from '#contract/error.ts';
import { ask } from '#simulator/door.ts';
import { trueStep, type Truth } from '#simulator/truth.ts';

/** How long the past is kept, ms: longer than any value may be good. */
const memory = 60_000;

interface Shown {
  readonly t: number;
  readonly v: boolean | number | string;
}

export class Past {
  readonly #byTag = new Map<string, Shown[]>();
  readonly #data: string;
  #next = 0;
  /** Everything before it is known, UTC; 0: nothing yet. */
  until = 0;
  /** Nothing before it is known, UTC. */
  since = 0;

  /** `data`: the simulator's directory. */
  constructor(data: string) {
    this.#data = data;
  }

  /** Brings it up to now. */
  async follow(): Promise<void> {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one answer after the other
      const answer = await ask(this.#data, { verb: 'truth', since: this.#next });
      if (!answer.ok) throw new CellError('E_SIMULATOR_GONE', answer.text);
      const truth = answer.status as Truth;
      this.take(truth);
      if (truth.changes.length === 0) break;
    }
  }

  /** What came next. */
  take(truth: Truth): void {
    if (truth.lost > 0 || this.since === 0) this.since = truth.changes[0]?.t ?? truth.now;
    for (const { t, tag, v } of truth.changes) this.#add(tag, { t, v });
    this.#next = truth.next;
    this.until = truth.now;
    for (const list of this.#byTag.values()) forget(list, this.until - memory);
    this.since = Math.max(this.since, this.until - memory);
  }

  /** Did this sensor show it at any time from `from` to `to`; a number: within `near` of it. */
  had(tag: string, value: unknown, span: { from: number; to: number; near: number }): boolean {
    const list = this.#byTag.get(tag) ?? [];
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let index = list.length - 1; index >= 0; index -= 1) {
      const shown = list[index];
      if (shown === undefined || shown.t > span.to) continue;
      if (shown.v === value) return true;
      if (typeof shown.v === 'number') {
        least = Math.min(least, shown.v);
        most = Math.max(most, shown.v);
      }
      // What it began to show before `from` it still showed then.
      if (shown.t <= span.from) break;
    }
    const near = span.near + trueStep;
    return typeof value === 'number' && value >= least - near && value <= most + near;
  }

  /** Its last changes around an instant, for people: how long before it, ms, and to what. */
  tell(tag: string, now: number): string {
    const list = (this.#byTag.get(tag) ?? []).filter(({ t }) => t < now + 1000).slice(-3);
    return list.map(({ t, v }) => `${v} from ${t - now} ms`).join(', ');
  }

  #add(tag: string, shown: Shown): void {
    const list = this.#byTag.get(tag);
    if (list === undefined) this.#byTag.set(tag, [shown]);
    else list.push(shown);
  }
}

/** Keeps the newest of what began before `t`. */
function forget(list: Shown[], t: number): void {
  let old = 0;
  while ((list[old + 1]?.t ?? Number.POSITIVE_INFINITY) <= t) old += 1;
  list.splice(0, old);
}
