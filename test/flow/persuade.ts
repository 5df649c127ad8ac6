// Leads a flow where chance alone never comes: picks a transition out of the active states and
// sets inputs, commands and time so that it may fire, as far as inputs can.
import { evaluate } from '#flows/engine/evaluate.ts';
import { moore, newConfiguration, readingOf } from '#flows/engine/engine.ts';
import type { Configuration, Frame } from '#flows/engine/engine.ts';
import type { Expr, Flow } from '#flows/program.ts';
import type { Chance } from './chance.ts';
import { randomValue } from './random-expression.ts';

/** Makes one scan after another; what was tried least is tried next. */
export class Persuasion {
  readonly #chance: Chance;
  readonly #flow: Flow;
  readonly #focus: number;
  readonly #tried: number[];
  #last = -1;

  /** `focus`: a transition that is wanted whenever it can be. */
  constructor(chance: Chance, flow: Flow, focus = -1) {
    this.#chance = chance;
    this.#flow = flow;
    this.#focus = focus;
    this.#tried = flow.transitions.map(() => 0);
  }

  /** Moves the frame on to the next scan, with some noise and some lost inputs. */
  next(frame: Frame, configuration: Configuration): void {
    const chance = this.#chance;
    const flow = this.#flow;
    frame.now += chance.whole(1, 30);
    frame.commands.fill(0);
    for (const [index, input] of flow.inputs.entries()) {
      if (!chance.odds(0.002)) continue;
      give(frame, index, chance.odds(0.5) ? Number.NaN : randomValue(chance, input.type));
    }
    for (const index of flow.interlocks.keys()) frame.trips[index] = chance.odds(0.1) ? 1 : 0;
    moore(flow, configuration.leaves, new Float64Array(flow.outputs.length), frame.signals);
    if (!chance.odds(0.7)) return;
    const index = this.#pick(configuration);
    const transition = flow.transitions[index];
    if (transition === undefined) return;
    this.#tried[index] = (this.#tried[index] ?? 0) + 1;
    const persuader = new Persuader(chance, flow, frame, configuration);
    // What comes before it in the region is talked out of firing first.
    const region = candidates(flow, configuration, transition.region);
    for (const before of region.slice(0, region.indexOf(index))) {
      const { when, unless } = flow.transitions[before] ?? {};
      if (when !== undefined) persuader.want(when, false);
      else if (unless !== undefined) persuader.want(unless, true);
    }
    if (transition.when !== undefined) persuader.want(transition.when, true);
    if (transition.unless !== undefined) persuader.want(transition.unless, false);
    // Timers are met to the millisecond, where they are not over already.
    const { after = 0, for: held = 0, holder, hold } = transition;
    const entered = (configuration.entered[holder] ?? -1) + after;
    const since = (configuration.holds[hold] ?? -1) + held;
    if (chance.odds(0.5)) frame.now = Math.max(frame.now, chance.pick([entered, since]));
  }

  #pick(configuration: Configuration): number {
    const all = candidates(this.#flow, configuration);
    if (all.includes(this.#focus) && this.#chance.odds(0.7)) return this.#focus;
    // What must hold for a time is wanted for several scans.
    const waits = this.#flow.transitions[this.#last]?.for !== undefined;
    if (waits && all.includes(this.#last) && this.#chance.odds(0.6)) return this.#last;
    const least = Math.min(...all.map((index) => this.#tried[index] ?? 0));
    const rare = all.filter((index) => (this.#tried[index] ?? 0) <= least);
    this.#last = this.#chance.pick(this.#chance.odds(0.8) ? rare : all);
    return this.#last;
  }
}

/** Anywhere at all: a leaf for each region, entered some time before `now`, memory in its range. */
export function randomConfiguration(chance: Chance, flow: Flow, now: number): Configuration {
  const configuration = newConfiguration(flow);
  for (const [index, region] of flow.regions.entries()) {
    const leaf = chance.pick(region.states.filter((state) => flow.states[state]?.initial === -1));
    configuration.leaves[index] = leaf;
    for (let state = leaf; state !== -1; state = flow.states[state]?.parent ?? -1) {
      configuration.entered[state] = Math.max(0, now - chance.whole(0, 30_000));
    }
  }
  for (const [index, { type, min, max }] of flow.ctx.entries()) {
    const low = Math.max(min ?? 0, -5);
    const high = Math.min(max ?? (type.kind === 'enum' ? type.values.length - 1 : 1), 5);
    const number = type.kind === 'int' || type.kind === 'real';
    const edge = chance.pick([min ?? low, max ?? high]);
    configuration.ctx[index] = number && chance.odds(0.3) ? edge : chance.whole(low, high);
  }
  for (const index of flow.edges.keys()) configuration.edges[index] = chance.whole(0, 2);
  return configuration;
}

/** The transitions of the active states, as they are asked: outer ones first, in list order. */
function candidates(flow: Flow, { leaves }: Configuration, only?: number): number[] {
  return flow.regions.flatMap(({ go }, region) => {
    const all: number[] = [];
    if (only !== undefined && only !== region) return all;
    for (let state = flow.states[leaves[region] ?? -1]; state; state = flow.states[state.parent]) {
      all.unshift(...state.go);
    }
    return [...go, ...all];
  });
}

function give(frame: Frame, input: number, value: number): void {
  frame.values[input] = value;
  frame.own[input] = value;
  frame.good[input] = Number.isNaN(value) ? 0 : 1;
  frame.ownGood[input] = Number.isNaN(value) ? 0 : 1;
}

class Persuader {
  readonly #chance: Chance;
  readonly #flow: Flow;
  readonly #frame: Frame;
  readonly #configuration: Configuration;

  constructor(chance: Chance, flow: Flow, frame: Frame, configuration: Configuration) {
    this.#chance = chance;
    this.#flow = flow;
    this.#frame = frame;
    this.#configuration = configuration;
  }

  /** Makes the expression true (or false) where inputs and commands can. */
  want(expr: Expr, wanted: boolean): void {
    if (expr.kind === 'input') give(this.#frame, expr.input, wanted ? 1 : 0);
    if (expr.kind === 'command') this.#frame.commands[expr.command] = wanted ? 1 : 0;
    if (expr.kind === 'not') this.want(expr.of, !wanted);
    if (expr.kind === 'sure' || expr.kind === 'maybe') this.want(expr.of, wanted);
    if (expr.kind === 'edge') this.want(expr.of, (expr.edge === 'rise') === wanted);
    if (expr.kind === 'binary') this.#binary(expr, wanted);
    const declared = expr.kind === 'let' ? this.#flow.lets[expr.let] : undefined;
    if (declared !== undefined) this.want(declared.expr, wanted);
  }

  #binary(expr: Expr & { kind: 'binary' }, wanted: boolean): void {
    const { operator, left, right } = expr;
    if (operator === '&&' || operator === '||') {
      const both = (operator === '&&') === wanted;
      if (both || this.#chance.odds(0.5)) this.want(left, wanted);
      else this.want(right, wanted);
      if (both) this.want(right, wanted);
      return;
    }
    const reading = readingOf(this.#flow, this.#frame, this.#configuration);
    // Memory is not ours to set, the parameter that it is compared with is: just met, or not.
    const number = left.type.kind === 'int' || left.type.kind === 'real';
    if (number && left.kind === 'ctx' && right.kind === 'param') {
      this.#frame.params[right.param] = evaluate(left, reading) + this.#chance.whole(0, 1);
    }
    if (left.kind !== 'input') return;
    const bound = evaluate(right, reading);
    // Only values of the input's own type: others no image gives, and engines need not agree on.
    const { kind } = left.type;
    const top = left.type.kind === 'enum' ? left.type.values.length - 1 : 1;
    const step = kind === 'real' ? 0.25 : 1;
    const near = [bound, bound - step, bound + step].filter((value) => {
      return kind === 'real' || kind === 'int' || (value >= 0 && value <= top);
    });
    const tries = near.map((value) => {
      give(this.#frame, left.input, value);
      const fresh = readingOf(this.#flow, this.#frame, this.#configuration);
      return { value, met: evaluate(expr, fresh) === (wanted ? 1 : 0) };
    });
    const met = tries.filter((one) => one.met);
    give(this.#frame, left.input, met.length === 0 ? bound : this.#chance.pick(met).value);
  }
}
