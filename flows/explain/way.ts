// The way back to work: from where a unit stands, the shortest row of commands and own steps that leads
// it to Execute, and what each still lacks. It searches the states and the memory of the flow and takes
// for granted that the plant can be brought to give what a step asks; that is what the step then lacks.
import { assert } from '#contract/error.ts';
import type { Why } from '#contract/wire.ts';
import { heldInRange, moore } from '#flows/engine/engine.ts';
import type { Configuration, Frame } from '#flows/engine/engine.ts';
import type { Reading } from '#flows/engine/evaluate.ts';
import type { Flow, TransitionDecl } from '#flows/program.ts';
import { lacksOf } from './blocking.ts';
import { asks } from './commands.ts';
import { Scene, openTransitions, waitingFrame } from './scene.ts';
import type { Outline } from './scene.ts';

/** PackML's names, by which people and screens know a unit. */
const unitName = 'unit';
const workName = 'unit.Execute';

/** Transitions that are judged before the search gives up: some milliseconds. */
const searchLimit = 2048;

/** What a step costs; the cheapest way is the shortest that a person would take. */
const cost = { step: 1, held: 4, timed: 3, lost: 8 } as const;

/** One step; `command` is -1 where the flow takes it by itself. */
interface Step {
  readonly transition: TransitionDecl;
  readonly command: number;
}

interface Node {
  readonly configuration: Configuration;
  readonly steps: readonly Step[];
  readonly spent: number;
}

/** Undefined for a flow that has no such unit, is at work, or has no way that is known. */
export function wayBack(
  at: Outline,
  frame: Frame,
  configuration: Configuration,
): Why['back'] | undefined {
  const { flow } = at;
  const map = mapOf(at);
  if (map === undefined || map.left(configuration.leaves[map.unit] ?? -1) === 0) return undefined;
  const key = [configuration.leaves, configuration.ctx, frame.params].join('|');
  const steps = map.steps(key, () => new Search(at, frame, map).from(configuration));
  if (steps === undefined) return undefined;
  let here = configuration;
  return steps.map(({ transition, command }) => {
    const given = waitingFrame(flow, withSignals(flow, frame, here), command);
    const lacks = [...lacksOf(new Scene(at, given, here).conditionOf(transition), 'true')];
    here = after(at, transition, here, {
      reading: at.possible.reading(given, here),
      now: frame.now,
    });
    const leaf = flow.states[here.leaves[transition.region] ?? -1];
    const to = flow.states[transition.to] ?? leaf;
    const name = flow.commands[command]?.name;
    return { ...(name === undefined ? {} : { command: name }), to: to?.path ?? '', lacks };
  });
}

/** A best-first search over configurations; what comes from outside may be anything. */
class Search {
  readonly #at: Outline;
  readonly #frame: Frame;
  readonly #map: WorkMap;
  readonly #seen = new Set<string>();
  /** By what a way is known to cost at least. */
  readonly #open: Node[][] = [];
  #judged = 0;

  constructor(at: Outline, frame: Frame, map: WorkMap) {
    this.#at = at;
    this.#frame = frame;
    this.#map = map;
  }

  from(configuration: Configuration): readonly Step[] | undefined {
    this.#add({ configuration, steps: [], spent: 0 });
    for (let least = 0; least < this.#open.length; least += 1) {
      const nodes = this.#open[least] ?? [];
      for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
        const { leaves, ctx } = node.configuration;
        const key = `${leaves.join()}|${ctx.join()}`;
        if (this.#seen.has(key)) continue;
        this.#seen.add(key);
        if (this.#map.left(leaves[this.#map.unit] ?? -1) === 0) return node.steps;
        if (this.#judged >= searchLimit) return undefined;
        this.#expand(node);
      }
    }
    return undefined;
  }

  #add(node: Node): void {
    const left = this.#map.left(node.configuration.leaves[this.#map.unit] ?? -1);
    if (!Number.isFinite(left)) return;
    const least = node.spent + left;
    assert(Number.isSafeInteger(least) && least >= node.spent, 'costs are whole and grow');
    while (this.#open.length <= least) this.#open.push([]);
    this.#open[least]?.push(node);
  }

  /** Within a region the first that surely fires is taken; what stands after it cannot be. */
  #expand(node: Node): void {
    const { flow, possible } = this.#at;
    const { configuration } = node;
    const frame = withSignals(flow, this.#frame, configuration);
    const readings = new Map<number, Reading>();
    const sure = new Set<string>();
    // The last added of equals is looked at first: what stands first in the flow is added last.
    const found: Node[] = [];
    for (const transition of openTransitions(flow, configuration)) {
      for (const command of this.#map.commands(transition)) {
        const place = `${transition.region} ${command}`;
        if (sure.has(place) || sure.has(`${transition.region} -1`)) continue;
        const reading =
          readings.get(command) ??
          possible.reading(waitingFrame(flow, frame, command), configuration);
        readings.set(command, reading);
        this.#judged += 1;
        if (!possible.fires(transition, reading)) continue;
        if (isSure(transition, this.#at, reading)) sure.add(place);
        const next = after(this.#at, transition, configuration, {
          reading,
          now: frame.now,
        });
        const spent = node.spent + costOf(flow, { transition, command });
        found.push({
          configuration: next,
          steps: [...node.steps, { transition, command }],
          spent,
        });
      }
    }
    for (const one of found.toReversed()) this.#add(one);
  }
}

/** Whether it fires in these states whatever the inputs are. */
function isSure(
  { when, unless, after: wait, for: hold }: TransitionDecl,
  { possible }: Outline,
  reading: Reading,
): boolean {
  if (wait !== undefined || hold !== undefined) return false;
  if (when !== undefined && possible.valueOf(when, reading) !== 1) return false;
  return unless === undefined || possible.valueOf(unless, reading) === 0;
}

function costOf(flow: Flow, { transition, command }: Step): number {
  const { when, unless } = transition;
  const timed = transition.after !== undefined || transition.for !== undefined;
  const waits = timed ? cost.timed : 0;
  if (command >= 0) return waits + (flow.commands[command]?.held ? cost.held : cost.step);
  // Where nothing but `unless` is asked, something that is well would have to be lost.
  return waits + (when === undefined && unless !== undefined ? cost.lost : cost.step);
}

/** The configuration that the transition makes. Memory of which the new value is unknown may be anything. */
function after(
  { flow, possible }: Outline,
  { region, set, to, domain }: TransitionDecl,
  before: Configuration,
  { reading, now }: { readonly reading: Reading; readonly now: number },
): Configuration {
  const leaves = before.leaves.slice();
  const entered = before.entered.slice();
  const ctx = before.ctx.slice();
  const assign = (assignments: TransitionDecl['set']): void => {
    for (const { ctx: variable, expr } of assignments)
      ctx[variable] = heldInRange(flow.ctx[variable], possible.valueOf(expr, reading));
  };
  assign(set);
  if (to < 0) return { ...before, ctx };
  const parentOf = (state: number): number => flow.states[state]?.parent ?? -1;
  for (let state = leaves[region] ?? -1; state !== domain && state >= 0; state = parentOf(state))
    entered[state] = -1;
  const path: number[] = [];
  for (let state = to; state !== domain && state >= 0; state = parentOf(state)) path.unshift(state);
  let leaf = to;
  for (let state = to; state >= 0; state = flow.states[state]?.initial ?? -1) {
    if (state !== to) path.push(state);
    leaf = state;
  }
  for (const state of path) {
    entered[state] = now;
    assign(flow.states[state]?.entry ?? []);
  }
  leaves[region] = leaf;
  return { ...before, leaves, entered, ctx };
}

/** Signals as the states of the configuration give them. */
function withSignals(flow: Flow, frame: Frame, { leaves }: Configuration): Frame {
  const signals = new Float64Array(flow.signals.length);
  moore(flow, leaves, new Float64Array(flow.outputs.length), signals);
  return { ...frame, signals };
}

/** What is known of a flow's ways before its state is. */
class WorkMap {
  readonly unit: number;
  /** The last way that was looked for, and from where. */
  #last: { readonly key: string; readonly steps: readonly Step[] | undefined } | undefined;
  readonly #commands = new Map<TransitionDecl, readonly number[]>();
  /** By leaf of the unit: what the way to work costs at least. */
  readonly #left: ReadonlyMap<number, number>;

  constructor(at: Outline, unit: number, work: number) {
    const { flow } = at;
    this.unit = unit;
    for (const transition of flow.transitions) {
      const asked = flow.commands.flatMap((_, command) =>
        asks(at, transition, command) ? [command] : [],
      );
      this.#commands.set(transition, asked.length === 0 ? [-1] : asked);
    }
    this.#left = costsToWork(flow, unit, work, (transition) => {
      const ways = this.commands(transition).map((command) => ({ transition, command }));
      return Math.min(...ways.map((step) => costOf(flow, step)));
    });
  }

  /** The commands of which each may make it fire; -1 alone where it asks for none. */
  commands(transition: TransitionDecl): readonly number[] {
    return this.#commands.get(transition) ?? [-1];
  }

  /** 0 at work; infinite where no way is. */
  left(leaf: number): number {
    return this.#left.get(leaf) ?? Number.POSITIVE_INFINITY;
  }

  /** The way from where `key` says; the last one is kept, for a unit stands long in one place. */
  steps(key: string, search: () => readonly Step[] | undefined): readonly Step[] | undefined {
    if (this.#last?.key !== key) this.#last = { key, steps: search() };
    return this.#last.steps;
  }
}

/** The least cost from each leaf of the unit, whatever the conditions say. */
function costsToWork(
  flow: Flow,
  unit: number,
  work: number,
  costOfOne: (transition: TransitionDecl) => number,
): ReadonlyMap<number, number> {
  const pathOf = (state: number): number[] =>
    state < 0 ? [-1] : [state, ...pathOf(flow.states[state]?.parent ?? -1)];
  const leafOf = (state: number): number => {
    const inner = flow.states[state]?.initial ?? -1;
    return inner < 0 ? state : leafOf(inner);
  };
  const leaves = (flow.regions[unit]?.states ?? []).filter((state) => leafOf(state) === state);
  const left = new Map(leaves.flatMap((leaf) => (pathOf(leaf).includes(work) ? [[leaf, 0]] : [])));
  const moves = flow.transitions.filter(({ region, to }) => region === unit && to >= 0);
  for (let changed = true; changed;) {
    changed = false;
    for (const transition of moves) {
      const rest = left.get(leafOf(transition.to));
      if (rest === undefined) continue;
      const whole = rest + costOfOne(transition);
      for (const leaf of leaves) {
        const path = pathOf(leaf);
        const open =
          path.includes(transition.holder) && !path.some((s) => transition.except.includes(s));
        if (!open || whole >= (left.get(leaf) ?? Number.POSITIVE_INFINITY)) continue;
        left.set(leaf, whole);
        changed = true;
      }
    }
  }
  return left;
}

/** Kept as long as the outline; undefined for a flow without such a unit. */
const maps = new WeakMap<Outline, WorkMap | undefined>();

function mapOf(at: Outline): WorkMap | undefined {
  if (maps.has(at)) return maps.get(at);
  const { regions, states } = at.flow;
  const unit = regions.findIndex(({ name }) => name === unitName);
  const work = states.findIndex(({ path }) => path === workName);
  const map = unit < 0 || work < 0 ? undefined : new WorkMap(at, unit, work);
  maps.set(at, map);
  return map;
}
