// Which transitions may fire in one scan: each condition is walked at most once, over the frozen
// state. The XState engine's guards ask here; nothing is changed here but the answers.
import type { Flow, TransitionDecl } from '#flows/program.ts';
import { evaluate } from './evaluate.ts';
import type { Reading } from './evaluate.ts';

/** Of an answer not asked for yet, no, and yes. */
const unasked = 0;
const no = 1;
const yes = 2;

/** The conditions of one flow; `begin` opens a scan, `hold` gives its timers. */
export class Conditions {
  readonly #flow: Flow;
  readonly #met: Uint8Array;
  readonly #enabled: Uint8Array;
  /** By state: whether an enclosing state, or the region, has an enabled transition. */
  readonly #shut: Uint8Array;
  #reading: Reading;
  #holds: ArrayLike<number>;
  #now = 0;

  constructor(flow: Flow, reading: Reading) {
    this.#flow = flow;
    this.#reading = reading;
    this.#holds = [];
    this.#met = new Uint8Array(flow.transitions.length);
    this.#enabled = new Uint8Array(flow.transitions.length);
    this.#shut = new Uint8Array(flow.states.length);
  }

  /** Opens a scan at `now` (ms). */
  begin(reading: Reading, now: number): void {
    this.#reading = reading;
    this.#now = now;
    this.#met.fill(unasked);
    this.#enabled.fill(unasked);
    this.#shut.fill(unasked);
  }

  /** The hold timers as moved in this scan; to be given before `enabled` is asked. */
  hold(holds: ArrayLike<number>): void {
    this.#holds = holds;
  }

  /** `when` surely, `unless` not surely: what a hold timer measures. */
  met(transition: number): boolean {
    return answer(this.#met, transition, () => {
      const { when, unless } = this.#declared(transition);
      if (when !== undefined && evaluate(when, this.#reading) !== 1) return false;
      return unless === undefined || evaluate(unless, this.#reading) !== 1;
    });
  }

  /** Whether it may fire, were there no other transition. */
  enabled(transition: number): boolean {
    return answer(this.#enabled, transition, () => {
      const declared = this.#declared(transition);
      return (
        declared.except.every((state) => this.#reading.entered[state] === -1) &&
        this.#timeIsUp(declared) &&
        this.met(transition) &&
        declared.set.every(({ expr }) => !Number.isNaN(evaluate(expr, this.#reading)))
      );
    });
  }

  /** Whether a transition of the region or of a state around this one may fire: it goes first. */
  shut(state: number): boolean {
    return answer(this.#shut, state, () => {
      const declared = this.#flow.states[state];
      if (declared === undefined) return false;
      const around = this.#flow.states[declared.parent];
      if (around !== undefined && this.shut(declared.parent)) return true;
      const outer = around?.go ?? this.#flow.regions[declared.region]?.go ?? [];
      return outer.some((transition) => this.enabled(transition));
    });
  }

  #timeIsUp({ after, for: held, holder, hold }: TransitionDecl): boolean {
    const entered = this.#reading.entered[holder] ?? -1;
    if (after !== undefined && (entered === -1 || this.#now - entered < after)) return false;
    const since = this.#holds[hold] ?? -1;
    return held === undefined || (since !== -1 && this.#now - since >= held);
  }

  #declared(transition: number): TransitionDecl {
    const declared = this.#flow.transitions[transition];
    if (declared === undefined) throw new RangeError(`no transition ${transition}`);
    return declared;
  }
}

function answer(answers: Uint8Array, index: number, ask: () => boolean): boolean {
  if (answers[index] === unasked) answers[index] = ask() ? yes : no;
  return answers[index] === yes;
}
