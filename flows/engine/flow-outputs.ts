// From what one flow's states ask of its outputs to what these get: forces over them, then interlocks,
// and safe values while the flow is not stepped. It tells a scan each decision that changed.
import type { TripChange } from '#contract/record.ts';
import { unknown } from '#flows/program.ts';
import type { Flow } from '#flows/program.ts';
import type { FlowPlan } from '#flows/plan.ts';
import { moore } from './engine.ts';
import { Shield } from './interlocks.ts';
import type { Hold } from './interlocks.ts';
import type { Making } from './making.ts';
import { valueOf } from './values.ts';

/** What holds an output away from what its flow asks. */
export type OutputHolder = 'flow' | 'force' | 'interlock' | 'stopped';

export class FlowOutputs {
  readonly shield: Shield;
  /** By output: what the states ask, before forces and interlocks. */
  readonly asked: Float64Array;
  /** By output: a force over it; NaN without. */
  readonly forced: Float64Array;
  /** By output: what it gets; NaN before the first scan. */
  readonly decided: Float64Array;
  readonly #index: number;
  readonly #plan: FlowPlan;
  readonly #flow: Flow;
  readonly #wanted: Float64Array;
  readonly #got: Float64Array;

  constructor(plan: FlowPlan, index: number) {
    const { flow } = plan;
    this.#index = index;
    this.#plan = plan;
    this.#flow = flow;
    this.shield = new Shield(flow);
    this.asked = Float64Array.from(flow.outputs, (output) => output.safe);
    this.forced = new Float64Array(flow.outputs.length).fill(unknown);
    this.decided = new Float64Array(flow.outputs.length).fill(unknown);
    this.#wanted = new Float64Array(flow.outputs.length);
    this.#got = new Float64Array(flow.outputs.length);
  }

  /** What the active states ask, and the signals that they make. */
  ask(leaves: Int32Array, signals: Float64Array): void {
    moore(this.#flow, leaves, this.asked, signals);
  }

  /** Nothing is asked any more: safe values, as the flow is not stepped. */
  askSafe(): void {
    for (const [index, output] of this.#flow.outputs.entries()) this.asked[index] = output.safe;
  }

  /** Forced outputs, then interlocks; true when an interlock's hold changed. */
  drive(verdicts: Uint8Array, trips: Uint8Array, making: Making): boolean {
    const { asked, forced, shield } = this;
    for (let index = 0; index < asked.length; index += 1) {
      const force = forced[index] ?? unknown;
      this.#wanted[index] = Number.isNaN(force) ? (asked[index] ?? 0) : force;
    }
    shield.apply(this.#wanted, verdicts, this.#got, trips);
    for (const hold of shield.changed) this.#tell(hold, hold, making);
    this.#decide(this.#got, making);
    return shield.changed.length > 0;
  }

  /** The flow is not stepped: what it drives is safe, whatever is forced. */
  rest(making: Making): void {
    this.askSafe();
    this.#decide(this.asked, making);
  }

  /** Latches and holds end, and are told. */
  letGo(making: Making): void {
    for (const hold of this.shield.holds) {
      if (hold.holds || hold.latched) {
        this.#tell(hold, { holds: false, latched: false }, making);
      }
    }
    this.shield.clear();
  }

  /** For people: who decides the output's value now. */
  holderOf(output: number, stepped: boolean): { by: OutputHolder; interlock?: string } {
    if (!stepped) return { by: 'stopped' };
    const hold = this.shield.holds.find((one) => one.output === output && one.holds);
    const name = this.#flow.interlocks[hold?.interlock ?? -1]?.name;
    if (name !== undefined) return { by: 'interlock', interlock: name };
    return { by: Number.isNaN(this.forced[output] ?? unknown) ? 'flow' : 'force' };
  }

  #decide(values: Float64Array, making: Making): void {
    for (const [index, output] of this.#flow.outputs.entries()) {
      const number = values[index] ?? output.safe;
      if (number === this.decided[index]) continue;
      this.decided[index] = number;
      const tag = this.#plan.outputs[index] ?? -1;
      const safe = number === output.safe;
      making.made.outputs.push({ tag, value: valueOf(output, number), safe });
    }
  }

  #tell(
    { interlock, output }: Pick<Hold, 'interlock' | 'output'>,
    { holds, latched }: Pick<Hold, 'holds' | 'latched'>,
    making: Making,
  ): void {
    const tag = this.#plan.outputs[output] ?? -1;
    const change: TripChange = { flow: this.#index, interlock, tag, holds, latched };
    making.made.trips.push(change);
  }
}
