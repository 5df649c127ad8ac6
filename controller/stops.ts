// What stopped each flow last: the transition that left Execute for anything but completion, with the
// values that decided it. For the person who comes at 3 a.m. to a machine that stands.
import { present } from '#contract/error.ts';
import type { Stopped, TagState } from '#contract/wire.ts';
import type { Cell } from '#flows/engine/cell.ts';
import { copyConfiguration, newConfiguration } from '#flows/engine/engine.ts';
import type { Configuration } from '#flows/engine/engine.ts';
import type { FlowRun } from '#flows/engine/flow-run.ts';
import { explainTransition, tagsOfTerm } from '#flows/explain.ts';
import type { Scanned } from './loop.ts';

const execute = 'unit.Execute';
const complete = 'unit.Complete';

/** What of a flow a scan overwrites and an explanation of that scan needs. */
interface Before {
  readonly configuration: Configuration;
  readonly signals: Float64Array;
}

export class Stops {
  readonly #cell: Cell;
  readonly #stateOf: (tag: number) => TagState;
  readonly #before: Before[];
  readonly #last = new Map<number, Stopped>();

  constructor(cell: Cell, stateOf: (tag: number) => TagState) {
    this.#cell = cell;
    this.#stateOf = stateOf;
    this.#before = cell.flows.map(({ flow }) => ({
      configuration: newConfiguration(flow),
      signals: new Float64Array(flow.signals.length),
    }));
  }

  get last(): readonly Stopped[] {
    return [...this.#last.values()];
  }

  /** Keeps what the scan is about to overwrite. */
  before(): void {
    for (const [index, run] of this.#cell.flows.entries()) {
      const before = this.#before[index];
      if (before === undefined) continue;
      copyConfiguration(before.configuration, run.configuration);
      before.signals.set(run.frame.signals);
    }
  }

  /** The stops that this scan made. */
  scanned({ taken, result }: Scanned, time: number): readonly Stopped[] {
    const stops: Stopped[] = [];
    for (const { flow, transition } of result.record?.fired ?? []) {
      const run = this.#cell.flows[flow];
      const stop = run === undefined ? undefined : this.#stop(run, transition, { taken, time });
      if (stop === undefined) continue;
      this.#last.set(flow, stop);
      stops.push(stop);
    }
    return stops;
  }

  #stop(
    run: FlowRun,
    index: number,
    scan: { taken: Scanned['taken']; time: number },
  ): Stopped | undefined {
    const { flow, plan, frame } = run;
    const transition = present(
      flow.transitions[index],
      'a transition that fired is one of the flow',
    );
    const before = present(this.#before[run.index], 'every flow is kept');
    const from = flow.states[before.configuration.leaves[transition.region] ?? -1]?.path ?? '';
    const to = flow.states[transition.to]?.path ?? '';
    if (!inside(from, execute) || to === '' || inside(to, execute) || inside(to, complete))
      return undefined;
    const commands = new Uint8Array(frame.commands.length);
    for (const act of scan.taken.acts) {
      if (act.kind === 'command' && act.flow === run.index) commands[act.command] = 1;
    }
    const then = { ...frame, commands, signals: before.signals };
    const at = { flow: run.index, transition: index };
    const term = explainTransition(this.#cell.plan, at, then, before.configuration);
    const terms = term === undefined ? [] : [term];
    const names = terms.flatMap((one) => tagsOfTerm(one));
    const values = names.flatMap((name): [string, TagState][] => {
      const tag = this.#cell.plan.tagIndex.get(name);
      return tag === undefined ? [] : [[name, this.#stateOf(tag)]];
    });
    return {
      type: 'stopped',
      flow: plan.name,
      transition: transition.id,
      from,
      to,
      at: scan.time,
      ...(transition.why === undefined ? {} : { why: transition.why }),
      terms,
      values: Object.fromEntries(values),
    };
  }
}

const inside = (path: string, state: string): boolean =>
  path === state || path.startsWith(`${state}.`);
