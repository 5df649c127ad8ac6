// The shield between what a flow (or a force over it) asks of its outputs and what they get. It reads
// verdicts on the devices' own values, so no force and no substitute opens an interlock; it latches.
import { assert } from '#contract/error.ts';
import type { Flow, InterlockDecl } from '#flows/program.ts';
import { heldInRange } from './engine.ts';

/** One interlock's hold on one output. */
export interface Hold {
  readonly interlock: number;
  readonly output: number;
  /** It holds the output in this scan: trips, or is still latched. */
  holds: boolean;
  /** The output stays safe until the value asked of it has itself been safe, or allowed. */
  latched: boolean;
}

/** The interlocks of one flow. All of them read what is asked; where several hold, safe wins. */
export class Shield {
  readonly #flow: Flow;
  /** In the order of the interlocks, each with its outputs. */
  readonly holds: readonly Hold[];
  readonly #ofInterlock: readonly (readonly Hold[])[];
  /** Holds that changed in the last `apply`. */
  readonly changed: Hold[] = [];

  constructor(flow: Flow) {
    this.#flow = flow;
    this.#ofInterlock = flow.interlocks.map((declared, interlock) =>
      outputsOf(declared).map((output) => ({ interlock, output, holds: false, latched: false })),
    );
    this.holds = this.#ofInterlock.flat();
  }

  /**
   * Writes into `into` what each output gets, from what is asked of it, and into `trips` which
   * interlocks hold one. `verdicts`: by interlock, as an engine judged them.
   */
  apply(asked: Float64Array, verdicts: Uint8Array, into: Float64Array, trips: Uint8Array): void {
    assert(asked.length === into.length, 'one value for each output');
    this.changed.length = 0;
    into.set(asked);
    // Limits first: where a permit or an exclusive interlock holds the output too, safe stands.
    for (const [index, declared] of this.#flow.interlocks.entries()) {
      if (declared.kind !== 'limit') continue;
      const before = into[declared.output] ?? 0;
      const held = verdicts[index] === 1 ? before : heldInRange(declared, before);
      into[declared.output] = held;
      this.#hold(index, declared.output, held !== before, false);
    }
    for (const [index, declared] of this.#flow.interlocks.entries()) {
      if (declared.kind === 'permit') this.#permit(index, declared, asked, verdicts[index] === 1);
      if (declared.kind === 'exclusive') this.#exclusive(index, declared, asked);
    }
    trips.fill(0);
    for (const hold of this.holds) {
      if (!hold.holds) continue;
      trips[hold.interlock] = 1;
      if (this.#flow.interlocks[hold.interlock]?.kind === 'limit') continue;
      into[hold.output] = this.#flow.outputs[hold.output]?.safe ?? 0;
    }
  }

  /** While the flow is not stepped nothing is asked, so nothing is held; latches stay. */
  rest(trips: Uint8Array): void {
    this.changed.length = 0;
    for (const { interlock, output, latched } of this.holds) {
      this.#hold(interlock, output, false, latched);
    }
    trips.fill(0);
  }

  /** `warm` and `cold` begin without latches. */
  clear(): void {
    for (const hold of this.holds) {
      hold.holds = false;
      hold.latched = false;
    }
  }

  #permit(
    index: number,
    declared: InterlockDecl & { kind: 'permit' },
    asked: Float64Array,
    permitted: boolean,
  ): void {
    const value = asked[declared.output] ?? 0;
    const needs = !declared.allow.includes(value);
    const before = this.#ofInterlock[index]?.[0]?.latched ?? false;
    const holds = needs && (before || !permitted);
    this.#hold(index, declared.output, holds, holds && declared.latch);
  }

  #exclusive(
    index: number,
    declared: InterlockDecl & { kind: 'exclusive' },
    asked: Float64Array,
  ): void {
    const away = (output: number): boolean => asked[output] !== this.#safe(output);
    const clash = declared.outputs.filter(away).length > 1;
    for (const [place, output] of declared.outputs.entries()) {
      const before = this.#ofInterlock[index]?.[place]?.latched ?? false;
      const holds = away(output) && (before || clash);
      this.#hold(index, output, holds, holds && declared.latch);
    }
  }

  #safe(output: number): number {
    return this.#flow.outputs[output]?.safe ?? 0;
  }

  #hold(interlock: number, output: number, holds: boolean, latched: boolean): void {
    const hold = this.#ofInterlock[interlock]?.find((one) => one.output === output);
    assert(hold !== undefined, 'each interlock has a hold for each of its outputs');
    if (hold.holds === holds && hold.latched === latched) return;
    hold.holds = holds;
    hold.latched = latched;
    this.changed.push(hold);
  }
}

function outputsOf(declared: InterlockDecl): readonly number[] {
  return declared.kind === 'exclusive' ? declared.outputs : [declared.output];
}
