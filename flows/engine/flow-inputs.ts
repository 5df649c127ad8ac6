// What one flow reads of the cell's tags: from values as judged, with forces over them, to the numbers
// of its frame; which inputs have had an answer; and `sys.restarted`, which is the flow's own.
import { present } from '#contract/error.ts';
import type { FlowPlan } from '#flows/plan.ts';
import type { Frame } from './engine.ts';
import type { TagTable } from './tag-table.ts';
import { numberOf, ownNumber, usableNumber } from './values.ts';

export class FlowInputs {
  readonly #tags: TagTable;
  readonly #plan: FlowPlan;
  readonly #frame: Frame;
  readonly #answered: Uint8Array;
  #unanswered = 0;
  /** The input `sys.restarted`; -1 when the flow does not read it. */
  readonly #restarted: number;

  constructor(tags: TagTable, plan: FlowPlan, frame: Frame) {
    this.#tags = tags;
    this.#plan = plan;
    this.#frame = frame;
    this.#answered = new Uint8Array(plan.flow.inputs.length);
    this.#restarted = plan.inputs.indexOf(-1);
    this.setRestarted(0);
    this.readAll();
  }

  /** Each input that a device gives has had an answer: a sample, or the device's error. */
  get answered(): boolean {
    return this.#unanswered === 0;
  }

  /** Reads one input's tag; true when the flow sees anything new. */
  read(input: number): boolean {
    const decl = present(this.#plan.flow.inputs[input], 'an input of the flow');
    const tag = this.#plan.inputs[input] ?? -1;
    const value = this.#tags.value[tag] ?? null;
    const code = this.#tags.statusOf(tag);
    const force = this.#tags.forces.get(tag);
    const own = ownNumber(decl, value, code);
    let seen = force === undefined ? usableNumber(decl, value, code) : numberOf(decl, force.value);
    const good = Number.isNaN(seen) ? 0 : 1;
    if (good === 0 && decl.substitute !== undefined) seen = decl.substitute;
    if (this.#answered[input] === 0 && this.#tags.answered(tag)) {
      this.#answered[input] = 1;
      this.#unanswered -= 1;
    }
    const frame = this.#frame;
    const same = Object.is(frame.values[input], seen) && Object.is(frame.own[input], own);
    if (same && frame.good[input] === good) return false;
    frame.values[input] = seen;
    frame.good[input] = good;
    frame.own[input] = own;
    frame.ownGood[input] = Number.isNaN(own) ? 0 : 1;
    return true;
  }

  /** Reads every tag, after they were all put elsewhere. */
  readAll(): void {
    const { inputs } = this.#plan.flow;
    this.#unanswered = inputs.filter((input) => !input.system).length;
    for (const [input, decl] of inputs.entries()) this.#answered[input] = decl.system ? 1 : 0;
    for (const [input, tag] of this.#plan.inputs.entries()) if (tag !== -1) this.read(input);
  }

  /** 1 in the flow's first scan after its outputs were safe without it. */
  setRestarted(value: 0 | 1): void {
    const { values, good, own, ownGood } = this.#frame;
    if (this.#restarted === -1) return;
    for (const numbers of [values, own]) numbers[this.#restarted] = value;
    for (const flags of [good, ownGood]) flags[this.#restarted] = 1;
  }
}
