// What stopped each flow last: the transition that left Execute or Suspended for anything but work and
// completion, with the values that decided it. For the person who comes at 3 a.m. to a machine that stands.
import { present } from '#contract/error.ts';
import type { Stopped, TagState, Term } from '#contract/wire.ts';
import type { Cell } from '#flows/engine/cell.ts';
import type { FlowRun } from '#flows/engine/flow-run.ts';
import { explainTransition, tagsOfTerm } from '#flows/explain.ts';
import type { Scanned } from '#controller/loop.ts';

const execute = 'unit.Execute';
const suspended = 'unit.Suspended';
const complete = 'unit.Complete';

export class Stops {
  readonly #cell: Cell;
  readonly #stateOf: (tag: number) => TagState;
  readonly #last = new Map<number, Stopped>();

  constructor(cell: Cell, stateOf: (tag: number) => TagState) {
    this.#cell = cell;
    this.#stateOf = stateOf;
  }

  get last(): readonly Stopped[] {
    return [...this.#last.values()];
  }

  /** The stops that this scan made. */
  scanned({ result }: Scanned, time: number): readonly Stopped[] {
    const stops: Stopped[] = [];
    for (const { flow, transition } of result.record?.fired ?? []) {
      const run = this.#cell.flows[flow];
      const stop = run === undefined ? undefined : this.#stop(run, transition, time);
      if (stop === undefined) continue;
      this.#last.set(flow, stop);
      stops.push(stop);
    }
    return stops;
  }

  #stop(run: FlowRun, index: number, time: number): Stopped | undefined {
    const { flow, plan, frozen } = run;
    const { frame, configuration } = frozen;
    const transition = present(
      flow.transitions[index],
      'a transition that fired is one of the flow',
    );
    const from = flow.states[configuration.leaves[transition.region] ?? -1]?.path ?? '';
    const to = flow.states[transition.to]?.path ?? '';
    if (!isStop(from, to)) return undefined;
    const at = { flow: run.index, transition: index };
    const term = explainTransition(this.#cell.plan, at, frame, configuration);
    const terms = term === undefined ? [] : [past(term)];
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
      at: time,
      ...(transition.why === undefined ? {} : { why: transition.why }),
      terms,
      values: Object.fromEntries(values),
    };
  }
}

/**
 * Execute and Suspended are the unit at work [ISA-TR88.00.02]: who suspends it stops it, and so does who
 * takes it out of Suspended.
 */
function isStop(from: string, to: string): boolean {
  if (to === '' || inside(to, execute) || inside(to, complete)) return false;
  return inside(from, execute) || (inside(from, suspended) && !inside(to, suspended));
}

/** As it is told of a transition that has fired: nothing of it is still waited for. */
function past({ kind, truth, text, tags, of }: Term): Term {
  return {
    kind,
    truth,
    text,
    ...(tags === undefined ? {} : { tags }),
    ...(of === undefined ? {} : { of: of.map((part) => past(part)) }),
  };
}

const inside = (path: string, state: string): boolean =>
  path === state || path.startsWith(`${state}.`);
