// The alarms of one flow: those that it declares, and those that the scan raises for it: an
// assumption that does not hold, an interlock that holds an output, a value held at its bound.
import type { FlowPlan } from '#flows/plan.ts';
import { Board } from './alarms.ts';
import type { AlarmKind } from './alarms.ts';
import type { StepResult, Verdicts } from './engine.ts';

const immediate = { onDelay: 0, offDelay: 0 } as const;

/** All alarms of a flow; declared first, then assumptions, interlocks, ctx variables. */
export class FlowAlarms {
  readonly board = new Board();
  readonly #plan: FlowPlan;

  constructor(plan: FlowPlan) {
    this.#plan = plan;
    for (const kind of kindsOf(plan)) this.board.place(kind);
  }

  /** What a scan found; `board.advance` then tells what changed. */
  judge(verdicts: Verdicts, trips: Uint8Array, result: StepResult): void {
    const { alarms, assumes, interlocks, ctx } = this.#plan.flow;
    let place = 0;
    for (let index = 0; index < alarms.length; index += 1) {
      const sure = verdicts.alarms[index] === 1;
      // Unknown raises what says `unless`.
      this.board.set(place++, alarms[index]?.sense === 'when' ? sure : !sure);
    }
    for (let index = 0; index < assumes.length; index += 1) {
      this.board.set(place++, verdicts.assumes[index] === 0);
    }
    for (let index = 0; index < interlocks.length; index += 1) {
      this.board.set(place++, trips[index] === 1);
    }
    for (let index = 0; index < ctx.length; index += 1) {
      this.board.set(place++, result.bounded[index] === 1);
    }
  }
}

/** Every alarm that a flow can raise. */
export function kindsOf({ name, flow }: FlowPlan): readonly AlarmKind[] {
  return [
    ...flow.alarms.map((alarm) => ({
      id: `${name}.${alarm.name}`,
      priority: alarm.priority,
      text: alarm.text,
      ...(alarm.response === undefined ? {} : { response: alarm.response }),
      onDelay: alarm.for,
      offDelay: alarm.offDelay,
    })),
    ...flow.assumes.map((assume) => ({
      ...immediate,
      id: `${name}.assume.${assume.name}`,
      priority: 2 as const,
      text: `What the flow takes for granted does not hold: ${assume.name}`,
      response: 'Check the sensors that it reads; what was proved of the flow rests on it',
    })),
    ...flow.interlocks.map((interlock) => ({
      ...immediate,
      id: `${name}.interlock.${interlock.name}`,
      priority: 2 as const,
      text: `Interlock ${interlock.name} holds an output`,
      response: 'Look at what it waits for; it lets go when the flow asks for the safe value',
    })),
    ...flow.ctx.map((variable) => ({
      ...immediate,
      id: `${name}.bound.${variable.name}`,
      priority: 3 as const,
      text: `${variable.name} was held at the bound of its range`,
      response: 'Tell whoever keeps the flow',
    })),
  ];
}
