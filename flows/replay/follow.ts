// Puts one flow of a candidate where the recorded flow is. What both have is taken by name; what only
// the candidate has (a new variable, a new region, the timer of a new condition) stays its own.
import { unknown } from '#flows/program.ts';
import type { Ranged } from '#flows/program.ts';
import { copyConfiguration, heldInRange, newConfiguration } from '#flows/engine/engine.ts';
import type { Configuration } from '#flows/engine/engine.ts';
import type { FlowRun } from '#flows/engine/flow-run.ts';
import { numberOf, valueOf } from '#flows/engine/values.ts';
import type { FlowFit, ValuePair } from './fit.ts';

export class FlowFollower {
  readonly fit: FlowFit;
  readonly from: FlowRun;
  readonly to: FlowRun;
  readonly #next: Configuration;
  /** By state: when the candidate itself entered it. */
  readonly #own: Float64Array;

  constructor(fit: FlowFit, from: FlowRun, to: FlowRun) {
    this.fit = fit;
    this.from = from;
    this.to = to;
    this.#next = newConfiguration(to.flow);
    this.#own = new Float64Array(to.flow.states.length);
  }

  /** Everything, at `now`: the candidate has no past of its own yet. */
  begin(now: number): void {
    const { fit, from, to } = this;
    for (const [index, param] of fit.params.entries()) {
      const before = from.flow.params[index];
      const after = to.flow.params[param];
      if (before === undefined || after === undefined) continue;
      const value = numberOf(after, valueOf(before, from.frame.params[index] ?? unknown));
      if (!Number.isNaN(value)) to.frame.params[param] = value;
    }
    to.down.fill(0);
    for (const [index, command] of fit.commands.entries()) {
      if (command !== -1) to.down[command] = from.down[index] ?? 0;
    }
    to.frame.commands.set(to.down);
    const { board } = from.alarms;
    for (const [place, { id }] of board.kinds.entries()) {
      to.alarms.board.restore(id, board.stateOf(place), board.since[place] ?? -1);
    }
    to.alarms.board.announce = board.announce;
    this.#put(now, true);
  }

  /** Its place in the statechart and what it remembers, at `now`; alarms go on by themselves. */
  follow(now: number): void {
    this.#put(now, false);
  }

  #put(now: number, anew: boolean): void {
    const { from, to, fit } = this;
    to.stage = from.stage;
    to.fault = from.fault;
    to.clock = from.clock;
    const next = this.#next;
    copyConfiguration(next, to.configuration);
    for (const { recorded, candidate } of fit.regions) this.#region(recorded, candidate);
    for (const pair of fit.ctx) {
      const decl = to.flow.ctx[pair.candidate];
      const value = translated(pair, from.flow.ctx, to.flow.ctx, from.configuration.ctx);
      if (!Number.isNaN(value)) next.ctx[pair.candidate] = heldInRange(decl, value);
    }
    this.#timers(anew);
    if (anew) {
      for (const [edge, recorded] of fit.edges.entries()) {
        next.edges[edge] = recorded === -1 ? 2 : (from.configuration.edges[recorded] ?? 2);
      }
    }
    to.restore(next);
    if (from.stage === 'faulted') to.retained.set(next.ctx);
    this.#outputs();
    to.goOn(now);
    if (!to.stepped) to.nextSignals.set(to.flow.signals.map(({ idle }) => idle));
    to.frame.signals.set(to.nextSignals);
    to.unpublished = false;
  }

  #region(recorded: number, candidate: number): void {
    const { from, to, fit } = this;
    const next = this.#next;
    const target = fit.states[from.configuration.leaves[recorded] ?? -1] ?? -1;
    if (target === -1) return;
    let leaf = next.leaves[candidate] ?? -1;
    if (!inside(to, leaf, target)) {
      leaf = target;
      for (let down = target; down !== -1; down = to.flow.states[down]?.initial ?? -1) leaf = down;
    }
    next.leaves[candidate] = leaf;
    const own = this.#own;
    for (const state of to.flow.regions[candidate]?.states ?? []) {
      own[state] = next.entered[state] ?? -1;
      next.entered[state] = -1;
    }
    for (let state = leaf; state !== -1; state = to.flow.states[state]?.parent ?? -1) {
      const since = own[state] ?? -1;
      next.entered[state] = since === -1 ? to.clock : since;
    }
    // Outwards: a state that stands for several was entered when the outermost of them was.
    let state = from.configuration.leaves[recorded] ?? -1;
    for (; state !== -1; state = from.flow.states[state]?.parent ?? -1) {
      const same = fit.states[state] ?? -1;
      if ((next.entered[same] ?? -1) === -1) continue;
      next.entered[same] = from.configuration.entered[state] ?? to.clock;
    }
  }

  /** A timer that ran as the recorded one runs as it does; another stays the candidate's own. */
  #timers(anew: boolean): void {
    const { from, to, fit } = this;
    const { holds, entered } = this.#next;
    const [was, own] = [from.frozen.configuration, to.frozen.configuration];
    for (const [hold, transition] of to.flow.holds.entries()) {
      const recorded = fit.holds[hold] ?? -1;
      const holder = to.flow.transitions[transition]?.holder ?? -1;
      if (holder !== -1 && entered[holder] === -1) {
        holds[hold] = -1;
      } else if (recorded !== -1 && (anew || was.holds[recorded] === own.holds[hold])) {
        holds[hold] = from.configuration.holds[recorded] ?? -1;
      } else {
        const stayed = holder === -1 || own.entered[holder] === entered[holder];
        holds[hold] = stayed && !anew ? (own.holds[hold] ?? -1) : -1;
      }
    }
  }

  #outputs(): void {
    const { from, to, fit } = this;
    for (const pair of fit.outputs) {
      if (pair.recorded === -1 || pair.candidate === -1) continue;
      const value = translated(pair, from.flow.outputs, to.flow.outputs, from.outputs.decided);
      to.outputs.decided[pair.candidate] = value;
    }
    to.frame.trips.fill(0);
    for (const [index, hold] of to.outputs.shield.holds.entries()) {
      const kept = from.outputs.shield.holds[fit.shield[index] ?? -1];
      if (kept !== undefined) {
        hold.holds = kept.holds;
        hold.latched = kept.latched;
      }
      if (hold.holds) to.frame.trips[hold.interlock] = 1;
    }
  }
}

/** A recorded value as the candidate counts it; NaN when it has none. */
export function translated(
  pair: ValuePair,
  before: readonly Ranged[],
  after: readonly Ranged[],
  values: ArrayLike<number>,
): number {
  const value = values[pair.recorded] ?? unknown;
  if (pair.alike) return value;
  const [one, two] = [before[pair.recorded], after[pair.candidate]];
  return one === undefined || two === undefined ? unknown : numberOf(two, valueOf(one, value));
}

/** Whether `state` is `around` or a state in it. */
export function inside(run: FlowRun, state: number, around: number): boolean {
  for (let at = state; at !== -1; at = run.flow.states[at]?.parent ?? -1) {
    if (at === around) return true;
  }
  return false;
}
