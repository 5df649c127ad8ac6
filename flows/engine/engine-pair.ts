// The two engines of one flow, side by side on the same frozen things: XState decides, the table
// shadows it. What differs between them is a fault, as is an exception in either.
import type { Flow } from '#flows/program.ts';
import { newStepResult, newVerdicts, sameConfiguration, sameStep } from './engine.ts';
import type { Configuration, FlowEngine, Frame, Retained, StepResult, Verdicts } from './engine.ts';

/** XState decides and the table shadows it; replay and simulation give the table alone. */
export interface Engines {
  readonly xstate?: FlowEngine;
  readonly table: FlowEngine;
}

/** Why a flow cannot go on. */
export interface Wrong {
  readonly code: 'E_FLOW_ENGINES_DIFFER' | 'E_FLOW_FAULT';
  readonly text: string;
}

export class EnginePair {
  readonly #flow: Flow;
  readonly #engine: FlowEngine;
  readonly #shadow: FlowEngine | undefined;
  /** What the last step made and judged, of the engine that decides. */
  readonly result: StepResult;
  readonly verdicts: Verdicts;
  /** The last judgement came to other verdicts of interlocks, or of alarms and assumptions. */
  shieldChanged = true;
  conditionsChanged = true;
  readonly #before: Verdicts;
  readonly #shadowResult: StepResult;
  readonly #shadowVerdicts: Verdicts;

  constructor(flow: Flow, engines: Engines) {
    this.#flow = flow;
    this.#engine = engines.xstate ?? engines.table;
    this.#shadow = engines.xstate === undefined ? undefined : engines.table;
    this.result = newStepResult(flow);
    this.verdicts = newVerdicts(flow);
    this.#before = newVerdicts(flow);
    this.#shadowResult = newStepResult(flow);
    this.#shadowVerdicts = newVerdicts(flow);
  }

  get configuration(): Configuration {
    return this.#engine.configuration;
  }

  reset(now: number, retained: Retained, params: Float64Array): void {
    this.#engine.reset(now, retained, params);
    this.#shadow?.reset(now, retained, params);
  }

  restore(configuration: Configuration): void {
    this.#engine.restore(configuration);
    this.#shadow?.restore(configuration);
  }

  /** `judge`: conditions outside the statechart may have changed; else they are as last judged. */
  step(frame: Frame, judge: boolean): Wrong | undefined {
    try {
      if (judge) this.#judge(frame);
      this.#engine.step(frame, this.result);
      const text = this.#shadow === undefined ? undefined : this.#compare(frame, judge);
      return text === undefined ? undefined : { code: 'E_FLOW_ENGINES_DIFFER', text };
    } catch (error) {
      return { code: 'E_FLOW_FAULT', text: error instanceof Error ? error.message : String(error) };
    }
  }

  #judge(frame: Frame): void {
    const { verdicts } = this;
    const before = this.#before;
    this.#engine.judge(frame, verdicts);
    this.shieldChanged = moved(before.interlocks, verdicts.interlocks);
    const alarms = moved(before.alarms, verdicts.alarms);
    this.conditionsChanged = moved(before.assumes, verdicts.assumes) || alarms;
  }

  #compare(frame: Frame, judge: boolean): string | undefined {
    const shadow = this.#shadow;
    if (shadow === undefined) return undefined;
    if (judge) shadow.judge(frame, this.#shadowVerdicts);
    shadow.step(frame, this.#shadowResult);
    return (
      (judge ? this.#sameVerdicts() : undefined) ??
      sameStep(this.result, this.#shadowResult, this.#flow) ??
      sameConfiguration(this.#engine.configuration, shadow.configuration, this.#flow)
    );
  }

  #sameVerdicts(): string | undefined {
    for (const part of ['interlocks', 'alarms', 'assumes'] as const) {
      const left = this.verdicts[part];
      const right = this.#shadowVerdicts[part];
      for (let index = 0; index < left.length; index += 1) {
        if (left[index] === right[index]) continue;
        return `${part}: the condition of ${this.#flow[part][index]?.name ?? index}`;
      }
    }
    return undefined;
  }
}

/** Brings `before` up to date; true when anything was otherwise. */
function moved(before: Uint8Array, now: Uint8Array): boolean {
  let changed = false;
  for (let index = 0; index < now.length; index += 1) {
    const verdict = now[index] ?? 2;
    if (before[index] === verdict) continue;
    before[index] = verdict;
    changed = true;
  }
  return changed;
}
